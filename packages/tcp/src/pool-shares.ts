import type { ControlBlock } from './control-block.ts';

/**
 * How the connections of a host share its packets. Peers decide how long data stays: they leave gaps, close windows, send
 * to programs that do not read. A pool they can empty makes the host deaf, for without a packet not even an acknowledgment
 * comes in. So a connection holds no more packets than the profile's `generosity` times what it leaves free beyond a reserve
 * (dynamic thresholds, Choudhury and Hahne 1998), and one that holds none is served longest. The reserves are counted in
 * `poolReserve`: half of it for the first packet to send, one for the first to read, and what the profile says for more;
 * below six the receive window says how many there still are, so that a peer that keeps to it loses nothing.
 */
export interface PoolShares {
  /** How many packets a connection may hold for each that it leaves free. */
  readonly generosity: number;
  /** Reserves that are left by more than one packet to send, by more than one to read, and by data behind a gap. */
  readonly moreToSend: number;
  readonly moreToRead: number;
  readonly outOfOrder: number;
}

/** No connection has more than all others together can get. */
export const EQUAL_SHARES: PoolShares = { generosity: 1, moreToSend: 2, moreToRead: 4, outOfOrder: 5 };

/**
 * NetX bounds nothing by the state of its pool. A connection that is alone here may hold half of it and more, so that windows
 * which the pool was made for are used whole; the rest keeps the host from going deaf.
 */
export const GENEROUS_SHARES: PoolShares = { generosity: 8, moreToSend: 1, moreToRead: 3, outOfOrder: 4 };

/** True when the connection may take a packet for data to send. */
export function mayHoldToSend(tcb: ControlBlock): boolean {
  const { pool, poolReserve } = tcb.service;
  const held = tcb.transmit.count;
  if (held === 0) return pool.available > poolReserve >> 1;
  const { generosity, moreToSend } = tcb.profile.poolShares;
  return generosity * (pool.available - moreToSend * poolReserve) > held;
}

/** How many more packets the connection may keep with data that its application reads next. */
function packetsToRead(tcb: ControlBlock): number {
  const { pool, poolReserve } = tcb.service;
  // NetX: below the low watermark of the pool no data is taken (nx_packet_pool_low_watermark_set).
  if (pool.isLow === true) return 0;
  const { generosity, moreToRead } = tcb.profile.poolShares;
  const held = tcb.receivePackets;
  const share = generosity * (pool.available - moreToRead * poolReserve) - held;
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
  const { generosity, outOfOrder } = tcb.profile.poolShares;
  return generosity * (pool.available - Math.max(outOfOrder * poolReserve, SMALLEST_RESERVE)) >= tcb.reassemblyPackets;
}

/** Packets that out-of-order data leaves in the smallest pools. */
const SMALLEST_RESERVE = 8;
