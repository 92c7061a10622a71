import { type Clock, type IpAddress, MILLISECOND, NEVER } from '@strata/contracts';
import type { Host } from '@strata/stack';
import type { CallAction, Expression } from '../ast.ts';
import { addressIn, compareName, portIn } from './addresses.ts';
import { CONSTANTS } from './constants.ts';
import { type ControlMessage, compareControls } from './control-messages.ts';
import { EpollFile } from './epoll-file.ts';
import { type CallOutcome, done, failed, type OpenFile, type PendingCall, SocketFile, unsupported } from './file.ts';
import { PipeFile } from './pipe-file.ts';
import { PlainFile } from './plain-file.ts';
import { getOption, setOption } from './socket-options.ts';
import { TcpFile } from './tcp-file.ts';
import type { TcpDefaults } from './tcp-options.ts';
import { UdpFile } from './udp-file.ts';
import {
  ArgumentError,
  dataOf,
  field,
  fieldOf,
  iovLength,
  isNowhere,
  needNumber,
  numberOf,
  pollNames,
  vectorLength,
} from './values.ts';

/** What a script's sockets need to know of their surroundings. */
export interface SocketSurroundings {
  readonly host: Host;
  readonly local: IpAddress;
  readonly remote: IpAddress;
  readonly bindPort: number;
  readonly connectPort: number;
  readonly defaults: TcpDefaults;
}

/** A socket as those see it who watch which one a script is about. Ports are 0 while there are none. */
export interface WatchedSocket {
  readonly type: 'tcp' | 'udp';
  readonly port: number;
  readonly remotePort: number;
}

/** Hears which socket a script is about now. */
export interface SocketWatcher {
  socketMade(file: WatchedSocket): void;
  listening(file: WatchedSocket): void;
  /** `port`: of the peer. */
  connecting(file: WatchedSocket, port: number): void;
  accepted(file: WatchedSocket): void;
}

const NONBLOCK = CONSTANTS.O_NONBLOCK as number;
const BSD_NONBLOCK = 4;
const DONT_WAIT = CONSTANTS.MSG_DONTWAIT as number;
const ERROR_QUEUE = CONSTANTS.MSG_ERRQUEUE as number;
const ZEROCOPY = CONSTANTS.MSG_ZEROCOPY as number;
const INTEREST = 0xffff;

/** System calls by name, on descriptors that have the numbers which the script gives them. */
export class SocketLayer {
  /** Open descriptors. */
  readonly files: Map<number, OpenFile>;
  private readonly around: SocketSurroundings;
  private readonly watcher: SocketWatcher;
  /** Every file ever made: closed sockets still have connections. */
  private readonly made: OpenFile[];

  constructor(around: SocketSurroundings, watcher: SocketWatcher) {
    this.files = new Map();
    this.around = around;
    this.watcher = watcher;
    this.made = [];
  }

  /** Begins a system call. Answers at once, or later when it must wait. Never throws. */
  begin(call: CallAction): PendingCall {
    try {
      return this.dispatch(call);
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      return answered(
        error.unsupported
          ? unsupported(error.message)
          : { value: -1, errno: null, mismatch: error.message, unsupported: null },
      );
    }
  }

  /** Lets go of everything, without a word to anybody. */
  destroy(): void {
    for (const file of this.made) file.destroy();
    this.files.clear();
  }

