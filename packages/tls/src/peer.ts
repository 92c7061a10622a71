import {
  NX_SECURE_TLS_EMPTY_REMOTE_CERTIFICATE_RECEIVED,
  NX_SECURE_TLS_PACKET_BUFFER_TOO_SMALL,
  NX_SUCCESS,
  SECOND,
  type Status,
  TRACE_TLS_CERTIFICATE_REFUSED,
} from '@strata/contracts';
import {
  ALERT_BAD_CERTIFICATE,
  ALERT_CERTIFICATE_REQUIRED,
  ALERT_HANDSHAKE_FAILURE,
  ALERT_INTERNAL_ERROR,
} from './alert.ts';
import { ENGINE_OPEN, TLS_1_2, type TlsEngine } from './engine.ts';
import { DEFAULT_EPOCH, type TlsSettings } from './options.ts';
import type { TlsFailure } from './state.ts';
import type { Certificate } from './x509/certificate.ts';
import { certificateFault } from './x509/fault.ts';
import { judgeCertificates } from './x509/judge.ts';

/** Why a peer is refused, and the alert to say it with. */
export interface PeerFault {
  readonly status: Status;
  readonly alert: number;
  readonly why: string;
}

/** Judges the peer of one handshake, once. */
export class PeerExamination {
  /** The peer's certificate and those that lead to a trusted one; empty before they were accepted. */
  path: readonly Certificate[];
  private readonly settings: TlsSettings;
  private done: boolean;

  constructor(settings: TlsSettings) {
    this.path = [];
    this.settings = settings;
    this.done = false;
  }

  /** To be called before anything is taken from the engine. What is wrong with the peer; null: nothing, or nothing yet. */
  examine(engine: TlsEngine): PeerFault | null {
    const isOpen = engine.state === ENGINE_OPEN;
    if (this.done || (!isOpen && !engine.hasCiphertext)) return null;
    const certificates = engine.peerCertificates();
    if (certificates.length === 0 && !isOpen) return null;
    this.done = true;
    if (certificates.length === 0) return judgeAbsence(this.settings, engine.agreement().version);
    const { fault, path } = judgePeer(this.settings, certificates);
    if (fault === null) this.path = path;
    else {
      const { tracer } = this.settings.options;
      tracer?.event(TRACE_TLS_CERTIFICATE_REFUSED, fault.status, fault.alert, certificates.length, 0, null);
    }
    return fault;
  }

  /** OpenSSL sometimes gives up by itself over certificates that would be refused anyway: then that is the reason. */
  reasonBehind(engine: TlsEngine, error: TlsFailure): TlsFailure {
    const certificates = error.received || this.done ? [] : engine.peerCertificates();
    if (certificates.length === 0) return error;
    const { fault } = judgePeer(this.settings, certificates);
    return fault === null ? error : { ...error, status: fault.status, why: fault.why };
  }
}

/** Handshake type and length, and the length of the list (RFC 5246 7.4.2). */
const CERTIFICATE_HEADER = 7;

/** Judges the certificates of a peer by a session's settings: the rules first, then the caller's own word. */
function judgePeer(
  settings: TlsSettings,
  certificates: readonly Uint8Array[],
): { readonly fault: PeerFault | null; readonly path: readonly Certificate[] } {
  const { options, server, allow, trusted, revocationLists } = settings;
  if (!server && options.host === undefined && !allow.has('wrong-host')) {
    const why = 'the server sent a certificate, and nobody said who it must be';
    return { fault: certificateFault('wrong-host', why), path: [] };
  }
  const room = options.packetBufferSize ?? Number.POSITIVE_INFINITY;
  const needed = certificates.reduce((sum, one) => sum + 3 + one.length, CERTIFICATE_HEADER);
  if (needed > room) {
    const why = `the peer's Certificate message has ${needed} octets; the packet buffer has ${room}`;
    return { fault: { status: NX_SECURE_TLS_PACKET_BUFFER_TOO_SMALL, alert: ALERT_INTERNAL_ERROR, why }, path: [] };
  }
  const rules = {
    unixTime: unixTime(settings),
    peer: server ? ('client' as const) : ('server' as const),
    host: server ? null : (options.host ?? null),
    trusted,
    revocationLists,
    requireRevocationList: options.requireRevocationList ?? false,
    allow,
    maximumCertificates: options.maximumCertificates ?? 10,
  };
  const judgment = judgeCertificates(certificates, rules, options.engines);
  if (judgment.fault !== null) return judgment;
  const status = options.certificateCallback?.(judgment.path) ?? NX_SUCCESS;
  if (status === NX_SUCCESS) return judgment;
  const why = 'the certificate callback refused it';
  return { fault: { status, alert: ALERT_BAD_CERTIFICATE, why }, path: judgment.path };
}

/**
 * Judges a handshake that is complete without a certificate: good with a pre-shared key, or from a client that need not
 * have one.
 */
function judgeAbsence({ options, server }: TlsSettings, version: number): PeerFault | null {
  const hasPsk = (options.psks ?? []).length > 0;
  if (hasPsk || (server && options.clientCertificate !== 'required')) return null;
  return {
    status: NX_SECURE_TLS_EMPTY_REMOTE_CERTIFICATE_RECEIVED,
    // certificate_required came with TLS 1.3.
    alert: version === TLS_1_2 ? ALERT_HANDSHAKE_FAILURE : ALERT_CERTIFICATE_REQUIRED,
    why: 'the peer sent no certificate',
  };
}

function unixTime({ options }: TlsSettings): number {
  const { unixTime: given, epoch, time } = options;
  return given === undefined ? (epoch ?? DEFAULT_EPOCH) + Math.floor(time.now / SECOND) : given();
}
