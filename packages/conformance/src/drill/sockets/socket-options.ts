import { SECOND } from '@strata/contracts';
import type { Expression } from '../ast.ts';
import { formatExpression } from '../format.ts';
import { quickAcks } from '../linux-acks.ts';
import { ERRNO } from './constants.ts';
import { type CallOutcome, done, failed, type SocketFile, unsupported } from './file.ts';
import { TcpFile } from './tcp-file.ts';
import { field, needNumber, numberOf, symbolOf } from './values.ts';

/** One socket option: what it holds before it is set, which values it takes, what reading it gives. */
interface OptionRule {
  readonly initial: number;
  readonly low?: number;
  readonly high?: number;
  /** Given the value asked for, the one to keep. */
  readonly keep?: (value: number) => number;
  /** Overrides what was stored. */
  readonly read?: (file: SocketFile) => number;
  readonly readOnly?: boolean;
  readonly tcpOnly?: boolean;
}

const FLAG: OptionRule = { initial: 0, keep: (value) => (value === 0 ? 0 : 1) };
const TCP_FLAG: OptionRule = { ...FLAG, tcpOnly: true };
const ANY: OptionRule = { initial: 0 };
/** Linux keeps a buffer of at least this, and twice what was asked for. */
const SMALLEST_BUFFER = 2304;

