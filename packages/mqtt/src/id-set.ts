/** A set of packet identifiers, 1..65535: one bit each. */
export class IdSet {
  count: number;
  private readonly bits: Uint32Array;

  constructor() {
    this.count = 0;
    this.bits = new Uint32Array(2048);
  }

  has(id: number): boolean {
    return (((this.bits[id >> 5] as number) >>> (id & 31)) & 1) !== 0;
  }

  add(id: number): void {
    if (this.has(id)) return;
    this.bits[id >> 5] = (this.bits[id >> 5] as number) | (1 << (id & 31));
    this.count++;
  }

  /** False when it was not in. */
  delete(id: number): boolean {
    if (!this.has(id)) return false;
    this.bits[id >> 5] = (this.bits[id >> 5] as number) & ~(1 << (id & 31));
    this.count--;
    return true;
  }

  clear(): void {
    if (this.count === 0) return;
    this.bits.fill(0);
    this.count = 0;
  }

  /** Its members in ascending order. */
  values(): number[] {
    const ids: number[] = [];
    if (this.count === 0) return ids;
    for (let id = 1; id < 65536; id++) if (this.has(id)) ids.push(id);
    return ids;
  }
}
