/** Linux as the host of a script: a TUN device for its link, its own system calls, real time. Lives in a namespace of its own. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { CONSTANTS, field, numberOf } from '@strata/conformance';
import koffi from 'koffi';
import { IPPROTO_TCP, OPTIONS, readTcpInfo } from './abi.mjs';

const NEVER = Number.POSITIVE_INFINITY;
const DEVICE = 'tun0';
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const O_RDWR = 0o2;
const O_NONBLOCK = 0o4000;
const POLLIN = 1;
/** An event may be so late, in microseconds. */
const LATENESS = 4000;
/** How long a call may take before something else is looked at, in milliseconds. */
const QUICK_CALL = 1;
/** How long a thread may take to come to another namespace, in milliseconds: the first time it has to load its code. */
const SETTLING = 30_000;
const CLONE_NEWNET = 0x40000000;

/** What scripts assume of the kernel. Congestion control is chosen per socket: a namespace may not choose it. */
const SYSCTLS = {
  'ipv4/tcp_rmem': '4096 540000 15728640',
  'ipv4/tcp_wmem': '4096 262144 4194304',
  'ipv4/tcp_timestamps': '1',
  'ipv4/tcp_sack': '1',
  'ipv4/tcp_dsack': '1',
  'ipv4/tcp_window_scaling': '1',
  'ipv4/tcp_frto': '2',
  'ipv4/tcp_reordering': '3',
  'ipv4/tcp_recovery': '1',
  'ipv4/tcp_early_retrans': '3',
  'ipv4/tcp_ecn': '0',
  'ipv4/tcp_slow_start_after_idle': '0',
  'ipv4/tcp_syn_retries': '5',
  'ipv4/tcp_synack_retries': '5',
  'ipv4/tcp_syn_linear_timeouts': '0',
  'ipv4/tcp_syncookies': '1',
  'ipv4/tcp_no_metrics_save': '1',
  'ipv4/tcp_fastopen': '0',
  'ipv4/tcp_fin_timeout': '60',
  'ipv6/conf/default/accept_ra': '0',
  'ipv6/conf/default/router_solicitations': '0',
  'ipv6/conf/default/addr_gen_mode': '1',
  'ipv6/conf/all/accept_dad': '0',
  'ipv6/conf/default/accept_dad': '0',
};

const c = koffi.load(null);
const open = c.func('int open(const char *path, int flags)');
const ioctl = c.func('int ioctl(int fd, unsigned long request, void *argument)');
const read = c.func('long read(int fd, _Inout_ void *buffer, size_t count)');
const write = c.func('long write(int fd, void *buffer, size_t count)');
const eventfd = c.func('int eventfd(unsigned int initial, int flags)');
const close = c.func('int close(int fd)');
const unshare = c.func('int unshare(int flags)');
const ppoll = c.func('int ppoll(_Inout_ void *fds, unsigned long count, void *timeout, void *mask)');
const getsockopt = c.func('int getsockopt(int fd, int level, int name, _Inout_ void *value, _Inout_ void *size)');

