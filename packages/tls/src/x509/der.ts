/** DER (X.690 10): tags, lengths and the few types that X.509 uses. Nothing here throws; a fault makes the reader `broken`. */

export const TAG_BOOLEAN = 0x01;
export const TAG_INTEGER = 0x02;
export const TAG_BIT_STRING = 0x03;
export const TAG_OCTET_STRING = 0x04;
export const TAG_OBJECT_IDENTIFIER = 0x06;
export const TAG_UTC_TIME = 0x17;
export const TAG_GENERALIZED_TIME = 0x18;
export const TAG_SEQUENCE = 0x30;
export const TAG_SET = 0x31;
/** [n], constructed or primitive. */
export const context = (n: number): number => 0xa0 | n;
export const contextPrimitive = (n: number): number => 0x80 | n;

const EMPTY = new Uint8Array(0);

/** Reads the values of one constructed value one by one. After a fault `broken` is true and everything read is empty. */
export class DerReader {
  broken: boolean;
  private readonly bytes: Uint8Array;
  private at: number;

  constructor(bytes: Uint8Array) {
    this.broken = false;
    this.bytes = bytes;
    this.at = 0;
  }

  get done(): boolean {
    return this.broken || this.at >= this.bytes.length;
  }

  /** The next value's tag, or -1 at the end. */
  get tag(): number {
    return this.done ? -1 : (this.bytes[this.at] as number);
  }

  private fail(): Uint8Array {
    this.broken = true;
    return EMPTY;
  }

  /** The contents of the next value, which must have this tag. */
  read(tag: number): Uint8Array {
    const start = this.contentsAt(tag);
    if (start < 0) return this.fail();
    return this.bytes.subarray(start, this.at);
  }

  /** The next value with its header. */
  readWhole(tag: number): Uint8Array {
    const begin = this.at;
    return this.contentsAt(tag) < 0 ? this.fail() : this.bytes.subarray(begin, this.at);
  }

  /** A reader of the contents of the next value. */
  enter(tag: number): DerReader {
    const inner = new DerReader(this.read(tag));
    inner.broken = this.broken;
    return inner;
  }

  /** The contents of the next value if it has this tag, else null and nothing is read. */
  optional(tag: number): Uint8Array | null {
    return this.tag === tag ? this.read(tag) : null;
  }

  skip(): void {
    if (this.contentsAt(this.tag) < 0) this.fail();
  }

  /** Moves behind the next value and returns where its contents begin; -1 for a fault. */
  private contentsAt(tag: number): number {
    const { bytes } = this;
    if (this.done || bytes[this.at] !== tag || (tag & 0x1f) === 0x1f || this.at + 2 > bytes.length) return -1;
    let start = this.at + 2;
    let length = bytes[this.at + 1] as number;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 3 || start + count > bytes.length) return -1;
      length = 0;
      for (let i = 0; i < count; i++) length = (length << 8) | (bytes[start + i] as number);
      // DER: the shortest form only.
      if (length < 0x80 || (count > 1 && length < 1 << (8 * (count - 1)))) return -1;
      start += count;
    }
    if (start + length > bytes.length) return -1;
    this.at = start + length;
    return start;
  }

  readOid(): string {
    return oidText(this.read(TAG_OBJECT_IDENTIFIER));
  }

  /** A small non-negative integer; a fault when it is none. */
  readSmallInteger(): number {
    const bytes = this.read(TAG_INTEGER);
    if (bytes.length === 0 || bytes.length > 4 || (bytes[0] as number) >= 0x80) {
      this.fail();
      return 0;
    }
    return bytes.reduce((value, byte) => value * 256 + byte, 0);
  }

  readBoolean(): boolean {
    const bytes = this.read(TAG_BOOLEAN);
    if (bytes.length !== 1 || (bytes[0] !== 0 && bytes[0] !== 0xff)) this.fail();
    return bytes[0] === 0xff;
  }

  /** A bit string; the bits that its last octet has too many are zero (X.690 11.2.1). */
  readBits(): Uint8Array {
    const bytes = this.read(TAG_BIT_STRING);
    const unused = bytes[0] ?? 8;
    const last = bytes.length > 1 ? (bytes[bytes.length - 1] as number) : 0xff;
    if (unused > 7 || (last & ((1 << unused) - 1)) !== 0) return this.fail();
    return bytes.subarray(1);
  }

  /** A bit string of whole octets: a key, a signature. */
  readOctetBits(): Uint8Array {
    const bytes = this.read(TAG_BIT_STRING);
    if (bytes[0] !== 0) return this.fail();
    return bytes.subarray(1);
  }

  /** Seconds since 1970 of a UTCTime or GeneralizedTime; NaN for one that is none (RFC 5280 4.1.2.5). */
  readTime(): number {
    const short = this.tag === TAG_UTC_TIME;
    const text = ascii(this.read(short ? TAG_UTC_TIME : TAG_GENERALIZED_TIME));
    const parts = (short ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(
      text,
    );
    if (parts === null) return Number.NaN;
    const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const full = short ? year + (year < 50 ? 2000 : 1900) : year;
    if (month < 1 || month > 12 || day < 1 || day > daysIn(full, month) || hour > 23 || minute > 59 || second > 59) {
      return Number.NaN;
    }
    return daysSince1970(full, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
  }
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Of the proleptic Gregorian calendar, with years that begin in March. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** "2026-01-31 12:00:00 UTC" */
export function formatUnixTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'an unreadable date';
  const days = Math.floor(seconds / 86_400);
  const left = seconds - days * 86_400;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthIndex = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthIndex + 2) / 5) + 1;
  const month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  return `${year}-${two(month)}-${two(day)} ${two(left / 3600)}:${two((left / 60) % 60)}:${two(left % 60)} UTC`;
}

function oidText(bytes: Uint8Array): string {
  if (bytes.length === 0) return '';
  const numbers: number[] = [];
  let value = 0;
  for (const byte of bytes) {
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      numbers.push(value);
      value = 0;
    }
  }
  const first = numbers.shift() ?? 0;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...numbers].join('.');
}

/** One character per octet. */
export function ascii(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
