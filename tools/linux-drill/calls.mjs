/**
 * The thread that makes a script's system calls, so that one may block while the script goes on. It is told of calls by
 * messages, answers by messages, and says so through an eventfd, which the other thread waits on together with the device.
 */

import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import {
  CONSTANTS,
  dataOf,
  done,
  ERRNO,
  failed,
  field,
  fieldOf,
  numberOf,
  symbolOf,
  unsupported,
} from '@strata/conformance';
import koffi from 'koffi';
import { AF_INET, AF_INET6, EPOLL_EVENT, IPPROTO_TCP, OPTIONS, socketAddress } from './abi.mjs';

const { port, signal, eventFd } = workerData;
/** Where the sockets are and what they talk to; told before each script. */
let site = null;
const c = koffi.load(null);
const libc = Object.fromEntries(
  [
    'int socket(int, int, int)',
    'int bind(int, void *, uint)',
    'int listen(int, int)',
    'int accept4(int, _Inout_ void *, _Inout_ void *, int)',
    'int connect(int, void *, uint)',
    'int getsockname(int, _Inout_ void *, _Inout_ void *)',
    'int getpeername(int, _Inout_ void *, _Inout_ void *)',
    'long read(int, uintptr_t, size_t)',
    'long recv(int, uintptr_t, size_t, int)',
    'long recvmsg(int, _Inout_ void *, int)',
    'long write(int, uintptr_t, size_t)',
    'long send(int, uintptr_t, size_t, int)',
    'long sendto(int, uintptr_t, size_t, int, void *, uint)',
    'long sendmsg(int, _Inout_ void *, int)',
    'long sendfile(int, int, uintptr_t, size_t)',
    'int close(int)',
    'int setns(int, int)',
    'int shutdown(int, int)',
    'int fcntl(int, int, long)',
    'int ioctl(int, ulong, _Inout_ void *)',
    'int setsockopt(int, int, int, void *, uint)',
    'int getsockopt(int, int, int, _Inout_ void *, _Inout_ void *)',
    'int poll(_Inout_ void *, ulong, int)',
    'int epoll_create1(int)',
    'int epoll_ctl(int, int, int, _Inout_ void *)',
    'int epoll_wait(int, _Inout_ void *, int, int)',
    'int open(const char *, int, int)',
    'uintptr_t memmove(void *, void *, size_t)',
  ].map((text) => [/(\w+)\(/.exec(text)[1], c.func(text)]),
);

/** Memory that is written from and read into: a script's data is all zeros. */
const LARGEST = 32 << 20;
const zeros = new Uint8Array(LARGEST);
const sink = new Uint8Array(LARGEST);
const ZEROS = Number(libc.memmove(zeros, zeros, 0));
const SINK = Number(libc.memmove(sink, sink, 0));

const NAMES = new Map(Object.entries(ERRNO).map(([name, number]) => [number, name]));
NAMES.set(ERRNO.EAGAIN, 'EAGAIN');

/** Live descriptors and what is known of them, by the script's. */
const files = new Map();
/** What epoll is to give back with an event. */
const tokens = [''];

function result(value) {
  if (value >= 0) return done(Number(value));
  const errno = koffi.errno();
  return failed(NAMES.get(errno) ?? `errno ${errno}`);
}

function live(expression) {
  return files.get(numberOf(expression))?.fd ?? -1;
}

/** Notes a new descriptor under the number that the script wants. */
function install(value, wanted, what = {}) {
  if (value < 0) return result(value);
  const name = wanted ?? value;
  files.set(name, { ...what, fd: value });
  return { ...done(name), made: { name, fd: value, ...what } };
}

const CLONE_NEWNET = 0x40000000;

/** Moves to the namespace of the next script; nothing of the last one stays open. */
function enter(place) {
  for (const { fd } of files.values()) libc.close(fd);
  files.clear();
  if (place === null) return done(0);
  site = { ...place, socketFamily: place.family === 6 || place.mapped ? AF_INET6 : AF_INET };
  const outcome = result(libc.setns(place.namespace, CLONE_NEWNET));
  if (outcome.value === 0) warmUp();
  return outcome;
}

function addressOf(words, port_) {
  const own = site.mapped ? [0, 0, 0xffff, words[3]] : words;
  return socketAddress(site.socketFamily, own, port_);
}

/** The peer, at the port that the script says. */
function peerOf(address) {
  const said = numberOf(field(address, 'sin_port') ?? field(address, 'sin6_port'));
  return addressOf(site.remote, said ?? site.connectPort);
}

function portOf(get, fd) {
  const bytes = new Uint8Array(28);
  const size = new Uint32Array([28]);
  return get(fd, bytes, size) === 0 ? new DataView(bytes.buffer).getUint16(2) : 0;
}

function nowhere(buffer) {
  return (buffer?.kind === 'symbol' && buffer.name === 'NULL') || (buffer?.kind === 'number' && buffer.value !== 0);
}

function pointer(buffer, memory) {
  if (!nowhere(buffer)) return memory;
  return buffer.kind === 'number' ? buffer.value : 0;
}

function lengthOf(expression) {
  const length = numberOf(expression) ?? 0;
  if (length > LARGEST) throw new Error(`a buffer of ${length} octets`);
  return length;
}

function pieces(vector) {
  return (vector?.items ?? []).map((item) => lengthOf(field(item, 'iov_len') ?? item.fields.at(-1)?.value));
}

/** A `struct msghdr` with its vector, over the given memory. */
function message(lengths, memory, name, control) {
  const header = new BigUint64Array(7);
  const vector = new BigUint64Array(2 * lengths.length + 2);
  for (const [i, length] of lengths.entries()) {
    vector[2 * i] = BigInt(memory);
    vector[2 * i + 1] = BigInt(length);
  }
  const address = (bytes) => BigInt(libc.memmove(bytes, bytes, 0));
  if (name !== null) {
    header[0] = address(name);
    header[1] = BigInt(name.length);
  }
  header[2] = address(vector);
  header[3] = BigInt(lengths.length);
  if (control !== null) {
    header[4] = address(control);
    header[5] = BigInt(control.length);
  }
  return { header, keep: [vector, name, control] };
}

function sendMessage(fd, args, lengths, flags) {
  const name = fieldOf(args[1], 'msg_name')?.value;
  const to = name !== undefined && name.kind !== 'symbol' ? peerOf(name) : null;
  const { header } = message(lengths, ZEROS, to, null);
  return result(libc.sendmsg(fd, header, flags));
}

function receiveMessage(fd, args) {
  const control = new Uint8Array(512);
  const { header } = message(pieces(field(args[1], 'msg_iov')), SINK, null, control);
  const outcome = result(libc.recvmsg(fd, header, numberOf(args[2]) ?? 0));
  if (outcome.value < 0) return outcome;
  const flags = Number(header[6] & 0xffffffffn);
  const wanted = numberOf(field(args[1], 'msg_flags'));
  if (wanted !== null && wanted !== flags) return { ...outcome, mismatch: `msg_flags is ${flags}, not ${wanted}` };
  const used = Number(header[5]);
  const view = new DataView(control.buffer);
  const got = [];
  for (let at = 0; at + 16 <= used; ) {
    const size = Number(view.getBigUint64(at, true));
    got.push([view.getInt32(at + 8, true), view.getInt32(at + 12, true), view.getInt32(at + 16, true)]);
    at += (size + 7) & ~7;
  }
  const list = field(args[1], 'msg_control');
  if (list?.kind === 'list') {
    const want = list.items.map((item) => {
      const data = field(item, 'cmsg_data');
      const simple = data !== undefined && data.kind !== 'struct' ? numberOf(data) : null;
      return [numberOf(field(item, 'cmsg_level')), numberOf(field(item, 'cmsg_type')), simple];
    });
    const agrees =
      want.length === got.length &&
      want.every((one, i) => one.every((value, j) => value === null || value === got[i][j]));
    if (!agrees) return { ...outcome, mismatch: `control messages are ${JSON.stringify(got)}` };
  }
  return outcome;
}

/** Level, number, and the name, of a socket option. */
function optionOf(args) {
  const level = numberOf(args[1]);
  const name = symbolOf(args[2]);
  const number = OPTIONS[name] ?? (args[2]?.kind === 'number' ? args[2].value : CONSTANTS[name]);
  return { level, name, number: number ?? null };
}

function setOption(fd, args) {
  const { level, name, number } = optionOf(args);
  if (number === null) return unsupported(`the socket option ${name}`);
  const value = args[3];
  const size = numberOf(args[4]);
  if (name === 'SO_LINGER') {
    const on = numberOf(field(value, 'onoff') ?? field(value, 'l_onoff'));
    const time = numberOf(field(value, 'linger') ?? field(value, 'l_linger'));
    return result(libc.setsockopt(fd, level, number, new Int32Array([on, time]), 8));
  }
  if (/^SO_(?:RCV|SND)TIMEO$/.test(name)) {
    const times = [numberOf(field(value, 'tv_sec')) ?? 0, numberOf(field(value, 'tv_usec')) ?? 0];
    return result(libc.setsockopt(fd, level, number, new BigInt64Array(times.map(BigInt)), 16));
  }
  if (name === 'TCP_CONGESTION') {
    const text = new TextEncoder().encode(value?.kind === 'text' ? value.value : symbolOf(value));
    return result(libc.setsockopt(fd, level, number, text, text.length));
  }
  const bytes = value?.kind === 'any' ? new Int32Array(1) : new Int32Array([numberOf(value) | 0]);
  return result(libc.setsockopt(fd, level, number, bytes, size ?? 4));
}

function getOption(fd, args) {
  const { level, name, number } = optionOf(args);
  if (number === null) return unsupported(`the socket option ${name}`);
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  const size = new Uint32Array([numberOf(args[4]) ?? 512]);
  if (/LINGER$|TIMEO$|^TCP_CONGESTION$|^TCP_INFO$/.test(name)) size[0] = 512;
  const outcome = result(libc.getsockopt(fd, level, number, bytes, size));
  const expected = args[3];
  if (outcome.value < 0 || expected === undefined || expected.kind === 'any' || name === 'TCP_INFO') return outcome;
  let got = [view.getInt32(0, true)];
  let want = [];
  if (name === 'SO_LINGER') {
    got = [view.getInt32(0, true), view.getInt32(4, true)];
    want = [numberOf(field(expected, 'onoff') ?? field(expected, 'l_onoff'))];
    want.push(numberOf(field(expected, 'linger') ?? field(expected, 'l_linger')));
  } else if (/TIMEO$/.test(name)) {
    got = [Number(view.getBigInt64(0, true)), Number(view.getBigInt64(8, true))];
    want = [numberOf(field(expected, 'tv_sec')), numberOf(field(expected, 'tv_usec'))];
  } else if (name === 'TCP_CONGESTION') {
    got = [new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)))];
    want = [expected.kind === 'text' ? expected.value : symbolOf(expected)];
  } else want = [numberOf(expected)];
  const same = want.every((one, i) => one === null || one === got[i] || (Number.isInteger(one) && one | 0) === got[i]);
  return same ? outcome : { ...outcome, mismatch: `${name} is ${got.join(', ')}, not ${want.join(', ')}` };
}

