import type { Packet } from '@strata/contracts';

/**
 * What the application has sent and the peer has not acknowledged: a ring of packets in sequence order, those on the
 * network first and then those that wait for their turn. The packets themselves are kept, so a retransmission copies
 * nothing; drivers use `queueNext` meanwhile, which is why this is a ring and not a chain.
 */
export class TransmitQueue {
  /** Absolute positions, counting up: first packet, first unsent packet, one past the last. */
  head: number;
  unsent: number;
  tail: number;
  /** Payload octets of the packets not sent yet. */
  unsentBytes: number;
  /** Octets of payload held in all. */
  bytes: number;
  private slots: (Packet | null)[];
  private mask: number;

  constructor() {
    this.head = 0;
    this.unsent = 0;
    this.tail = 0;
    this.unsentBytes = 0;
    this.bytes = 0;
    this.slots = EMPTY;
    this.mask = -1;
  }

  get count(): number {
    return (this.tail - this.head) | 0;
  }

  get hasUnsent(): boolean {
    return this.unsent !== this.tail;
  }

  get hasSent(): boolean {
    return this.head !== this.unsent;
  }

  /** The packet at an absolute position between `head` and `tail`. */
  at(position: number): Packet {
    return this.slots[position & this.mask] as Packet;
  }

  /** Adds a packet whose `sequenceLength` is set, behind everything else, unsent. */
  push(packet: Packet): void {
    if (this.tail - this.head > this.mask) this.grow();
    this.slots[this.tail & this.mask] = packet;
    this.tail = (this.tail + 1) | 0;
    this.unsentBytes += packet.sequenceLength;
    this.bytes += packet.sequenceLength;
  }

  /** The first unsent packet goes out. */
  markSent(): void {
    this.unsentBytes -= this.at(this.unsent).sequenceLength;
    this.unsent = (this.unsent + 1) | 0;
  }

  /** Takes the first packet off. */
  shift(): Packet {
    const slot = this.head & this.mask;
    const packet = this.slots[slot] as Packet;
    this.slots[slot] = null;
    if (this.unsent === this.head) {
      this.unsent = (this.unsent + 1) | 0;
      this.unsentBytes -= packet.sequenceLength;
    }
    this.head = (this.head + 1) | 0;
    this.bytes -= packet.sequenceLength;
    return packet;
  }

  /** Puts `packet` right behind `position`; it counts as sent when the packet at `position` does. Rare: shifts the rest. */
  insertAfter(position: number, packet: Packet): void {
    const sent = ((position - this.unsent) | 0) < 0;
    if (this.tail - this.head > this.mask) this.grow();
    for (let i = this.tail; i !== ((position + 1) | 0); i = (i - 1) | 0) {
      this.slots[i & this.mask] = this.slots[(i - 1) & this.mask] as Packet;
    }
    this.slots[(position + 1) & this.mask] = packet;
    this.tail = (this.tail + 1) | 0;
    this.bytes += packet.sequenceLength;
    if (sent) this.unsent = (this.unsent + 1) | 0;
    else this.unsentBytes += packet.sequenceLength;
  }

  /** A packet's `sequenceLength` was changed by `octets` while it was queued at `position`. */
  resized(position: number, octets: number): void {
    this.bytes += octets;
    if (((position - this.unsent) | 0) >= 0) this.unsentBytes += octets;
  }

  /** Releases every packet. */
  clear(): void {
    while (this.head !== this.tail) this.shift().release();
  }

  private grow(): void {
    const size = Math.max(8, this.slots.length * 2);
    const slots = new Array<Packet | null>(size).fill(null);
    for (let i = this.head; i !== this.tail; i = (i + 1) | 0) slots[i & (size - 1)] = this.at(i);
    this.slots = slots;
    this.mask = size - 1;
  }
}

/** Shared by the queues of all idle connections. */
const EMPTY: (Packet | null)[] = [];
