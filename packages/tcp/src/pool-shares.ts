import type { ControlBlock } from './control-block.ts';

/**
 * How the connections of a host share its packets. Peers decide how long data stays: they leave gaps, close windows, send
 * to programs that do not read. A pool they can empty makes the host deaf, for without a packet not even an acknowledgment
 * comes in. So a connection holds at most as many packets as it leaves free beyond a reserve (dynamic thresholds, Choudhury
 * and Hahne 1998), and one that holds none is served longest. Counted in `poolReserve`, the reserves are: half for the
 * first packet to send, one for the first to read, two for more to send, four for more to read, five behind a gap.
 */

/** True when the connection may take a packet for data to send. */
export function mayHoldToSend(tcb: ControlBlock): boolean {
  const { pool, poolReserve } = tcb.service;
  const held = tcb.transmit.count;
  return held === 0 ? pool.available > poolReserve >> 1 : pool.available - 2 * poolReserve > held;
}

/** True when the connection may keep a packet with the data that its application reads next. */
export function mayHoldToRead(tcb: ControlBlock): boolean {
  const { pool, poolReserve } = tcb.service;
  const held = tcb.receivePackets;
  return held === 0 ? pool.available > poolReserve : pool.available - 4 * poolReserve > held;
}

/** True when the connection may keep a packet that lies behind a gap. */
export function mayHoldOutOfOrder(tcb: ControlBlock): boolean {
  const { pool, poolReserve } = tcb.service;
  return pool.available - Math.max(5 * poolReserve, SMALLEST_RESERVE) >= tcb.reassemblyPackets;
}

/** Packets that out-of-order data leaves in the smallest pools. */
const SMALLEST_RESERVE = 8;
