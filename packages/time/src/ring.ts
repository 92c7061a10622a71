/** A first-in-first-out queue that grows and never shrinks, so that going through it allocates nothing. */
export class Ring<T extends object> {
  length: number;
  private slots: (T | null)[];
  private mask: number;
  private head: number;

  constructor() {
    this.length = 0;
    this.slots = new Array<T | null>(16).fill(null);
    this.mask = 15;
    this.head = 0;
  }

  push(item: T): void {
    if (this.length > this.mask) this.grow();
    this.slots[(this.head + this.length) & this.mask] = item;
    this.length++;
  }

  /** The oldest item, which stays. The ring must not be empty. */
  first(): T {
    return this.slots[this.head] as T;
  }

  /** Takes the oldest item off. The ring must not be empty. */
  shift(): T {
    const item = this.slots[this.head] as T;
    this.slots[this.head] = null;
    this.head = (this.head + 1) & this.mask;
    this.length--;
    return item;
  }

  /** Takes an item out, wherever it is; the others keep their order. Costs time in proportion to the ring. */
  remove(item: T): void {
    for (let left = this.length; left > 0; left--) {
      const next = this.shift();
      if (next !== item) this.push(next);
    }
  }

  private grow(): void {
    const slots = new Array<T | null>(this.slots.length * 2).fill(null);
    for (let i = 0; i < this.length; i++) slots[i] = this.slots[(this.head + i) & this.mask] as T;
    this.slots = slots;
    this.mask = slots.length - 1;
    this.head = 0;
  }
}
