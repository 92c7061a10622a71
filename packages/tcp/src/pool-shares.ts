import type { ControlBlock } from './control-block.ts';

/**
 * How the connections of a host share its packets. Peers decide how long data stays: they leave gaps, close windows, send
 * to programs that do not read. A pool they can empty makes the host deaf, for without a packet not even an acknowledgment
 * comes in. So a connection holds at most as many packets as it leaves free beyond a reserve (dynamic thresholds, Choudhury
 * and Hahne 1998), and one that holds none is served longest. Counted in `poolReserve`, the reserves are: half for the
 * first packet to send, one for the first to read, two for more to send, four for more to read, five behind a gap; below
 * six the receive window says so, so that a peer that keeps to it loses nothing.
 */

/** True when the connection may take a packet for data to send. */
export function mayHoldToSend(tcb: ControlBlock): boolean {
  const { pool, poolReserve } = tcb.service;
  const held = tcb.transmit.count;
  return held === 0 ? pool.available > poolReserve >> 1 : pool.available - 2 * poolReserve > held;
}

/** How many more packets the connection may keep with data that its application reads next. */
function packetsToRead(tcb: ControlBlock): number {
  const { pool, poolReserve } = tcb.service;
  const held = tcb.receivePackets;
  const share = pool.available - 4 * poolReserve - held;
  if (share > 0) return share;
  return held === 0 && pool.available > poolReserve ? 1 : 0;
}

/** True when the connection may keep a packet with the data that its application reads next. */
export function mayHoldToRead(tcb: ControlBlock): boolean {
  return packetsToRead(tcb) > 0;
}

/** The receive window's room: what its size leaves; when packets are short, no more than fits its share in full segments. */
export function roomToRead(tcb: ControlBlock): number {
  const { pool, poolReserve } = tcb.service;
  const room = tcb.windowSize - tcb.rcvQueued;
  return pool.available > 6 * poolReserve ? room : Math.min(room, packetsToRead(tcb) * tcb.mss);
}

/** True when the connection may keep a packet that lies behind a gap. */
export function mayHoldOutOfOrder(tcb: ControlBlock): boolean {
  const { pool, poolReserve } = tcb.service;
  return pool.available - Math.max(5 * poolReserve, SMALLEST_RESERVE) >= tcb.reassemblyPackets;
}

/** Packets that out-of-order data leaves in the smallest pools. */
const SMALLEST_RESERVE = 8;
