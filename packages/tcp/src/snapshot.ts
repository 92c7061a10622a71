import { formatAddress } from '@strata/wire';
import type { ControlBlock } from './control-block.ts';
import type { TcpCounters } from './counters.ts';
import { recoveryInfo } from './recovery/info.ts';
import { flightSize, pipe } from './send/output.ts';
import { CAUSE_NAMES, TCP_STATE_NAMES } from './states.ts';

/** Everything about a connection as plain data, for people and plots. Sequence numbers are unsigned here. */
export interface TcpSnapshot {
  readonly state: string;
  readonly cause: string;
  readonly local: string;
  readonly remote: string;
  readonly localPort: number;
  readonly remotePort: number;
  readonly iss: number;
  readonly irs: number;
  readonly sndUna: number;
  readonly sndNxt: number;
  readonly sndWnd: number;
  /** The largest window the peer ever had; octets given to `send` in all, counted from the initial number. */
  readonly sndMaxWnd: number;
  readonly written: number;
  readonly rcvNxt: number;
  readonly rcvWnd: number;
  readonly rcvAdv: number;
  readonly mss: number;
  readonly peerMss: number;
  readonly pathMtu: number;
  /** Names of congestion control and loss recovery. */
  readonly congestion: string;
  readonly lossRecovery: string;
  readonly cwnd: number;
  readonly ssthresh: number;
  readonly flight: number;
  /** Octets in flight that are not taken for lost nor SACKed; the congestion window is what holds the sender back. */
  readonly pipe: number;
  readonly cwndLimited: boolean;
  readonly srtt: number;
  readonly rttvar: number;
  readonly rto: number;
  readonly retries: number;
  readonly recovery: string;
  readonly duplicateAcks: number;
  readonly transmitPackets: number;
  readonly transmitBytes: number;
  readonly receivePackets: number;
  readonly receiveBytes: number;
  readonly outOfOrderPackets: number;
  readonly sndScale: number;
  readonly rcvScale: number;
  readonly retransmissions: number;
  /** Options in force, and ECN. */
  readonly timestamps: boolean;
  readonly sack: boolean;
  readonly scaling: boolean;
  readonly ecn: boolean;
  /** The last soft network error, an ERROR_ constant; 0: none. */
  readonly softError: number;
  /** Zero-window and keepalive probes without an answer, challenge ACKs sent, segments refused by PAWS. */
  readonly windowProbes: number;
  readonly keepaliveProbes: number;
  readonly challengeAcks: number;
  readonly pawsRejected: number;
  /** Packets outstanding that are SACKed; taken for lost, sent again or not; sent again. */
  readonly sackedPackets: number;
  readonly lostPackets: number;
  readonly repeatedPackets: number;
  /** Segments by which delivery was out of order at most (3: it never was by more); segments reported as duplicates. */
  readonly reordering: number;
  readonly duplicatesReported: number;
  /** Microseconds; see {@link RecoveryInfo}. */
  readonly minRtt: number;
  readonly rackRtt: number;
  readonly tailProbes: number;
  /** Reductions that were needless and taken back; timeouts among them. */
  readonly undone: number;
  readonly spuriousTimeouts: number;
}

/** Counters of the service (nx_tcp_info_get), in its order. */
export interface TcpInfo {
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly packetsReceived: number;
  readonly bytesReceived: number;
  readonly invalidPackets: number;
  readonly receivePacketsDropped: number;
  readonly checksumErrors: number;
  readonly connections: number;
  readonly disconnections: number;
  readonly connectionsDropped: number;
  readonly retransmitPackets: number;
}

/** Counters of one socket (nx_tcp_socket_info_get). */
export interface TcpSocketInfo {
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly packetsReceived: number;
  readonly bytesReceived: number;
  readonly retransmitPackets: number;
  readonly packetsQueued: number;
  readonly checksumErrors: number;
  readonly state: number;
  readonly transmitQueueDepth: number;
  readonly transmitWindow: number;
  readonly receiveWindow: number;
}

