import {
  type Deferred,
  NX_IN_PROGRESS,
  NX_NOT_CONNECTED,
  NX_SECURE_TLS_HANDSHAKE_FAILURE,
  NX_SECURE_TLS_INVALID_STATE,
  NX_SECURE_TLS_TCP_SEND_FAILED,
  NX_SUCCESS,
  type Packet,
  type PacketStream,
  type Status,
  type StreamListener,
  TRACE_TLS_ENDED,
  TRACE_TLS_OPEN,
  TRACE_TLS_RECEIVED,
  TRACE_TLS_STATE,
} from '@strata/contracts';
import { ALERT_LEVEL_FATAL, type TlsAlert } from './alert.ts';
import { ENGINE_FAILED, ENGINE_OPEN, type TlsAgreement, type TlsEngine, type TlsEngineListener } from './engine.ts';
import { LowerStream } from './lower-stream.ts';
import { engineOptions, readSettings, type TlsSessionOptions, type TlsSettings } from './options.ts';
import { meaningOfEnd, SessionOutcome } from './outcome.ts';
import { PeerExamination, type PeerFault } from './peer.ts';
import { PlaintextQueue } from './plaintext-queue.ts';
import { SessionTimers, type SessionTimersOwner } from './session-timers.ts';
import {
  TLS_STATE_CLOSED,
  TLS_STATE_CONNECTING,
  TLS_STATE_ENDING,
  TLS_STATE_HANDSHAKE,
  TLS_STATE_IDLE,
  TLS_STATE_OPEN,
  type TlsFailure,
} from './state.ts';
import { Transmitter } from './transmitter.ts';
import type { Certificate } from './x509/certificate.ts';

/** Plaintext not yet received beyond which nothing more is read from the stream below. */
const RECEIVE_LIMIT = 65_536;
/**
 * One TLS session: a {@link PacketStream} over a {@link PacketStream}, with NetX Secure's model.
 *
 * `start` gives it the stream below; `listener` hears `established` when the handshake is complete and the peer's
 * certificates are accepted, or `closed` with the reason. Nothing but an alert leaves after they were refused. One packet
 * sent is one record; one record received is one packet, or chain. `disconnect(false)` sends close_notify, then ends the
 * stream below.
 */
export class TlsSession implements PacketStream, TlsEngineListener, SessionTimersOwner, Deferred {
  listener: StreamListener | null;
  state: number;
  private outcome: SessionOutcome;
  private readonly settings: TlsSettings;
  private readonly timers: SessionTimers;
  private lower: LowerStream;
  private engine: TlsEngine | null;
  private agreed: TlsAgreement | null;
  private readonly incoming: PlaintextQueue;
  private peer: PeerExamination;
  private transmitter: Transmitter;
  private peerDone: boolean;
  private scheduled: boolean;
  /** We have ended our direction only. */
  private halfClosed: boolean;
  /** What the stream below tells. */
  events: StreamListener;

  /** @throws RangeError for a client that does not name its server, or versions that do not exist */
  constructor(options: TlsSessionOptions) {
    this.listener = null;
    this.state = TLS_STATE_IDLE;
    this.settings = readSettings(options);
    this.outcome = new SessionOutcome(options.tracer ?? null);
    this.timers = new SessionTimers(options.time, this);
    this.lower = new LowerStream(options.tracer ?? null);
    this.engine = null;
    this.agreed = null;
    this.incoming = new PlaintextQueue(options.pool);
    this.peer = new PeerExamination(this.settings);
    this.transmitter = new Transmitter(options.splitRecords ?? false);
    this.peerDone = false;
    this.scheduled = false;
    this.halfClosed = false;
    this.events = this.listenTo(this.lower);
  }

  private listenTo(lower: LowerStream): StreamListener {
    return {
      established: () => this.lowerEstablished(),
      receivable: () => this.read(),
      sendable: () => {
        this.pump();
        this.offer();
        this.schedule();
      },
      peerFinished: () => {
        lower.finished = true;
        this.read();
        this.schedule();
      },
      closed: (reason) => {
        lower.over(reason);
        this.read();
        lower.sender.clear();
        this.schedule();
      },
    };
  }

  /**
   * Begins (nx_secure_tls_session_start) over `stream`, whose listener the session becomes. NX_IN_PROGRESS; or why the
   * options cannot be used, and then the stream is left alone. NX_SECURE_TLS_INVALID_STATE when it was begun before and not
   * {@link reset}.
   * @param established whether the stream is open already
   */
  start(stream: PacketStream, established: boolean): Status {
    if (this.state !== TLS_STATE_IDLE) return NX_SECURE_TLS_INVALID_STATE;
    if (this.failure() !== null || !this.prepare()) return this.failure()?.status ?? NX_SECURE_TLS_INVALID_STATE;
    this.lower.attach(stream);
    stream.listener = this.events;
    this.begin();
    if (established) this.lowerEstablished();
    return NX_IN_PROGRESS;
  }

