import {
  ERROR_HOST_UNREACHABLE,
  ERROR_NETWORK_UNREACHABLE,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROTOCOL_UNREACHABLE,
  type IpAddress,
  MILLISECOND,
  NEVER,
  NX_IN_PROGRESS,
  NX_SUCCESS,
  type Packet,
  SECOND,
  type StreamListener,
} from '@strata/contracts';
import type { Host } from '@strata/stack';
import {
  CAUSE_KEEPALIVE,
  CAUSE_REFUSED,
  CAUSE_RESET,
  CAUSE_TIMED_OUT,
  CAUSE_UNREACHABLE,
  TCP_CLOSE_WAIT,
  TCP_CLOSED,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT_2,
  type TcpProfile,
  type TcpServer,
  type TcpSocket,
} from '@strata/tcp';
import { alwaysQuick, everythingRead, holdWindowUpdates, updateWindow } from '../linux-acks.ts';
import { congestionNamed } from '../profile.ts';
import { CONSTANTS } from './constants.ts';
import type { ControlMessage } from './control-messages.ts';
import {
  type CallOutcome,
  done,
  failed,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLPRI,
  POLLRDHUP,
  POLLRDNORM,
  POLLWRNORM,
  SocketFile,
} from './file.ts';
import { applyOption, newSocketOptions, type TcpDefaults } from './tcp-options.ts';
import { ZeroCopy } from './zero-copy.ts';
import { ZeroWriter } from './zero-writer.ts';

/** A TCP socket as BSD has it, over one of the stack's. */
export class TcpFile extends SocketFile implements StreamListener {
  readonly type = 'tcp';
  state: 'new' | 'listening' | 'connecting' | 'open' | 'over';
  socket: TcpSocket | null;
  /** Established connections that nobody has accepted. */
  readonly queue: TcpFile[];
  private readonly host: Host;
  private readonly defaults: TcpDefaults;
  private server: TcpServer | null;
  /** The peer has sent its FIN; this application has ended a direction. */
  private peerDone: boolean;
  private readShut: boolean;
  private writeShut: boolean;
  /** A connect has been answered. */
  private connectTold: boolean;
  /** A received packet that has been read in part. */
  private current: Packet | null;
  private currentAt: number;
  private readonly writer: ZeroWriter;
  private wantsRoom: boolean;
  private lingerUntil: number;
  /** The listener that keeps this connection until it has data; null: none does. */
  private deferredBy: TcpFile | null;
  private readonly deferred: Set<TcpFile>;
  readonly zeroCopy: ZeroCopy;
  /** Congestion control that the application asked for. */
  private controller: TcpProfile['congestion'] | null;

  constructor(host: Host, defaults: TcpDefaults) {
    super();
    this.host = host;
    this.defaults = defaults;
    this.state = 'new';
    this.socket = null;
    this.queue = [];
    this.server = null;
    this.peerDone = false;
    this.readShut = false;
    this.writeShut = false;
    this.connectTold = false;
    this.current = null;
    this.currentAt = 0;
    this.writer = new ZeroWriter(this, host.time);
    this.wantsRoom = false;
    this.lingerUntil = NEVER;
    this.deferredBy = null;
    this.deferred = new Set();
    this.zeroCopy = new ZeroCopy();
    this.controller = null;
  }

  override takeSoftError(): string | null {
    const { socket } = this;
    if (socket === null || this.state !== 'open' || this.defaults.bsd) return null;
    const error = SOFT_ERRORS.get(socket.softError) ?? null;
    if (error !== null) socket.softError = 0;
    return error;
  }

  override get remotePort(): number {
    return this.socket?.remotePort ?? 0;
  }

  // What happens to the connection.

  established(): void {
    this.state = 'open';
    this.limitOpening(false);
    this.wakeups++;
  }

  receivable(): void {
    this.wakeups++;
    this.deferredBy?.offer(this);
  }

  sendable(): void {
    this.wakeups++;
  }

  peerFinished(): void {
    this.peerDone = true;
    this.wakeups++;
    this.deferredBy?.offer(this);
  }

