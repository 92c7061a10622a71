import {
  NX_INVALID_PARAMETERS,
  NX_SECURE_TLS_CERTIFICATE_NOT_FOUND,
  NX_SECURE_TLS_INVALID_CERTIFICATE,
  NX_SECURE_TLS_NO_MORE_PSK_SPACE,
  NX_SECURE_TLS_SNI_EXTENSION_INVALID,
  NX_SECURE_TLS_UNKNOWN_TLS_VERSION,
  NX_SECURE_TLS_UNSUPPORTED_TLS_VERSION,
  NX_SECURE_X509_INVALID_CERTIFICATE_DATA,
  NX_SUCCESS,
  type Status,
} from '@strata/contracts';
import { TLS_1_2, TLS_1_3, type TlsIdentity, type TlsPsk } from './engine.ts';
import type { CertificateSource, TlsSessionOptions } from './options.ts';
import { type Certificate, parseCertificate } from './x509/certificate.ts';
import { parseRevocationList } from './x509/crl.ts';
import type { CertificateAllowance } from './x509/fault.ts';
import { parsePem } from './x509/pem.ts';

/** NX_SECURE_TLS_MAX_PSK_KEYS. */
const MOST_PSKS = 5;
/** NX_SECURE_TLS_MINIMUM_MESSAGE_BUFFER_SIZE: less holds no Certificate message. */
const SMALLEST_BUFFER = 4000;

/** What a {@link TlsSetup} comes to: the part of the session's options that a TLS setup callback decides. */
export type TlsSetupOptions = Partial<
  Pick<
    TlsSessionOptions,
    | 'host'
    | 'serverName'
    | 'trusted'
    | 'revocationLists'
    | 'identity'
    | 'clientCertificate'
    | 'psks'
    | 'alpn'
    | 'minimumVersion'
    | 'maximumVersion'
    | 'ciphers'
    | 'unixTime'
    | 'allow'
    | 'packetBufferSize'
    | 'maximumCertificates'
    | 'certificateCallback'
  >
>;

/**
 * A session being set up the way NetX Secure applications do it, call by call, each with NetX's status: what an MQTT client's
 * TLS setup callback is given. As in NetX, no certificate of the peer is accepted for which no space was allocated.
 *
 * ```ts
 * (setup) => {
 *   setup.remoteCertificateAllocate(2);
 *   setup.commonNameDnsCheck('broker.example');
 *   return setup.trustedCertificateAdd(caPem);
 * }
 * ```
 */
export class TlsSetup {
  private ciphers: string;
  private bufferSize: number | null;
  private space: number;
  private readonly trusted: Uint8Array[];
  private readonly lists: Uint8Array[];
  private identity: TlsIdentity | null;
  private readonly psks: TlsPsk[];
  private host: string | null;
  private serverName: string | null | undefined;
  private alpn: readonly string[];
  private version: number;
  private unixTime: (() => number) | null;
  private certificateCallback: ((path: readonly Certificate[]) => Status) | null;
  private clientVerify: boolean;
  private readonly allowed: Set<CertificateAllowance>;

  constructor() {
    this.ciphers = '';
    this.bufferSize = null;
    this.space = 0;
    this.trusted = [];
    this.lists = [];
    this.identity = null;
    this.psks = [];
    this.host = null;
    this.serverName = undefined;
    this.alpn = [];
    this.version = 0;
    this.unixTime = null;
    this.certificateCallback = null;
    this.clientVerify = false;
    this.allowed = new Set();
  }

  /** nx_secure_tls_session_create: the crypto set, in OpenSSL's notation; '' is the engine's own. Forgets all that was set. */
  sessionCreate(ciphers = ''): Status {
    Object.assign(this, new TlsSetup(), { ciphers });
    return NX_SUCCESS;
  }

  /** nx_secure_tls_session_packet_buffer_set. NX_INVALID_PARAMETERS below 4000 octets. */
  packetBufferSet(size: number): Status {
    if (!(size >= SMALLEST_BUFFER)) return NX_INVALID_PARAMETERS;
    this.bufferSize = size;
    return NX_SUCCESS;
  }

  /** nx_secure_tls_remote_certificate_allocate, for so many certificates of the peer's chain. */
  remoteCertificateAllocate(count = 1): Status {
    if (!Number.isInteger(count) || count < 1) return NX_INVALID_PARAMETERS;
    this.space += count;
    return NX_SUCCESS;
  }

  /** nx_secure_tls_trusted_certificate_add, DER or PEM. NX_SECURE_TLS_INVALID_CERTIFICATE when it cannot be read. */
  trustedCertificateAdd(source: CertificateSource): Status {
    const found = blocks(source, 'CERTIFICATE');
    if (found.length === 0 || found.some((der) => parseCertificate(der) === null)) {
      return NX_SECURE_TLS_INVALID_CERTIFICATE;
    }
    this.trusted.push(...found);
    return NX_SUCCESS;
  }

  /** nx_secure_tls_trusted_certificate_remove. NX_SECURE_TLS_CERTIFICATE_NOT_FOUND. */
  trustedCertificateRemove(commonName: string): Status {
    const at = this.trusted.findIndex((der) => parseCertificate(der)?.commonName === commonName);
    if (at < 0) return NX_SECURE_TLS_CERTIFICATE_NOT_FOUND;
    this.trusted.splice(at, 1);
    return NX_SUCCESS;
  }