function pollFiles(args) {
  const { items } = args[0];
  const bytes = new Uint8Array(8 * Math.max(items.length, 1));
  const view = new DataView(bytes.buffer);
  for (const [i, item] of items.entries()) {
    view.setInt32(8 * i, live(field(item, 'fd')), true);
    view.setInt16(8 * i + 4, numberOf(field(item, 'events')) ?? 0, true);
  }
  const outcome = result(libc.poll(bytes, items.length, numberOf(args[2]) ?? 0));
  if (outcome.value < 0) return outcome;
  for (const [i, item] of items.entries()) {
    const wanted = numberOf(field(item, 'revents'));
    const got = view.getUint16(8 * i + 6, true);
    if (wanted !== null && wanted !== got)
      return { ...outcome, mismatch: `revents is ${hex(got)}, not ${hex(wanted)}` };
  }
  return outcome;
}

function hex(value) {
  return `0x${(value >>> 0).toString(16)}`;
}

function epollControl(args) {
  const bytes = new Uint8Array(EPOLL_EVENT.size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (numberOf(field(args[3], 'events')) ?? 0) >>> 0, true);
  view.setUint32(EPOLL_EVENT.data, tokens.push(dataOf(args[3])) - 1, true);
  return result(libc.epoll_ctl(live(args[0]), numberOf(args[1]), live(args[2]), bytes));
}

