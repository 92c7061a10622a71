import { type IpAddress, NEVER, NX_SUCCESS, type Random, type StreamListener } from '@strata/contracts';
import { PacketPool } from '@strata/packet';
import { Scheduler, SeededRandom } from '@strata/time';
import { parseAddress } from '@strata/wire';
import { type TcpProfile, TcpService, type TcpSocket } from '../../src/index.ts';
import { addressInfo, type SentSegment, TestNetwork } from './network.ts';

/** Faults of the wire between two hosts, as probabilities per segment; times in microseconds. */
export interface Faults {
  readonly loss?: number;
  readonly duplicate?: number;
  readonly reorder?: number;
  readonly corrupt?: number;
  readonly delay?: number;
}

export interface TestHost {
  readonly address: IpAddress;
  readonly pool: PacketPool;
  readonly network: TestNetwork;
  readonly tcp: TcpService;
}

/** Two hosts joined by a wire with faults, in virtual time. */
export class Pair {
  readonly time: Scheduler;
  readonly a: TestHost;
  readonly b: TestHost;
  readonly random: Random;
  faults: Faults;
  segments: number;
  private readonly queue: { at: number; order: number; to: TestHost; from: TestHost; bytes: Uint8Array }[];
  private order: number;
  private readonly alarm;

  constructor(
    seed: number | string,
    profile: TcpProfile,
    faults: Faults = {},
    profileB: TcpProfile = profile,
    packets = 256,
  ) {
    this.time = new Scheduler();
    this.random = new SeededRandom(`wire ${seed}`);
    this.faults = faults;
    this.queue = [];
    this.order = 0;
    this.segments = 0;
    this.a = this.host('192.0.2.1', profile, new SeededRandom(`a ${seed}`), packets);
    this.b = this.host('192.0.2.2', profileB, new SeededRandom(`b ${seed}`), packets);
    this.a.network.onSend = (segment) => this.carry(segment, this.a, this.b);
    this.b.network.onSend = (segment) => this.carry(segment, this.b, this.a);
    this.alarm = this.time.alarm({
      nextDeadline: () => this.queue[0]?.at ?? NEVER,
      onTime: () => this.arrive(),
    });
  }

  /** Runs until nothing is left to do or `until` microseconds have passed in all. */
  run(until: number): void {
    while (this.time.step(until));
    this.time.advanceTo(until);
  }

  /** Runs until `done` says so; false when `until` came first. */
  runUntil(done: () => boolean, until: number): boolean {
    while (!done()) {
      if (!this.time.step(until)) return done();
    }
    return true;
  }

  private host(text: string, profile: TcpProfile, random: Random, packets: number): TestHost {
    const address = parseAddress(text) as IpAddress;
    const pool = new PacketPool({ name: text, payloadSize: 1568, packets });
    const network = new TestNetwork(address, this.time);
    const tcp = new TcpService(network, pool, this.time, random, profile, null);
    return { address, pool, network, tcp };
  }

  private carry(segment: SentSegment, from: TestHost, to: TestHost): void {
    const { loss = 0, duplicate = 0, reorder = 0, corrupt = 0, delay = 100 } = this.faults;
    this.segments++;
    const copies = this.random.unit() < duplicate ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      if (this.random.unit() < loss) continue;
      const bytes = segment.bytes.slice();
      if (this.random.unit() < corrupt) {
        const at = this.random.below(bytes.length);
        bytes[at] = (bytes[at] as number) ^ (1 << this.random.below(8));
      }
      let at = this.time.now + delay;
      if (this.random.unit() < reorder) at += delay + this.random.below(4 * delay + 1);
      this.queue.push({ at, order: this.order++, to, from, bytes });
    }
    this.queue.sort((x, y) => x.at - y.at || x.order - y.order);
    this.alarm.set(this.queue[0]?.at ?? NEVER);
  }

  private arrive(): void {
    while (this.queue.length > 0 && (this.queue[0]?.at as number) <= this.time.now) {
      const { to, from, bytes } = this.queue.shift() as { to: TestHost; from: TestHost; bytes: Uint8Array };
      to.network.deliver(to.pool, bytes, addressInfo(from.address, to.address));
    }
  }
}

/** An application that sends `total` octets of a known pattern, then shuts its direction down, and keeps what it gets. */
export class Application implements StreamListener {
  readonly socket: TcpSocket;
  received: number[];
  /** First octet that did not follow the peer's pattern, or -1. */
  mismatch: number;
  sent: number;
  open: boolean;
  finished: boolean;
  closedWith: number;
  private readonly total: number;
  private readonly salt: number;
  private readonly peerSalt: number;
  private readonly writeSize: (n: number) => number;
  private readonly lazy: boolean;
  receivedCount: number;

  constructor(
    socket: TcpSocket,
    total: number,
    salt: number,
    peerSalt: number,
    writeSize: (n: number) => number,
    lazy = false,
  ) {
    this.socket = socket;
    this.total = total;
    this.salt = salt;
    this.peerSalt = peerSalt;
    this.writeSize = writeSize;
    this.lazy = lazy;
    this.received = [];
    this.receivedCount = 0;
    this.mismatch = -1;
    this.sent = 0;
    this.open = false;
    this.finished = false;
    this.closedWith = -1;
    socket.listener = this;
  }

  established(): void {
    this.open = true;
    this.pump();
  }

  receivable(): void {
    if (!this.lazy) this.drain();
  }

  sendable(): void {
    this.pump();
  }

  peerFinished(): void {
    this.finished = true;
    this.drain();
  }

  closed(reason: number): void {
    this.drain();
    this.closedWith = reason;
  }

  drain(): void {
    for (let packet = this.socket.receive(); packet !== null; packet = this.socket.receive()) {
      const bytes = new Uint8Array(packet.length);
      packet.extract(0, bytes, 0, packet.length);
      for (const byte of bytes) {
        if (byte !== pattern(this.receivedCount, this.peerSalt) && this.mismatch < 0)
          this.mismatch = this.receivedCount;
        this.receivedCount++;
      }
      packet.release();
    }
  }

  pump(): void {
    while (this.sent < this.total) {
      const packet = this.socket.allocate();
      if (packet === null) return;
      const size = Math.max(1, Math.min(this.writeSize(this.sent), this.total - this.sent, 1400));
      const bytes = new Uint8Array(size);
      for (let i = 0; i < size; i++) bytes[i] = pattern(this.sent + i, this.salt);
      packet.appendBytes(bytes, 0, size);
      const status = this.socket.send(packet);
      if (status === NX_SUCCESS) {
        this.sent += size;
        continue;
      }
      this.sent += size - packet.length;
      packet.release();
      return;
    }
    if (this.socket.state === 5 || this.socket.state === 6) this.socket.shutdown();
  }
}

export function pattern(index: number, salt: number): number {
  return (Math.imul(index + salt, 0x9e3779b1) >>> 24) & 0xff;
}
