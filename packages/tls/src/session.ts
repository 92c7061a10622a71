import {
  type Alarm,
  type Deferred,
  NEVER,
  NX_IN_PROGRESS,
  NX_INVALID_PACKET,
  NX_NOT_CONNECTED,
  NX_SECURE_TLS_HANDSHAKE_FAILURE,
  NX_SECURE_TLS_INVALID_STATE,
  NX_SECURE_TLS_NO_CLOSE_RESPONSE,
  NX_SECURE_TLS_RECORD_OVERFLOW,
  NX_SECURE_TLS_TCP_SEND_FAILED,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  type Packet,
  type PacketStream,
  SECOND,
  type Status,
  type StreamListener,
  TICK,
  type Timed,
  TRACE_TLS_ALERT,
  TRACE_TLS_CERTIFICATE_REFUSED,
  TRACE_TLS_ENDED,
  TRACE_TLS_OPEN,
  TRACE_TLS_RECEIVED,
  TRACE_TLS_STATE,
} from '@strata/contracts';
import { ALERT_CLOSE_NOTIFY, ALERT_LEVEL_FATAL, ALERT_LEVEL_WARNING, describeAlert, type TlsAlert } from './alert.ts';
import { ENGINE_FAILED, ENGINE_OPEN, type TlsAgreement, type TlsEngine, type TlsEngineListener } from './engine.ts';
import { engineOptions, readSettings, type TlsSessionOptions, type TlsSettings } from './options.ts';
import { judgeAbsence, judgePeer, type PeerFault } from './peer.ts';
import { RecordSender } from './record-sender.ts';
import type { Certificate } from './x509/certificate.ts';

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

/** Ciphertext and plaintext not yet encrypted beyond which `send` refuses. */
const TRANSMIT_LIMIT = 65_536;
/** Plaintext not yet received beyond which nothing more is read from the stream below. */
const RECEIVE_LIMIT = 65_536;
/** Packets left to the layers below, so that acknowledgments can still come and go. */
const POOL_RESERVE = 4;

/** Why a session failed: a status, the alert that says it on the wire, and a sentence. */
export interface TlsFailure {
  readonly status: Status;
  /** Null when none was sent or received. */
  readonly alert: TlsAlert | null;
  readonly received: boolean;
  readonly why: string;
}

/**
 * One TLS session: a {@link PacketStream} over a {@link PacketStream}, with NetX Secure's model.
 *
 * `start` gives it the stream below; `listener` hears `established` when the handshake is complete and the peer's
 * certificates are accepted, or `closed` with the reason. Nothing but an alert leaves after they were refused. One packet
 * sent is one record; one record received is one packet, or chain. `disconnect(false)` sends close_notify, then ends the
 * stream below.
 */
export class TlsSession implements PacketStream, TlsEngineListener, Deferred, Timed {
  listener: StreamListener | null;
  state: number;
  /** The last alert in each direction (nx_secure_tls_session_alert_value_get). */
  alertReceived: TlsAlert | null;
  alertSent: TlsAlert | null;
  /** The peer's certificate and those that lead to a trusted one; empty before they were accepted. */
  peerPath: readonly Certificate[];
  private failed: TlsFailure | null;
  private readonly settings: TlsSettings;
  private readonly alarm: Alarm;
  private stream: PacketStream | null;
  private engine: TlsEngine | null;
  private agreed: TlsAgreement | null;
  private readonly sender: RecordSender;
  private readonly incoming: Uint8Array[];
  private incomingBytes: number;
  private judged: boolean;
  /** `send` or `allocate` has refused; `sendable` is owed. */
  private blocked: boolean;
  private peerDone: boolean;
  private lowerDone: boolean;
  private lowerClosed: boolean;
  private lowerStatus: Status;
  /** Reading from below was stopped because of the limit. */
  private paused: boolean;
  private disconnected: boolean;
  private startDeadline: number;
  private retryAt: number;
  private scheduled: boolean;
  /** What the stream below tells. */
  readonly events: StreamListener;