function epollWait(args) {
  const maximum = numberOf(args[2]) ?? 1;
  const bytes = new Uint8Array(EPOLL_EVENT.size * Math.max(maximum, 1));
  const view = new DataView(bytes.buffer);
  const outcome = result(libc.epoll_wait(live(args[0]), bytes, maximum, numberOf(args[3]) ?? 0));
  const expected = args[1]?.kind === 'list' ? args[1].items : [args[1]];
  for (let i = 0; i < outcome.value; i++) {
    const wanted = expected[i];
    if (wanted?.kind !== 'struct') continue;
    const got = view.getUint32(EPOLL_EVENT.size * i, true);
    const bits = numberOf(field(wanted, 'events'));
    if (bits !== null && (bits & 0xffff) !== (got & 0xffff)) {
      return { ...outcome, mismatch: `events is ${hex(got)}, not ${hex(bits)}` };
    }
    const data = tokens[view.getUint32(EPOLL_EVENT.size * i + EPOLL_EVENT.data, true)];
    const asked = dataOf(wanted);
    if (asked !== '' && data !== '' && asked !== data)
      return { ...outcome, mismatch: `the event has ${data}, not ${asked}` };
  }
  return outcome;
}

function control(args) {
  const request = numberOf(args[1]);
  const value = new Int32Array([0]);
  if (request === CONSTANTS.FIONBIO) value[0] = numberOf(args[2]);
  const outcome = result(libc.ioctl(live(args[0]), request, value));
  const wanted = numberOf(args[2]);
  if (outcome.value < 0 || wanted === null || request === CONSTANTS.FIONBIO || wanted === value[0]) return outcome;
  return { ...outcome, mismatch: `it gave ${value[0]}, not ${wanted}` };
}

