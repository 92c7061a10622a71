import {
  NX_NOT_CONNECTED,
  NX_SECURE_TLS_HANDSHAKE_FAILURE,
  NX_SECURE_TLS_NO_CLOSE_RESPONSE,
  NX_SUCCESS,
  type Status,
  TRACE_TLS_ALERT,
  type Tracer,
} from '@strata/contracts';
import { ALERT_CLOSE_NOTIFY, ALERT_LEVEL_WARNING, describeAlert, type TlsAlert } from './alert.ts';
import type { LowerStream } from './lower-stream.ts';
import { TLS_STATE_CONNECTING, TLS_STATE_HANDSHAKE, TLS_STATE_OPEN, type TlsFailure } from './state.ts';

/** The alerts of a session in both directions, and why it failed. */
export class SessionOutcome {
  alertReceived: TlsAlert | null;
  alertSent: TlsAlert | null;
  failure: TlsFailure | null;
  private readonly tracer: Tracer | null;

  constructor(tracer: Tracer | null) {
    this.alertReceived = null;
    this.alertSent = null;
    this.failure = null;
    this.tracer = tracer;
  }

  closeNotify(received: boolean): void {
    this.alert({ level: ALERT_LEVEL_WARNING, value: ALERT_CLOSE_NOTIFY }, received);
  }

  fail(failure: TlsFailure): void {
    this.failure = failure;
    if (failure.alert !== null) this.alert(failure.alert, failure.received);
  }

  private alert(alert: TlsAlert, received: boolean): void {
    if (received) this.alertReceived = alert;
    else this.alertSent = alert;
    this.tracer?.event(TRACE_TLS_ALERT, alert.level, alert.value, received ? 1 : 0, 0, null);
  }

  /** "alert 45 certificate_expired sent"; empty when no alert had part in the failure. */
  explainAlert(): string {
    const { alert, received } = this.failure ?? { alert: null, received: false };
    return alert === null ? '' : `${describeAlert(alert.value)} ${received ? 'received' : 'sent'}`;
  }

  /** The failure on one line; empty: none. */
  explain(): string {
    const { failure } = this;
    if (failure === null) return '';
    const alert = this.explainAlert();
    return alert === '' ? failure.why : `${alert} ← ${failure.why}`;
  }
}

/** What the end of the stream below means for a session: a failure, or the status that it ends with; null: nothing yet. */
export function meaningOfEnd(state: number, lower: LowerStream, peerDone: boolean): TlsFailure | Status | null {
  const inOrder = lower.status === NX_SUCCESS;
  const failure = (status: Status, why: string): TlsFailure => ({
    status: inOrder ? status : lower.status,
    alert: null,
    received: false,
    why,
  });
  if (state === TLS_STATE_CONNECTING) {
    return lower.closed ? failure(NX_SECURE_TLS_HANDSHAKE_FAILURE, 'the connection ended before the handshake') : null;
  }
  if (state === TLS_STATE_HANDSHAKE) {
    return failure(NX_SECURE_TLS_HANDSHAKE_FAILURE, 'the connection ended during the handshake');
  }
  if (state === TLS_STATE_OPEN && lower.disconnected) {
    if (!lower.closed) return null;
    return inOrder ? NX_NOT_CONNECTED : lower.status;
  }
  if (state === TLS_STATE_OPEN && !peerDone) {
    const why = 'the peer ended the connection without close_notify: what it sent may be incomplete';
    return failure(NX_SECURE_TLS_NO_CLOSE_RESPONSE, why);
  }
  if (!lower.closed) return null;
  return inOrder || peerDone ? NX_SUCCESS : lower.status;
}