  private dispatch(call: CallAction): PendingCall {
    const args = call.arguments;
    switch (call.name) {
      case 'socket':
        return answered(this.makeSocket(args, call.result.value));
      case 'bind':
        return answered(this.bind(args));
      case 'listen':
        return answered(this.listen(args));
      case 'accept':
      case 'accept4':
        return this.accept(args, call);
      case 'connect':
        return this.connect(args);
      case 'recvfrom':
        return this.receiveFrom(args);
      case 'read':
      case 'recv':
        return this.read(args, needNumber(args[2], 'the length'), call.name === 'read' ? 0 : (numberOf(args[3]) ?? 0));
      case 'readv':
        return this.read(args, vectorLength(args[1]), 0);
      case 'recvmsg':
        return this.receiveMessage(args);
      case 'write':
        return this.write(args, needNumber(args[2], 'the length'), 0, null);
      case 'send':
        return this.write(args, needNumber(args[2], 'the length'), numberOf(args[3]) ?? 0, null);
      case 'sendto':
        return this.write(args, needNumber(args[2], 'the length'), numberOf(args[3]) ?? 0, args[4] ?? null);
      case 'writev':
        return this.write(args, vectorLength(args[1]), 0, null);
      case 'sendmsg':
        return this.sendMessage(args);
      case 'close':
        return this.close(args);
      case 'shutdown':
        return answered(this.shutdown(args));
      case 'fcntl':
        return answered(this.control(args));
      case 'ioctl':
        return answered(this.inputOutputControl(args));
      case 'setsockopt':
        return answered(this.withSocket(args, (file) => setOption(file, args)));
      case 'getsockopt':
        return answered(this.withSocket(args, (file) => getOption(file, args)));
      case 'getsockname':
        return answered(
          this.withSocket(args, (file) =>
            done(0, compareName(call.name, args[1], { address: this.around.local, port: file.port })),
          ),
        );
      case 'getpeername':
        return answered(
          this.withSocket(args, (file) => {
            if (file instanceof TcpFile ? file.state !== 'open' : file.remotePort === 0) return failed('ENOTCONN');
            return done(0, compareName(call.name, args[1], { address: this.around.remote, port: file.remotePort }));
          }),
        );
      case 'open':
        return answered(this.install(new PlainFile(), call.result.value));
      case 'sendfile':
        return this.sendFile(args);
      case 'pipe':
      case 'pipe2':
        return answered(this.makePipe(args));
      case 'splice':
        return this.splice(args);
      case 'poll':
        return this.poll(args);
      case 'epoll_create':
      case 'epoll_create1':
        return answered(this.install(new EpollFile(), call.result.value));
      case 'epoll_ctl':
        return answered(this.epollControl(args));
      case 'epoll_wait':
      case 'epoll_pwait':
        return this.epollWait(args);
      default:
        return answered(unsupported(`the system call ${call.name}()`, 'ENOSYS'));
    }
  }

  private install(file: OpenFile, wanted: number | null): CallOutcome {
    this.made.push(file);
    let fd = wanted !== null && wanted >= 0 ? wanted : 3;
    if (wanted === null || wanted < 0) while (this.files.has(fd)) fd++;
    this.files.set(fd, file);
    return done(fd);
  }

  private makeSocket(args: readonly Expression[], wanted: number | null): CallOutcome {
    const type = numberOf(args[1]) ?? 1;
    const protocol = numberOf(args[2]) ?? 0;
    const { host, defaults } = this.around;
    let file: SocketFile;
    if ((type & 15) === 1 && (protocol === 0 || protocol === 6)) file = new TcpFile(host, defaults);
    else if ((type & 15) === 2 && (protocol === 0 || protocol === 17)) file = new UdpFile(host);
    else return unsupported(`a socket of type ${type & 15} and protocol ${protocol}`, 'EPROTONOSUPPORT');
    file.nonblocking = (type & NONBLOCK) !== 0;
    const outcome = this.install(file, wanted);
    this.watcher.socketMade(file);
    return outcome;
  }

  private file(args: readonly Expression[]): OpenFile | null {
    return this.files.get(needNumber(args[0], 'the descriptor')) ?? null;
  }

  private withSocket(args: readonly Expression[], action: (file: SocketFile) => CallOutcome): CallOutcome {
    const file = this.file(args);
    if (file === null) return failed('EBADF');
    return file instanceof SocketFile ? action(file) : failed('ENOTSOCK');
  }

  private bind(args: readonly Expression[]): CallOutcome {
    const port = portIn(args[1]) ?? this.around.bindPort;
    return this.withSocket(args, (file) => {
      if (file instanceof TcpFile && !file.mayBind) return failed('EINVAL');
      if (file instanceof TcpFile && this.portTaken(file, port)) return failed('EADDRINUSE');
      return file instanceof TcpFile || file instanceof UdpFile ? file.bind(port) : failed('EOPNOTSUPP');
    });
  }