  /** Checks the options without beginning. False, and {@link failure} says why, when they cannot be used. */
  prepare(): boolean {
    const { status, why } = this.settings;
    if (status !== NX_SUCCESS) this.outcome.failure = { status, alert: null, received: false, why };
    return this.outcome.failure === null;
  }

  /** @internal For a connector, which has the stream only after it has begun to open. */
  begin(): void {
    this.timers.handshakeBegins(this.settings.options.startTimeoutSeconds);
    this.transition(TLS_STATE_CONNECTING);
  }

  /** @internal */
  adopt(stream: PacketStream): void {
    this.lower.attach(stream);
    this.read();
    this.pump();
  }

  /** Why the session failed; null when it did not. */
  failure(): TlsFailure | null {
    return this.outcome.failure;
  }

  /** The last alert in each direction (nx_secure_tls_session_alert_value_get); null: none. */
  get alertReceived(): TlsAlert | null {
    return this.outcome.alertReceived;
  }

  get alertSent(): TlsAlert | null {
    return this.outcome.alertSent;
  }

  /** The failure on one line: "alert 45 certificate_expired sent ← certificate "CN=…" expired on …". Empty: none. */
  explain(): string {
    return this.outcome.explain();
  }

  /** "alert 45 certificate_expired sent"; empty when no alert had part in the failure. */
  explainAlert(): string {
    return this.outcome.explainAlert();
  }

  /** What was agreed on; null before the session was open. */
  agreement(): TlsAgreement | null {
    return this.agreed;
  }

  /** The peer's certificate and those that lead to a trusted one; empty before they were accepted. */
  get peerPath(): readonly Certificate[] {
    return this.peer.path;
  }

  private transition(to: number): void {
    const { tracer, secrets } = this.settings.options;
    const from = this.state;
    tracer?.event(TRACE_TLS_STATE, from, to, 0, 0, null);
    this.state = to;
    if (to === TLS_STATE_HANDSHAKE) secrets?.handshakeBegan();
    else if (from === TLS_STATE_HANDSHAKE) secrets?.handshakeOver();
  }

  /** The stream below is open: the handshake begins. */
  private lowerEstablished(): void {
    if (this.state !== TLS_STATE_CONNECTING) return;
    const { options } = this.settings;
    this.transition(TLS_STATE_HANDSHAKE);
    const made = options.engines.create(engineOptions(this.settings), this, options.busy ?? null);
    if ('why' in made) this.fail(made, false);
    else this.engine = made;
    this.read();
  }

  keyLog(line: string): void {
    const { onKeyLog, secrets } = this.settings.options;
    onKeyLog?.(line);
    secrets?.keyLog(line);
  }

  progressed(): void {
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.settings.options.time.defer(this);
  }

  /** Everything that follows from what the engine, the stream below and the clock have brought. */
  run(): void {
    this.scheduled = false;
    if (this.state === TLS_STATE_IDLE) return;
    if (this.state === TLS_STATE_CLOSED) {
      this.afterEnd();
      return;
    }
    if (this.lower.disconnected && this.state < TLS_STATE_OPEN) {
      const why = 'given up before the handshake was complete';
      this.fail({ status: NX_NOT_CONNECTED, alert: null, received: false, why }, false);
      return;
    }
    const { engine } = this;
    if (engine !== null) {
      if (!this.examine(engine)) return;
      this.take(engine);
      if (engine.state === ENGINE_FAILED) this.engineFailed(engine);
      else this.finishIfDone(engine);
    }
    if (this.state !== TLS_STATE_CLOSED) this.lookBelow();
  }

  /** Judges the peer before anything leaves that depends on it. False when it was refused. */
  private examine(engine: TlsEngine): boolean {
    if (this.state !== TLS_STATE_HANDSHAKE || engine.state === ENGINE_FAILED) return true;
    const fault = this.peer.examine(engine);
    if (fault !== null) this.refuse(engine, fault);
    return fault === null;
  }

  private refuse(engine: TlsEngine, fault: PeerFault): void {
    const sent = engine.refuse(fault.alert);
    const alert = sent ? { level: ALERT_LEVEL_FATAL, value: fault.alert } : null;
    this.take(engine);
    this.fail({ status: fault.status, alert, received: false, why: fault.why }, true);
  }

