import { describe, expect, test } from '@jest/globals';
import {
  NX_INVALID_PACKET,
  NX_NO_PACKET,
  NX_NO_WAIT,
  NX_OPTION_ERROR,
  NX_POOL_DELETED,
  NX_PTR_ERROR,
  NX_SUCCESS,
  NX_UDP_PACKET,
  NX_WAIT_ABORTED,
  NX_WAIT_FOREVER,
  type Status,
  TICK,
} from '@strata/contracts';
import { allocateWait, appendWait, copyWait, type PacketWaiter, type PoolPacket } from '@strata/packet';
import { VirtualClock, Waits } from '@strata/time';
import { filled, makePool, pattern, take } from './helpers.ts';

class Waiter implements PacketWaiter {
  packet: PoolPacket | null = null;
  status: Status = NX_SUCCESS;

  granted(packet: PoolPacket): void {
    this.packet = packet;
  }

  refused(status: Status): void {
    this.status = status;
  }
}

describe('allocators that wait for an empty pool', () => {
  test('are served in order of arrival, straight from the release, which leaves the free count alone', () => {
    const pool = makePool({ packets: 2 });
    const [a, b] = [take(pool), take(pool)];
    const [first, second] = [new Waiter(), new Waiter()];
    expect(pool.allocateOrWait(NX_UDP_PACKET, first)).toBeNull();
    expect(pool.allocateOrWait(0, second)).toBeNull();
    expect(pool.info()).toMatchObject({ free: 0, emptyRequests: 2, emptySuspensions: 2 });
    b.release();
    expect(first.packet).toBe(b);
    expect(second.packet).toBeNull();
    expect(pool.available).toBe(0);
    expect(b.prepend - b.dataStart).toBe(NX_UDP_PACKET);
    a.release();
    expect(second.packet).toBe(a);
    expect(pool.suspended).toBe(0);
    a.release();
    b.release();
    expect(pool.available).toBe(2);
    expect(pool.verify()).toEqual([]);
  });

  test('get a packet whose IP version is 0, not 4', () => {
    const pool = makePool({ packets: 1 });
    const packet = take(pool);
    const waiter = new Waiter();
    pool.allocateOrWait(0, waiter);
    packet.release();
    expect(waiter.packet!.ipVersion).toBe(0);
    packet.release();
    expect(take(pool).ipVersion).toBe(4);
  });

  test('share a released chain, one packet each', () => {
    const pool = makePool({ packets: 3 });
    const chain = filled(pool, 300);
    const waiters = [new Waiter(), new Waiter()];
    for (const waiter of waiters) pool.allocateOrWait(0, waiter);
    chain.release();
    expect(waiters.map((waiter) => waiter.packet === null)).toEqual([false, false]);
    expect(pool.available).toBe(1);
    expect(waiters[0]!.packet!.next).toBeNull();
  });

  test('hear no more after cancelWait', () => {
    const pool = makePool({ packets: 1 });
    const packet = take(pool);
    const waiter = new Waiter();
    pool.allocateOrWait(0, waiter);
    expect(pool.cancelWait(waiter)).toBe(true);
    expect(pool.cancelWait(waiter)).toBe(false);
    packet.release();
    expect(waiter.packet).toBeNull();
    expect(pool.available).toBe(1);
  });

  test('are told NX_POOL_DELETED when the pool is deleted, and so is who comes later; packets may still come home', () => {
    const pool = makePool({ packets: 2 });
    const [a, b] = [take(pool), take(pool)];
    const waiter = new Waiter();
    pool.allocateOrWait(0, waiter);
    expect(pool.delete()).toBe(NX_SUCCESS);
    expect(waiter.status).toBe(NX_POOL_DELETED);
    expect(pool.delete()).toBe(NX_PTR_ERROR);
    a.release();
    b.release();
    expect(pool.available).toBe(2);
    expect(pool.allocate(0)).toBeNull();
    const late = new Waiter();
    expect(pool.allocateOrWait(0, late)).toBeNull();
    expect(late.status).toBe(NX_POOL_DELETED);
  });
});