const RULES: Readonly<Record<string, OptionRule>> = {
  'SOL_SOCKET:SO_REUSEADDR': FLAG,
  'SOL_SOCKET:SO_REUSEPORT': FLAG,
  'SOL_SOCKET:SO_KEEPALIVE': FLAG,
  'SOL_SOCKET:SO_BROADCAST': FLAG,
  'SOL_SOCKET:SO_OOBINLINE': FLAG,
  'SOL_SOCKET:SO_DONTROUTE': FLAG,
  'SOL_SOCKET:SO_ZEROCOPY': FLAG,
  'SOL_SOCKET:SO_TXREHASH': FLAG,
  'SOL_SOCKET:SO_RXQ_OVFL': FLAG,
  'SOL_SOCKET:SO_NO_CHECK': FLAG,
  'SOL_SOCKET:SO_TIMESTAMP': FLAG,
  'SOL_SOCKET:SO_TIMESTAMPNS': FLAG,
  'SOL_SOCKET:SO_NOSIGPIPE': FLAG,
  'SOL_SOCKET:SO_MAX_PACING_RATE': { initial: 0xffffffff },
  'SOL_SOCKET:SO_PEEK_OFF': { initial: -1 },
  'SOL_SOCKET:SO_SNDLOWAT': { initial: 1, readOnly: true },
  'SOL_SOCKET:SO_PRIORITY': ANY,
  'SOL_SOCKET:SO_MARK': ANY,
  'SOL_SOCKET:SO_INCOMING_CPU': ANY,
  'SOL_SOCKET:SO_BUSY_POLL': ANY,
  'SOL_SOCKET:SO_RCVLOWAT': { initial: 1, keep: (value) => Math.max(value < 0 ? 0x7fffffff : value, 1) },
  'SOL_SOCKET:SO_TYPE': { initial: 0, readOnly: true, read: (file) => (file.type === 'tcp' ? 1 : 2) },
  'SOL_SOCKET:SO_PROTOCOL': { initial: 0, readOnly: true, read: (file) => (file.type === 'tcp' ? 6 : 17) },
  'SOL_SOCKET:SO_DOMAIN': { initial: 2, readOnly: true },
  'SOL_SOCKET:SO_COOKIE': { initial: 1, readOnly: true },
  'SOL_SOCKET:SO_ACCEPTCONN': {
    initial: 0,
    readOnly: true,
    read: (file) => (file instanceof TcpFile && file.state === 'listening' ? 1 : 0),
  },
  'SOL_SOCKET:SO_ERROR': {
    initial: 0,
    readOnly: true,
    read: (file) => ERRNO[file.takeError() ?? file.takeSoftError() ?? ''] ?? 0,
  },
  'SOL_SOCKET:SO_SNDBUF': { initial: 262144, keep: (value) => Math.max(2 * value, 2 * SMALLEST_BUFFER) },
  'SOL_SOCKET:SO_RCVBUF': {
    initial: 540000,
    keep: (value) => Math.max(value, SMALLEST_BUFFER / 2),
    read: readReceiveBuffer,
  },
  'SOL_TCP:TCP_NODELAY': TCP_FLAG,
  'SOL_TCP:TCP_CORK': TCP_FLAG,
  'SOL_TCP:TCP_INQ': TCP_FLAG,
  'SOL_TCP:TCP_SAVE_SYN': TCP_FLAG,
  'SOL_TCP:TCP_THIN_DUPACK': TCP_FLAG,
  'SOL_TCP:TCP_QUICKACK': { ...TCP_FLAG, initial: 1, read: readQuickAck },
  'SOL_TCP:TCP_MAXSEG': { initial: 536, low: 88, high: 32767, tcpOnly: true, read: readMss },
  'SOL_TCP:TCP_KEEPIDLE': { initial: 7200, low: 1, high: 32767, tcpOnly: true },
  'SOL_TCP:TCP_KEEPINTVL': { initial: 75, low: 1, high: 32767, tcpOnly: true },
  'SOL_TCP:TCP_KEEPCNT': { initial: 9, low: 1, high: 127, tcpOnly: true },
  'SOL_TCP:TCP_USER_TIMEOUT': { initial: 0, low: 0, tcpOnly: true },
  'SOL_TCP:TCP_NOTSENT_LOWAT': { initial: 0xffffffff, tcpOnly: true },
  'SOL_TCP:TCP_WINDOW_CLAMP': { initial: 0, low: 0, tcpOnly: true },
  'SOL_TCP:TCP_DEFER_ACCEPT': { initial: 0, keep: (value) => Math.max(value, 0), tcpOnly: true },
  'SOL_TCP:TCP_SYNCNT': { initial: 5, low: 1, high: 127, tcpOnly: true, read: readSynCount },
  'SOL_TCP:TCP_LINGER2': { initial: 60, tcpOnly: true },
  'SOL_TCP:TCP_KEEPINIT': { initial: 75, low: 1, tcpOnly: true },
  'SOL_TCP:TCP_MAXUNACKTIME': { initial: 0, low: 0, tcpOnly: true },
  'SOL_IP:IP_TOS': { initial: 0, low: 0, high: 255 },
  'SOL_IP:IP_TTL': { initial: 64, low: 1, high: 255 },
  'SOL_IP:IP_RECVERR': FLAG,
  'SOL_IP:IP_RECVTOS': FLAG,
  'SOL_IP:IP_RECVTTL': FLAG,
  'SOL_IP:IP_RECVOPTS': FLAG,
  'SOL_IP:IP_PKTINFO': FLAG,
  'SOL_IP:IP_TRANSPARENT': FLAG,
  'SOL_IP:IPV6_V6ONLY': FLAG,
  'SOL_IP:IPV6_AUTOFLOWLABEL': { ...FLAG, initial: 1 },
  'SOL_IP:IPV6_FLOWINFO_SEND': FLAG,
  'SOL_IP:IP_FREEBIND': FLAG,
  'SOL_IP:IP_BIND_ADDRESS_NO_PORT': FLAG,
  'SOL_IP:IP_MTU_DISCOVER': { initial: 1, low: 0, high: 5 },
  'SOL_IP:IP_MTU': { initial: 1500, readOnly: true, read: readMtu },
};

/** Options that hold a time. */
const TIMEOUTS = new Set(['SOL_SOCKET:SO_RCVTIMEO', 'SOL_SOCKET:SO_SNDTIMEO']);

