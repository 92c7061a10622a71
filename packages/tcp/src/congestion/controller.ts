import type { ControlBlock } from '../control-block.ts';

/** Decides how much may be in the network: owns `cwnd` and `ssthresh`. One instance per connection when it keeps state. */
export interface CongestionController {
  readonly name: string;
  /** The connection is established: sets the initial window. */
  begin(tcb: ControlBlock): void;
  /** `acked` octets were newly acknowledged, outside recovery. */
  acknowledged(tcb: ControlBlock, acked: number): void;
  /** A loss was seen: sets `ssthresh` (and remembers what it must). `flight` octets are outstanding. */
  lossDetected(tcb: ControlBlock, flight: number): void;
  /** The retransmission timer expired: sets `cwnd` after `lossDetected` has set `ssthresh`. */
  timedOut(tcb: ControlBlock): void;
  /** Nothing was sent for longer than a retransmission timeout. */
  restartAfterIdle(tcb: ControlBlock): void;
}