  closed(): void {
    this.state = 'over';
    this.wakeups++;
    const { socket } = this;
    if (socket === null) return;
    const soft = SOFT_ERRORS.get(socket.softError) ?? null;
    switch (socket.cause) {
      case CAUSE_REFUSED:
        // On Linux nobody refuses any more once both have sent their SYN.
        this.error = socket.rcvNxt !== 0 && !this.defaults.bsd ? 'ECONNRESET' : 'ECONNREFUSED';
        break;
      case CAUSE_RESET:
        this.error = this.peerDone ? 'EPIPE' : 'ECONNRESET';
        break;
      case CAUSE_TIMED_OUT:
      case CAUSE_KEEPALIVE:
        this.error = soft ?? 'ETIMEDOUT';
        break;
      case CAUSE_UNREACHABLE:
        this.error = soft ?? 'EHOSTUNREACH';
        break;
      default:
        break;
    }
  }

  // Opening.

  /** Sockets have one port, and have it once. */
  get mayBind(): boolean {
    return this.port === 0 && this.state === 'new';
  }

  bind(port: number): CallOutcome {
    if (!this.mayBind) return failed('EINVAL');
    this.port = port;
    return done(0);
  }

  listen(backlog: number): CallOutcome {
    if (this.state === 'listening') return done(0);
    if (this.state !== 'new') return failed('EINVAL');
    const server = this.host.tcp.listen(this.port, {
      backlog: Math.max(backlog, 1) + 128,
      socket: newSocketOptions(this, this.defaults),
      onConnection: (socket) => this.connectionArrived(socket),
    });
    if (server === null) return failed('EADDRINUSE');
    this.server = server;
    this.port = server.port;
    this.state = 'listening';
    return done(0);
  }

  private connectionArrived(socket: TcpSocket): void {
    const file = new TcpFile(this.host, this.defaults);
    for (const [name, value] of this.stored) file.stored.set(name, value);
    file.port = this.port;
    file.socket = socket;
    file.state = 'open';
    file.connectTold = true;
    file.controller = this.controller;
    socket.listener = file;
    file.applyCongestion();
    file.applyOptions();
    // TCP_DEFER_ACCEPT: nobody hears of a connection before it has data.
    if (this.option('SOL_TCP:TCP_DEFER_ACCEPT', 0) > 0 && file.readable === 0) {
      file.deferredBy = this;
      this.deferred.add(file);
    } else this.offer(file);
  }

  /** A connection can be accepted. */
  private offer(file: TcpFile): void {
    file.deferredBy = null;
    this.deferred.delete(file);
    this.queue.push(file);
    this.wakeups++;
  }

  /** The oldest connection, or null when there is none. */
  accept(): TcpFile | CallOutcome | null {
    if (this.state !== 'listening') return failed('EINVAL');
    return this.queue.shift() ?? null;
  }

  connect(remote: IpAddress, port: number): CallOutcome | null {
    if (this.connectTold && this.state === 'open') return failed('EISCONN');
    if (this.state === 'connecting' && this.nonblocking) return failed('EALREADY');
    if (this.state === 'listening') return failed('EISCONN');
    if (this.state === 'new') {
      const socket = this.host.tcp.createSocket(newSocketOptions(this, this.defaults));
      this.socket = socket;
      this.applyCongestion();
      this.applyOptions();
      this.limitOpening(true);
      socket.listener = this;
      if (socket.bind(this.port) !== NX_SUCCESS) return this.giveUp('EADDRINUSE');
      const status = socket.connect(remote, port);
      if (status !== NX_IN_PROGRESS) return this.giveUp('ENETUNREACH');
      this.port = socket.localPort;
      this.state = 'connecting';
      this.applyOptions();
      if (this.nonblocking) return failed('EINPROGRESS');
    }
    return this.connectResult();
  }

  /** FreeBSD gives an opening up after a time of its own. */
  private limitOpening(on: boolean): void {
    const { socket } = this;
    if (socket === null || this.defaults.keepInit === NEVER) return;
    const limit = on
      ? this.option('SOL_TCP:TCP_KEEPINIT', this.defaults.keepInit / SECOND) * SECOND
      : this.option('SOL_TCP:TCP_USER_TIMEOUT', 0) * MILLISECOND;
    socket.userTimeout = limit > 0 ? limit : NEVER;
  }

