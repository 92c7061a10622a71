import { expect, test } from '@jest/globals';
import { NX_PTR_ERROR, NX_SUCCESS } from '@strata/contracts';
import { PacketPool } from '../src/index.ts';

test('nx_packet_pool_info_get counts each thing once', () => {
  const pool = new PacketPool({ name: 'test', payloadSize: 128, packets: 2 });
  const numbers = () => {
    const { total, free, emptyRequests, emptySuspensions, invalidReleases } = pool.info();
    return [total, free, emptyRequests, emptySuspensions, invalidReleases];
  };
  expect(numbers()).toEqual([2, 2, 0, 0, 0]);
  const [one, two] = [pool.allocate(0), pool.allocate(16)];
  expect(numbers()).toEqual([2, 0, 0, 0, 0]);
  expect(pool.allocate(0)).toBe(null);
  expect(numbers()).toEqual([2, 0, 1, 0, 0]);
  const handed: unknown[] = [];
  const waiter = { granted: (packet: unknown) => handed.push(packet), refused: () => {} };
  expect(pool.allocateOrWait(0, waiter)).toBe(null);
  expect(numbers()).toEqual([2, 0, 2, 1, 0]);
  expect(one?.release()).toBe(NX_SUCCESS);
  expect([handed, numbers()]).toEqual([[one], [2, 0, 2, 1, 0]]);
  expect(one?.release()).toBe(NX_SUCCESS);
  expect(one?.release()).toBe(NX_PTR_ERROR);
  expect(numbers()).toEqual([2, 1, 2, 1, 1]);
  two?.release();
  expect([numbers(), pool.info().minimumFree]).toEqual([[2, 2, 2, 1, 1], 0]);
});
