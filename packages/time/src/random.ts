import type { Random } from '@strata/contracts';

/**
 * Seeded random numbers: the `sfc32` generator (128-bit state), seeded from a text or number through a 32-bit hash.
 * Not for cryptography. Same seed, same numbers, everywhere.
 */
export class SeededRandom implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;
  private readonly seed: string;

  constructor(seed: number | string) {
    this.seed = String(seed);
    this.a = hash(`${this.seed}/a`);
    this.b = hash(`${this.seed}/b`);
    this.c = hash(`${this.seed}/c`);
    this.counter = 1;
    for (let i = 0; i < 12; i++) this.next();
  }

  uint32(): number {
    return this.next() >>> 0;
  }

  below(limit: number): number {
    return Math.floor(this.unit() * limit);
  }

  unit(): number {
    return (this.next() >>> 0) / 0x1_0000_0000;
  }

  fork(label: string): Random {
    return new SeededRandom(`${this.seed}/${label}`);
  }

  private next(): number {
    const result = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + result) | 0;
    return result;
  }
}

/** FNV-1a with a final avalanche, over UTF-16 code units. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