  /** A port is free again when its listener is closed, or shared by sockets that all said SO_REUSEADDR and do not listen. */
  private portTaken(file: TcpFile, port: number): boolean {
    for (const other of this.files.values()) {
      if (!(other instanceof TcpFile) || other === file || other.port !== port || port === 0) continue;
      const shared = [file, other].every((one) => one.option('SOL_SOCKET:SO_REUSEADDR', 0) !== 0);
      if (!shared || other.state === 'listening') return true;
    }
    return false;
  }

  private listen(args: readonly Expression[]): CallOutcome {
    return this.withSocket(args, (file) => {
      if (!(file instanceof TcpFile)) return failed('EOPNOTSUPP');
      const outcome = file.listen(numberOf(args[1]) ?? 0);
      if (outcome.errno === null) this.watcher.listening(file);
      return outcome;
    });
  }

  private accept(args: readonly Expression[], call: CallAction): PendingCall {
    const listener = this.file(args);
    if (listener === null) return answered(failed('EBADF'));
    if (!(listener instanceof TcpFile))
      return answered(failed(listener instanceof SocketFile ? 'EOPNOTSUPP' : 'ENOTSOCK'));
    const flags = call.name === 'accept4' ? (numberOf(args[3]) ?? 0) : 0;
    const deadline = this.timeLimit(listener, 'SO_RCVTIMEO');
    return waiting(listener.nonblocking, deadline, this.around.host.time, () => {
      const found = listener.accept();
      if (!(found instanceof TcpFile)) return found;
      found.nonblocking = (flags & NONBLOCK) !== 0;
      this.watcher.accepted(found);
      const peer = { address: this.around.remote, port: found.remotePort };
      return { ...this.install(found, call.result.value), mismatch: compareName(call.name, args[1], peer) };
    });
  }

  private connect(args: readonly Expression[]): PendingCall {
    const file = this.file(args);
    if (file === null) return answered(failed('EBADF'));
    const { remote } = this.around;
    const connectPort = portIn(args[1]) ?? this.around.connectPort;
    if (file instanceof UdpFile) {
      this.watcher.connecting(file, connectPort);
      return answered(file.connect(remote, connectPort));
    }
    if (!(file instanceof TcpFile)) return answered(failed('ENOTSOCK'));
    if (file.state === 'new') this.watcher.connecting(file, connectPort);
    let begun = false;
    return waiting(false, NEVER, this.around.host.time, () => {
      if (begun) return file.connectResult();
      begun = true;
      return file.connect(remote, connectPort);
    });
  }

  private read(args: readonly Expression[], length: number, flags: number): PendingCall {
    const file = this.file(args);
    if (file === null) return answered(failed('EBADF'));
    if (flags & (CONSTANTS.MSG_ERRQUEUE as number)) return answered(failed('EAGAIN'));
    if (file instanceof PlainFile) return answered(file.read(length));
    if (!(file instanceof TcpFile || file instanceof UdpFile)) return answered(failed('EINVAL'));
    if (isNowhere(args[1]) && length > 0 && file.readable > 0) return answered(failed('EFAULT'));
    const deadline = this.timeLimit(file, 'SO_RCVTIMEO');
    return waiting(file.nonblocking || (flags & DONT_WAIT) !== 0, deadline, this.around.host.time, () =>
      file.read(length, flags),
    );
  }

  private receiveFrom(args: readonly Expression[]): PendingCall {
    const pending = this.read(args, needNumber(args[2], 'the length'), numberOf(args[3]) ?? 0);
    const file = this.file(args);
    return {
      deadline: pending.deadline,
      attempt: () => {
        const outcome = pending.attempt();
        const source = file instanceof UdpFile ? file.lastSource : null;
        if (outcome === null || outcome.value < 0 || source === null) return outcome;
        return { ...outcome, mismatch: outcome.mismatch ?? compareName('recvfrom', args[4], source) };
      },
    };
  }

  /** When SO_RCVTIMEO or SO_SNDTIMEO ends a wait that begins now. */
  private timeLimit(file: SocketFile, name: string): number {
    const limit = file.option(`SOL_SOCKET:${name}`, 0);
    return limit > 0 ? this.around.host.time.now + limit : NEVER;
  }

