import type { Status } from '@strata/contracts';
import type { TlsAlert } from './alert.ts';

export const TLS_STATE_IDLE = 0;
/** The stream below is being opened. */
export const TLS_STATE_CONNECTING = 1;
export const TLS_STATE_HANDSHAKE = 2;
export const TLS_STATE_OPEN = 3;
/** close_notify is on its way; nothing more is sent. */
export const TLS_STATE_ENDING = 4;
/** Over. What was received can still be received. */
export const TLS_STATE_CLOSED = 5;

/** Octets of plaintext in one record (RFC 8446 5.1); NetX sends no more in one packet. */
export const TLS_MAXIMUM_RECORD = 16_384;

/** Head-room for a record's header and explicit nonce, a multiple of 4. */
export const TLS_HEADROOM = 16;

/** Why a session failed: a status, the alert that says it on the wire, and a sentence. */
export interface TlsFailure {
  readonly status: Status;
  /** Null when none was sent or received. */
  readonly alert: TlsAlert | null;
  readonly received: boolean;
  readonly why: string;
}
