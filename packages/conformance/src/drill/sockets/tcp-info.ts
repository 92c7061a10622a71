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
export function snippetNames(socket: TcpSocket | null, now: number): Map<string, Value> {
  const names = new Map<string, Value>();
  for (const [name, value] of Object.entries(CONSTANTS)) {
    if (/^(?:TCP_|TCPI_)/.test(name)) names.set(name, value);
  }
  if (socket === null) {
    names.set('tcpi_state', CONSTANTS.TCP_CLOSE as number);
    return names;
  }
  for (const [name, value] of Object.entries(tcpInfo(socket, now))) names.set(`tcpi_${name}`, value);
  return names;
}

/** `struct tcp_info` without the prefix; windows in segments, times in microseconds unless Linux has milliseconds. */
function tcpInfo(socket: TcpSocket, now: number): Record<string, number> {
  const mss = Math.max(socket.mss, 1);
  const segments = (octets: number) => Math.ceil(octets / mss);
  const { transmit, rto } = socket;
  const fin = socket.finSent && transmit.count === 0 && socket.sndNxt !== socket.sndUna ? 1 : 0;
  const since = (moment: number) => (moment === NEVER ? 0 : Math.floor((now - moment) / 1000));
  let caState = CONSTANTS.TCP_CA_Open as number;
  if (socket.retries > 0 || (!socket.inRecovery && socket.lostOut > 0)) caState = CONSTANTS.TCP_CA_Loss as number;
  else if (socket.inRecovery) caState = CONSTANTS.TCP_CA_Recovery as number;
  else if (socket.duplicateAcks > 0 || socket.sackedOut > 0) caState = CONSTANTS.TCP_CA_Disorder as number;
  let options = 0;
  if (socket.timestamps) options |= CONSTANTS.TCPI_OPT_TIMESTAMPS as number;
  if (socket.sackPermitted) options |= CONSTANTS.TCPI_OPT_SACK as number;
  if (socket.scaling) options |= CONSTANTS.TCPI_OPT_WSCALE as number;
  return {
    state: STATES[socket.state] ?? 7,
    ca_state: caState,
    retransmits: socket.retries,
    probes: socket.probes + socket.keepaliveProbes,
    backoff: socket.retries,
    options,
    snd_wscale: socket.sndScale,
    rcv_wscale: socket.rcvScale,
    rto: rto.timeout(socket.retries),
    snd_mss: socket.mss,
    rcv_mss: socket.rcvMss,
    unacked: ((transmit.unsent - transmit.head) | 0) + fin,
    sacked: segments(socket.sackedOut),
    lost: segments(socket.lostOut),
    last_data_recv: since(socket.lastReceivedAt),
    pmtu: socket.flow?.mtu ?? 0,
    snd_ssthresh: socket.ssthresh >= NO_THRESHOLD ? INFINITE : Math.floor(socket.ssthresh / mss),
    snd_cwnd: Math.floor(socket.cwnd / mss),
    advmss: (socket.flow?.mtu ?? 1500) - (socket.flow?.family === 6 ? 60 : 40),
    reordering: 3,
    rtt: Math.round(rto.srtt),
    rttvar: Math.round(rto.rttvar),
    rcv_space: socket.windowSize,
    total_retrans: socket.retransmitPackets,
    notsent_bytes: transmit.unsentBytes,
    snd_wnd: socket.sndWnd,
    bytes_sent: socket.bytesSent,
    bytes_received: socket.bytesReceived,
    segs_out: socket.packetsSent,
    segs_in: socket.packetsReceived,
  };
}
