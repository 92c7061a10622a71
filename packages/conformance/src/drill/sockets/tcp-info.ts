import { NEVER } from '@strata/contracts';
import {
  PHASE_DISORDER,
  PHASE_LOSS,
  PHASE_OPEN,
  PHASE_RECOVERY,
  PHASE_REDUCTION,
  recoveryInfo,
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
import type { Traffic } from '../conversation.ts';
import type { Value } from '../expression.ts';
import { CONSTANTS } from './constants.ts';
import type { TcpFile } from './tcp-file.ts';

/** Linux's state numbers by ours. Its sockets are closed while their connections wait in TIME-WAIT. */
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
  [TCP_TIMED_WAIT]: 7,
  [TCP_LAST_ACK]: 9,
};

/** Slow start thresholds from here on mean "none yet". */
const NO_THRESHOLD = 0x3fffffff;
const INFINITE = 0x7fffffff;

/** What `%{ … }%` knows at its moment: the fields of `struct tcp_info` and the constants that belong to them. */
export function snippetNames(file: TcpFile | null, traffic: Traffic, now: number): Map<string, Value> {
  const names = new Map<string, Value>();
  for (const [name, value] of Object.entries(CONSTANTS)) {
    if (/^(?:TCP_|TCPI_)/.test(name)) names.set(name, value);
  }
  const socket = file?.socket ?? null;
  if (socket === null) {
    names.set('tcpi_state', (file?.state === 'listening' ? CONSTANTS.TCP_LISTEN : CONSTANTS.TCP_CLOSE) as number);
    return names;
  }
  for (const [name, value] of Object.entries(tcpInfo(socket, traffic, now))) names.set(`tcpi_${name}`, value);
  if (file !== null) {
    names.set('SK_MEMINFO_RMEM_ALLOC', file.readable);
    names.set('SK_MEMINFO_WMEM_QUEUED', file.queued);
  }
  return names;
}

/** Linux's numbers of the phases of loss recovery. */
const PHASES: Readonly<Record<number, string>> = {
  [PHASE_OPEN]: 'TCP_CA_Open',
  [PHASE_DISORDER]: 'TCP_CA_Disorder',
  [PHASE_REDUCTION]: 'TCP_CA_CWR',
  [PHASE_RECOVERY]: 'TCP_CA_Recovery',
  [PHASE_LOSS]: 'TCP_CA_Loss',
};

/** What Linux calls the state of congestion avoidance. */
function congestionState(socket: TcpSocket, phase: number): number {
  const name = socket.reducing && phase < PHASE_REDUCTION ? 'TCP_CA_CWR' : (PHASES[phase] as string);
  return CONSTANTS[name] as number;
}

function negotiatedOptions(socket: TcpSocket): number {
  let options = 0;
  if (socket.timestamps) options |= CONSTANTS.TCPI_OPT_TIMESTAMPS as number;
  if (socket.sackPermitted) options |= CONSTANTS.TCPI_OPT_SACK as number;
  if (socket.scaling) options |= CONSTANTS.TCPI_OPT_WSCALE as number;
  if (socket.ecn) options |= CONSTANTS.TCPI_OPT_ECN as number;
  return options;
}

/** `struct tcp_info` without the prefix; windows in segments, times in microseconds unless Linux has milliseconds. */
function tcpInfo(socket: TcpSocket, traffic: Traffic, now: number): Record<string, number> {
  const mss = Math.max(socket.mss, 1);
  const { transmit, rto } = socket;
  const recovery = recoveryInfo(socket);
  const fin = socket.finSent && transmit.count === 0 && socket.sndNxt !== socket.sndUna ? 1 : 0;
  const unacked = ((transmit.unsent - transmit.head) | 0) + fin;
  const since = (moment: number) => (moment === NEVER ? 0 : Math.max(0, Math.floor((now - moment) / 1000)));
  const path = socket.flow?.mtu ?? 1500;
  const header = socket.flow?.family === 6 ? 60 : 40;
  const cwnd = Math.floor(socket.cwnd / mss);
  const srtt = Math.round(rto.srtt);
  return {
    state: STATES[socket.state] ?? 7,
    ca_state: congestionState(socket, recovery.phase),
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
    rcv_mss: Math.max(Math.min(socket.rcvMss, traffic.largest), Math.min(536, mss)),
    unacked,
    sacked: socket.sackPermitted ? recovery.sacked : Math.min(socket.duplicateAcks, unacked),
    lost: recovery.lost,
    retrans: recovery.repeated,
    last_data_sent: since(socket.lastSentAt),
    last_ack_sent: 0,
    last_data_recv: since(traffic.lastDataIn),
    last_ack_recv: since(traffic.lastAckIn),
    data_segs_in: traffic.dataIn,
    data_segs_out: traffic.dataOut,
    pmtu: path,
    rcv_ssthresh: socket.windowSize,
    rtt: srtt,
    rttvar: Math.round(rto.rttvar),
    snd_ssthresh: socket.ssthresh >= NO_THRESHOLD ? INFINITE : Math.floor(socket.ssthresh / mss),
    snd_cwnd: cwnd,
    advmss: path - header - (socket.timestamps ? 12 : 0),
    reordering: recovery.reordering,
    reord_seen: recovery.reorderingSeen ? 1 : 0,
    dsack_dups: recovery.duplicates,
    min_rtt: recovery.minRtt,
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
