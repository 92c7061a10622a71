import { describe, expect, test } from '@jest/globals';
import { OrderedPacketQueue, type PacketDetails, type PacketRecorder } from '@strata/pcap-writer';
import fc from '../../../test/support/laws.ts';

class Notebook implements PacketRecorder {
  readonly lines: string[];

  constructor() {
    this.lines = [];
  }

  writePacket(interfaceId: number, time: bigint | number, bytes: Uint8Array, details?: PacketDetails): void {
    this.lines.push([interfaceId, time, bytes.join('.'), ...(details?.comments ?? [])].join(' '));
  }
}

const one = Uint8Array.of(1);

describe('packets are written in the order they were entered', () => {
  test('a closed packet waits for an open one before it', () => {
    const notes = new Notebook();
    const queue = new OrderedPacketQueue(notes);
    const first = queue.enter(0, 10, one);
    const second = queue.enter(0, 20, Uint8Array.of(2));
    second.comment('second is through');
    second.close();
    expect(notes.lines).toEqual([]);
    first.comment('sent');
    first.comment('received');
    first.close();
    expect(notes.lines).toEqual(['0 10 1 sent received', '0 20 2 second is through']);
    expect(queue.length).toBe(0);
  });

  test('the bytes are those of the moment of entering', () => {
    const notes = new Notebook();
    const queue = new OrderedPacketQueue(notes);
    const bytes = Buffer.from([1, 2]);
    const packet = queue.enter(0, 0, bytes);
    bytes.fill(9);
    packet.close();
    expect(notes.lines).toEqual(['0 0 1.2']);
  });

  test('a packet that is under way twice is closed by both', () => {
    const notes = new Notebook();
    const queue = new OrderedPacketQueue(notes);
    const packet = queue.enter(0, 0, one);
    packet.retain();
    packet.close();
    expect(notes.lines).toEqual([]);
    packet.close();
    packet.close();
    expect(notes.lines).toEqual(['0 0 1']);
  });

  test('a packet is found by its number until it is written', () => {
    const queue = new OrderedPacketQueue(new Notebook());
    const packet = queue.enter(0, 0, one, { packetId: 7 });
    expect(queue.find(7)).toBe(packet);
    packet.close();
    expect(queue.find(7)).toBeNull();
    expect(packet.comment('late')).toBe(false);
    expect(packet.flag(1)).toBe(false);
    expect(queue.lateComments).toBe(1);
  });

  test('a comment given with the packet comes first', () => {
    const notes = new Notebook();
    const queue = new OrderedPacketQueue(notes);
    const packet = queue.enter(0, 0, one, { comments: ['a'] });
    packet.comment('b');
    packet.close();
    expect(notes.lines).toEqual(['0 0 1 a b']);
  });
});

describe('holding back', () => {
  test('keeps everything until it is released as often', () => {
    const notes = new Notebook();
    const queue = new OrderedPacketQueue(notes);
    queue.hold();
    queue.hold();
    queue.enter(0, 0, one).close();
    queue.release();
    expect(notes.lines).toEqual([]);
    queue.release();
    queue.release();
    expect(notes.lines).toEqual(['0 0 1']);
  });

  test('ends at the bound of packets', () => {
    const notes = new Notebook();
    const queue = new OrderedPacketQueue(notes, { maximumPackets: 2 });
    queue.hold();
    queue.enter(0, 0, one);
    queue.enter(0, 1, one).close();
    queue.enter(0, 2, one);
    expect(notes.lines).toEqual(['0 0 1']);
    expect(queue.forced).toBe(1);
    expect(queue.length).toBe(2);
  });

  test('ends at the bound of bytes', () => {
    const notes = new Notebook();
    const queue = new OrderedPacketQueue(notes, { maximumBytes: 5 });
    queue.enter(0, 0, new Uint8Array(4));
    queue.enter(0, 1, new Uint8Array(6));
    expect(notes.lines.length).toBe(2);
    expect(queue.length).toBe(0);
  });

  test('the end writes everything, open or held', () => {
    const notes = new Notebook();
    const queue = new OrderedPacketQueue(notes);
    queue.hold();
    const open = queue.enter(0, 0, one);
    queue.enter(0, 1, one).close();
    queue.end();
    expect(notes.lines.length).toBe(2);
    expect(queue.forced).toBe(1);
    open.close();
    expect(notes.lines.length).toBe(2);
  });
});

test('whatever is entered and closed in whatever order, every packet is written once, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 3000 }), (choices) => {
      const notes = new Notebook();
      const queue = new OrderedPacketQueue(notes, { maximumPackets: 100 });
      const open: { close(): void }[] = [];
      let entered = 0;
      for (const choice of choices) {
        if (choice < 10) open.push(queue.enter(0, entered++, one));
        else open.splice(choice % Math.max(1, open.length), 1)[0]?.close();
      }
      queue.end();
      expect(notes.lines).toEqual(Array.from({ length: entered }, (_, time) => `0 ${time} 1`));
    }),
    { numRuns: 50 },
  );
});
