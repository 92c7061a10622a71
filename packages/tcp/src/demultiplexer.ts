import type { DatagramInfo, IpAddress, Random } from '@strata/contracts';
import type { ControlBlock } from './control-block.ts';

const SMALLEST_TABLE = 16;

/**
 * Finds the connection of a segment: an integer hash over ports and the remote address's four words, chains through
 * `hashNext`. The multipliers are a secret of the host's (multilinear hashing, Carter and Wegman 1979), so that nobody outside
 * can choose ports and addresses that all land in one chain.
 */
export class Demultiplexer {
  /** Connections in the table. */
  count: number;
  private table: (ControlBlock | null)[];
  private mask: number;
  private readonly key0: number;
  private readonly key1: number;
  private readonly key2: number;
  private readonly key3: number;
  private readonly keyPorts: number;

  /** @param random where the multipliers come from */
  constructor(random: Random) {
    this.count = 0;
    this.table = new Array<ControlBlock | null>(SMALLEST_TABLE).fill(null);
    this.mask = SMALLEST_TABLE - 1;
    // Odd, and small enough to stay small integers.
    this.key0 = (random.uint32() >>> 2) | 1;
    this.key1 = (random.uint32() >>> 2) | 1;
    this.key2 = (random.uint32() >>> 2) | 1;
    this.key3 = (random.uint32() >>> 2) | 1;
    this.keyPorts = (random.uint32() >>> 2) | 1;
  }

  /** The connection with these four, or null. `ports` is local << 16 | remote. */
  find(ports: number, info: DatagramInfo): ControlBlock | null {
    const remote3 = info.source3;
    const slot = this.hash(ports, info.source0, info.source1, info.source2, remote3) & this.mask;
    let tcb = this.table[slot] as ControlBlock | null;
    while (tcb !== null) {
      if (tcb.ports === ports && tcb.remote3 === remote3 && sameAddresses(tcb, info)) return tcb;
      tcb = tcb.hashNext;
    }
    return null;
  }

  /** As {@link find}, for addresses as objects. */
  findPair(ports: number, local: IpAddress, remote: IpAddress): ControlBlock | null {
    let tcb = this.table[this.slotOf(ports, remote)] as ControlBlock | null;
    while (tcb !== null) {
      const flow = tcb.flow;
      if (tcb.ports === ports && flow !== null && same(flow.remote, remote) && same(flow.local, local)) return tcb;
      tcb = tcb.hashNext;
    }
    return null;
  }

  /** Adds a connection whose flow and ports are set. */
  insert(tcb: ControlBlock): void {
    const flow = tcb.flow;
    if (flow === null || tcb.hashed) return;
    if (this.count > this.mask * 2) this.grow();
    tcb.ports = (tcb.localPort << 16) | tcb.remotePort;
    tcb.remote3 = flow.remote.w3;
    this.link(tcb, flow.remote);
    tcb.hashed = true;
    this.count++;
  }

  remove(tcb: ControlBlock): void {
    const flow = tcb.flow;
    if (flow === null || !tcb.hashed) return;
    const slot = this.slotOf(tcb.ports, flow.remote);
    let previous: ControlBlock | null = null;
    let at = this.table[slot] as ControlBlock | null;
    while (at !== null && at !== tcb) {
      previous = at;
      at = at.hashNext;
    }
    if (at === null) return;
    if (previous === null) this.table[slot] = tcb.hashNext;
    else previous.hashNext = tcb.hashNext;
    tcb.hashNext = null;
    tcb.hashed = false;
    this.count--;
  }

  /** Every connection, in no particular order. Not for the packet path. */
  all(): ControlBlock[] {
    const list: ControlBlock[] = [];
    for (let tcb of this.table) {
      for (; tcb !== null; tcb = tcb.hashNext) list.push(tcb);
    }
    return list;
  }

  private link(tcb: ControlBlock, remote: IpAddress): void {
    const slot = this.slotOf(tcb.ports, remote);
    tcb.hashNext = this.table[slot] as ControlBlock | null;
    this.table[slot] = tcb;
  }

  private slotOf(ports: number, remote: IpAddress): number {
    return this.hash(ports, remote.w0, remote.w1, remote.w2, remote.w3) & this.mask;
  }

  /** The upper bits are the good ones. */
  private hash(ports: number, w0: number, w1: number, w2: number, w3: number): number {
    const sum =
      (Math.imul(ports, this.keyPorts) +
        Math.imul(w0, this.key0) +
        Math.imul(w1, this.key1) +
        Math.imul(w2, this.key2) +
        Math.imul(w3, this.key3)) |
      0;
    return sum ^ (sum >>> 16);
  }

  private grow(): void {
    const connections = this.all();
    const size = (this.mask + 1) * 4;
    this.table = new Array<ControlBlock | null>(size).fill(null);
    this.mask = size - 1;
    for (const tcb of connections) {
      if (tcb.flow !== null) this.link(tcb, tcb.flow.remote);
    }
  }
}

function sameAddresses(tcb: ControlBlock, info: DatagramInfo): boolean {
  const flow = tcb.flow;
  if (flow === null) return false;
  const { local, remote } = flow;
  return (
    local.w3 === info.destination3 &&
    remote.w2 === info.source2 &&
    remote.w1 === info.source1 &&
    remote.w0 === info.source0 &&
    local.w2 === info.destination2 &&
    local.w1 === info.destination1 &&
    local.w0 === info.destination0 &&
    flow.family === info.family
  );
}

function same(a: IpAddress, b: IpAddress): boolean {
  return a.w3 === b.w3 && a.w2 === b.w2 && a.w1 === b.w1 && a.w0 === b.w0 && a.family === b.family;
}
