import {
  NX_SECURE_TLS_EMPTY_REMOTE_CERTIFICATE_RECEIVED,
  NX_SECURE_TLS_PACKET_BUFFER_TOO_SMALL,
  NX_SUCCESS,
  SECOND,
  type Status,
} from '@strata/contracts';
import {
  ALERT_BAD_CERTIFICATE,
  ALERT_CERTIFICATE_REQUIRED,
  ALERT_HANDSHAKE_FAILURE,
  ALERT_INTERNAL_ERROR,
} from './alert.ts';
import { TLS_1_2 } from './engine.ts';
import { DEFAULT_EPOCH, type TlsSettings } from './options.ts';
import type { Certificate } from './x509/certificate.ts';
import { certificateFault } from './x509/fault.ts';
import { judgeCertificates } from './x509/judge.ts';

/** Why a peer is refused, and the alert to say it with. */
export interface PeerFault {
  readonly status: Status;
  readonly alert: number;
  readonly why: string;
}

/** Handshake type and length, and the length of the list (RFC 5246 7.4.2). */
const CERTIFICATE_HEADER = 7;

/** Judges the certificates of a peer by a session's settings: the rules first, then the caller's own word. */
export function judgePeer(
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
export function judgeAbsence({ options, server }: TlsSettings, version: number): PeerFault | null {
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