function must(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${(result.stderr ?? '').trim()}`);
}

/** Segments leave one by one: larger ones, cut up on their way, are held back by rules of their own. */
function openDevice(mtu) {
  const fd = open('/dev/net/tun', O_RDWR | O_NONBLOCK);
  const request = new Uint8Array(40);
  new TextEncoder().encodeInto(DEVICE, request);
  new DataView(request.buffer).setUint16(16, IFF_TUN | IFF_NO_PI, true);
  if (fd < 0 || ioctl(fd, TUNSETIFF, request) < 0) throw new Error(`no TUN device: errno ${koffi.errno()}`);
  must('ip', ['link', 'set', DEVICE, 'mtu', String(mtu), 'txqueuelen', '10000', 'gso_max_segs', '1', 'up']);
  return fd;
}

const words = ({ w0, w1, w2, w3 }) => [w0, w1, w2, w3];

/** A socket that is not connected nor being so: a connect begins something new. */
function isClosed({ fd, type }) {
  const bytes = new Uint8Array(512);
  const size = new Uint32Array([512]);
  if (type !== 'tcp' || getsockopt(fd, IPPROTO_TCP, OPTIONS.TCP_INFO, bytes, size) !== 0) return true;
  return bytes[0] === CONSTANTS.TCP_CLOSE;
}

/** The port of a socket address as a script writes it; null: it does not say. */
function portOf(address) {
  return numberOf(field(address, 'sin_port') ?? field(address, 'sin6_port'));
}

/** Neighbor and router discovery, listener reports: what IPv6 says to the link itself. */
function isHousekeeping(packet) {
  if (packet[0] >>> 4 !== 6) return false;
  let header = packet[6];
  let at = 40;
  if (header === 0) {
    header = packet[at];
    at += 8 + 8 * packet[at + 1];
  }
  return header === 58 && ((packet[at] >= 130 && packet[at] <= 137) || packet[at] === 143);
}

/** The thread that makes calls, and the way to it. One serves many scripts, one after the other. */
export class Caller {
  constructor() {
    this.eventFd = eventfd(0, O_NONBLOCK);
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.signal = new Int32Array(new SharedArrayBuffer(8));
    const workerData = { port: port2, signal: this.signal, eventFd: this.eventFd };
    this.worker = new Worker(new URL('calls.mjs', import.meta.url), { workerData, transferList: [port2] });
    this.worker.unref();
    port1.unref();
    this.orders = 0;
    this.answers = new Map();
  }

  /** Gives an order and waits for its end for at most `patience` milliseconds. Returns its number. */
  tell(order, patience) {
    const number = this.orders++;
    Atomics.store(this.signal, 1, 0);
    this.port.postMessage({ number, ...order });
    Atomics.store(this.signal, 0, 1);
    Atomics.notify(this.signal, 0);
    Atomics.wait(this.signal, 1, 0, patience);
    return number;
  }

  /** Takes answers that have come; true when there were some. */
  hear() {
    let some = false;
    for (let got = receiveMessageOnPort(this.port); got !== undefined; got = receiveMessageOnPort(this.port)) {
      this.answers.set(got.message.number, got.message.outcome);
      some = true;
    }
    return some;
  }

  /** What an order has come to; null: nothing yet. */
  answer(number) {
    this.hear();
    const outcome = this.answers.get(number) ?? null;
    this.answers.delete(number);
    return outcome;
  }

  /** Leaves for the place of another script, or, with null, only the last one. False when a call is still blocked. */
  async enter(place) {
    const number = this.tell({ enter: place }, 0);
    for (let waited = 0; waited < SETTLING; waited += 5) {
      const outcome = this.answer(number);
      if (outcome !== null) {
        if (outcome.value !== 0) throw new Error(outcome.unsupported ?? `setns: ${outcome.errno}`);
        return true;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return false;
  }
}

export class LinuxMachine {
  constructor(setup, caller) {
    const { settings, local, remote, script } = setup;
    this.setup = setup;
    this.caller = caller;
    this.lateness = Math.max(LATENESS, settings.tolerance);
    this.sockets = new Map();
    if (unshare(CLONE_NEWNET) !== 0) throw new Error(`unshare: errno ${koffi.errno()}`);
    for (const [name, value] of Object.entries(SYSCTLS)) writeFileSync(`/proc/sys/net/${name}`, value);
    this.device = openDevice(settings.mtu);
    const six = settings.family === 6;
    must('ip', ['link', 'set', 'lo', 'up']);
    must('ip', ['address', 'add', `${settings.local}/${six ? 48 : 16}`, 'dev', DEVICE, ...(six ? ['nodad'] : [])]);
    if (!six) {
      const gateway = settings.local === '192.168.0.1' ? '192.168.0.2' : '192.168.0.1';
      must('ip', ['route', 'add', '192.0.2.0/24', 'via', gateway, 'dev', DEVICE]);
    }
    must('ip', [six ? '-6' : '-4', 'route', 'add', 'default', 'dev', DEVICE]);
    if (script.init !== null) this.shell(script.init.command);
    const { bindPort, connectPort, family, mapped } = settings;
    this.namespace = open('/proc/thread-self/ns/net', 0);
    this.place = {
      namespace: this.namespace,
      family,
      mapped,
      local: words(local),
      remote: words(remote),
      bindPort,
      connectPort,
      congestion: 'cubic',
    };
    this.packet = new Uint8Array(66000);
    this.descriptors = new Uint8Array(16);
    const view = new DataView(this.descriptors.buffer);
    for (const [i, fd] of [this.device, caller.eventFd].entries()) {
      view.setInt32(8 * i, fd, true);
      view.setInt16(8 * i + 4, POLLIN, true);
    }
    this.timeout = new BigInt64Array(2);
    this.count = new Uint8Array(8);
    this.start = 0;
  }

  /** The thread that makes calls is here; what Linux has said up to now is forgotten. */
  async ready() {
    if (!(await this.caller.enter(this.place))) throw new Error('the last call of another script is still blocked');
    while (read(this.device, this.packet, this.packet.length) > 0);
    while (read(this.caller.eventFd, this.count, 8) > 0);
  }

  /** Everything is given back. False when a call is still blocked, so that nothing more can be run here. */
  async leave() {
    const free = await this.caller.enter(null);
    close(this.device);
    close(this.namespace);
    return free;
  }

  get now() {
    return Math.floor(performance.now() * 1000) - this.start;
  }

  open(conversation) {
    this.conversation = conversation;
    this.start = Math.floor(performance.now() * 1000);
  }

  /** Waits for the device or an answer, at most to `until`; true when there was something. */
  live(until) {
    for (;;) {
      const now = this.now;
      // A day is as good as for ever, and fits.
      const left = Math.min(Math.max(until - now, 0), 86_400_000_000);
      this.timeout[0] = BigInt(Math.floor(left / 1e6));
      this.timeout[1] = BigInt((left % 1e6) * 1000);
      ppoll(this.descriptors, 2, this.timeout, null);
      if (this.drain()) return true;
      if (this.now >= until) return false;
    }
  }

  /** Takes what is there. */
  drain() {
    let some = false;
    for (;;) {
      const length = Number(read(this.device, this.packet, this.packet.length));
      if (length <= 0) break;
      const packet = this.packet.slice(0, length);
      if (isHousekeeping(packet)) continue;
      this.conversation.packetSent(packet);
      some = true;
    }
    if (Number(read(this.caller.eventFd, this.count, 8)) > 0) some = this.caller.hear() || some;
    return some;
  }

  advanceTo(time) {
    while (this.now < time) this.live(time);
  }

  settle() {
    this.drain();
  }

  inject(packet) {
    return Number(write(this.device, packet, packet.length)) === packet.length;
  }

  begin(call) {
    const file = this.fileOf(call);
    const { conversation } = this;
    if (call.name === 'connect' && file !== null && isClosed(file)) {
      conversation.connecting(file, portOf(call.arguments[1]) ?? this.place.connectPort);
    }
    if (call.name === 'sendto' && file?.type === 'udp' && call.arguments[4]?.kind !== 'symbol') {
      conversation.connecting(file, portOf(call.arguments[4]) ?? this.place.connectPort);
    }
    const number = this.caller.tell({ call }, QUICK_CALL);
    return {
      deadline: NEVER,
      attempt: () => {
        const outcome = this.caller.answer(number);
        if (outcome === null) return null;
        this.note(call, file, outcome);
        return outcome;
      },
    };
  }

  fileOf({ arguments: args }) {
    return args[0]?.kind === 'number' ? (this.sockets.get(args[0].value) ?? null) : null;
  }

  /** What a call has changed. */
  note({ name, arguments: args }, file, outcome) {
    const { conversation } = this;
    const { made } = outcome;
    if (made !== undefined && made.type !== undefined) {
      const socket = { type: made.type, port: file?.port ?? 0, remotePort: made.remotePort ?? 0, fd: made.fd };
      this.sockets.set(made.name, socket);
      if (name === 'socket') conversation.socketMade(socket);
      else conversation.accepted(socket);
    }
    if (name === 'bind' && file !== null) file.port = outcome.port;
    if (name === 'listen' && outcome.value === 0) conversation.listening(file);
    if (name === 'close' && file !== null) {
      file.fd = -1;
      this.sockets.delete(args[0].value);
    }
  }

  shell(command) {
    must('sh', ['-c', command]);
  }

  configure(command) {
    try {
      this.shell(command);
      return null;
    } catch (error) {
      return error.message;
    }
  }

  snippetValues() {
    const names = new Map(Object.entries(CONSTANTS).filter(([name]) => /^TCPI?_/.test(name)));
    const fd = this.conversation.tested?.fd ?? -1;
    const bytes = new Uint8Array(512);
    const size = new Uint32Array([512]);
    if (fd < 0 || getsockopt(fd, IPPROTO_TCP, OPTIONS.TCP_INFO, bytes, size) !== 0) {
      names.set('tcpi_state', CONSTANTS.TCP_CLOSE);
      return names;
    }
    for (const [name, value] of Object.entries(readTcpInfo(bytes, size[0]))) names.set(`tcpi_${name}`, value);
    size[0] = 512;
    if (getsockopt(fd, CONSTANTS.SOL_SOCKET, OPTIONS.SO_MEMINFO, bytes, size) === 0) {
      const memory = new Uint32Array(bytes.buffer, 0, size[0] / 4);
      names.set('SK_MEMINFO_RMEM_ALLOC', memory[0]);
      names.set('SK_MEMINFO_WMEM_QUEUED', memory[5]);
    }
    return names;
  }

  close() {
    return null;
  }
}