  private receiveMessage(args: readonly Expression[]): PendingCall {
    const message = args[1];
    const flags = numberOf(args[2]) ?? 0;
    const wantedFlags = numberOf(field(message, 'msg_flags'));
    const wantedControls = field(message, 'msg_control');
    const file = this.file(args);
    const complete = (outcome: CallOutcome, actualFlags: number, controls: readonly ControlMessage[]): CallOutcome => {
      if (outcome.value < 0) return outcome;
      if (wantedFlags !== null && wantedFlags !== actualFlags) {
        return {
          ...outcome,
          mismatch: `msg_flags is 0x${actualFlags.toString(16)}, not 0x${wantedFlags.toString(16)}`,
        };
      }
      return { ...outcome, mismatch: outcome.mismatch ?? compareControls(wantedControls, controls) };
    };
    if (flags & ERROR_QUEUE && file instanceof TcpFile) {
      const notification = file.takeNotification();
      return answered(notification === null ? failed('EAGAIN') : complete(done(0), ERROR_QUEUE, [notification]));
    }
    const pending = this.read(args, iovLength(message), flags);
    return {
      deadline: pending.deadline,
      attempt: () => {
        const outcome = pending.attempt();
        if (outcome === null) return null;
        return complete(outcome, 0, file instanceof TcpFile ? file.controlMessages() : []);
      },
    };
  }

  private write(args: readonly Expression[], length: number, flags: number, to: Expression | null): PendingCall {
    const file = this.file(args);
    if (file === null) return answered(failed('EBADF'));
    if (flags & (CONSTANTS.MSG_FASTOPEN as number)) return answered(unsupported('TCP Fast Open', 'EOPNOTSUPP'));
    if (file instanceof PlainFile) return answered(done(length));
    if (file instanceof UdpFile) return answered(file.send(length, this.destination(file, to)));
    if (!(file instanceof TcpFile)) return answered(failed('EINVAL'));
    if (isNowhere(args[1]) && length > 0 && file.state === 'open') return answered(failed('EFAULT'));
    const nonblocking = file.nonblocking || (flags & DONT_WAIT) !== 0;
    const copyFree = (flags & ZEROCOPY) !== 0 && file.option('SOL_SOCKET:SO_ZEROCOPY', 0) !== 0;
    const deadline = this.timeLimit(file, 'SO_SNDTIMEO');
    let written = 0;
    const finish = () => {
      if (copyFree && written > 0 && file.socket !== null) file.zeroCopy.sent(file.socket);
      return done(written);
    };
    return waiting(nonblocking, deadline, this.around.host.time, () => {
      const outcome = file.write(length - written, flags);
      if (outcome !== null && outcome.value < 0) return written > 0 ? finish() : outcome;
      written += outcome?.value ?? 0;
      const late = this.around.host.time.now >= deadline;
      if (outcome !== null && (written >= length || nonblocking)) return finish();
      return written > 0 && (nonblocking || late) ? finish() : null;
    });
  }

  /** Where a datagram goes: what is said, or the script's remote end, at the port that spoke last, unless the socket is connected. */
  private destination(file: UdpFile, to: Expression | null): { address: IpAddress; port: number } | null {
    if (to === null || (to.kind === 'any' && file.socket.remote !== null) || to.kind === 'symbol') return null;
    const { remote, connectPort } = this.around;
    const port = portIn(to ?? undefined) ?? file.lastSource?.port ?? connectPort;
    this.watcher.connecting(file, port);
    return { address: addressIn(to ?? undefined) ?? remote, port };
  }

  private sendMessage(args: readonly Expression[]): PendingCall {
    const message = args[1];
    const controls = field(message, 'msg_control');
    if (controls?.kind === 'list' && controls.items.length > 0) {
      return answered(unsupported('control messages of sendmsg()', 'EINVAL'));
    }
    const name = fieldOf(message, 'msg_name');
    return this.write(args, iovLength(message), numberOf(args[2]) ?? 0, name?.value ?? null);
  }

  /** sendfile(): what a file gives goes to a socket. Files here are endless zeros. */
  private sendFile(args: readonly Expression[]): PendingCall {
    const source = this.files.get(needNumber(args[1], 'the descriptor of the file'));
    if (source === undefined) return answered(failed('EBADF'));
    if (!(source instanceof PlainFile)) return answered(failed('EINVAL'));
    const [target] = args as [Expression];
    const buffer: Expression = { kind: 'any', location: target.location };
    return this.write([target, buffer], needNumber(args[3], 'the length'), 0, null);
  }

