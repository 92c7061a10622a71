import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FrameSink, Packet } from '@strata/contracts';
import { PacketPool } from '@strata/packet';
import { EAGAIN, EBADFD, EINVAL, EIO } from '../src/libc.ts';
import { SEND_QUEUE } from '../src/port.ts';
import { TapDevice, type TapOptions } from '../src/tap.ts';
import { FakeLibc } from './fake-libc.ts';

const MAC = { msw: 0x0200, lsw: 1 };

describe('frames through a TAP device', () => {
  let c: FakeLibc;
  let pool: PacketPool;
  let seen: Buffer[];
  let links: boolean[];
  let sink: FrameSink;

  beforeEach(() => {
    c = new FakeLibc();
    use(new PacketPool({ name: 'rx', payloadSize: 1568, packets: 300 }));
    seen = [];
    links = [];
  });

  afterEach(() => {
    expect(pool.available).toBe(pool.total);
    expect(c.openDescriptors).toBe(0);
  });

  function use(receivePool: PacketPool): void {
    pool = receivePool;
    sink = {
      receivePool,
      accept(frame: Packet) {
        const octets = Buffer.alloc(frame.length);
        frame.extract(0, octets, 0, frame.length);
        seen.push(octets);
        frame.release();
      },
      linkChanged: (up) => links.push(up),
    };
  }

  function open(options: Partial<TapOptions> = {}): TapDevice {
    return TapDevice.open({ name: 'tap0', mac: MAC, ...options }, c);
  }

  function packet(length: number, fill = 7): Packet {
    const frame = pool.allocate(16)!;
    frame.appendBytes(new Uint8Array(length).fill(fill), 0, length);
    return frame;
  }

  test('a burst is read up to the batch, then the loop turns before the next', async () => {
    const tap = open({ batch: 3 });
    tap.attach(sink);
    for (let i = 0; i < 7; i++) c.incoming.push(new Uint8Array(60).fill(i));
    await c.turn();
    expect(seen).toHaveLength(3);
    await c.turn();
    await c.turn();
    expect(seen.map((frame) => frame[0])).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(tap.counters).toMatchObject({ bursts: 3, framesReceived: 7, bytesReceived: 420 });
    tap.close();
  });

  test('the clock is woken before the first frame of a burst and after the last', async () => {
    const order: string[] = [];
    const tap = open({ wake: () => order.push('wake') });
    tap.attach({
      ...sink,
      accept(frame) {
        order.push('frame');
        frame.release();
      },
    });
    c.incoming.push(new Uint8Array(60), new Uint8Array(60));
    await c.turn();
    expect(order).toEqual(['wake', 'frame', 'frame', 'wake']);
    tap.close();
  });

  test('frames shorter than a header or longer than the MTU allows are dropped and counted', async () => {
    const tap = open();
    tap.attach(sink);
    c.incoming.push(new Uint8Array(13), new Uint8Array(1518), new Uint8Array(1519), new Uint8Array(9000));
    await c.turn();
    expect(seen.map((frame) => frame.length)).toEqual([1518]);
    expect(tap.counters).toMatchObject({ receiveTooShort: 1, receiveTooLong: 2, receiveDropped: 3 });
    tap.close();
  });

  test('an empty receive pool costs the frame, is counted, and does not leave the frame to wake us again', async () => {
    use(new PacketPool({ name: 'small', payloadSize: 1568, packets: 2 }));
    const tap = open();
    tap.attach(sink);
    const held = [pool.allocate(0)!, pool.allocate(0)!];
    c.incoming.push(new Uint8Array(60), new Uint8Array(60));
    await c.turn();
    expect(c.incoming).toHaveLength(0);
    expect(tap.counters.receiveNoPacket).toBe(2);
    expect(pool.emptyRequests).toBe(2);
    for (const each of held) each.release();
    tap.close();
  });

  test('packets smaller than a frame are chained; when the chain does not fit, the frame is dropped', async () => {
    use(new PacketPool({ name: 'tiny', payloadSize: 256, packets: 8 }));
    const tap = open();
    tap.attach(sink);
    const long = Uint8Array.from({ length: 1514 }, (_, i) => i & 255);
    c.incoming.push(long);
    await c.turn();
    expect(seen[0]!.equals(long)).toBe(true);
    const held = [pool.allocate(0)!, pool.allocate(0)!, pool.allocate(0)!];
    c.incoming.push(long);
    await c.turn();
    expect(seen).toHaveLength(1);
    expect(tap.counters.receiveNoPacket).toBe(1);
    for (const each of held) each.release();
    tap.close();
  });

  test('a frame in several packets leaves as one', () => {
    use(new PacketPool({ name: 'tiny', payloadSize: 256, packets: 8 }));
    const tap = open();
    tap.send(packet(1000, 9));
    expect(c.written.map((frame) => frame.equals(Buffer.alloc(1000, 9)))).toEqual([true]);
    tap.close();
  });

  test('frames the kernel has no room for wait in order, bounded, and leave when it is writable', async () => {
    const tap = open();
    tap.attach(sink);
    c.writeErrors.push(EAGAIN);
    for (let i = 0; i < SEND_QUEUE + 3; i++) tap.send(packet(60, i & 255));
    expect(tap.counters).toMatchObject({ framesSent: 0, sendQueueFull: 3 });
    expect(c.watched).toEqual({ readable: true, writable: true });
    await c.turn();
    expect(c.written.map((frame) => frame[0])).toEqual(Array.from({ length: SEND_QUEUE }, (_, i) => i & 255));
    expect(c.watched).toEqual({ readable: true, writable: false });
    tap.close();
  });

  test('frames that still wait when the device is closed are released and counted', () => {
    const tap = open();
    c.writeErrors.push(EAGAIN);
    tap.send(packet(60));
    tap.close();
    expect(tap.counters.sendLinkDown).toBe(1);
  });

  test('a frame that cannot be one, or that Linux does not take, is dropped and counted', () => {
    const tap = open();
    tap.send(packet(13));
    tap.send(packet(1519));
    c.writeErrors.push(EIO, EINVAL);
    tap.send(packet(60));
    tap.send(packet(60));
    expect(tap.counters).toMatchObject({
      sendTooShort: 1,
      sendTooLong: 1,
      sendPeerDown: 1,
      sendFailed: 1,
      sendDropped: 4,
    });
    expect(tap.properties.up).toBe(true);
    tap.close();
  });

  test.each(['reading', 'sending', 'sending what waited'])(
    'a device found gone while %s goes down once, and the sink is told afterwards',
    async (when) => {
      const tap = open();
      tap.attach(sink);
      if (when === 'reading') {
        c.readErrors.push(EBADFD);
        await c.turn();
        await c.turn();
      } else {
        c.writeErrors.push(...(when === 'sending' ? [EBADFD] : [EAGAIN, EBADFD]));
        tap.send(packet(60));
        expect(links).toEqual([]);
        await c.turn();
        await c.turn();
        expect(tap.counters.sendLinkDown).toBe(1);
      }
      expect(links).toEqual([false]);
      expect(tap.properties.up).toBe(false);
      expect(c.ready).toBeNull();
      tap.send(packet(60));
      tap.close();
      expect(links).toEqual([false]);
    },
  );

  test('nobody attached: the device is not watched, so frames wait in the kernel and cost nothing', () => {
    const tap = open();
    expect(c.ready).toBeNull();
    tap.attach(sink);
    expect(c.watched).toEqual({ readable: true, writable: false });
    tap.attach(null);
    expect(c.watched).toBeNull();
    tap.close();
  });

  test('a sink that detaches in the middle of a burst gets no more', async () => {
    const tap = open();
    tap.attach({
      ...sink,
      accept(frame) {
        frame.release();
        tap.close();
      },
    });
    c.incoming.push(new Uint8Array(60), new Uint8Array(60));
    await c.turn();
    expect(tap.counters.framesReceived).toBe(1);
  });
});
