import { describe, expect, test } from '@jest/globals';
import {
  type FrameSink,
  type LinkPort,
  NX_RECEIVE_PACKET,
  PACKET_RETAINED,
  PACKET_TRANSMITTING,
  type Packet,
  type PacketAllocator,
} from '@strata/contracts';
import { PacketPool } from '@strata/packet';

/** Two ports such that what is sent at one arrives at the other, as the suite needs them. */
export interface LinkPortSetup {
  readonly a: LinkPort;
  readonly b: LinkPort;
  /** Lets the link work until nothing is on its way. */
  settle(): void | Promise<void>;
  /** Ends it. Afterwards every packet must be back in its pool. */
  teardown?(): void | Promise<void>;
}

const PACKETS = 16;
const PAYLOAD = 1568;

/** Keeps what it is handed as octets, gives the packets back, and notices being called from inside `send`. */
class Receiver implements FrameSink {
  readonly receivePool: PacketAllocator;
  readonly frames: number[][];
  readonly faults: string[];
  sending: boolean;

  constructor(pool: PacketAllocator) {
    this.receivePool = pool;
    this.frames = [];
    this.faults = [];
    this.sending = false;
  }

  accept(frame: Packet): void {
    if (this.sending) this.faults.push('delivered from inside send');
    if ((frame.prepend & 3) !== 2) this.faults.push(`frame at ${frame.prepend & 3} mod 4, not 2`);
    const bytes = octetsOf(frame);
    if (frame.length !== bytes.length) this.faults.push(`length ${frame.length}, but ${bytes.length} octets`);
    this.frames.push(bytes);
    frame.release();
  }

  linkChanged(): void {}
}

function octetsOf(packet: Packet): number[] {
  const bytes: number[] = [];
  for (let part: Packet | null = packet; part !== null; part = part.next) {
    for (let i = part.prepend; i < part.append; i++) bytes.push(part.bytes[i]!);
  }
  return bytes;
}

/** A valid frame of a local experimental EtherType (IEEE 802, 0x88b5), its octets told by `mark`. */
function frame(mark: number, length: number): number[] {
  const header = [2, 0, 0, 0, 0, 0x0b, 2, 0, 0, 0, 0, 0x0a, 0x88, 0xb5];
  return header.concat(Array.from({ length: length - header.length }, (_, i) => (mark * 31 + i) & 255));
}

function packet(pool: PacketPool, octets: number[], headroom = 20): Packet {
  const made = pool.allocate(headroom);
  if (made === null) throw new Error('the test pool is empty');
  made.appendBytes(Uint8Array.from(octets), 0, octets.length);
  return made;
}

/**
 * What every `LinkPort` must do. Call it in a test file of the implementation.
 *
 * ```ts
 * linkPortContract('a loopback bridge', () => {
 *   const time = new Scheduler();
 *   const bridge = new LoopbackBridge({ time });
 *   return { a: bridge.a, b: bridge.b, settle: () => { while (time.step(Infinity)); } };
 * });
 * ```
 */