  /** @throws RangeError for a client that does not name its server, or versions that do not exist */
  constructor(options: TlsSessionOptions) {
    this.listener = null;
    this.state = TLS_STATE_IDLE;
    this.alertReceived = null;
    this.alertSent = null;
    this.peerPath = [];
    this.failed = null;
    this.settings = readSettings(options);
    this.stream = null;
    this.engine = null;
    this.agreed = null;
    this.sender = new RecordSender(options.tracer ?? null);
    this.incoming = [];
    this.incomingBytes = 0;
    this.judged = false;
    this.blocked = false;
    this.peerDone = false;
    this.lowerDone = false;
    this.lowerClosed = false;
    this.lowerStatus = NX_SUCCESS;
    this.paused = false;
    this.disconnected = false;
    this.startDeadline = NEVER;
    this.retryAt = NEVER;
    this.scheduled = false;
    this.events = {
      established: () => this.lowerEstablished(),
      receivable: () => this.read(),
      sendable: () => this.lowerSendable(),
      peerFinished: () => {
        this.lowerDone = true;
        this.read();
        this.schedule();
      },
      closed: (reason) => this.lowerOver(reason),
    };
    this.alarm = options.time.alarm(this);
  }

  /**
   * Begins (nx_secure_tls_session_start) over `stream`, whose listener the session becomes. NX_IN_PROGRESS; or why the
   * options cannot be used, and then the stream is left alone. NX_SECURE_TLS_INVALID_STATE when it was begun before.
   * @param established whether the stream is open already
   */
  start(stream: PacketStream, established: boolean): Status {
    if (this.state !== TLS_STATE_IDLE) return NX_SECURE_TLS_INVALID_STATE;
    if (this.failed !== null || !this.prepare()) return this.failed?.status ?? NX_SECURE_TLS_INVALID_STATE;
    this.stream = stream;
    stream.listener = this.events;
    this.begin();
    if (established) this.lowerEstablished();
    return NX_IN_PROGRESS;
  }

  /** Checks the options without beginning. False, and {@link failure} says why, when they cannot be used. */
  prepare(): boolean {
    const { status, why } = this.settings;
    if (status !== NX_SUCCESS) this.failed = { status, alert: null, received: false, why };
    return this.failed === null;
  }

  /** @internal For a connector, which has the stream only after it has begun to open. */
  begin(): void {
    const { time, startTimeoutSeconds } = this.settings.options;
    if (startTimeoutSeconds !== undefined) this.startDeadline = time.now + Math.ceil(startTimeoutSeconds * SECOND);
    this.transition(TLS_STATE_CONNECTING);
    this.rearm();
  }

  /** @internal */
  adopt(stream: PacketStream): void {
    this.stream = stream;
    this.read();
    this.pump();
  }

  /** Why the session failed; null when it did not. */
  failure(): TlsFailure | null {
    return this.failed;
  }

  /** The failure on one line: "alert 45 certificate_expired sent ← certificate "CN=…" expired on …". Empty: none. */
  explain(): string {
    const { failed } = this;
    if (failed === null) return '';
    const { alert, received, why } = failed;
    return alert === null ? why : `${describeAlert(alert.value)} ${received ? 'received' : 'sent'} ← ${why}`;
  }

  /** What was agreed on; null before the session was open. */
  agreement(): TlsAgreement | null {
    return this.agreed;
  }

