import { describe, expect, test } from '@jest/globals';
import { localMac, type PortOptions, UdpLink } from '@strata/attach';
import type { FrameSink, Packet } from '@strata/contracts';
import { PacketPool } from '@strata/packet';
import { SeededRandom } from '@strata/time';

const LOCAL = { address: '127.0.0.1', port: 0 };

/** An end of a cable with its own pool; keeps the octets of what arrives. */
class End {
  readonly link: UdpLink;
  readonly pool: PacketPool;
  readonly arrived: Buffer[];
  private waiting: (() => void) | null;

  static async open(
    name: string,
    options: Partial<PortOptions> & { mtu?: number; packets?: number } = {},
  ): Promise<End> {
    const link = await UdpLink.open({ local: LOCAL, mac: localMac(new SeededRandom(name)), ...options });
    return new End(name, link, options.packets ?? 8);
  }

  private constructor(name: string, link: UdpLink, packets: number) {
    this.link = link;
    this.pool = new PacketPool({ name, payloadSize: 1568, packets });
    this.arrived = [];
    this.waiting = null;
    const sink: FrameSink = {
      receivePool: this.pool,
      accept: (frame: Packet) => {
        const octets = Buffer.alloc(frame.length);
        frame.extract(0, octets, 0, frame.length);
        this.arrived.push(octets);
        frame.release();
        this.waiting?.();
      },
      linkChanged: () => {},
    };
    link.attach(sink);
  }

  send(octets: Uint8Array): void {
    const frame = this.pool.allocate(16)!;
    frame.appendBytes(octets, 0, octets.length);
    this.link.send(frame);
  }

  /** Waits until `count` frames have arrived in all. */
  async frames(count: number): Promise<void> {
    while (this.arrived.length < count) await new Promise<void>((resolve) => (this.waiting = resolve));
  }

  close(): void {
    this.link.close();
    expect(this.pool.available).toBe(this.pool.total);
  }
}

async function cable(options: Parameters<typeof End.open>[1] = {}): Promise<[End, End]> {
  const a = await End.open('a', options);
  const b = await End.open('b', options);
  a.link.setRemote(b.link.local);
  b.link.setRemote(a.link.local);
  return [a, b];
}

function frame(length: number, seed: number): Buffer {
  const random = new SeededRandom(seed);
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

describe('frames in UDP datagrams', () => {
  test('a frame arrives as it was sent, both ways, from the shortest to the longest', async () => {
    const [a, b] = await cable();
    for (const [index, length] of [14, 60, 1514, 1518].entries()) {
      a.send(frame(length, length));
      await b.frames(index + 1);
      expect(b.arrived[index]!.equals(frame(length, length))).toBe(true);
      b.send(b.arrived[index]!);
      await a.frames(index + 1);
    }
    expect(a.arrived.map((octets) => octets.length)).toEqual([14, 60, 1514, 1518]);
    expect(a.link.counters).toMatchObject({ framesSent: 4, framesReceived: 4, bytesSent: 3106, bytesReceived: 3106 });
    a.close();
    b.close();
  });

  test('a received frame has its network header at a multiple of four', async () => {
    const [a, b] = await cable();
    let misalignment = -1;
    b.link.attach({
      receivePool: b.pool,
      accept: (packet) => {
        misalignment = (packet.prepend + 14) % 4;
        packet.release();
        b.arrived.push(Buffer.alloc(0));
      },
      linkChanged: () => {},
    });
    a.send(frame(60, 1));
    while (b.arrived.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(misalignment).toBe(0);
    a.close();
    b.close();
  });

  test('a frame in several packets leaves as one datagram', async () => {
    const [a, b] = await cable({ mtu: 4000 });
    const long = frame(4014, 2);
    a.send(long);
    await b.frames(1);
    expect(b.arrived[0]!.equals(long)).toBe(true);
    a.close();
    b.close();
  });

  test('the clock is woken before and after each frame', async () => {
    const order: string[] = [];
    const [a, b] = await cable({ wake: () => order.push('wake') });
    a.send(frame(60, 3));
    await b.frames(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['wake', 'wake']);
    a.close();
    b.close();
  });

  test('frames too short, too long, from elsewhere or without a packet are dropped and counted', async () => {
    const [a, b] = await cable();
    const stranger = await End.open('stranger', { mtu: 4000 });
    stranger.link.setRemote(b.link.local);
    stranger.send(frame(60, 4));
    b.link.setRemote(a.link.local);
    a.send(frame(13, 5));
    expect(a.link.counters.sendTooShort).toBe(1);
    a.send(frame(1519, 6));
    expect(a.link.counters.sendTooLong).toBe(1);
    a.send(frame(60, 7));
    await b.frames(1);
    expect(b.link.counters.receiveForeign).toBe(1);

    b.link.setRemote(stranger.link.local);
    stranger.send(frame(2000, 8));
    stranger.send(frame(60, 9));
    await b.frames(2);
    expect(b.link.counters.receiveTooLong).toBe(1);

    const held = Array.from({ length: b.pool.total }, () => b.pool.allocate(0)!);
    stranger.send(frame(60, 10));
    while (b.link.counters.receiveNoPacket === 0) await new Promise((resolve) => setImmediate(resolve));
    for (const packet of held) packet.release();
    expect(b.link.counters.receiveDropped).toBe(3);
    expect(b.arrived).toHaveLength(2);
    for (const end of [a, b, stranger]) end.close();
  });

  test('what is sent after close, or before the far end is known, is counted and released', async () => {
    const end = await End.open('lonely');
    end.send(frame(60, 11));
    expect(end.link.counters.sendPeerDown).toBe(1);
    end.link.close();
    end.send(frame(60, 12));
    expect(end.link.counters.sendLinkDown).toBe(1);
    expect(end.link.properties.up).toBe(false);
    end.close();
  });

  test('10,000 frames each way arrive, in order', async () => {
    const [a, b] = await cable();
    const octets = Buffer.alloc(64);
    for (let i = 0; i < 10_000; i++) {
      octets.writeUInt32BE(i, 14);
      a.send(octets);
      b.send(octets);
      if (i % 32 === 31) await Promise.all([a.frames(i + 1), b.frames(i + 1)]);
    }
    await Promise.all([a.frames(10_000), b.frames(10_000)]);
    for (const end of [a, b]) {
      expect(end.arrived.every((arrived, i) => arrived.readUInt32BE(14) === i)).toBe(true);
      end.close();
    }
  });

  test('a port in use is refused with a hint', async () => {
    const end = await End.open('first');
    const mac = localMac(new SeededRandom(1));
    await expect(UdpLink.open({ local: end.link.local, mac })).rejects.toMatchObject({
      code: 'BUSY',
      message: expect.stringContaining('in use'),
    });
    end.close();
  });

  test('addresses and ports that cannot be are refused', async () => {
    const mac = localMac(new SeededRandom(1));
    await expect(UdpLink.open({ local: { address: 'localhost', port: 0 }, mac })).rejects.toMatchObject({
      code: 'ADDRESS_INVALID',
    });
    await expect(UdpLink.open({ local: LOCAL, remote: { address: '127.0.0.1', port: 0 }, mac })).rejects.toMatchObject({
      code: 'ADDRESS_INVALID',
    });
    await expect(UdpLink.open({ local: LOCAL, mac, mtu: 20 })).rejects.toThrow('between 68 and 65517');
  });
});
