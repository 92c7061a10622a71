import { ETHERNET_HEADER } from '@strata/wire';
import { hexBytes } from '../drill/hex.ts';
import { icmpv6At } from './match.ts';

const ECHO_REQUEST = 128;
const ECHO_HEADER = 8;

/**
 * The data of a ping: `fill` again and again. It is hexadecimal digits; but when it is none, or when the sequence expects an
 * echo request with the characters themselves, it is a text.
 */
export function pingData(fill: string, bytes: number, expected: readonly Uint8Array[]): Uint8Array {
  const text = repeated(
    Uint8Array.from(fill, (character) => character.charCodeAt(0)),
    bytes,
  );
  if (!/^(?:[0-9a-f]{2})+$/i.test(fill)) return text;
  const octets = repeated(hexBytes(fill), bytes);
  const requests = expected.map(echoData).filter((data) => data !== null);
  const wantsText = requests.some((data) => begins(text, data)) && !requests.some((data) => begins(octets, data));
  return wantsText ? text : octets;
}

function repeated(pattern: Uint8Array, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) =>
    pattern.length === 0 ? 0 : (pattern[i % pattern.length] as number),
  );
}

/** What an echo request carries, or its first fragment; null for other frames. */
function echoData(frame: Uint8Array): Uint8Array | null {
  const at = icmpv6At(frame);
  if (at < ETHERNET_HEADER || frame[at] !== ECHO_REQUEST) return null;
  return frame.subarray(at + ECHO_HEADER);
}

function begins(whole: Uint8Array, part: Uint8Array): boolean {
  return part.length <= whole.length && part.every((octet, i) => octet === whole[i]);
}
