import type { DatagramInfo, IpAddress } from '@strata/contracts';
import type { ControlBlock } from './control-block.ts';

const SMALLEST_TABLE = 16;

/** Finds the connection of a segment: an integer hash over ports and remote address, chains through `hashNext`. */
export class Demultiplexer {
  /** Connections in the table. */
  count: number;
  private table: (ControlBlock | null)[];
  private mask: number;

  constructor() {
    this.count = 0;
    this.table = new Array<ControlBlock | null>(SMALLEST_TABLE).fill(null);
    this.mask = SMALLEST_TABLE - 1;
  }

  /** The connection with these four, or null. `ports` is local << 16 | remote. */
  find(ports: number, info: DatagramInfo): ControlBlock | null {
    const remote3 = info.source3;
    let tcb = this.table[hash(ports, remote3 ^ info.source2) & this.mask] as ControlBlock | null;
    while (tcb !== null) {
      if (tcb.ports === ports && tcb.remote3 === remote3 && sameAddresses(tcb, info)) return tcb;
      tcb = tcb.hashNext;
    }
    return null;
  }

  /** As {@link find}, for addresses as objects. */
  findPair(ports: number, local: IpAddress, remote: IpAddress): ControlBlock | null {
    let tcb = this.table[hash(ports, remote.w3 ^ remote.w2) & this.mask] as ControlBlock | null;
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
    const slot = hash(tcb.ports, flow.remote.w3 ^ flow.remote.w2) & this.mask;
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
    const slot = hash(tcb.ports, remote.w3 ^ remote.w2) & this.mask;
    tcb.hashNext = this.table[slot] as ControlBlock | null;
    this.table[slot] = tcb;
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

function hash(ports: number, remote: number): number {
  const h = Math.imul(ports ^ Math.imul(remote, 0x85ebca6b), 0x9e3779b1);
  return h ^ (h >>> 15);
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