  private giveUp(errno: string): CallOutcome {
    this.socket?.destroy();
    this.socket = null;
    return failed(errno);
  }

  /** What a blocking connect, or one repeated after EINPROGRESS, says now. */
  connectResult(): CallOutcome | null {
    if (this.state === 'connecting') return null;
    const error = this.takeError();
    if (error !== null) {
      this.state = 'new';
      this.socket?.destroy();
      this.socket = null;
      return failed(error);
    }
    if (this.state === 'over' && !this.connectTold && !this.peerDone) return failed('ECONNABORTED');
    this.connectTold = true;
    return done(0);
  }

  // Data.

  /** Octets that can be read now. */
  get readable(): number {
    return this.socket?.receiveBytes ?? 0;
  }

  /** Fewer octets satisfy neither a waiting read nor poll (SO_RCVLOWAT). */
  private get lowat(): number {
    return Math.max(this.option('SOL_SOCKET:SO_RCVLOWAT', 1), 1);
  }

  /** Reads up to `length` octets; null: nothing there yet. */
  read(length: number, flags: number): CallOutcome | null {
    if (this.state === 'new' && this.error === null) return failed('ENOTCONN');
    if (this.state === 'listening') return failed('ENOTCONN');
    if (flags & (CONSTANTS.MSG_OOB as number)) return failed('EINVAL');
    const all = (flags & (CONSTANTS.MSG_WAITALL as number)) !== 0;
    const ended = this.peerDone || this.readShut || this.state === 'over';
    const { readable } = this;
    const enough = all ? readable >= length : readable >= Math.min(this.lowat, length) || length === 0;
    if (readable > 0 && (enough || ended || this.nonblocking)) {
      const count = Math.min(length, readable);
      if ((flags & (CONSTANTS.MSG_PEEK as number)) === 0) {
        this.consume(count);
        if (this.socket !== null && this.readable === 0) everythingRead(this.socket);
      }
      return done(count);
    }
    const error = this.takeError();
    if (error !== null) return failed(error);
    if (ended || length === 0) return done(0);
    return null;
  }

  /** What comes beside data that was read. */
  controlMessages(): ControlMessage[] {
    if (this.option('SOL_TCP:TCP_INQ', 0) === 0) return [];
    const { readable } = this;
    const inq = readable === 0 && (this.peerDone || this.state === 'over') ? 1 : readable;
    return [{ level: CONSTANTS.SOL_TCP as number, type: CONSTANTS.TCP_CM_INQ as number, data: inq }];
  }

  /** The oldest notification on the error queue, or null. */
  takeNotification(): ControlMessage | null {
    this.updateZeroCopy();
    return this.zeroCopy.take(this.defaults.mapped || this.socket?.flow?.family === 6 ? 6 : 4);
  }

  private updateZeroCopy(): void {
    const { socket } = this;
    if (socket !== null && this.zeroCopy.update(socket, this.state === 'over')) this.wakeups++;
  }

  /** Takes octets off the stream. What is left of a packet still fills the receive window. */
  private consume(count: number): void {
    const { socket } = this;
    if (socket === null) return;
    holdWindowUpdates(socket, true);
    let left = count;
    const before = socket.receiveBytes;
    while (left > 0) {
      this.current ??= socket.receive();
      const packet = this.current;
      if (packet === null) break;
      const taken = Math.min(left, packet.length - this.currentAt);
      this.currentAt += taken;
      left -= taken;
      if (this.currentAt >= packet.length) this.dropCurrent();
    }
    socket.rcvQueued = before - (count - left);
    holdWindowUpdates(socket, false);
    if (!this.peerDone && this.state === 'open') updateWindow(socket);
  }

  private dropCurrent(): void {
    this.current?.release();
    this.current = null;
    this.currentAt = 0;
  }

  /** What SIOCOUTQ counts: octets waiting to be acknowledged, and a FIN as one more. */
  get outstanding(): number {
    const { socket } = this;
    if (socket === null) return 0;
    const fin = socket.finQueued || socket.finSent;
    const finished = socket.finSent && socket.sndUna === socket.sndNxt && !socket.transmit.hasUnsent;
    return this.queued + (fin && !finished ? 1 : 0);
  }

