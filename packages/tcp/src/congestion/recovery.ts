import type { Packet } from '@strata/contracts';
import type { TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';

/** Decides what to send again and when. It marks packets of the transmit queue; `send/output.ts` sends them. */
export interface LossRecovery {
  readonly name: string;
  /** An acknowledgment that is not too old has come; nothing has been taken off the queue. Its SACK blocks are read here. */
  arrived(tcb: ControlBlock, segment: TcpHeader): void;
  /** It covers `packet`, which is about to leave the queue. */
  delivered(tcb: ControlBlock, packet: Packet): void;
  /** Everything else about it is settled, the window and the timers too; `acked` octets were new; -1: it is older than others. */
  settled(tcb: ControlBlock, segment: TcpHeader, acked: number): void;
  /** `packet` was sent again. */
  repeated(tcb: ControlBlock, packet: Packet): void;
  /** `output` has sent new data. */
  sentNew(tcb: ControlBlock): void;
  /** True when the segment counts as a duplicate ACK; asked only when it acknowledges nothing new. */
  isDuplicate(tcb: ControlBlock, segment: TcpHeader): boolean;
  duplicateAck(tcb: ControlBlock, segment: TcpHeader): void;
  /** `acked` octets are newly acknowledged and already off the queue. Grows or deflates the window. */
  newAck(tcb: ControlBlock, acked: number, segment: TcpHeader): void;
  /** The retransmission timer expired with data outstanding. */
  timedOut(tcb: ControlBlock): void;
  /** The peer echoes a congestion mark (RFC 3168 6.1.2): `lossDetected`, and down to `ssthresh`. Absent: at once. */
  congestionMarked?(tcb: ControlBlock, flight: number): void;
  /** How many octets may be outstanding now beyond `cwnd` (limited transmit). */
  extraAllowance(tcb: ControlBlock): number;
}
