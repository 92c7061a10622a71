import type { Deferred } from '@strata/contracts';

/** A first-in-first-out ring that grows and never shrinks, so that putting work off allocates nothing. */
export class DeferredQueue {
  private ring: (Deferred | null)[];
  private mask: number;
  private head: number;
  length: number;

  constructor() {
    this.ring = new Array<Deferred | null>(16).fill(null);
    this.mask = 15;
    this.head = 0;
    this.length = 0;
  }

  push(task: Deferred): void {
    if (this.length > this.mask) this.grow();
    this.ring[(this.head + this.length) & this.mask] = task;
    this.length++;
  }

  /** The oldest task. The queue must not be empty. */
  shift(): Deferred {
    const task = this.ring[this.head] as Deferred;
    this.ring[this.head] = null;
    this.head = (this.head + 1) & this.mask;
    this.length--;
    return task;
  }

  private grow(): void {
    const ring = new Array<Deferred | null>(this.ring.length * 2).fill(null);
    for (let i = 0; i < this.length; i++) ring[i] = this.ring[(this.head + i) & this.mask] as Deferred;
    this.ring = ring;
    this.mask = ring.length - 1;
    this.head = 0;
  }
}