/** Options that do not exist here, so that they can only be off. */
const SWITCHED_OFF = new Set([
  'SOL_TCP:TCP_FASTOPEN',
  'SOL_TCP:TCP_FASTOPEN_CONNECT',
  'SOL_TCP:TCP_FASTOPEN_NO_COOKIE',
  'SOL_TCP:TCP_THIN_LINEAR_TIMEOUTS',
  'SOL_TCP:TCP_NOOPT',
  'SOL_TCP:TCP_REPAIR',
  'SOL_TCP:TCP_TX_DELAY',
  'SOL_SOCKET:SO_TIMESTAMPING',
]);

const LEVELS: Readonly<Record<string, string>> = {
  SOL_SOCKET: 'SOL_SOCKET',
  SOL_TCP: 'SOL_TCP',
  IPPROTO_TCP: 'SOL_TCP',
  SOL_IP: 'SOL_IP',
  IPPROTO_IP: 'SOL_IP',
  SOL_IPV6: 'SOL_IP',
  IPPROTO_IPV6: 'SOL_IP',
  SOL_UDP: 'SOL_UDP',
  IPPROTO_UDP: 'SOL_UDP',
};

/** Names that mean the same for IPv6. */
const SAME: Readonly<Record<string, string>> = {
  IPV6_TCLASS: 'IP_TOS',
  IPV6_UNICAST_HOPS: 'IP_TTL',
  IPV6_RECVERR: 'IP_RECVERR',
  IPV6_RECVTCLASS: 'IP_RECVTOS',
  IPV6_RECVHOPLIMIT: 'IP_RECVTTL',
  IPV6_RECVPKTINFO: 'IP_PKTINFO',
  IPV6_TRANSPARENT: 'IP_TRANSPARENT',
  IPV6_FREEBIND: 'IP_FREEBIND',
  SO_SNDBUFFORCE: 'SO_SNDBUF',
  SO_RCVBUFFORCE: 'SO_RCVBUF',
  SO_RCVTIMEO_NEW: 'SO_RCVTIMEO',
  SO_SNDTIMEO_NEW: 'SO_SNDTIMEO',
  TCP_NOPUSH: 'TCP_CORK',
  IPV6_MTU_DISCOVER: 'IP_MTU_DISCOVER',
  IPV6_MTU: 'IP_MTU',
};

function readQuickAck(file: SocketFile): number {
  return file instanceof TcpFile && file.socket !== null && !quickAcks(file.socket) ? 0 : 1;
}

function readSynCount(file: SocketFile): number {
  return file instanceof TcpFile ? file.synCount : 0;
}

function readMss(file: SocketFile): number {
  if (!(file instanceof TcpFile)) return 0;
  const mss = file.socket?.mss ?? 0;
  return mss > 0 ? mss : file.option('SOL_TCP:TCP_MAXSEG', 536);
}

function readMtu(file: SocketFile): number {
  return file instanceof TcpFile ? (file.socket?.flow?.mtu ?? 1500) : 1500;
}

function readReceiveBuffer(file: SocketFile): number {
  const asked = file.stored.get('SOL_SOCKET:SO_RCVBUF');
  return asked === undefined ? 540000 : 2 * asked;
}

function keyOf(level: Expression | undefined, name: Expression | undefined): string {
  const levelName = symbolOf(level);
  const optionName = symbolOf(name);
  return `${LEVELS[levelName] ?? levelName}:${SAME[optionName] ?? optionName}`;
}