/** Reads a connection. */
export function snapshotOf(tcb: ControlBlock): TcpSnapshot {
  const { flow, rto, transmit } = tcb;
  const loss = recoveryInfo(tcb);
  return {
    state: TCP_STATE_NAMES[tcb.state] as string,
    cause: CAUSE_NAMES[tcb.cause] as string,
    local: flow === null ? '' : formatAddress(flow.local),
    remote: flow === null ? '' : formatAddress(flow.remote),
    localPort: tcb.localPort,
    remotePort: tcb.remotePort,
    iss: tcb.iss >>> 0,
    irs: tcb.irs >>> 0,
    sndUna: tcb.sndUna >>> 0,
    sndNxt: tcb.sndNxt >>> 0,
    sndWnd: tcb.sndWnd,
    sndMaxWnd: tcb.sndMaxWnd,
    written: (tcb.writeSequence - tcb.iss) >>> 0,
    rcvNxt: tcb.rcvNxt >>> 0,
    rcvWnd: tcb.windowSize - tcb.rcvQueued,
    rcvAdv: tcb.rcvAdv >>> 0,
    mss: tcb.mss,
    peerMss: tcb.peerMss,
    pathMtu: tcb.pathMtu,
    congestion: tcb.congestion.name,
    lossRecovery: tcb.recovery.name,
    cwnd: tcb.cwnd,
    ssthresh: tcb.ssthresh,
    flight: flightSize(tcb),
    pipe: pipe(tcb),
    cwndLimited: tcb.cwndLimited,
    srtt: rto.srtt,
    rttvar: rto.rttvar,
    rto: rto.timeout(tcb.retries),
    retries: tcb.retries,
    recovery: loss.phaseName,
    duplicateAcks: tcb.duplicateAcks,
    transmitPackets: transmit.count,
    transmitBytes: transmit.bytes,
    receivePackets: tcb.receivePackets,
    receiveBytes: tcb.rcvQueued,
    outOfOrderPackets: tcb.reassemblyPackets,
    sndScale: tcb.sndScale,
    rcvScale: tcb.rcvScale,
    retransmissions: tcb.retransmitPackets,
    timestamps: tcb.timestamps,
    sack: tcb.sackPermitted,
    scaling: tcb.scaling,
    ecn: tcb.ecn,
    softError: tcb.softError,
    windowProbes: tcb.probes,
    keepaliveProbes: tcb.keepaliveProbes,
    challengeAcks: tcb.challengeAcks,
    pawsRejected: tcb.pawsRejected,
    sackedPackets: loss.sacked,
    lostPackets: loss.lost,
    repeatedPackets: loss.repeated,
    reordering: loss.reordering,
    duplicatesReported: loss.duplicates,
    minRtt: loss.minRtt,
    rackRtt: loss.rackRtt,
    tailProbes: loss.probes,
    undone: loss.undone,
    spuriousTimeouts: loss.spuriousTimeouts,
  };
}

/** Reads the service's counters. */
export function serviceInfoOf(counters: TcpCounters): TcpInfo {
  return {
    packetsSent: counters.packetsSent,
    bytesSent: counters.bytesSent,
    packetsReceived: counters.packetsReceived,
    bytesReceived: counters.bytesReceived,
    invalidPackets: counters.invalidPackets,
    receivePacketsDropped: counters.packetsDropped,
    checksumErrors: counters.checksumErrors,
    connections: counters.connections,
    disconnections: counters.disconnections,
    connectionsDropped: counters.connectionsDropped,
    retransmitPackets: counters.retransmitPackets,
  };
}

/** Reads a connection's counters. */
export function infoOf(tcb: ControlBlock): TcpSocketInfo {
  return {
    packetsSent: tcb.packetsSent,
    bytesSent: tcb.bytesSent,
    packetsReceived: tcb.packetsReceived,
    bytesReceived: tcb.bytesReceived,
    retransmitPackets: tcb.retransmitPackets,
    packetsQueued: tcb.receivePackets,
    checksumErrors: tcb.checksumErrors,
    state: tcb.state,
    transmitQueueDepth: tcb.transmit.count,
    transmitWindow: tcb.sndWnd,
    receiveWindow: tcb.windowSize - tcb.rcvQueued,
  };
}