describe('nx_packet_allocate with a wait option', () => {
  test('takes a free packet at once, whatever the option', async () => {
    const clock = new VirtualClock();
    const waits = new Waits(clock.scheduler);
    const pool = makePool();
    for (const ticks of [NX_NO_WAIT, 5, NX_WAIT_FOREVER]) {
      const { status, value } = await allocateWait(pool, 0, ticks, waits);
      expect(status).toBe(NX_SUCCESS);
      value!.release();
    }
    expect(pool.emptyRequests).toBe(0);
    expect(clock.scheduler.nextTime()).toBe(Number.POSITIVE_INFINITY);
  });

  test('answers NX_NO_PACKET at once with NX_NO_WAIT, and after the ticks with a number of them', async () => {
    const clock = new VirtualClock();
    const waits = new Waits(clock.scheduler);
    const pool = makePool({ packets: 1 });
    const packet = take(pool);
    expect(await allocateWait(pool, 0, NX_NO_WAIT, waits)).toEqual({ status: NX_NO_PACKET, value: null });
    expect(pool).toMatchObject({ emptyRequests: 1, emptySuspensions: 0 });
    expect(await clock.runWith(allocateWait(pool, 0, 7, waits))).toEqual({ status: NX_NO_PACKET, value: null });
    expect(clock.now).toBe(7 * TICK);
    expect(pool.suspended).toBe(0);
    packet.release();
    expect(pool.available).toBe(1);
  });

  test('refuses a wrong head-room before anything else', async () => {
    const waits = new Waits(new VirtualClock().scheduler);
    const { status } = await allocateWait(makePool(), 3, NX_WAIT_FOREVER, waits);
    expect(status).toBe(NX_OPTION_ERROR);
  });

  test('ends with NX_WAIT_ABORTED by its signal, before or during the wait', async () => {
    const clock = new VirtualClock();
    const waits = new Waits(clock.scheduler);
    const pool = makePool({ packets: 1 });
    const packet = take(pool);
    const controller = new AbortController();
    const waiting = allocateWait(pool, 0, NX_WAIT_FOREVER, waits, controller.signal);
    expect(pool.suspended).toBe(1);
    controller.abort();
    expect((await waiting).status).toBe(NX_WAIT_ABORTED);
    expect(pool.suspended).toBe(0);
    expect((await allocateWait(pool, 0, 5, waits, controller.signal)).status).toBe(NX_WAIT_ABORTED);
    packet.release();
    expect(pool.available).toBe(1);
  });

  test('ends with NX_POOL_DELETED when the pool goes away', async () => {
    const waits = new Waits(new VirtualClock().scheduler);
    const pool = makePool({ packets: 1 });
    take(pool);
    const waiting = allocateWait(pool, 0, NX_WAIT_FOREVER, waits);
    pool.delete();
    expect((await waiting).status).toBe(NX_POOL_DELETED);
  });
});

describe('appending and copying with a wait option', () => {
  test('wait for each packet they need and are whole afterwards', async () => {
    const clock = new VirtualClock();
    const waits = new Waits(clock.scheduler);
    const pool = makePool({ packets: 5 });
    const held = [take(pool), take(pool), take(pool)];
    const packet = filled(pool, 100);
    const appending = appendWait(packet, pattern(300, 100), pool, NX_WAIT_FOREVER, waits);
    held.pop()!.release();
    held.pop()!.release();
    expect(await clock.runWith(appending)).toBe(NX_SUCCESS);
    expect(packet.toBytes()).toEqual(pattern(400));
    expect(packet.parts).toBe(4);
    held.pop()!.release();
    const copying = copyWait(packet, makePool({ packets: 4 }), NX_NO_WAIT, waits);
    expect((await copying).value!.toBytes()).toEqual(pattern(400));
    packet.release();
    expect(pool.available).toBe(5);
  });

  test('give everything back when the wait runs out half-way', async () => {
    const clock = new VirtualClock();
    const waits = new Waits(clock.scheduler);
    const pool = makePool({ packets: 3 });
    const packet = filled(pool, 128);
    expect(await clock.runWith(appendWait(packet, pattern(300), pool, 2, waits))).toBe(NX_NO_PACKET);
    expect(pool.available).toBe(2);
    expect(packet).toMatchObject({ length: 128, next: null, last: null });
    const small = makePool({ payloadSize: 64, packets: 1 });
    expect(await clock.runWith(copyWait(packet, small, 2, waits))).toEqual({ status: NX_NO_PACKET, value: null });
    expect(small.available).toBe(1);
    packet.release();
    expect((await copyWait(take(pool), pool, 2, waits)).status).toBe(NX_INVALID_PACKET);
  });
});