export function linkPortContract(name: string, make: () => LinkPortSetup | Promise<LinkPortSetup>): void {
  describe(`${name} is a LinkPort`, () => {
    async function run(
      body: (
        link: LinkPortSetup,
        senders: PacketPool,
        receiver: Receiver,
        receivers: PacketPool,
      ) => void | Promise<void>,
    ): Promise<void> {
      const link = await make();
      const senders = new PacketPool({ name: 'sender', payloadSize: PAYLOAD, packets: PACKETS });
      const receivers = new PacketPool({ name: 'receiver', payloadSize: PAYLOAD, packets: PACKETS });
      const receiver = new Receiver(receivers);
      link.b.attach(receiver);
      await body(link, senders, receiver, receivers);
      await link.teardown?.();
      expect(receiver.faults).toEqual([]);
      expect({ senders: senders.available, receivers: receivers.available }).toEqual({
        senders: senders.total,
        receivers: receivers.total,
      });
    }

    test('its properties are those of a link that is up', async () => {
      await run((link) => {
        for (const { properties } of [link.a, link.b]) {
          expect(properties.up).toBe(true);
          expect(properties.mtu).toBeGreaterThanOrEqual(68);
          expect(properties.macMsw).toBe(properties.macMsw & 0xffff);
          expect(properties.macLsw).toBe(properties.macLsw | 0);
          expect(properties.capabilities & ~7).toBe(0);
        }
      });
    });

    test('a frame arrives as it was sent, two octets past a 4-byte boundary', async () => {
      await run(async (link, senders, receiver) => {
        const octets = frame(1, 98);
        link.a.send(packet(senders, octets));
        await link.settle();
        expect(receiver.frames).toEqual([octets]);
      });
    });

    test('frames arrive in the order in which they were sent', async () => {
      await run(async (link, senders, receiver) => {
        const sent = Array.from({ length: PACKETS }, (_, i) => frame(i, 60 + i * 90));
        for (const octets of sent) link.a.send(packet(senders, octets));
        await link.settle();
        expect(receiver.frames).toEqual(sent);
      });
    });

    test('a frame is never delivered from inside send', async () => {
      await run(async (link, senders, receiver) => {
        receiver.sending = true;
        link.a.send(packet(senders, frame(1, 60)));
        receiver.sending = false;
        await link.settle();
        expect(receiver.frames).toHaveLength(1);
      });
    });

    test('a chained packet is one frame', async () => {
      await run(async (link, _senders, receiver) => {
        const small = new PacketPool({ name: 'small', payloadSize: 128, packets: 8 });
        const octets = frame(3, 500);
        const chain = packet(small, octets);
        expect(chain.next).not.toBeNull();
        link.a.send(chain);
        await link.settle();
        expect(receiver.frames).toEqual([octets]);
        expect(small.available).toBe(small.total);
      });
    });

    test('a packet kept for retransmission is only marked as out, and goes out again unchanged', async () => {
      await run(async (link, senders, receiver) => {
        const octets = frame(5, 200);
        const kept = packet(senders, octets, NX_RECEIVE_PACKET);
        kept.prepend = kept.dataStart;
        for (let i = 0; i < 2; i++) {
          kept.state = PACKET_TRANSMITTING;
          link.a.send(kept);
          await link.settle();
          expect(kept.state).toBe(PACKET_RETAINED);
          expect(octetsOf(kept)).toEqual(octets);
        }
        expect(receiver.frames).toEqual([octets, octets]);
        kept.release();
      });
    });

    test('a receiver without packets loses frames and leaks nothing', async () => {
      await run(async (link, senders, receiver, receivers) => {
        const held: Packet[] = [];
        for (let p = receivers.allocate(0); p !== null; p = receivers.allocate(0)) held.push(p);
        link.a.send(packet(senders, frame(7, 60)));
        await link.settle();
        for (const p of held) p.release();
        link.a.send(packet(senders, frame(8, 60)));
        await link.settle();
        expect(receiver.frames).toEqual([frame(8, 60)]);
      });
    });

    test('after attach(null) nothing is delivered and nothing leaks', async () => {
      await run(async (link, senders, receiver) => {
        link.a.send(packet(senders, frame(1, 60)));
        link.b.attach(null);
        link.a.send(packet(senders, frame(2, 60)));
        await link.settle();
        expect(receiver.frames).toEqual([]);
      });
    });

    test('frames of any length from 0 up never throw and never leak', async () => {
      await run(async (link, senders) => {
        for (let length = 0; length < 64; length++) {
          link.a.send(packet(senders, frame(length, 64).slice(0, length)));
          await link.settle();
        }
        link.a.send(packet(senders, frame(1, PAYLOAD - 20)));
        await link.settle();
      });
    });
  });
}