function makeSocket(args, wanted) {
  const type = numberOf(args[1]) ?? 1;
  const protocol = numberOf(args[2]) ?? 0;
  const fd = libc.socket(site.socketFamily, type, protocol);
  const kind = (type & 15) === 2 ? 'udp' : 'tcp';
  if (fd >= 0 && kind === 'tcp' && site.congestion !== '') {
    const name = new TextEncoder().encode(site.congestion);
    libc.setsockopt(fd, IPPROTO_TCP, OPTIONS.TCP_CONGESTION, name, name.length);
  }
  return install(fd, wanted, { type: kind });
}

function make(call) {
  const { name, arguments: args, result: said } = call;
  const fd = /^(?:socket|open|epoll_create1?|poll)$/.test(name) ? -1 : live(args[0]);
  const wanted = said.value !== null && said.value >= 0 ? said.value : null;
  const flags = (i) => numberOf(args[i]) ?? 0;
  switch (name) {
    case 'socket':
      return makeSocket(args, wanted);
    case 'bind': {
      const number = numberOf(field(args[1], 'sin_port') ?? field(args[1], 'sin6_port')) ?? site.bindPort;
      const outcome = result(libc.bind(fd, addressOf(site.local, number), site.socketFamily === AF_INET ? 16 : 28));
      return { ...outcome, port: portOf(libc.getsockname, fd) };
    }
    case 'listen':
      return result(libc.listen(fd, flags(1)));
    case 'accept':
    case 'accept4': {
      const bytes = new Uint8Array(28);
      const made = libc.accept4(fd, bytes, new Uint32Array([28]), name === 'accept4' ? flags(3) : 0);
      return install(made, wanted, { type: 'tcp', remotePort: new DataView(bytes.buffer).getUint16(2) });
    }
    case 'connect': {
      const to = peerOf(args[1]);
      return result(libc.connect(fd, to, to.length));
    }
    case 'getsockname':
    case 'getpeername':
      return result(libc[name](fd, new Uint8Array(28), new Uint32Array([28])));
    case 'read':
      return result(libc.read(fd, pointer(args[1], SINK), lengthOf(args[2])));
    case 'recv':
    case 'recvfrom':
      return result(libc.recv(fd, pointer(args[1], SINK), lengthOf(args[2]), flags(3)));
    case 'readv': {
      const { header } = message(pieces(args[1]), SINK, null, null);
      return result(libc.recvmsg(fd, header, 0));
    }
    case 'recvmsg':
      return receiveMessage(fd, args);
    case 'write':
      return result(libc.write(fd, pointer(args[1], ZEROS), lengthOf(args[2])));
    case 'send':
      return result(libc.send(fd, pointer(args[1], ZEROS), lengthOf(args[2]), flags(3)));
    case 'sendto': {
      const somewhere = args[4] !== undefined && args[4].kind !== 'symbol' && args[4].kind !== 'number';
      const to = somewhere ? peerOf(args[4]) : null;
      return result(libc.sendto(fd, pointer(args[1], ZEROS), lengthOf(args[2]), flags(3), to, to?.length ?? 0));
    }
    case 'writev':
      return sendMessage(fd, [args[0]], pieces(args[1]), 0);
    case 'sendmsg':
      return sendMessage(fd, args, pieces(field(args[1], 'msg_iov')), flags(2));
    case 'sendfile':
      return result(libc.sendfile(fd, live(args[1]), 0, lengthOf(args[3])));
    case 'open':
      return install(libc.open('/dev/zero', CONSTANTS.O_RDWR, 0), wanted);
    case 'close':
      files.delete(numberOf(args[0]));
      return result(libc.close(fd));
    case 'shutdown':
      return result(libc.shutdown(fd, numberOf(args[1])));
    case 'fcntl':
      return result(libc.fcntl(fd, numberOf(args[1]), numberOf(args[2]) ?? 0));
    case 'ioctl':
      return control(args);
    case 'setsockopt':
      return setOption(fd, args);
    case 'getsockopt':
      return getOption(fd, args);
    case 'poll':
      return pollFiles(args);
    case 'epoll_create':
    case 'epoll_create1':
      return install(libc.epoll_create1(0), wanted);
    case 'epoll_ctl':
      return epollControl(args);
    case 'epoll_wait':
    case 'epoll_pwait':
      return epollWait(args);
    default:
      return unsupported(`the system call ${name}()`);
  }
}

