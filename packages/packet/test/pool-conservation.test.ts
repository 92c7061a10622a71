import { describe, expect, test } from '@jest/globals';
import { NX_INVALID_PACKET, NX_SUCCESS, PACKET_TRANSMITTING } from '@strata/contracts';
import { PacketMemory, PacketPool, type PoolPacket } from '@strata/packet';
import fc from '../../../test/support/laws.ts';
import { makePool, pattern } from './helpers.ts';

type Step = { kind: number; which: number; size: number };

const steps = fc.array(fc.record({ kind: fc.nat(9), which: fc.nat(1000), size: fc.nat(200) }), { maxLength: 120 });

type Held = { packet: PoolPacket; content: number[] };

/** Does one thing to one held packet and to the model of its content. */
function act(held: Held[], index: number, pool: PacketPool, { kind, which, size }: Step): void {
  const { packet, content } = held[index] as Held;
  if (kind <= 4) {
    const bytes = pattern(size, which);
    if (packet.appendBytes(bytes, 0, size) === NX_SUCCESS) content.push(...bytes);
  } else if (kind === 5) {
    const status = packet.copyStatus(pool);
    const copy = packet.copy(pool);
    expect(copy === null).toBe(status !== NX_SUCCESS);
    expect(status === NX_INVALID_PACKET).toBe(content.length === 0);
    if (copy !== null) held.push({ packet: copy, content: [...content] });
  } else if (kind === 6) {
    packet.trimStart(size);
    content.splice(0, size);
  } else if (kind === 7) {
    packet.trimEnd(size);
    content.splice(Math.max(0, content.length - size));
  } else if (kind === 8) {
    const offset = Math.min(size, content.length);
    const rest = packet.split(offset, 8);
    if (rest !== null) held.push({ packet: rest, content: content.splice(offset) });
  } else {
    if (size % 2 === 0) {
      packet.state = PACKET_TRANSMITTING;
      packet.release();
    }
    expect(packet.transmitRelease()).toBe(NX_SUCCESS);
    held.splice(index, 1);
  }
}

/** Runs a random life of packets over two pools and checks the books after every step. */
function live(script: readonly Step[], audit: boolean): void {
  const memory = new PacketMemory(16 * 1024);
  const pools = [
    new PacketPool({ name: 'a', payloadSize: 44, packets: 12, memory, audit }),
    new PacketPool({ name: 'b', payloadSize: 100, packets: 6, memory, audit }),
  ];
  const held: Held[] = [];
  for (const step of script) {
    const pool = pools[step.which % 2] as PacketPool;
    if (step.kind <= 2 || held.length === 0) {
      const packet = pool.allocate((step.size % 11) * 4);
      if (packet !== null) held.push({ packet, content: [] });
    } else act(held, step.which % held.length, pool, step);
    for (const p of pools) expect(p.verify()).toEqual([]);
    for (const { packet, content } of held) expect([...packet.toBytes()]).toEqual(content);
    const out = held.reduce((sum, { packet }) => sum + packet.parts, 0);
    expect(pools.reduce((sum, p) => sum + p.available, 0)).toBe(18 - out);
  }
  for (const { packet } of held) packet.release();
  for (const p of pools) {
    expect(p.available).toBe(p.total);
    expect(p.incidents).toEqual([]);
    expect(p.leakReport()).toBe('');
  }
}

describe('whatever is done with packets', () => {
  test('every packet is free or held, never both and never neither, and contents stay apart', () => {
    fc.assert(
      fc.property(steps, (script) => live(script, false)),
      { numRuns: 150 },
    );
  });

  test('an auditing pool does the same and finds nothing wrong', () => {
    fc.assert(
      fc.property(steps, (script) => live(script, true)),
      { numRuns: 40 },
    );
  });

  test('pools of one memory do not overlap, and one that does not fit is refused in words', () => {
    const memory = new PacketMemory(1000);
    const first = new PacketPool({ name: 'first', payloadSize: 100, packets: 5, memory });
    expect(first.memory.used).toBe(520);
    expect(() => new PacketPool({ name: 'second', payloadSize: 100, packets: 5, memory })).toThrow(
      /"second": 5 packets of 100 B do not fit/,
    );
    expect(makePool().memory).not.toBe(memory);
  });
});