  /**
   * nx_secure_tls_local_certificate_add: our certificate (DER or PEM, leaf first) with its RSA or EC key. The key is looked
   * at when the session starts. NX_SECURE_TLS_INVALID_CERTIFICATE.
   */
  localCertificateAdd(certificates: CertificateSource, key: string | Uint8Array): Status {
    const found = blocks(certificates, 'CERTIFICATE');
    if (found.length === 0 || found.some((der) => parseCertificate(der) === null)) {
      return NX_SECURE_TLS_INVALID_CERTIFICATE;
    }
    this.identity = { certificates: found, key };
    return NX_SUCCESS;
  }

  /** nx_secure_tls_local_certificate_remove. NX_SECURE_TLS_CERTIFICATE_NOT_FOUND when there is none. */
  localCertificateRemove(): Status {
    if (this.identity === null) return NX_SECURE_TLS_CERTIFICATE_NOT_FOUND;
    this.identity = null;
    return NX_SUCCESS;
  }

  /** nx_secure_tls_psk_add, and nx_secure_tls_client_psk_set for a client's first. NX_SECURE_TLS_NO_MORE_PSK_SPACE after five. */
  pskAdd(key: Uint8Array, identity: string): Status {
    if (key.length === 0) return NX_INVALID_PARAMETERS;
    if (this.psks.length >= MOST_PSKS) return NX_SECURE_TLS_NO_MORE_PSK_SPACE;
    this.psks.push({ identity, key });
    return NX_SUCCESS;
  }

  /** nx_secure_x509_common_name_dns_check: the name or address that the server must be; also its server_name. */
  commonNameDnsCheck(host: string): Status {
    if (host === '') return NX_INVALID_PARAMETERS;
    this.host = host;
    return NX_SUCCESS;
  }

  /** nx_secure_tls_session_sni_extension_set. NX_SECURE_TLS_SNI_EXTENSION_INVALID for a name that cannot be one. */
  sniExtensionSet(name: string): Status {
    if (name === '' || name.length > 255) return NX_SECURE_TLS_SNI_EXTENSION_INVALID;
    this.serverName = name;
    return NX_SUCCESS;
  }

  /** Application protocols, the preferred one first. NetX Secure has no such service. */
  alpnSet(protocols: readonly string[]): Status {
    if (protocols.some((one) => one === '' || one.length > 255)) return NX_INVALID_PARAMETERS;
    this.alpn = [...protocols];
    return NX_SUCCESS;
  }

  /** nx_secure_tls_session_protocol_version_override. NX_SECURE_TLS_UNSUPPORTED_TLS_VERSION before 1.2. */
  protocolVersionOverride(version: number): Status {
    if (version === 0x0301 || version === 0x0302) return NX_SECURE_TLS_UNSUPPORTED_TLS_VERSION;
    if (version !== TLS_1_2 && version !== TLS_1_3) return NX_SECURE_TLS_UNKNOWN_TLS_VERSION;
    this.version = version;
    return NX_SUCCESS;
  }

  /** nx_secure_tls_session_time_function_set: seconds since 1970. */
  timeFunctionSet(unixTime: () => number): Status {
    this.unixTime = unixTime;
    return NX_SUCCESS;
  }

  /** nx_secure_tls_session_certificate_callback_set: the last word on the peer's certificates. */
  certificateCallbackSet(callback: (path: readonly Certificate[]) => Status): Status {
    this.certificateCallback = callback;
    return NX_SUCCESS;
  }

  /** nx_secure_x509_crl_revocation_check with this list (DER or PEM). NX_SECURE_X509_INVALID_CERTIFICATE_DATA. */
  crlAdd(source: CertificateSource): Status {
    const found = blocks(source, 'X509 CRL');
    if (found.length === 0 || found.some((der) => parseRevocationList(der) === null)) {
      return NX_SECURE_X509_INVALID_CERTIFICATE_DATA;
    }
    this.lists.push(...found);
    return NX_SUCCESS;
  }

  /** nx_secure_tls_session_client_verify_enable and _disable. */
  clientVerifySet(on: boolean): Status {
    this.clientVerify = on;
    return NX_SUCCESS;
  }

  /** Faults of certificates to let pass, by name. NetX checks no names by itself; here `wrong-host` must be said. */
  allow(...faults: readonly CertificateAllowance[]): Status {
    for (const fault of faults) this.allowed.add(fault);
    return NX_SUCCESS;
  }

  /** What was set up. */
  options(): TlsSetupOptions {
    const { identity, bufferSize, host, serverName, unixTime, certificateCallback, version } = this;
    return {
      ciphers: this.ciphers,
      maximumCertificates: this.space,
      trusted: [...this.trusted],
      revocationLists: [...this.lists],
      psks: [...this.psks],
      alpn: this.alpn,
      clientCertificate: this.clientVerify ? 'required' : 'none',
      allow: [...this.allowed],
      ...(identity === null ? {} : { identity }),
      ...(bufferSize === null ? {} : { packetBufferSize: bufferSize }),
      ...(host === null ? {} : { host }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(unixTime === null ? {} : { unixTime }),
      ...(certificateCallback === null ? {} : { certificateCallback }),
      ...(version === 0 ? {} : { minimumVersion: version, maximumVersion: version }),
    };
  }
}

function blocks(source: CertificateSource, label: string): Uint8Array[] {
  return typeof source === 'string' ? parsePem(source, label) : [source];
}
