/**
 * The memory that packet pools are carved from: one `ArrayBuffer` with its three views.
 *
 * Pools of one lab share a `PacketMemory`, so that copying a frame from one host to another moves bytes within a single
 * buffer (`copyWithin`) and needs no view of its own. The operating system commits pages only when they are first touched.
 */
export class PacketMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Uint32Array;
  /** Bytes handed out so far. */
  used: number;

  /** @param size bytes, rounded up to a multiple of 8 */
  constructor(size: number) {
    const buffer = new ArrayBuffer((size + 7) & ~7);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.words = new Uint32Array(buffer);
    this.used = 0;
  }

  /** Reserves `size` bytes at an 8-byte boundary and returns their offset, or -1 when they do not fit. */
  reserve(size: number): number {
    const offset = (this.used + 7) & ~7;
    if (offset + size > this.bytes.length) return -1;
    this.used = offset + size;
    return offset;
  }
}
