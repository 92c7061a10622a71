import { NEVER } from '@strata/contracts';
import {
  TCP_CLOSE_WAIT,
  TCP_CLOSED,
  TCP_CLOSING,
  TCP_DELETED,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT_1,
  TCP_FIN_WAIT_2,
  TCP_LAST_ACK,
  TCP_LISTEN,
  TCP_SYN_RECEIVED,
  TCP_SYN_SENT,
  TCP_TIMED_WAIT,
  type TcpSocket,
} from '@strata/tcp';
import type { Value } from '../expression.ts';
import { CONSTANTS } from './constants.ts';
import type { TcpFile } from './tcp-file.ts';

/** Linux's state numbers by ours. */
const STATES: Readonly<Record<number, number>> = {
  [TCP_DELETED]: 7,
  [TCP_CLOSED]: 7,
  [TCP_LISTEN]: 10,
  [TCP_SYN_SENT]: 2,
  [TCP_SYN_RECEIVED]: 3,
  [TCP_ESTABLISHED]: 1,
  [TCP_CLOSE_WAIT]: 8,
  [TCP_FIN_WAIT_1]: 4,
  [TCP_FIN_WAIT_2]: 5,
  [TCP_CLOSING]: 11,
  [TCP_TIMED_WAIT]: 6,
  [TCP_LAST_ACK]: 9,
};

/** Slow start thresholds from here on mean "none yet". */
const NO_THRESHOLD = 0x3fffffff;
const INFINITE = 0x7fffffff;

/** What `%{ … }%` knows at its moment: the fields of `struct tcp_info` and the constants that belong to them. */
export function snippetNames(file: TcpFile | null, now: number): Map<string, Value> {
  const names = new Map<string, Value>();
  for (const [name, value] of Object.entries(CONSTANTS)) {
    if (/^(?:TCP_|TCPI_)/.test(name)) names.set(name, value);
  }
  const socket = file?.socket ?? null;
  if (socket === null) {
    names.set('tcpi_state', (file?.state === 'listening' ? CONSTANTS.TCP_LISTEN : CONSTANTS.TCP_CLOSE) as number);
    return names;
  }
  for (const [name, value] of Object.entries(tcpInfo(socket, now))) names.set(`tcpi_${name}`, value);
  if (file !== null) {
    names.set('SK_MEMINFO_RMEM_ALLOC', file.readable);
    names.set('SK_MEMINFO_WMEM_QUEUED', file.queued);
  }
  return names;
}

/** Segments on their way: how many, and how many of them were sent more than once. */
function countSegments(socket: TcpSocket): { unacked: number; retransmitted: number } {
  const { transmit } = socket;
  let retransmitted = 0;
  for (let position = transmit.head; position !== transmit.unsent; position = (position + 1) | 0) {
    if (transmit.at(position).transmissions > 1) retransmitted++;
  }
  const fin = socket.finSent && transmit.count === 0 && socket.sndNxt !== socket.sndUna ? 1 : 0;
  return { unacked: ((transmit.unsent - transmit.head) | 0) + fin, retransmitted };
}

/** What Linux calls the state of congestion avoidance. */
function congestionState(socket: TcpSocket): number {
  if (socket.retries > 0 || (!socket.inRecovery && socket.lostOut > 0)) return CONSTANTS.TCP_CA_Loss as number;
  if (socket.inRecovery) return CONSTANTS.TCP_CA_Recovery as number;
  if (socket.duplicateAcks > 0 || socket.sackedOut > 0) return CONSTANTS.TCP_CA_Disorder as number;
  return CONSTANTS.TCP_CA_Open as number;
}

function negotiatedOptions(socket: TcpSocket): number {
  let options = 0;
  if (socket.timestamps) options |= CONSTANTS.TCPI_OPT_TIMESTAMPS as number;
  if (socket.sackPermitted) options |= CONSTANTS.TCPI_OPT_SACK as number;
  if (socket.scaling) options |= CONSTANTS.TCPI_OPT_WSCALE as number;
  return options;
}

/** `struct tcp_info` without the prefix; windows in segments, times in microseconds unless Linux has milliseconds. */
function tcpInfo(socket: TcpSocket, now: number): Record<string, number> {
  const mss = Math.max(socket.mss, 1);
  const segments = (octets: number) => Math.ceil(octets / mss);
  const { transmit, rto } = socket;
  const { unacked, retransmitted } = countSegments(socket);
  const since = (moment: number) => (moment === NEVER ? 0 : Math.max(0, Math.floor((now - moment) / 1000)));
  const lastSent = transmit.hasSent ? transmit.at((transmit.unsent - 1) | 0).sentAt : socket.lastReceivedAt;
  const path = socket.flow?.mtu ?? 1500;
  const header = socket.flow?.family === 6 ? 60 : 40;
  const cwnd = Math.floor(socket.cwnd / mss);
  const srtt = Math.round(rto.srtt);
  return {
    state: STATES[socket.state] ?? 7,
    ca_state: congestionState(socket),
    retransmits: socket.retries,
    probes: socket.probes + socket.keepaliveProbes,
    backoff: socket.retries,
    options: negotiatedOptions(socket),
    snd_wscale: socket.sndScale,
    rcv_wscale: socket.rcvScale,
    delivery_rate_app_limited: transmit.hasUnsent ? 0 : 1,
    fastopen_client_fail: 0,
    rto: rto.timeout(socket.retries),
    ato: 40_000,
    snd_mss: socket.mss,
    rcv_mss: Math.max(socket.rcvMss, Math.min(536, mss)),
    unacked,
    sacked: socket.sackPermitted ? segments(socket.sackedOut) : Math.min(socket.duplicateAcks, unacked),
    lost: segments(socket.lostOut) + retransmitted,
    retrans: retransmitted,
    last_data_sent: since(lastSent),
    last_ack_sent: 0,
    last_data_recv: since(socket.lastReceivedAt),
    last_ack_recv: since(socket.lastReceivedAt),
    pmtu: path,
    rcv_ssthresh: socket.windowSize,
    rtt: srtt,
    rttvar: Math.round(rto.rttvar),
    snd_ssthresh: socket.ssthresh >= NO_THRESHOLD ? INFINITE : Math.floor(socket.ssthresh / mss),
    snd_cwnd: cwnd,
    advmss: path - header - (socket.timestamps ? 12 : 0),
    reordering: 3,
    rcv_space: socket.windowSize,
    total_retrans: socket.retransmitPackets,
    pacing_rate: srtt > 0 ? Math.round((socket.cwnd * 1e6) / srtt) : 0,
    max_pacing_rate: 2 ** 32 - 1,
    bytes_acked: (socket.sndUna - socket.iss - 1) >>> 0,
    bytes_received: socket.bytesReceived,
    segs_out: socket.packetsSent,
    segs_in: socket.packetsReceived,
    notsent_bytes: transmit.unsentBytes,
    bytes_sent: socket.bytesSent,
    rcv_ooopack: socket.reassemblyPackets,
    snd_wnd: socket.sndWnd,
    rcv_wnd: (socket.rcvAdv - socket.rcvNxt) | 0,
    rehash: 0,
  };
}
