import type { Field } from '../field.ts';
import { decodeUtf8, quote } from '../text.ts';

/** Text read from a packet, with the quotation marks it is shown with. */
export interface MqttText {
  readonly text: string;
  readonly quoted: string;
  readonly field: Field;
}

/**
 * Reads the fields of a control packet in order and adds each to the tree. A read that finds too little returns null: it
 * reports `malformed` when the packet itself ends, and nothing when only the bytes at hand do.
 */
export class MqttCursor {
  readonly bytes: Uint8Array;
  at: number;
  /** End of the bytes at hand, and of the packet. */
  readonly end: number;
  readonly limit: number;
  private readonly parent: Field;

  constructor(bytes: Uint8Array, at: number, end: number, limit: number, parent: Field) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.limit = limit;
    this.parent = parent;
  }

  /** Bytes of the packet that have not been read, whether they are here or not. */
  get left(): number {
    return this.limit - this.at;
  }

  private holds(count: number, what: string): boolean {
    if (this.at + count > this.limit) {
      this.parent.problem('malformed', `the packet ends where ${what} should be`);
      this.at = this.limit;
      return false;
    }
    return this.at + count <= this.end;
  }

  u8(name: string, reference: string): Field | null {
    if (!this.holds(1, name.toLowerCase())) return null;
    const field = this.parent.add(name, this.at, 1, this.bytes[this.at] as number, undefined, reference);
    this.at++;
    return field;
  }

  u16(name: string, reference: string): Field | null {
    if (!this.holds(2, name.toLowerCase())) return null;
    const value = ((this.bytes[this.at] as number) << 8) | (this.bytes[this.at + 1] as number);
    const field = this.parent.add(name, this.at, 2, value, undefined, reference);
    this.at += 2;
    return field;
  }

  /** A length-prefixed string (MQTT 3.1.1 1.5.3). */
  text(name: string, reference: string): MqttText | null {
    const size = this.prefixed(name);
    if (size < 0) return null;
    const start = this.at + 2;
    const { text, valid } = decodeUtf8(this.bytes, start, start + size);
    const field = this.parent.add(name, this.at, 2 + size, text, quote(text), reference);
    if (!valid) field.problem('malformed', 'this is not well-formed UTF-8 (MQTT-1.5.3-1)');
    if (text.includes('\0')) field.problem('malformed', 'text must not contain U+0000 (MQTT-1.5.3-2)');
    this.at = start + size;
    return { text, quoted: field.text, field };
  }

  /** Length-prefixed bytes whose content is the application's. Returns their number, or -1. */
  blob(name: string, reference: string): number {
    const size = this.prefixed(name);
    if (size < 0) return -1;
    this.parent.add(name, this.at, 2 + size, size, `${size} B`, reference);
    this.at += 2 + size;
    return size;
  }

  private prefixed(name: string): number {
    if (!this.holds(2, name.toLowerCase())) return -1;
    const size = ((this.bytes[this.at] as number) << 8) | (this.bytes[this.at + 1] as number);
    return this.holds(2 + size, `the ${size} bytes of ${name.toLowerCase()}`) ? size : -1;
  }

  /** The packet has been read: bytes left over do not belong there. */
  finish(): void {
    if (this.left > 0 && this.at < this.end) {
      this.parent.problem('malformed', `${this.left} bytes are left behind the last field`);
    }
  }

  problem(text: string): void {
    this.parent.problem('malformed', text);
  }

  add(name: string, length: number, text: string, reference: string): void {
    this.parent.add(name, this.at, length, length, text, reference);
  }
}