/** The first call of a function is slow, and scripts are not to wait for it. */
function warmUp() {
  for (const kind of ['SOCK_STREAM', 'SOCK_DGRAM']) {
    const at = { line: 1, column: 1 };
    const arguments_ = [{ kind: 'any' }, { kind: 'symbol', name: kind }, { kind: 'number', value: 0 }];
    const fd = libc.socket(site.socketFamily, CONSTANTS[kind], 0);
    libc.fcntl(fd, CONSTANTS.F_SETFL, CONSTANTS.O_NONBLOCK);
    files.set(0, { fd });
    const zero = { kind: 'number', value: 0, location: at };
    const said = { value: null, errno: null };
    for (const name of ['listen', 'getsockname', 'getpeername', 'read', 'recv', 'write', 'send', 'shutdown']) {
      make({ name, arguments: [zero, zero, zero, zero], result: said });
    }
    for (const name of ['setsockopt', 'getsockopt']) {
      const option = ['SOL_SOCKET', 'SO_REUSEADDR'].map((one) => ({ kind: 'symbol', name: one }));
      make({ name, arguments: [zero, ...option, zero, { kind: 'number', value: 4 }], result: said });
    }
    libc.accept4(fd, new Uint8Array(28), new Uint32Array([28]), 0);
    libc.close(fd);
    files.clear();
    const made = make({ name: 'socket', arguments: arguments_, result: said });
    make({ name: 'close', arguments: [{ kind: 'number', value: made.value }], result: said });
  }
}

const bell = new BigUint64Array([1n]);
const ring = c.func('long write(int, void *, size_t)');
for (;;) {
  Atomics.wait(signal, 0, 0);
  Atomics.store(signal, 0, 0);
  for (let order = receiveMessageOnPort(port); order !== undefined; order = receiveMessageOnPort(port)) {
    let outcome;
    try {
      outcome = order.message.enter === undefined ? make(order.message.call) : enter(order.message.enter);
    } catch (error) {
      outcome = unsupported(error.message);
    }
    port.postMessage({ number: order.message.number, outcome });
    Atomics.store(signal, 1, 1);
    Atomics.notify(signal, 1);
    ring(eventFd, bell, 8);
  }
}