  private take(engine: TlsEngine): void {
    this.carried(this.lower.send(engine));
    if (this.state === TLS_STATE_HANDSHAKE && engine.state === ENGINE_OPEN) this.opened(engine);
    if (this.state !== TLS_STATE_OPEN && this.state !== TLS_STATE_ENDING) return;
    const { tracer } = this.settings.options;
    let arrived = false;
    for (let bytes = engine.takePlaintext(); bytes !== null; bytes = engine.takePlaintext()) {
      if (this.state === TLS_STATE_ENDING && !this.halfClosed) continue;
      arrived = true;
      this.incoming.add(bytes);
      tracer?.event(TRACE_TLS_RECEIVED, bytes.length, this.incoming.bytes, 0, 0, null);
    }
    if (arrived) this.listener?.receivable();
    if (engine.peerFinished && !this.peerDone) {
      this.peerDone = true;
      this.outcome.closeNotify(true);
      this.listener?.peerFinished();
    }
    this.offer();
  }

  private opened(engine: TlsEngine): void {
    const { tracer } = this.settings.options;
    this.agreed = engine.agreement();
    this.timers.handshakeOver();
    tracer?.event(TRACE_TLS_OPEN, this.agreed.version, this.peerPath.length, 0, 0, null);
    this.transition(TLS_STATE_OPEN);
    this.listener?.established();
  }

  private engineFailed(engine: TlsEngine): void {
    const error = engine.error ?? { status: NX_SECURE_TLS_HANDSHAKE_FAILURE, alert: null, received: false, why: '' };
    this.fail(this.state === TLS_STATE_HANDSHAKE ? this.peer.reasonBehind(engine, error) : error, true);
  }

  /** Ends with a failure: what the engine still had to send is sent, then the stream below is ended. */
  private fail(failure: TlsFailure, inOrder: boolean): void {
    this.outcome.fail(failure);
    this.close(failure.status);
    if (!inOrder) this.lower.sender.clear();
    this.afterEnd();
  }

  /** Nothing more is read or told. What is in the sender still goes out. */
  private close(status: Status): void {
    const { engine, settings } = this;
    this.transition(TLS_STATE_CLOSED);
    settings.options.tracer?.event(TRACE_TLS_ENDED, status, 0, 0, 0, null);
    this.engine = null;
    engine?.destroy();
    this.timers.sessionOver();
    this.listener?.closed(status);
  }

  /** After the session: the alert goes out, what comes in is dropped, the stream below is ended. */
  private afterEnd(): void {
    const { lower } = this;
    lower.drain();
    this.pump();
    if (!lower.closed && !lower.disconnected && lower.sender.isEmpty) lower.disconnect(false);
    if (lower.closed) {
      lower.sender.clear();
      if (this.incoming.isEmpty) this.timers.settle();
    }
    this.timers.rearm();
  }

  private finishIfDone(engine: TlsEngine): void {
    const { lower } = this;
    if (this.state !== TLS_STATE_ENDING || lower.disconnected) return;
    if (!engine.finished || !lower.sender.isEmpty || engine.unwritten > 0) return;
    const { closeWaitSeconds = 0 } = this.settings.options;
    if (this.halfClosed && !this.peerDone) return;
    const answered = this.peerDone || lower.finished || closeWaitSeconds === 0;
    if (answered || this.timers.waitForClose(closeWaitSeconds)) lower.disconnect(false);
  }

  /** The stream below has ended, and everything that came from it has been processed. */
  private lookBelow(): void {
    const { engine, lower } = this;
    if (!lower.ended || (engine !== null && !engine.atRest)) return;
    const state = this.halfClosed && !this.peerDone ? TLS_STATE_OPEN : this.state;
    const meaning = meaningOfEnd(state, lower, this.peerDone);
    if (meaning === null) return;
    if (typeof meaning !== 'number') {
      this.fail(meaning, true);
      return;
    }
    this.close(meaning);
    this.afterEnd();
  }

  /** Feeds what has arrived to the engine. */
  private read(): void {
    const { lower, engine } = this;
    if (this.state === TLS_STATE_CLOSED) {
      lower.drain();
      return;
    }
    if (engine === null) return;
    const unread = this.state === TLS_STATE_ENDING && !this.halfClosed;
    lower.paused = !unread && this.incoming.bytes >= RECEIVE_LIMIT;
    lower.feed(engine);
  }

  private pump(): void {
    this.carried(this.lower.pump());
  }

  /** What came of sending below. */
  private carried(status: Status): void {
    if (this.lower.sender.starved) this.timers.retryLater();
    if (status === NX_SUCCESS || this.state === TLS_STATE_CLOSED) return;
    const why = 'the stream below took no more';
    this.fail({ status: NX_SECURE_TLS_TCP_SEND_FAILED, alert: null, received: false, why }, false);
  }

  /** Tells whoever was refused that there is room again. */
  private offer(): void {
    if (this.state === TLS_STATE_OPEN && this.transmitter.takeOffer(this.engine, this.lower)) this.listener?.sendable();
  }