  /** Octets waiting to be acknowledged, and of those the ones that were never sent. */
  get queued(): number {
    return (this.socket?.transmit.bytes ?? 0) + this.writer.held;
  }

  get unsent(): number {
    return (this.socket?.transmit.unsentBytes ?? 0) + this.writer.held;
  }

  private get sendBuffer(): number {
    return this.option('SOL_SOCKET:SO_SNDBUF', this.defaults.sendBuffer);
  }

  /** Writes as much of `length` octets as fits; null: nothing does, and the call is to wait. */
  write(length: number, flags: number): CallOutcome | null {
    const error = this.takeError();
    if (error !== null) return failed(error);
    if (this.state === 'connecting') return null;
    if (this.state !== 'open' || this.writeShut || this.socket === null) return failed('EPIPE');
    const room = this.sendBuffer - this.queued;
    const count = Math.min(length, room);
    if (count < length) this.wantsRoom = true;
    if (length === 0) return done(0);
    if (count <= 0) return null;
    if (flags & (CONSTANTS.MSG_OOB as number)) {
      this.writer.flush();
      return done(this.writer.send(count, true));
    }
    const more = (flags & (CONSTANTS.MSG_MORE as number)) !== 0 || this.option('SOL_TCP:TCP_CORK', 0) !== 0;
    if (more) {
      this.writer.cork(count);
      return done(count);
    }
    const taken = this.writer.write(count);
    if (flags & (CONSTANTS.MSG_EOR as number) && taken === length) this.socket.endRecord();
    return taken > 0 ? done(taken) : null;
  }

  // Readiness.

  get writable(): boolean {
    if (this.state !== 'open') return this.state === 'over';
    if (this.writeShut) return true;
    const lowat = this.option('SOL_TCP:TCP_NOTSENT_LOWAT', this.defaults.notsentLowat) >>> 0;
    return this.queued * 3 <= this.sendBuffer * 2 && this.unsent < lowat;
  }

  expectRoom(): void {
    if (!this.writable) this.wantsRoom = true;
  }

  ready(): number {
    if (this.state === 'listening') return this.queue.length > 0 ? POLLIN | POLLRDNORM : 0;
    if (this.state === 'new') return POLLOUT | POLLWRNORM | POLLHUP;
    let bits = 0;
    this.updateZeroCopy();
    if (this.zeroCopy.pending) bits |= POLLERR;
    if (this.readable >= this.lowat || this.peerDone || this.readShut || this.state === 'over')
      bits |= POLLIN | POLLRDNORM;
    if (this.peerDone || this.readShut || this.state === 'over') bits |= POLLRDHUP;
    if (this.error !== null) bits |= POLLERR;
    if (this.state === 'over' || ((this.peerDone || this.readShut) && this.writeShut)) bits |= POLLHUP;
    if ((this.socket?.urgentBytes ?? 0) > 0) bits |= POLLPRI;
    if (this.writable) {
      bits |= POLLOUT | POLLWRNORM;
      if (this.wantsRoom) {
        this.wantsRoom = false;
        this.wakeups++;
      }
    }
    return bits;
  }

  // Closing.

  shutdown(how: number): CallOutcome {
    const { socket } = this;
    if (how < 0 || how > 2) return failed('EINVAL');
    if (this.state === 'new' || this.state === 'over') return failed('ENOTCONN');
    if (this.state === 'connecting') {
      // The opening is given up, and the socket can be used anew.
      socket?.destroy();
      this.socket = null;
      this.state = 'new';
      this.port = 0;
      return done(0);
    }
    if (this.state === 'listening') {
      if (how === (CONSTANTS.SHUT_WR as number)) return done(0);
      this.server?.close();
      this.state = 'new';
    }
    if (how !== (CONSTANTS.SHUT_WR as number)) this.readShut = true;
    this.wakeups++;
    if (this.state === 'new') return done(0);
    if (how !== (CONSTANTS.SHUT_RD as number) && !this.writeShut) {
      this.writer.flush();
      this.writeShut = true;
      socket?.shutdown();
    }
    // Nobody will read: data that comes all the same is refused.
    if (this.readShut && this.writeShut && socket !== null) socket.receiverGone = true;
    return done(0);
  }