  private makePipe(args: readonly Expression[]): CallOutcome {
    const ends = args[0]?.kind === 'list' ? args[0].items.map(numberOf) : [];
    const [from, to] = ends;
    if (from == null || to == null) throw new ArgumentError('pipe() takes a list of two descriptors', false);
    const [reading, writing] = PipeFile.pair();
    this.install(reading, from);
    this.install(writing, to);
    return done(0);
  }

  /** splice(): moves what is there between a pipe and a socket. */
  private splice(args: readonly Expression[]): PendingCall {
    const source = this.file(args);
    const target = this.files.get(needNumber(args[2], 'the descriptor to write to'));
    const length = needNumber(args[4], 'the length');
    const nonblocking = ((numberOf(args[5]) ?? 0) & (CONSTANTS.SPLICE_F_NONBLOCK as number)) !== 0;
    if (source === null || target === undefined) return answered(failed('EBADF'));
    const { time } = this.around.host;
    if (source instanceof TcpFile && target instanceof PipeFile && target.writes) {
      return waiting(nonblocking || source.nonblocking, NEVER, time, () => {
        if (target.room === 0) return null;
        const outcome = source.read(Math.min(length, target.room), 0);
        if (outcome !== null && outcome.value > 0) target.write(outcome.value);
        return outcome;
      });
    }
    if (source instanceof PipeFile && !source.writes && target instanceof TcpFile) {
      return waiting(nonblocking || target.nonblocking, NEVER, time, () => {
        if (source.readable === 0) return source.read(length);
        const outcome = target.write(Math.min(length, source.readable), 0);
        if (outcome !== null && outcome.value > 0) source.read(outcome.value);
        return outcome;
      });
    }
    return answered(failed('EINVAL'));
  }

  private close(args: readonly Expression[]): PendingCall {
    const fd = needNumber(args[0], 'the descriptor');
    const file = this.files.get(fd);
    if (file === undefined) return answered(failed('EBADF'));
    this.files.delete(fd);
    const first = file.close();
    if (first !== null) return answered(first);
    return {
      deadline: file instanceof TcpFile ? file.closeDeadline : NEVER,
      attempt: () => file.close(),
    };
  }

  private shutdown(args: readonly Expression[]): CallOutcome {
    const how = needNumber(args[1], 'what to shut down');
    return this.withSocket(args, (file) => {
      if (file instanceof TcpFile) return file.shutdown(how);
      return file instanceof UdpFile ? file.shutdown() : failed('EOPNOTSUPP');
    });
  }

  /** O_NONBLOCK as the system that the script was written for has it. */
  private get nonblockBit(): number {
    return this.around.defaults.bsd ? BSD_NONBLOCK : NONBLOCK;
  }

  private control(args: readonly Expression[]): CallOutcome {
    const file = this.file(args);
    if (file === null) return failed('EBADF');
    switch (needNumber(args[1], 'the command')) {
      case CONSTANTS.F_GETFL:
        return done((CONSTANTS.O_RDWR as number) | (file.nonblocking ? this.nonblockBit : 0));
      case CONSTANTS.F_SETFL:
        file.nonblocking = (needNumber(args[2], 'the flags') & NONBLOCK) !== 0;
        return done(0);
      case CONSTANTS.F_GETFD:
      case CONSTANTS.F_SETFD:
        return done(0);
      default:
        return failed('EINVAL');
    }
  }

  private inputOutputControl(args: readonly Expression[]): CallOutcome {
    const file = this.file(args);
    if (file === null) return failed('EBADF');
    const request = needNumber(args[1], 'the request');
    if (request === CONSTANTS.FIONBIO) {
      file.nonblocking = needNumber(args[2], 'the flag') !== 0;
      return done(0);
    }
    if (!(file instanceof TcpFile || file instanceof UdpFile)) return failed('ENOTTY');
    if (file instanceof TcpFile && file.state === 'listening') return failed('EINVAL');
    let actual: number;
    if (request === CONSTANTS.SIOCINQ) actual = file.readable;
    else if (!(file instanceof TcpFile)) return failed('ENOTTY');
    else if (request === CONSTANTS.SIOCOUTQ) actual = file.outstanding;
    else if (request === CONSTANTS.SIOCOUTQNSD) actual = file.unsent;
    else return failed('ENOTTY');
    const wanted = numberOf(args[2]);
    return done(0, wanted === null || wanted === actual ? null : `it gave ${actual}, not ${wanted}`);
  }