/** setsockopt. */
export function setOption(file: SocketFile, args: readonly Expression[]): CallOutcome {
  const key = keyOf(args[1], args[2]);
  const value = args[3];
  if (key === 'SOL_SOCKET:SO_LINGER') {
    const on = needNumber(field(value, 'onoff') ?? field(value, 'l_onoff'), 'onoff');
    const time = needNumber(field(value, 'linger') ?? field(value, 'l_linger'), 'linger');
    file.stored.set(key, on === 0 ? -1 : time);
    return done(0);
  }
  if (TIMEOUTS.has(key)) {
    const seconds = needNumber(field(value, 'tv_sec'), 'tv_sec');
    file.stored.set(key, seconds * SECOND + (numberOf(field(value, 'tv_usec')) ?? 0));
    return done(0);
  }
  if (key === 'SOL_TCP:TCP_FUNCTION_BLK' || key === 'SOL_SOCKET:SO_BINDTODEVICE') return done(0);
  if (key === 'SOL_TCP:TCP_CONGESTION') {
    const name = value?.kind === 'text' ? value.value : symbolOf(value);
    if (!(file instanceof TcpFile)) return failed('ENOPROTOOPT');
    return file.setCongestion(name) ? done(0) : unsupported(`congestion control "${name}"`, 'ENOENT');
  }
  const rule = RULES[key];
  if (rule === undefined) {
    // Switched off is how they are here anyway.
    const off = SWITCHED_OFF.has(key) && numberOf(value) === 0;
    return off ? done(0) : unsupported(`the socket option ${key.replace(':', ' ')}`);
  }
  if ((numberOf(args[4]) ?? 4) < 4) return failed('EINVAL');
  if (rule.readOnly === true || (rule.tcpOnly === true && file.type !== 'tcp')) return failed('ENOPROTOOPT');
  const number = numberOf(value);
  if (number === null) return failed('EFAULT');
  if (number < (rule.low ?? Number.NEGATIVE_INFINITY) || number > (rule.high ?? Number.POSITIVE_INFINITY)) {
    return failed('EINVAL');
  }
  const kept = rule.keep?.(number) ?? number;
  file.stored.set(key, kept);
  file.changed(key, kept);
  return done(0);
}

/** getsockopt: compares with what the script says is there. */
export function getOption(file: SocketFile, args: readonly Expression[]): CallOutcome {
  const key = keyOf(args[1], args[2]);
  const expected = args[3];
  const name = key.slice(key.indexOf(':') + 1);
  if (key === 'SOL_SOCKET:SO_LINGER') {
    const linger = file.option(key, -1);
    const on = numberOf(field(expected, 'onoff') ?? field(expected, 'l_onoff'));
    const time = numberOf(field(expected, 'linger') ?? field(expected, 'l_linger'));
    const agrees = (on === null || (on !== 0) === linger >= 0) && (time === null || time === Math.max(linger, 0));
    return done(0, agrees ? null : `SO_LINGER is {onoff=${linger < 0 ? 0 : 1}, linger=${Math.max(linger, 0)}}`);
  }
  if (TIMEOUTS.has(key)) {
    const actual = file.option(key, 0);
    const wanted = numberOf(field(expected, 'tv_sec'));
    return done(0, wanted === null || wanted === Math.floor(actual / SECOND) ? null : `${name} is ${actual} us`);
  }
  if (key === 'SOL_TCP:TCP_FUNCTION_BLK') return done(0);
  if (key === 'SOL_TCP:TCP_CONGESTION') {
    const actual = congestionOf(file);
    const wanted = expected?.kind === 'text' ? expected.value : null;
    return done(0, wanted === null || wanted === actual ? null : `TCP_CONGESTION is "${actual}", not "${wanted}"`);
  }
  if (key === 'SOL_TCP:TCP_INFO') {
    return expected?.kind === 'any' ? done(0) : unsupported('comparing a TCP_INFO structure; use %{ … }%');
  }
  const rule = RULES[key];
  if (rule === undefined) return unsupported(`the socket option ${key.replace(':', ' ')}`);
  if (rule.tcpOnly === true && file.type !== 'tcp') return failed('ENOPROTOOPT');
  const actual = rule.read?.(file) ?? file.option(key, rule.initial);
  const wanted = numberOf(expected);
  if (wanted === null || wanted >>> 0 === actual >>> 0) return done(0);
  return done(0, `${name} is ${actual}, not ${expected === undefined ? wanted : formatExpression(expected)}`);
}

function congestionOf(file: SocketFile): string {
  return file instanceof TcpFile ? file.congestion : '';
}
