import { formatAddress, formatIpv4 } from '@strata/wire';

/** What must not reach a terminal as it is: control characters of both sets, and marks that turn the direction of text. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff"\\]/gu;

/** Text from the wire between quotation marks, safe to print. */
export function quote(text: string): string {
  return `"${text.replaceAll(UNSAFE, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    if (character === '\t') return '\\t';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  })}"`;
}

/** `0x` and at least `digits` hexadecimal digits of a number, taken as unsigned. */
export function hex(value: number, digits: number): string {
  return `0x${(value >>> 0).toString(16).padStart(digits, '0')}`;
}

/** The first bytes in hexadecimal, and how many there are when not all are shown. */
export function hexBytes(bytes: Uint8Array, start: number, end: number, limit = 32): string {
  let text = '';
  for (let i = start; i < Math.min(end, start + limit); i++) text += (bytes[i] as number).toString(16).padStart(2, '0');
  return end - start > limit ? `${text}… (${end - start} B)` : text;
}

export function macText(bytes: Uint8Array, at: number): string {
  let text = '';
  for (let i = 0; i < 6; i++) text += `${i === 0 ? '' : ':'}${(bytes[at + i] as number).toString(16).padStart(2, '0')}`;
  return text;
}

export function ipv4Text(bytes: Uint8Array, at: number): string {
  return formatIpv4(word(bytes, at));
}

export function ipv6Text(bytes: Uint8Array, at: number): string {
  return formatAddress({
    family: 6,
    w0: word(bytes, at),
    w1: word(bytes, at + 4),
    w2: word(bytes, at + 8),
    w3: word(bytes, at + 12),
  });
}

function word(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

/** Text of UTF-8 bytes, and whether they are well-formed (RFC 3629 4). Wrong bytes become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): { text: string; valid: boolean } {
  let text = '';
  let valid = true;
  let at = start;
  while (at < end) {
    const lead = bytes[at] as number;
    const more =
      lead < 0x80
        ? 0
        : lead >= 0xc2 && lead < 0xe0
          ? 1
          : (lead & 0xf0) === 0xe0
            ? 2
            : lead >= 0xf0 && lead < 0xf5
              ? 3
              : -1;
    let code = more === 0 ? lead : more < 0 ? -1 : lead & (0x3f >> more);
    for (let i = 1; i <= more && code >= 0; i++) {
      const next = at + i < end ? (bytes[at + i] as number) : 0;
      code = (next & 0xc0) === 0x80 ? (code << 6) | (next & 0x3f) : -1;
    }
    const tooLong = (more === 2 && code < 0x800) || (more === 3 && code < 0x10000);
    if (code < 0 || tooLong || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      valid = false;
      text += '\ufffd';
      at++;
    } else {
      text += String.fromCodePoint(code);
      at += more + 1;
    }
  }
  return { text, valid };
}

/** `12 µs`, `1.5 ms`, `2 s`. */
export function durationText(microseconds: number): string {
  const size = Math.abs(microseconds);
  if (size < 1000) return `${microseconds} µs`;
  if (size < 1_000_000) return `${trimmed(microseconds / 1000)} ms`;
  return `${trimmed(microseconds / 1_000_000)} s`;
}

function trimmed(value: number): string {
  return String(Number(value.toFixed(3)));
}
