import { formatAddress } from '@strata/wire';
import type { ControlBlock } from './control-block.ts';
import { phaseOf } from './recovery/info.ts';
import { PHASE_NAMES } from './recovery/state.ts';
import { pipe } from './send/output.ts';
import { TCP_STATE_NAMES } from './states.ts';

/** Looks at a connection after each of its segments. Costs one branch per segment when there is none. */
export interface TcpProbe {
  /** `tcb` has sent a segment, or has done with one that came. It must not be changed from here. */
  sample(tcb: ControlBlock, what: number): void;
}

const WHAT_NAMES: readonly string[] = ['received', 'sent'];

/** Columns of a probe file, in order. Times are microseconds, sizes octets, sequence numbers counted from the initial one. */
export const PROBE_COLUMNS = [
  'time',
  'host',
  'local',
  'remote',
  'event',
  'state',
  'phase',
  'snd_una',
  'snd_nxt',
  'rcv_nxt',
  'cwnd',
  'ssthresh',
  'flight',
  'pipe',
  'snd_wnd',
  'rcv_wnd',
  'mss',
  'srtt',
  'rttvar',
  'rto',
  'min_rtt',
  'retries',
  'duplicate_acks',
  'unsent',
  'unread',
  'retransmissions',
] as const;

/** One line of a probe file. */
export type TcpProbeRow = Readonly<Record<(typeof PROBE_COLUMNS)[number], string | number>>;

/** Reads one line from a connection. `ssthresh` is -1 while it is unknown, `min_rtt` before the first measurement. */
export function probeRow(tcb: ControlBlock, what: number, host: string): TcpProbeRow {
  const { flow, loss, rto, transmit } = tcb;
  return {
    time: tcb.time.now,
    host,
    local: flow === null ? '' : endpoint(formatAddress(flow.local), tcb.localPort),
    remote: flow === null ? '' : endpoint(formatAddress(flow.remote), tcb.remotePort),
    event: WHAT_NAMES[what] as string,
    state: TCP_STATE_NAMES[tcb.state] as string,
    phase: PHASE_NAMES[phaseOf(tcb)] as string,
    snd_una: (tcb.sndUna - tcb.iss) >>> 0,
    snd_nxt: (tcb.sndNxt - tcb.iss) >>> 0,
    rcv_nxt: (tcb.rcvNxt - tcb.irs) >>> 0,
    cwnd: tcb.cwnd,
    // 0 until the handshake has made the controller, beyond every window until the first reduction.
    ssthresh: tcb.ssthresh === 0 || tcb.ssthresh >= UNKNOWN ? -1 : tcb.ssthresh,
    flight: (tcb.sndNxt - tcb.sndUna) | 0,
    pipe: pipe(tcb),
    snd_wnd: tcb.sndWnd,
    rcv_wnd: (tcb.rcvAdv - tcb.rcvNxt) | 0,
    mss: tcb.mss,
    srtt: Math.round(rto.srtt),
    rttvar: Math.round(rto.rttvar),
    rto: Math.round(rto.timeout(tcb.retries)),
    min_rtt: loss.minRtt > 0 ? loss.minRtt : -1,
    retries: tcb.retries,
    duplicate_acks: tcb.duplicateAcks,
    unsent: transmit.unsentBytes,
    unread: tcb.rcvQueued,
    retransmissions: tcb.retransmitPackets,
  };
}

/** "Unknown" as the congestion controllers have it, or larger than any window. */
const UNKNOWN = 0x3fffffff;

function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The first line of a CSV file of rows, and each further one (RFC 4180; no field needs quotes). */
export function probeCsvHeader(): string {
  return PROBE_COLUMNS.join(',');
}

export function probeCsvLine(row: TcpProbeRow): string {
  return PROBE_COLUMNS.map((column) => row[column]).join(',');
}