  /** A packet of the stream below, with room for a record's header (nx_secure_tls_packet_allocate). */
  allocate(): Packet | null {
    const packet = this.transmitter.allocate(this.lower);
    if (packet === null) this.timers.retryLater();
    return packet;
  }

  /**
   * Sends a packet, chain or not, as one record (nx_secure_tls_session_send). NX_SUCCESS: taken. NX_TX_QUEUE_DEPTH: later,
   * `sendable` follows. NX_NOT_CONNECTED; NX_INVALID_PACKET for an empty one; NX_SECURE_TLS_RECORD_OVERFLOW for more than
   * 16384 octets, unless records may be split.
   */
  send(packet: Packet): Status {
    const { engine } = this;
    if (this.state !== TLS_STATE_OPEN || engine === null) return NX_NOT_CONNECTED;
    return this.transmitter.send(packet, engine, this.lower);
  }

  /**
   * The plaintext of the next record, or part of it when the pool has too little, now the caller's; or null
   * (nx_secure_tls_session_receive). What ended the session is told by `closed`, and by {@link failure}.
   */
  receive(): Packet | null {
    const { incoming, lower } = this;
    const packet = incoming.take();
    if (incoming.starved) this.timers.retryLater();
    if (packet !== null && lower.paused && incoming.bytes < RECEIVE_LIMIT / 2) {
      this.read();
      if (lower.finished || lower.closed) this.schedule();
    }
    return packet;
  }

  /** Sends close_notify behind everything sent, then ends the stream below (nx_secure_tls_session_end); or at once. */
  disconnect(abort: boolean): Status {
    const { engine, state, lower } = this;
    if (state === TLS_STATE_IDLE || state === TLS_STATE_CLOSED) return NX_NOT_CONNECTED;
    if (abort || state < TLS_STATE_OPEN || engine === null) {
      if (!lower.disconnected || abort) lower.disconnect(abort);
      this.schedule();
      return NX_IN_PROGRESS;
    }
    this.halfClosed = false;
    if (state === TLS_STATE_ENDING) {
      this.schedule();
      return NX_IN_PROGRESS;
    }
    this.endSending(engine);
    // What still comes is dropped; it must come, so that the end behind it is seen.
    if (lower.paused) this.read();
    return NX_IN_PROGRESS;
  }

  /** Sends close_notify behind everything sent, and goes on receiving until the peer has finished (RFC 8446 6.1). */
  shutdown(): Status {
    const { engine } = this;
    if (this.state !== TLS_STATE_OPEN || engine === null) return NX_NOT_CONNECTED;
    this.halfClosed = true;
    this.endSending(engine);
    return NX_IN_PROGRESS;
  }

  private endSending(engine: TlsEngine): void {
    this.transition(TLS_STATE_ENDING);
    this.outcome.closeNotify(false);
    engine.end();
  }

  /** Ends at once and forgets what was received (nx_secure_tls_session_delete). */
  delete(): void {
    if (this.state !== TLS_STATE_IDLE && this.state !== TLS_STATE_CLOSED) {
      this.listener = null;
      this.lower.disconnect(true);
      this.close(NX_NOT_CONNECTED);
    }
    this.incoming.clear();
    this.lower.sender.clear();
    this.lower.drain();
    this.timers.stop();
  }

  /**
   * Makes the session as it was before `start`, with the same options (nx_secure_tls_session_reset); whatever went on is
   * ended at once. The listener stays; it hears nothing of what was.
   */
  reset(): void {
    const { listener } = this;
    this.delete();
    this.lower.abandon();
    this.listener = listener;
    this.lower = new LowerStream(this.settings.options.tracer ?? null);
    this.events = this.listenTo(this.lower);
    this.outcome = new SessionOutcome(this.settings.options.tracer ?? null);
    this.agreed = null;
    this.peer = new PeerExamination(this.settings);
    this.transmitter = new Transmitter(this.settings.options.splitRecords ?? false);
    this.peerDone = false;
    this.halfClosed = false;
    if (this.state !== TLS_STATE_IDLE) this.transition(TLS_STATE_IDLE);
  }

  /** @internal */
  startExpired(): void {
    const seconds = this.settings.options.startTimeoutSeconds;
    const why = `the handshake was not complete after ${seconds} s`;
    this.fail({ status: NX_SECURE_TLS_HANDSHAKE_FAILURE, alert: null, received: false, why }, false);
  }

  /** @internal */
  closeExpired(): void {
    if (!this.lower.disconnected) this.lower.disconnect(false);
  }

  /** @internal */
  retryDue(): void {
    this.pump();
    this.offer();
    if (!this.incoming.isEmpty) this.listener?.receivable();
    this.schedule();
  }
}
