import { describe, expect, test } from '@jest/globals';
import { NX_INVALID_PACKET, NX_PTR_ERROR } from '@strata/contracts';
import { filled, makePool, take } from './helpers.ts';

function allocateForSensor(pool = makePool({ audit: true })) {
  return { pool, packet: take(pool) };
}

describe('an auditing pool', () => {
  test('reports a double release with where it was first released and where again', () => {
    const { pool, packet } = allocateForSensor();
    function releaseFirst(): void {
      packet.release();
    }
    function releaseAgain(): number {
      return packet.release();
    }
    releaseFirst();
    expect(releaseAgain()).toBe(NX_PTR_ERROR);
    expect(pool.incidents).toHaveLength(1);
    const { kind, text } = pool.incidents[0]!;
    expect(kind).toBe('double release');
    expect(text).toMatch(/packet 0 of pool "test"/);
    expect(text).toMatch(/first released[\s\S]*releaseFirst[\s\S]*released again[\s\S]*releaseAgain/);
  });

  test.each([0, 50, 125, 127])('finds a write to byte %i of a released packet when it is handed out again', (at) => {
    const { pool, packet } = allocateForSensor(makePool({ audit: true, payloadSize: 128 }));
    packet.release();
    packet.bytes[packet.dataStart + at] = 1;
    take(pool).release();
    expect(pool.incidents.map((i) => i.kind)).toEqual(['use after release']);
    expect(pool.incidents[0]!.text).toMatch(/allocateForSensor/);
  });

  test('finds a write to the odd bytes at the end of a payload that is no multiple of 4', () => {
    const pool = makePool({ audit: true, payloadSize: 131 });
    const packet = filled(pool, 131);
    packet.release();
    packet.bytes[packet.dataEnd - 1] = 1;
    take(pool).release();
    expect(pool.incidents.map((i) => i.kind)).toEqual(['use after release']);
  });

  test('finds a released packet whose pointers were moved', () => {
    const { pool, packet } = allocateForSensor();
    packet.release();
    packet.prepend -= 20;
    take(pool).release();
    expect(pool.incidents[0]!.text).toMatch(/prepend, append or length was changed/);
  });

  test('gives nothing to a reader and takes nothing from a writer of a released packet', () => {
    const { pool } = allocateForSensor();
    const packet = filled(pool, 20);
    packet.release();
    expect(packet.extract(0, new Uint8Array(20), 0, 20)).toBe(0);
    expect(packet.appendBytes(new Uint8Array(4), 0, 4)).toBe(NX_INVALID_PACKET);
  });

  test('reports a packet that is released with pointers out of order', () => {
    const { pool, packet } = allocateForSensor();
    packet.append = packet.prepend - 1;
    packet.release();
    expect(pool.incidents.map((i) => i.kind)).toEqual(['broken packet']);
    expect(pool.available).toBe(pool.total);
  });

  test('lists the packets that are out by holder and place, the largest group first', () => {
    const { pool, packet } = allocateForSensor();
    packet.holder = 'sensor';
    for (let i = 0; i < 3; i++) take(pool).holder = 'tcp 49152->1883 receive queue';
    const report = pool.leakReport();
    expect(report).toMatch(/^pool "test": 4 of 8 packets are out\n {2}3 held by "tcp 49152->1883 receive queue"/);
    expect(report).toMatch(/1 held by "sensor"\n {4}allocated\n {6}at [\s\S]*allocateForSensor/);
    for (const out of pool.outstanding()) out.release();
    expect(pool.leakReport()).toBe('');
  });

  test('says who held the packets when the pool was at its lowest', () => {
    const { pool, packet } = allocateForSensor();
    const hold = (holder: string) => {
      const taken = take(pool);
      taken.holder = holder;
      return taken;
    };
    packet.holder = 'sensor';
    const queued = [hold('queue'), hold('queue')];
    expect(pool.holdersAtLowest).toEqual(
      new Map([
        ['sensor', 1],
        ['queue', 2],
      ]),
    );
    for (const taken of queued) taken.release();
    hold('other').release();
    expect(pool.minimumAvailable).toBe(5);
    expect(pool.holdersAtLowest).toEqual(
      new Map([
        ['sensor', 1],
        ['queue', 2],
      ]),
    );
    packet.release();
  });

  test('says so when a report could say more', () => {
    const pool = makePool();
    take(pool);
    expect(pool.leakReport()).toMatch(/held by nobody who gave a name\n.*audit: true/);
    expect(pool.holdersAtLowest.size).toBe(0);
    expect(pool.incidents).toEqual([]);
  });
});