  private poll(args: readonly Expression[]): PendingCall {
    const list = args[0];
    if (list?.kind !== 'list') throw new ArgumentError('poll() takes a list of {fd=…, events=…, revents=…}', false);
    const timeout = numberOf(args[2]) ?? 0;
    const deadline = timeout < 0 ? NEVER : this.around.host.time.now + timeout * MILLISECOND;
    return {
      deadline,
      attempt: () => {
        let count = 0;
        let mismatch: string | null = null;
        for (const item of list.items) {
          const fd = needNumber(field(item, 'fd'), 'fd');
          const file = this.files.get(fd);
          const events = numberOf(field(item, 'events')) ?? 0;
          let bits = CONSTANTS.POLLNVAL as number;
          if (file !== undefined) {
            bits = file.ready() & (events | (CONSTANTS.POLLERR as number) | (CONSTANTS.POLLHUP as number));
          }
          if (bits !== 0) count++;
          const wanted = numberOf(field(item, 'revents'));
          if (wanted !== null && wanted !== bits)
            mismatch ??= `revents of ${fd} is ${pollNames(bits)}, not ${pollNames(wanted)}`;
        }
        if (count === 0 && this.around.host.time.now < deadline) return null;
        return done(count, mismatch);
      },
    };
  }

  private epollControl(args: readonly Expression[]): CallOutcome {
    const instance = this.file(args);
    const fd = needNumber(args[2], 'the descriptor');
    const file = this.files.get(fd);
    if (instance === null || file === undefined) return failed('EBADF');
    if (!(instance instanceof EpollFile) || file === instance) return failed('EINVAL');
    const operation = needNumber(args[1], 'the operation');
    return instance.control(operation, fd, file, numberOf(field(args[3], 'events')) ?? 0, dataOf(args[3]));
  }

  private epollWait(args: readonly Expression[]): PendingCall {
    const instance = this.file(args);
    if (instance === null) return answered(failed('EBADF'));
    if (!(instance instanceof EpollFile)) return answered(failed('EINVAL'));
    const maximum = numberOf(args[2]) ?? 1;
    const timeout = numberOf(args[3]) ?? 0;
    if (maximum <= 0) return answered(failed('EINVAL'));
    const deadline = timeout < 0 ? NEVER : this.around.host.time.now + timeout * MILLISECOND;
    const expected = args[1]?.kind === 'list' ? args[1].items : [args[1]];
    return {
      deadline,
      attempt: () => {
        const events = instance.take(maximum);
        if (events.length === 0) return this.around.host.time.now < deadline ? null : done(0);
        let mismatch: string | null = null;
        for (const [i, event] of events.entries()) {
          const wanted = expected[i];
          if (wanted?.kind !== 'struct') continue;
          const bits = numberOf(field(wanted, 'events'));
          if (bits !== null && ((bits ^ event.events) & INTEREST) !== 0) {
            mismatch ??= `events is ${pollNames(event.events)}, not ${pollNames(bits)}`;
          }
          const data = dataOf(wanted);
          if (data !== '' && event.data !== '' && data !== event.data)
            mismatch ??= `the event has ${event.data}, not ${data}`;
        }
        return done(events.length, mismatch);
      },
    };
  }
}

function answered(outcome: CallOutcome): PendingCall {
  return { deadline: NEVER, attempt: () => outcome };
}

/** A call that fails with EAGAIN instead of waiting when it may not block, or when its time is over. */
function waiting(nonblocking: boolean, deadline: number, clock: Clock, attempt: () => CallOutcome | null): PendingCall {
  return { deadline, attempt: () => attempt() ?? (nonblocking || clock.now >= deadline ? failed('EAGAIN') : null) };
}
