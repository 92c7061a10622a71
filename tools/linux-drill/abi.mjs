/** Numbers and layouts of Linux's system calls that scripts use by name, for 64-bit little-endian machines. */

/** Socket options by name. Those that share a name with a constant of the script language are there, not here. */
export const OPTIONS = {
  SO_DEBUG: 1,
  SO_REUSEADDR: 2,
  SO_TYPE: 3,
  SO_ERROR: 4,
  SO_DONTROUTE: 5,
  SO_BROADCAST: 6,
  SO_SNDBUF: 7,
  SO_RCVBUF: 8,
  SO_KEEPALIVE: 9,
  SO_OOBINLINE: 10,
  SO_NO_CHECK: 11,
  SO_PRIORITY: 12,
  SO_LINGER: 13,
  SO_REUSEPORT: 15,
  SO_RCVLOWAT: 18,
  SO_SNDLOWAT: 19,
  SO_RCVTIMEO: 20,
  SO_SNDTIMEO: 21,
  SO_BINDTODEVICE: 25,
  SO_TIMESTAMP: 29,
  SO_ACCEPTCONN: 30,
  SO_SNDBUFFORCE: 32,
  SO_RCVBUFFORCE: 33,
  SO_TIMESTAMPNS: 35,
  SO_MARK: 36,
  SO_PROTOCOL: 38,
  SO_DOMAIN: 39,
  SO_PEEK_OFF: 42,
  SO_BUSY_POLL: 46,
  SO_MAX_PACING_RATE: 47,
  SO_INCOMING_CPU: 49,
  SO_MEMINFO: 55,
  SO_ZEROCOPY: 60,
  SO_TXREHASH: 74,
  TCP_NODELAY: 1,
  TCP_MAXSEG: 2,
  TCP_CORK: 3,
  TCP_KEEPIDLE: 4,
  TCP_KEEPINTVL: 5,
  TCP_KEEPCNT: 6,
  TCP_SYNCNT: 7,
  TCP_LINGER2: 8,
  TCP_DEFER_ACCEPT: 9,
  TCP_WINDOW_CLAMP: 10,
  TCP_INFO: 11,
  TCP_QUICKACK: 12,
  TCP_CONGESTION: 13,
  TCP_THIN_LINEAR_TIMEOUTS: 16,
  TCP_THIN_DUPACK: 17,
  TCP_USER_TIMEOUT: 18,
  TCP_FASTOPEN: 23,
  TCP_NOTSENT_LOWAT: 25,
  TCP_SAVE_SYN: 27,
  TCP_FASTOPEN_CONNECT: 30,
  TCP_FASTOPEN_NO_COOKIE: 34,
  TCP_INQ: 36,
  TCP_TX_DELAY: 37,
  IP_TOS: 1,
  IP_TTL: 2,
  IP_RECVOPTS: 6,
  IP_PKTINFO: 8,
  IP_MTU_DISCOVER: 10,
  IP_RECVERR: 11,
  IP_RECVTTL: 12,
  IP_RECVTOS: 13,
  IP_MTU: 14,
  IP_FREEBIND: 15,
  IP_TRANSPARENT: 19,
  IP_BIND_ADDRESS_NO_PORT: 24,
  IPV6_UNICAST_HOPS: 16,
  IPV6_MTU_DISCOVER: 23,
  IPV6_MTU: 24,
  IPV6_RECVERR: 25,
  IPV6_V6ONLY: 26,
  IPV6_TCLASS: 67,
  IPV6_AUTOFLOWLABEL: 70,
};

/** `IPPROTO_…` and `SOL_…` are the same numbers except where Linux says otherwise. */
export const IPPROTO_TCP = 6;

const NAMES_8 = ['state', 'ca_state', 'retransmits', 'probes', 'backoff', 'options'];
const NAMES_32 = [
  'rto',
  'ato',
  'snd_mss',
  'rcv_mss',
  'unacked',
  'sacked',
  'lost',
  'retrans',
  'fackets',
  'last_data_sent',
  'last_ack_sent',
  'last_data_recv',
  'last_ack_recv',
  'pmtu',
  'rcv_ssthresh',
  'rtt',
  'rttvar',
  'snd_ssthresh',
  'snd_cwnd',
  'advmss',
  'reordering',
  'rcv_rtt',
  'rcv_space',
  'total_retrans',
];
const REST = [
  ['pacing_rate', 8],
  ['max_pacing_rate', 8],
  ['bytes_acked', 8],
  ['bytes_received', 8],
  ['segs_out', 4],
  ['segs_in', 4],
  ['notsent_bytes', 4],
  ['min_rtt', 4],
  ['data_segs_in', 4],
  ['data_segs_out', 4],
  ['delivery_rate', 8],
  ['busy_time', 8],
  ['rwnd_limited', 8],
  ['sndbuf_limited', 8],
  ['delivered', 4],
  ['delivered_ce', 4],
  ['bytes_sent', 8],
  ['bytes_retrans', 8],
  ['dsack_dups', 4],
  ['reord_seen', 4],
  ['rcv_ooopack', 4],
  ['snd_wnd', 4],
  ['rcv_wnd', 4],
  ['rehash', 4],
];

/** `struct tcp_info` by the names of its fields, without their prefix. Fields that this kernel lacks are missing. */
export function readTcpInfo(bytes, length) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const info = {};
  for (const [i, name] of NAMES_8.entries()) info[name] = view.getUint8(i);
  info.snd_wscale = view.getUint8(6) & 15;
  info.rcv_wscale = view.getUint8(6) >>> 4;
  info.delivery_rate_app_limited = view.getUint8(7) & 1;
  info.fastopen_client_fail = (view.getUint8(7) >>> 1) & 3;
  let at = 8;
  for (const name of NAMES_32) {
    info[name] = view.getUint32(at, true);
    at += 4;
  }
  for (const [name, size] of REST) {
    if (at + size > length) break;
    info[name] = size === 8 ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true);
    at += size;
  }
  return info;
}

/** Size of `struct epoll_event` and where its data is: packed on x86 only. */
export const EPOLL_EVENT = process.arch === 'x64' ? { size: 12, data: 4 } : { size: 16, data: 8 };

const AF_INET = 2;
const AF_INET6 = 10;

/** A `struct sockaddr_in` or `sockaddr_in6`. `words` are those of the address. */
export function socketAddress(family, words, port) {
  const bytes = new Uint8Array(family === AF_INET6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family, true);
  view.setUint16(2, port);
  if (family === AF_INET) view.setInt32(4, words[3]);
  else for (const [i, word] of words.entries()) view.setInt32(8 + 4 * i, word);
  return bytes;
}

export { AF_INET, AF_INET6 };
