import {
  type FrameSink,
  type LinkSink,
  NX_PHYSICAL_HEADER,
  type Packet,
  type PacketAllocator,
} from '@strata/contracts';
import { PacketMemory, PacketPool } from '@strata/packet';
import { Scheduler } from '@strata/time';

/** Two MAC addresses of the locally administered range. */
export const MAC_A = { msw: 0x0200, lsw: 0x0000000a };
export const MAC_B = { msw: 0x0200, lsw: 0x0000000b };

/** A time service, a memory, and as many pools as a test asks for; `leaks` must be empty at the end of each test. */
export class Bench {
  readonly time: Scheduler;
  readonly memory: PacketMemory;
  readonly pools: PacketPool[];

  constructor() {
    this.time = new Scheduler();
    this.memory = new PacketMemory(4 << 20);
    this.pools = [];
  }

  pool(packets = 32, payloadSize = 1568): PacketPool {
    const pool = new PacketPool({ name: `pool ${this.pools.length}`, payloadSize, packets, memory: this.memory });
    this.pools.push(pool);
    return pool;
  }

  run(until = Number.MAX_SAFE_INTEGER): void {
    while (this.time.step(until));
  }

  leaks(): string[] {
    return this.pools.filter((pool) => pool.available !== pool.total).map((pool) => pool.name);
  }
}

/** A packet whose `prepend` is at the first of `bytes`, with head-room for an Ethernet header and tag. */
export function packetOf(pool: PacketPool, bytes: ArrayLike<number>, headroom = NX_PHYSICAL_HEADER + 4): Packet {
  const packet = pool.allocate(headroom);
  if (packet === null) throw new Error(`${pool.name} is empty`);
  const octets = Uint8Array.from(bytes);
  if (packet.appendBytes(octets, 0, octets.length) !== 0) throw new Error(`${pool.name} is too small`);
  return packet;
}

/** All octets of a packet and its chain. */
export function bytesOf(packet: Packet): number[] {
  const bytes: number[] = [];
  for (let part: Packet | null = packet; part !== null; part = part.next) {
    bytes.push(...part.bytes.subarray(part.prepend, part.append));
  }
  return bytes;
}

/** An Ethernet frame as octets. */
export function frameBytes(
  destination: { msw: number; lsw: number },
  source: { msw: number; lsw: number },
  type: number,
  payload: readonly number[] = [],
  vlan?: number,
): number[] {
  const mac = ({ msw, lsw }: { msw: number; lsw: number }) => [
    msw >> 8,
    msw & 255,
    lsw >>> 24,
    (lsw >>> 16) & 255,
    (lsw >>> 8) & 255,
    lsw & 255,
  ];
  const tag = vlan === undefined ? [] : [0x81, 0x00, vlan >> 8, vlan & 255];
  return [...mac(destination), ...mac(source), ...tag, type >> 8, type & 255, ...payload];
}

/** Remembers what it was handed, as octets with arrival time, and releases it. */
export class RecordingSink implements FrameSink {
  readonly receivePool: PacketAllocator;
  readonly frames: { bytes: number[]; time: number; frameId: number; alignment: number }[];
  readonly changes: boolean[];
  private readonly time: Scheduler;

  constructor(bench: Bench, pool: PacketAllocator) {
    this.receivePool = pool;
    this.frames = [];
    this.changes = [];
    this.time = bench.time;
  }

  accept(frame: Packet): void {
    this.frames.push({
      bytes: bytesOf(frame),
      time: this.time.now,
      frameId: frame.frameId,
      alignment: frame.prepend & 3,
    });
    frame.release();
  }

  linkChanged(up: boolean): void {
    this.changes.push(up);
  }
}

/** What IP is to a driver: remembers each packet with its addresses and releases it. */
export class RecordingLinkSink implements LinkSink {
  readonly receivePool: PacketAllocator;
  readonly packets: { bytes: number[]; etherType: number; cast: number; sourceMsw: number; sourceLsw: number }[];
  readonly changes: boolean[];

  constructor(pool: PacketAllocator) {
    this.receivePool = pool;
    this.packets = [];
    this.changes = [];
  }

  accept(packet: Packet, etherType: number, cast: number, sourceMsw: number, sourceLsw: number): void {
    this.packets.push({ bytes: bytesOf(packet), etherType, cast, sourceMsw, sourceLsw });
    packet.release();
  }

  linkChanged(up: boolean): void {
    this.changes.push(up);
  }
}

/** Tells `count` different frames apart: the number in the first four octets of the payload. */
export function numberedFrame(number: number, length = 60): number[] {
  const payload = new Array<number>(length - 14).fill(0);
  payload[0] = number >>> 24;
  payload[1] = (number >>> 16) & 255;
  payload[2] = (number >>> 8) & 255;
  payload[3] = number & 255;
  return frameBytes(MAC_B, MAC_A, 0x0800, payload);
}

export function numberOf(bytes: readonly number[]): number {
  return (bytes[14]! << 24) | (bytes[15]! << 16) | (bytes[16]! << 8) | bytes[17]!;
}
