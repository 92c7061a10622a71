import type { Random } from '@strata/contracts';
import { IDENTIFICATION_COUNTER } from './policy.ts';

const SLOTS = 256;

/**
 * IPv4 identifications. As NetX does it: one counter for the instance, from 1. Otherwise RFC 6864: an atomic packet needs
 * none and carries 0; others count in one of 256 counters with random starts, chosen by source, destination and protocol,
 * so that a number comes again for the same peer only after 65,536 packets and tells an observer nothing about other peers.
 */
export class Identification {
  private readonly single: boolean;
  private counter: number;
  private readonly secret: number;
  private readonly counters: Uint16Array;

  constructor(policy: number, random: Random) {
    this.single = policy === IDENTIFICATION_COUNTER;
    this.counter = 0;
    this.counters = new Uint16Array(SLOTS);
    this.secret = 0;
    if (this.single) return;
    this.secret = random.uint32() | 0;
    for (let i = 0; i < SLOTS; i++) this.counters[i] = random.uint32();
  }

  /** The counter that packets with these addresses and protocol use. */
  slot(source: number, destination: number, protocol: number): number {
    let h = Math.imul(source ^ this.secret, 0x9e3779b1) ^ Math.imul(destination + protocol, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
    return (h ^ (h >>> 13)) & (SLOTS - 1);
  }

  next(slot: number, dontFragment: boolean): number {
    if (this.single) {
      this.counter = (this.counter + 1) & 0xffff;
      return this.counter;
    }
    if (dontFragment) return 0;
    const value = (this.counters[slot]! + 1) & 0xffff;
    this.counters[slot] = value;
    return value;
  }
}
