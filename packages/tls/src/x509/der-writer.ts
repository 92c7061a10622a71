/** Writes DER (X.690 10): as much as certificates need. */

export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, one) => sum + one.length, 0);
  const header = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  const bytes = new Uint8Array(1 + header.length + length);
  bytes[0] = tag;
  bytes.set(header, 1);
  let at = 1 + header.length;
  for (const one of contents) {
    bytes.set(one, at);
    at += one.length;
  }
  return bytes;
}

export const derSequence = (...parts: readonly Uint8Array[]): Uint8Array => der(0x30, ...parts);
export const derOctets = (bytes: Uint8Array): Uint8Array => der(0x04, bytes);
export const derBits = (bytes: Uint8Array): Uint8Array => der(0x03, Uint8Array.of(0), bytes);
export const derTrue = (): Uint8Array => der(0x01, Uint8Array.of(0xff));
export const derText = (tag: number, text: string): Uint8Array => der(tag, new TextEncoder().encode(text));

/** A number from 0 to 2^31 - 1. */
export function derInteger(value: number): Uint8Array {
  const bytes = [value & 255];
  for (let left = value >>> 8; left > 0; left >>>= 8) bytes.unshift(left & 255);
  if ((bytes[0] as number) > 127) bytes.unshift(0);
  return der(0x02, Uint8Array.from(bytes));
}

export function derOid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes: number[] = [first * 40 + second];
  for (const number of rest) {
    const digits = [number & 127];
    for (let left = number >> 7; left > 0; left >>= 7) digits.unshift((left & 127) | 128);
    bytes.push(...digits);
  }
  return der(0x06, Uint8Array.from(bytes));
}

/** UTCTime before 2050, GeneralizedTime from then on (RFC 5280 4.1.2.5). @param text "2026-01-31 12:00:00 UTC" */
export function derTime(text: string): Uint8Array {
  const digits = text.replace(/[^0-9]/g, '').padEnd(14, '0');
  return Number(digits.slice(0, 4)) < 2050 ? derText(0x17, `${digits.slice(2)}Z`) : derText(0x18, `${digits}Z`);
}

/** A name with nothing but a common name. */
export function derName(commonName: string): Uint8Array {
  return derSequence(der(0x31, derSequence(derOid('2.5.4.3'), derText(0x0c, commonName))));
}
