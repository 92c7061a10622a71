import {
  NX_SECURE_X509_INVALID_CERTIFICATE,
  NX_SECURE_X509_INVALID_CERTIFICATE_DATA,
  NX_SUCCESS,
  type PacketAllocator,
  type Status,
  type TimeService,
  type Tracer,
} from '@strata/contracts';
import { parseAddress } from '@strata/wire';
import {
  TLS_1_2,
  TLS_1_3,
  type TlsBusy,
  type TlsEngineOptions,
  type TlsEngines,
  type TlsIdentity,
  type TlsPsk,
} from './engine.ts';
import { type Certificate, parseCertificate } from './x509/certificate.ts';
import { parseRevocationList, type RevocationList } from './x509/crl.ts';
import type { CertificateAllowance } from './x509/fault.ts';
import { parsePem } from './x509/pem.ts';

/** 2025-01-01 00:00:00 UTC: what a lab’s time 0 is when nobody says otherwise. */
export const DEFAULT_EPOCH = 1_735_689_600;

/** DER, or PEM with any number of blocks. */
export type CertificateSource = string | Uint8Array;

/** Where the secrets of sessions go. */
export interface TlsSecrets {
  /** A handshake begins: until it is over, octets pass whose secrets are not known yet. */
  handshakeBegan(): void;
  /** A line for a key log file (NSS format, no line end). */
  keyLog(line: string): void;
  /** The handshake is over, well or not: its secrets have been told. */
  handshakeOver(): void;
}

/** How to make a {@link TlsSession}. */
export interface TlsSessionOptions {
  readonly engines: TlsEngines;
  readonly time: TimeService;
  /** Packets for received plaintext. Packets to send come from the stream below. */
  readonly pool: PacketAllocator;
  /** Told while OpenSSL works on the machine's event loop: an `Island`. Null: time goes by itself. */
  readonly busy?: TlsBusy | null;
  readonly tracer?: Tracer | null;
  /** Default: client. */
  readonly role?: 'client' | 'server';

  /** Client: the DNS name or IP address that the server must be; needed unless `allow` has 'wrong-host' or a PSK is used. */
  readonly host?: string;
  /** Client: server_name to send; default: `host` when that is a DNS name. Null: none. */
  readonly serverName?: string | null;
  /** Whom we trust (nx_secure_tls_trusted_certificate_add). */
  readonly trusted?: readonly CertificateSource[];
  /** Lists of revoked certificates (nx_secure_x509_crl_revocation_check). */
  readonly revocationLists?: readonly CertificateSource[];
  /** Refuse certificates of issuers without such a list. Default false. */
  readonly requireRevocationList?: boolean;
  /** Our certificate and key (nx_secure_tls_local_certificate_add). */
  readonly identity?: TlsIdentity;
  /** Server: the identity for a name asked for; null: the default one (nx_secure_tls_session_server_callback_set). */
  readonly identityFor?: (serverName: string) => TlsIdentity | null;
  /** Server (nx_secure_tls_session_client_verify_enable). Default: 'none'. */
  readonly clientCertificate?: 'none' | 'optional' | 'required';
  /** Pre-shared keys (nx_secure_tls_psk_add). */
  readonly psks?: readonly TlsPsk[];
  readonly pskHint?: string;
  /** Application protocols, the preferred one first. */
  readonly alpn?: readonly string[];
  /** TLS_1_2 or TLS_1_3; both equal is nx_secure_tls_session_protocol_version_override. Default: both are spoken. */
  readonly minimumVersion?: number;
  readonly maximumVersion?: number;
  /** In OpenSSL's notation. */
  readonly ciphers?: string;

  /** Seconds since 1970 (nx_secure_tls_session_time_function_set). Default: `epoch` plus the time service's seconds. */
  readonly unixTime?: () => number;
  /** Seconds since 1970 at time 0. Default {@link DEFAULT_EPOCH}. */
  readonly epoch?: number;
  /** Faults of certificates to let pass, by name. Default: none. */
  readonly allow?: readonly CertificateAllowance[];
  /**
   * Octets that the peer's longest handshake message may have: its Certificate (nx_secure_tls_session_packet_buffer_set).
   * Default: no limit but OpenSSL's.
   */
  readonly packetBufferSize?: number;
  /** Certificates that a peer may send. Default 10. */
  readonly maximumCertificates?: number;
  /** The last word on the peer's certificates, its own first; anything but NX_SUCCESS refuses them. */
  readonly certificateCallback?: (path: readonly Certificate[]) => Status;

