import { NX_NO_PACKET, NX_NO_WAIT, NX_SUCCESS, NX_WAIT_ABORTED, type Status } from '@strata/contracts';
import type { PoolPacket } from './packet.ts';

/** Waits for a packet of an empty pool. Told from within the release that ends the wait, so it should only take note. */
export interface PacketWaiter {
  /** Here is the packet, with the head-room asked for. The waiter owns it. */
  granted(packet: PoolPacket): void;
  /** There will be none: NX_POOL_DELETED. */
  refused(status: Status): void;
}

/** How a wait ended. `value` is there exactly when `status` is NX_SUCCESS. */
export interface Waited<T> {
  readonly status: Status;
  readonly value: T | null;
}

/** One wait: ended from outside by `granted` or `refused`, or by its own deadline. */
export interface Suspension<T> {
  readonly result: Promise<Waited<T>>;
  granted(value: T): void;
  refused(status: Status): void;
}

/** What suspending needs of a clock. `Waits` of `@strata/time` is one. */
export interface Suspender {
  /**
   * Begins a wait of at most `ticks`. When that runs out, or `signal` aborts, later on, `cancelled` is called and the
   * result is `timeout` or NX_WAIT_ABORTED. `label` says in reports what is waited for.
   */
  suspend<T>(
    ticks: number,
    timeout: Status,
    cancelled: () => void,
    signal?: AbortSource,
    label?: string,
  ): Suspension<T>;
}

/** The part of an `AbortSignal` that waiting uses. */
export interface AbortSource {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The pool's part in waiting. */
interface WaitablePool {
  readonly name: string;
  readonly available: number;
  allocate(headroom: number): PoolPacket | null;
  allocateOrWait(headroom: number, waiter: PacketWaiter): PoolPacket | null;
  cancelWait(waiter: PacketWaiter): boolean;
  checkHeadroom(headroom: number): Status;
}

/**
 * nx_packet_allocate with a wait option: NX_NO_WAIT, ticks, or NX_WAIT_FOREVER. NX_SUCCESS with a packet that the caller
 * owns; NX_OPTION_ERROR or NX_INVALID_PARAMETERS for a wrong head-room; NX_NO_PACKET when the wait ran out;
 * NX_WAIT_ABORTED; NX_POOL_DELETED.
 */
export function allocateWait(
  pool: WaitablePool,
  headroom: number,
  ticks: number,
  waits: Suspender,
  signal?: AbortSource,
): Promise<Waited<PoolPacket>> {
  const wrong = pool.checkHeadroom(headroom);
  if (wrong !== NX_SUCCESS) return Promise.resolve({ status: wrong, value: null });
  if (signal?.aborted) return Promise.resolve({ status: NX_WAIT_ABORTED, value: null });
  if (ticks === NX_NO_WAIT || pool.available > 0) {
    const packet = pool.allocate(headroom);
    if (packet !== null) return Promise.resolve({ status: NX_SUCCESS, value: packet });
    if (ticks === NX_NO_WAIT) return Promise.resolve({ status: NX_NO_PACKET, value: null });
  }
  const suspension: Suspension<PoolPacket> = waits.suspend(
    ticks,
    NX_NO_PACKET,
    () => pool.cancelWait(suspension),
    signal,
    `a packet of pool "${pool.name}"`,
  );
  pool.allocateOrWait(headroom, suspension);
  return suspension.result;
}

/**
 * nx_packet_data_append with a wait option, which holds for each further packet that is needed. NX_SUCCESS, or the status
 * of the allocation that failed; then nothing has changed.
 */
export async function appendWait(
  packet: PoolPacket,
  source: Uint8Array,
  pool: WaitablePool & PoolPacket['pool'],
  ticks: number,
  waits: Suspender,
  signal?: AbortSource,
): Promise<Status> {
  const fresh = await allocateParts(pool, packet.partsFor(source.length, pool), ticks, waits, signal);
  if (fresh.status === NX_SUCCESS) packet.appendBytesInto(source, 0, source.length, fresh.value);
  return fresh.status;
}

/** nx_packet_copy with a wait option, which holds for each packet that is needed. */
export async function copyWait(
  packet: PoolPacket,
  pool: WaitablePool & PoolPacket['pool'],
  ticks: number,
  waits: Suspender,
  signal?: AbortSource,
): Promise<Waited<PoolPacket>> {
  const status = packet.copyStatus(pool);
  if (status !== NX_SUCCESS && status !== NX_NO_PACKET) return { status, value: null };
  const fresh = await allocateParts(pool, packet.copyParts(pool), ticks, waits, signal);
  if (fresh.value !== null) packet.copyInto(fresh.value);
  return fresh;
}

/** `count` packets without head-room, linked through `next`. All or none. */
async function allocateParts(
  pool: WaitablePool,
  count: number,
  ticks: number,
  waits: Suspender,
  signal?: AbortSource,
): Promise<Waited<PoolPacket>> {
  let head: PoolPacket | null = null;
  let tail: PoolPacket | null = null;
  for (let i = 0; i < count; i++) {
    const part = await allocateWait(pool, 0, ticks, waits, signal);
    if (part.value === null) {
      head?.release();
      return part;
    }
    if (tail === null) head = part.value;
    else tail.next = part.value;
    tail = part.value;
  }
  return { status: NX_SUCCESS, value: head };
}