  private transition(to: number): void {
    this.settings.options.tracer?.event(TRACE_TLS_STATE, this.state, to, 0, 0, null);
    this.state = to;
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
    this.settings.options.onKeyLog?.(line);
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
    if (this.state === TLS_STATE_CLOSED) {
      this.afterEnd();
      return;
    }
    if (this.disconnected && this.state < TLS_STATE_OPEN) {
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
    if (this.state !== TLS_STATE_HANDSHAKE || engine.state === ENGINE_FAILED || this.judged) return true;
    const isOpen = engine.state === ENGINE_OPEN;
    if (!isOpen && !engine.hasCiphertext) return true;
    const certificates = engine.peerCertificates();
    if (certificates.length === 0) return isOpen ? this.examineAbsence(engine) : true;
    this.judged = true;
    const { fault, path } = judgePeer(this.settings, certificates);
    if (fault === null) {
      this.peerPath = path;
      return true;
    }
    this.settings.options.tracer?.event(
      TRACE_TLS_CERTIFICATE_REFUSED,
      fault.status,
      fault.alert,
      certificates.length,
      0,
      null,
    );
    this.refuse(engine, fault);
    return false;
  }

  private examineAbsence(engine: TlsEngine): boolean {
    this.judged = true;
    const fault = judgeAbsence(this.settings, engine.agreement().version);
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
    for (let bytes = engine.takeCiphertext(); bytes !== null; bytes = engine.takeCiphertext()) this.sender.add(bytes);
    this.pump();
    if (this.state === TLS_STATE_HANDSHAKE && engine.state === ENGINE_OPEN) this.opened(engine);
    if (this.state !== TLS_STATE_OPEN && this.state !== TLS_STATE_ENDING) return;
    const before = this.incoming.length;
    for (let bytes = engine.takePlaintext(); bytes !== null; bytes = engine.takePlaintext()) this.received(bytes);
    if (this.incoming.length > before) this.listener?.receivable();
    if (engine.peerFinished && !this.peerDone) {
      this.peerDone = true;
      this.alertReceived = { level: ALERT_LEVEL_WARNING, value: ALERT_CLOSE_NOTIFY };
      this.settings.options.tracer?.event(TRACE_TLS_ALERT, ALERT_LEVEL_WARNING, ALERT_CLOSE_NOTIFY, 1, 0, null);
      this.listener?.peerFinished();
    }
    this.offer();
  }

  private opened(engine: TlsEngine): void {
    const { tracer } = this.settings.options;
    this.agreed = engine.agreement();
    this.startDeadline = NEVER;
    tracer?.event(TRACE_TLS_OPEN, this.agreed.version, this.peerPath.length, 0, 0, null);
    this.transition(TLS_STATE_OPEN);
    this.listener?.established();
  }

  private received(bytes: Uint8Array): void {
    if (this.state === TLS_STATE_ENDING) return;
    this.incoming.push(bytes);
    this.incomingBytes += bytes.length;
    this.settings.options.tracer?.event(TRACE_TLS_RECEIVED, bytes.length, this.incomingBytes, 0, 0, null);
  }

  private engineFailed(engine: TlsEngine): void {
    const error = engine.error ?? { status: NX_SECURE_TLS_HANDSHAKE_FAILURE, alert: null, received: false, why: '' };
    this.fail(error, true);
  }

  /** Ends with a failure: what the engine still had to send is sent, then the stream below is ended. */
  private fail(failure: TlsFailure, inOrder: boolean): void {
    const { alert, received, status } = failure;
    this.failed = failure;
    if (alert !== null) {
      if (received) this.alertReceived = alert;
      else this.alertSent = alert;
      this.settings.options.tracer?.event(TRACE_TLS_ALERT, alert.level, alert.value, received ? 1 : 0, 0, null);
    }
    this.close(status);
    if (!inOrder) this.sender.clear();
    this.afterEnd();
  }

  /** Nothing more is read or told. What is in the sender still goes out. */
  private close(status: Status): void {
    const { engine, settings } = this;
    this.transition(TLS_STATE_CLOSED);
    settings.options.tracer?.event(TRACE_TLS_ENDED, status, 0, 0, 0, null);
    this.engine = null;
    engine?.destroy();
    this.startDeadline = NEVER;
    this.listener?.closed(status);
  }

  /** After the session: the alert goes out, what comes in is dropped, the stream below is ended. */
  private afterEnd(): void {
    this.drainBelow();
    this.pump();
    if (!this.lowerClosed && !this.disconnected && this.sender.isEmpty) this.disconnectBelow(false);
    if (this.lowerClosed) {
      this.sender.clear();
      if (this.incoming.length === 0) this.retryAt = NEVER;
    }
    this.rearm();
  }

  private disconnectBelow(abort: boolean): void {
    this.disconnected = true;
    this.stream?.disconnect(abort);
  }

  private drainBelow(): void {
    const { stream } = this;
    if (stream === null) return;
    for (let packet = stream.receive(); packet !== null; packet = stream.receive()) packet.release();
  }

  private finishIfDone(engine: TlsEngine): void {
    if (this.state !== TLS_STATE_ENDING || this.disconnected) return;
    if (engine.finished && this.sender.isEmpty && engine.unwritten === 0) this.disconnectBelow(false);
  }

  /** The stream below has ended, and everything that came from it has been processed. */
  private lookBelow(): void {
    const { engine } = this;
    if (!this.lowerDone && !this.lowerClosed) return;
    if (this.paused || (engine !== null && !engine.atRest)) return;
    const inOrder = this.lowerStatus === NX_SUCCESS;
    if (this.state === TLS_STATE_CONNECTING || this.state === TLS_STATE_HANDSHAKE) {
      if (this.state === TLS_STATE_CONNECTING && !this.lowerClosed) return;
      const status = inOrder ? NX_SECURE_TLS_HANDSHAKE_FAILURE : this.lowerStatus;
      const where = this.state === TLS_STATE_CONNECTING ? 'before' : 'during';
      const why = `the connection ended ${where} the handshake`;
      this.fail({ status, alert: null, received: false, why }, true);
    } else if (this.state === TLS_STATE_OPEN && this.disconnected) {
      if (this.lowerClosed) this.abandon(inOrder ? NX_NOT_CONNECTED : this.lowerStatus);
    } else if (this.state === TLS_STATE_OPEN && !this.peerDone) {
      const status = inOrder ? NX_SECURE_TLS_NO_CLOSE_RESPONSE : this.lowerStatus;
      const why = 'the peer ended the connection without close_notify: what it sent may be incomplete';
      this.fail({ status, alert: null, received: false, why }, true);
    } else if (this.lowerClosed) {
      this.abandon(inOrder || this.peerDone ? NX_SUCCESS : this.lowerStatus);
    }
  }

  private abandon(status: Status): void {
    this.close(status);
    this.afterEnd();
  }

  private lowerOver(reason: Status): void {
    this.lowerClosed = true;
    this.lowerStatus = reason;
    this.read();
    this.sender.clear();
    this.schedule();
  }

  /** Feeds what has arrived to the engine. */
  private read(): void {
    const { stream, engine } = this;
    if (stream === null) return;
    if (this.state === TLS_STATE_CLOSED) {
      this.drainBelow();
      return;
    }
    if (engine === null) return;
    this.paused = this.state !== TLS_STATE_ENDING && this.incomingBytes >= RECEIVE_LIMIT;
    while (!this.paused) {
      const packet = stream.receive();
      if (packet === null) break;
      const bytes = new Uint8Array(packet.length);
      packet.extract(0, bytes, 0, bytes.length);
      packet.release();
      engine.feed(bytes);
    }
  }

  private pump(): void {
    const { stream, sender } = this;
    if (stream === null || sender.isEmpty || this.lowerClosed || this.disconnected) return;
    const status = sender.pump(stream);
    if (sender.starved) this.retryLater();
    if (status === NX_SUCCESS) return;
    sender.clear();
    if (this.state !== TLS_STATE_CLOSED) {
      const why = 'the stream below took no more';
      this.fail({ status: NX_SECURE_TLS_TCP_SEND_FAILED, alert: null, received: false, why }, false);
    }
  }

  private lowerSendable(): void {
    this.pump();
    this.offer();
    this.schedule();
  }

  /** Tells whoever was refused that there is room again. */
  private offer(): void {
    if (!this.blocked || this.state !== TLS_STATE_OPEN || this.untransmitted > TRANSMIT_LIMIT / 2) return;
    this.blocked = false;
    this.listener?.sendable();
  }

  private get untransmitted(): number {
    return this.sender.bytes + (this.engine?.unwritten ?? 0);
  }

  /** A packet of the stream below, with room for a record's header (nx_secure_tls_packet_allocate). */
  allocate(): Packet | null {
    const packet = this.stream?.allocate() ?? null;
    if (packet === null) {
      this.blocked = true;
      this.retryLater();
      return null;
    }
    packet.prepend += TLS_HEADROOM;
    packet.append += TLS_HEADROOM;
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
    const { length } = packet;
    if (length === 0) return NX_INVALID_PACKET;
    if (length > TLS_MAXIMUM_RECORD && !(this.settings.options.splitRecords ?? false)) {
      return NX_SECURE_TLS_RECORD_OVERFLOW;
    }
    if (this.untransmitted >= TRANSMIT_LIMIT) {
      this.blocked = true;
      return NX_TX_QUEUE_DEPTH;
    }
    for (let at = 0; at < length; at += TLS_MAXIMUM_RECORD) {
      const bytes = new Uint8Array(Math.min(TLS_MAXIMUM_RECORD, length - at));
      packet.extract(at, bytes, 0, bytes.length);
      engine.write(bytes);
    }
    packet.release();
    return NX_SUCCESS;
  }

  /** The plaintext of the next record, or part of it when the pool has too little, now the caller's; or null. */
  receive(): Packet | null {
    const bytes = this.incoming[0];
    if (bytes === undefined) return null;
    const { pool } = this.settings.options;
    const spare = Math.max(0, pool.available - POOL_RESERVE);
    const count = Math.min(bytes.length, spare * pool.payloadSize);
    const packet = count === 0 ? null : pool.allocate(0);
    if (packet === null || packet.appendBytes(bytes, 0, count) !== NX_SUCCESS) {
      packet?.release();
      this.retryLater();
      return null;
    }
    if (count === bytes.length) this.incoming.shift();
    else this.incoming[0] = bytes.subarray(count);
    this.incomingBytes -= count;
    if (this.paused && this.incomingBytes < RECEIVE_LIMIT / 2) {
      this.read();
      if (this.lowerDone || this.lowerClosed) this.schedule();
    }
    return packet;
  }

  /** Sends close_notify behind everything sent, then ends the stream below (nx_secure_tls_session_end); or at once. */
  disconnect(abort: boolean): Status {
    const { engine, state } = this;
    if (state === TLS_STATE_IDLE || state === TLS_STATE_CLOSED) return NX_NOT_CONNECTED;
    if (abort || state < TLS_STATE_OPEN || engine === null) {
      if (!this.disconnected || abort) this.disconnectBelow(abort);
      this.schedule();
      return NX_IN_PROGRESS;
    }
    if (state === TLS_STATE_ENDING) return NX_IN_PROGRESS;
    this.transition(TLS_STATE_ENDING);
    this.alertSent = { level: ALERT_LEVEL_WARNING, value: ALERT_CLOSE_NOTIFY };
    this.settings.options.tracer?.event(TRACE_TLS_ALERT, ALERT_LEVEL_WARNING, ALERT_CLOSE_NOTIFY, 0, 0, null);
    engine.end();
    // What still comes is dropped; it must come, so that the end behind it is seen.
    if (this.paused) this.read();
    return NX_IN_PROGRESS;
  }

  /** Ends at once and forgets what was received (nx_secure_tls_session_reset and _delete). */
  delete(): void {
    if (this.state !== TLS_STATE_IDLE && this.state !== TLS_STATE_CLOSED) {
      this.listener = null;
      this.disconnectBelow(true);
      this.close(NX_NOT_CONNECTED);
    }
    this.incoming.length = 0;
    this.incomingBytes = 0;
    this.sender.clear();
    this.drainBelow();
    this.alarm.cancel();
  }

  private retryLater(): void {
    this.retryAt = this.settings.options.time.now + TICK;
    this.rearm();
  }

  private rearm(): void {
    this.alarm.set(this.nextDeadline());
  }

  nextDeadline(): number {
    return Math.min(this.startDeadline, this.retryAt);
  }

  onTime(now: number): void {
    if (now >= this.startDeadline) {
      this.startDeadline = NEVER;
      const seconds = this.settings.options.startTimeoutSeconds;
      const why = `the handshake was not complete after ${seconds} s`;
      this.fail({ status: NX_SECURE_TLS_HANDSHAKE_FAILURE, alert: null, received: false, why }, false);
    }
    if (now < this.retryAt) return;
    this.retryAt = NEVER;
    this.pump();
    this.offer();
    if (this.incoming.length > 0) this.listener?.receivable();
    this.schedule();
  }
}