  close(): CallOutcome | null {
    const { socket } = this;
    if (this.released) {
      const over = socket === null || socket.state === TCP_CLOSED || socket.state >= TCP_FIN_WAIT_2;
      return over || this.host.time.now >= this.lingerUntil ? done(0) : null;
    }
    this.released = true;
    for (const waiting of [...this.queue, ...this.deferred]) waiting.abort();
    this.queue.length = 0;
    this.deferred.clear();
    this.server?.close();
    if (socket === null || this.state === 'listening') return done(0);
    if (this.state === 'over') {
      this.dropCurrent();
      this.release();
      return done(0);
    }
    socket.deleteWhenClosed = true;
    const unread = this.current !== null;
    this.dropCurrent();
    const linger = this.option('SOL_SOCKET:SO_LINGER', -1);
    const hasty = socket.state === TCP_FIN_WAIT_2 && this.option('SOL_TCP:TCP_LINGER2', 0) < 0;
    if (linger === 0 || hasty || (unread && (socket.state === TCP_ESTABLISHED || socket.state === TCP_CLOSE_WAIT))) {
      socket.disconnect(true);
      return done(0);
    }
    this.writer.flush();
    socket.disconnect(false);
    this.writeShut = true;
    if (linger > 0 && !this.nonblocking) {
      this.lingerUntil = this.host.time.now + linger * SECOND;
      return null;
    }
    return done(0);
  }

  /** When a lingering close gives up. */
  get closeDeadline(): number {
    return this.lingerUntil;
  }

  private abort(): void {
    this.dropCurrent();
    if (this.socket !== null && this.state === 'open') {
      this.socket.deleteWhenClosed = true;
      this.socket.disconnect(true);
    }
  }

  /** Gives back what a connection that is over still holds. */
  private release(): void {
    const { socket } = this;
    if (socket === null) return;
    for (let packet = socket.receive(); packet !== null; packet = socket.receive()) packet.release();
  }

  destroy(): void {
    for (const waiting of [...this.queue, ...this.deferred]) waiting.destroy();
    this.queue.length = 0;
    this.deferred.clear();
    this.server?.close();
    this.dropCurrent();
    this.writer.close();
    this.socket?.destroy();
  }

  // Options.

  /** Repetitions of a SYN (TCP_SYNCNT). */
  get synCount(): number {
    return this.option('SOL_TCP:TCP_SYNCNT', this.host.tcp.profile.maximumSynRetries);
  }

  /** Name of the congestion control in use. */
  get congestion(): string {
    return this.socket?.congestion.name ?? (this.controller ?? this.host.tcp.profile.congestion)().name;
  }

  /** TCP_CONGESTION: false when there is no such controller. */
  setCongestion(name: string): boolean {
    const make = congestionNamed(name);
    if (make === null) return false;
    this.controller = make;
    this.applyCongestion();
    return true;
  }

  private applyCongestion(): void {
    const { socket, controller } = this;
    if (socket !== null && controller !== null) socket.congestion = controller();
  }

  private applyOptions(): void {
    const { socket, defaults } = this;
    if (socket !== null && defaults.quickAcks) alwaysQuick(socket);
    for (const [name, value] of this.stored) this.changed(name, value);
  }

  changed(name: string, value: number): void {
    const { socket } = this;
    if (socket === null) return;
    applyOption(this, socket, this.host.tcp.profile, name, value);
    const pushes = (name === 'SOL_TCP:TCP_NODELAY' && value !== 0) || (name === 'SOL_TCP:TCP_CORK' && value === 0);
    if (pushes) this.writer.flush();
  }
}

const SOFT_ERRORS = new Map<number, string>([
  [ERROR_NETWORK_UNREACHABLE, 'ENETUNREACH'],
  [ERROR_HOST_UNREACHABLE, 'EHOSTUNREACH'],
  [ERROR_PORT_UNREACHABLE, 'ECONNREFUSED'],
  [ERROR_PROTOCOL_UNREACHABLE, 'ENOPROTOOPT'],
]);