  /** Send packets of more than 16384 octets as several records, instead of refusing them as NetX does. Default false. */
  readonly splitRecords?: boolean;
  /**
   * Seconds to wait, after close_notify, for the peer's before the stream below is ended: a TCP that was closed answers what
   * comes later with a reset. Default 0, as NetX has it.
   */
  readonly closeWaitSeconds?: number;
  /** Seconds that the handshake may take. Default: no limit. */
  readonly startTimeoutSeconds?: number;
  /** Every line of the key log (NSS format). */
  readonly onKeyLog?: (line: string) => void;
  /** Told of the same lines, and of when they are to be expected: a capture that puts them before the records they open. */
  readonly secrets?: TlsSecrets | null;
}

/** What is the same for all sessions of one configuration, read once. */
export interface TlsSettings {
  readonly options: TlsSessionOptions;
  readonly server: boolean;
  readonly trusted: readonly Certificate[];
  readonly revocationLists: readonly RevocationList[];
  readonly allow: ReadonlySet<CertificateAllowance>;
  readonly serverName: string | null;
  readonly minimumVersion: number;
  readonly maximumVersion: number;
  /** Why the options cannot be used; NX_SUCCESS when they can. */
  readonly status: Status;
  readonly why: string;
}

/** Reads options. @throws RangeError for a client that does not say who the server must be */
export function readSettings(options: TlsSessionOptions): TlsSettings {
  const server = options.role === 'server';
  const allow = new Set(options.allow ?? []);
  const hasPsk = (options.psks ?? []).length > 0;
  if (!server && options.host === undefined && !allow.has('wrong-host') && !hasPsk) {
    throw new RangeError("a TLS client must name the server it expects: give `host`, or allow 'wrong-host'");
  }
  const minimumVersion = options.minimumVersion ?? TLS_1_2;
  const maximumVersion = options.maximumVersion ?? TLS_1_3;
  if (minimumVersion < TLS_1_2 || maximumVersion > TLS_1_3 || minimumVersion > maximumVersion) {
    throw new RangeError('TLS versions: minimumVersion and maximumVersion are TLS_1_2 or TLS_1_3, in this order');
  }
  const trusted = readAll(options.trusted ?? [], 'CERTIFICATE', parseCertificate);
  const revocationLists = readAll(options.revocationLists ?? [], 'X509 CRL', parseRevocationList);
  let status = NX_SUCCESS;
  let why = '';
  if (trusted === null) {
    status = NX_SECURE_X509_INVALID_CERTIFICATE;
    why = 'a trusted certificate cannot be read';
  } else if (revocationLists === null) {
    status = NX_SECURE_X509_INVALID_CERTIFICATE_DATA;
    why = 'a revocation list cannot be read';
  }
  const host = options.host ?? null;
  const fromHost = host === null || parseAddress(host) !== null ? null : host;
  return {
    options,
    server,
    trusted: trusted ?? [],
    revocationLists: revocationLists ?? [],
    allow,
    serverName: options.serverName === undefined ? fromHost : options.serverName,
    minimumVersion,
    maximumVersion,
    status,
    why,
  };
}

/** Null when one of the sources holds nothing readable. */
function readAll<T>(
  sources: readonly CertificateSource[],
  label: string,
  parse: (der: Uint8Array) => T | null,
): readonly T[] | null {
  const found: T[] = [];
  for (const source of sources) {
    const blocks = typeof source === 'string' ? parsePem(source, label) : [source];
    if (blocks.length === 0) return null;
    for (const der of blocks) {
      const one = parse(der);
      if (one === null) return null;
      found.push(one);
    }
  }
  return found;
}

/** What the engine needs of them. */
export function engineOptions(settings: TlsSettings): TlsEngineOptions {
  const { options, server, serverName, minimumVersion, maximumVersion } = settings;
  return {
    server,
    minimumVersion,
    maximumVersion,
    identity: options.identity ?? null,
    identityFor: options.identityFor ?? null,
    requestCertificate: server && (options.clientCertificate ?? 'none') !== 'none',
    serverName,
    alpn: options.alpn ?? [],
    psks: options.psks ?? [],
    pskHint: options.pskHint ?? '',
    ciphers: options.ciphers ?? '',
  };
}
