import type { Context } from '../context.ts';
import type { Layer } from '../field.ts';
import { hex } from '../text.ts';

const CONTENT: ReadonlyMap<number, string> = new Map([
  [20, 'ChangeCipherSpec'],
  [21, 'Alert'],
  [22, 'Handshake'],
  [23, 'ApplicationData'],
  [24, 'Heartbeat'],
]);

const HANDSHAKE: ReadonlyMap<number, string> = new Map([
  [0, 'HelloRequest'],
  [1, 'ClientHello'],
  [2, 'ServerHello'],
  [4, 'NewSessionTicket'],
  [8, 'EncryptedExtensions'],
  [11, 'Certificate'],
  [12, 'ServerKeyExchange'],
  [13, 'CertificateRequest'],
  [14, 'ServerHelloDone'],
  [15, 'CertificateVerify'],
  [16, 'ClientKeyExchange'],
  [20, 'Finished'],
]);

const VERSIONS: readonly string[] = ['SSL 3.0', 'TLS 1.0', 'TLS 1.1', 'TLS 1.2', 'TLS 1.3'];

/** Alert descriptions (RFC 8446 6). */
const ALERTS: ReadonlyMap<number, string> = new Map([
  [0, 'close_notify'],
  [10, 'unexpected_message'],
  [20, 'bad_record_mac'],
  [40, 'handshake_failure'],
  [42, 'bad_certificate'],
  [45, 'certificate_expired'],
  [46, 'certificate_unknown'],
  [47, 'illegal_parameter'],
  [48, 'unknown_ca'],
  [50, 'decode_error'],
  [51, 'decrypt_error'],
  [70, 'protocol_version'],
  [71, 'insufficient_security'],
  [80, 'internal_error'],
  [90, 'user_canceled'],
  [112, 'unrecognized_name'],
  [116, 'certificate_required'],
]);

/** Longest record content (RFC 8446 5.2). */
const MAXIMUM_RECORD = 16384 + 256;

/** `TLS 1.3` of 0x304. */
export function tlsVersionName(version: number): string {
  return VERSIONS[version - 0x300] ?? hex(version, 4);
}

/** What a record holds, by its type. */
export function tlsContentName(type: number): string {
  return CONTENT.get(type) ?? `type ${type}`;
}

/** `unknown_ca (48)`. */
export function tlsAlertName(alert: number): string {
  const name = ALERTS.get(alert);
  return name === undefined ? String(alert) : `${name} (${alert})`;
}

/** True when a record can begin at `at`; with less than five bytes, when nothing speaks against it. */
export function looksLikeTls(bytes: Uint8Array, at: number, end: number): boolean {
  if (at >= end || !CONTENT.has(bytes[at] as number)) return false;
  if (at + 1 < end && bytes[at + 1] !== 3) return false;
  if (at + 2 < end && (bytes[at + 2] as number) > 4) return false;
  return at + 4 >= end || (((bytes[at + 3] as number) << 8) | (bytes[at + 4] as number)) <= MAXIMUM_RECORD;
}

/** A record in words. At least its five bytes of header are at `at`; `end` is where what is here ends. */
export function describeTlsRecord(bytes: Uint8Array, at: number, end: number): string {
  const type = bytes[at] as number;
  const length = ((bytes[at + 3] as number) << 8) | (bytes[at + 4] as number);
  let what = CONTENT.get(type) ?? `type ${type}`;
  const first = at + 5 < end ? (bytes[at + 5] as number) : -1;
  // A handshake message in the clear begins with its type and a length that fits; ciphertext almost never does.
  if (type === 22 && at + 9 <= end) {
    const inner = ((bytes[at + 6] as number) << 16) | ((bytes[at + 7] as number) << 8) | (bytes[at + 8] as number);
    const name = HANDSHAKE.get(first);
    what = name !== undefined && inner + 4 <= length + 65536 && bytes[at + 6] === 0 ? name : 'encrypted handshake';
  }
  if (type === 21 && length === 2 && at + 7 <= end) {
    const code = bytes[at + 6] as number;
    what = `Alert ${first === 2 ? 'fatal' : 'warning'} ${ALERTS.get(code) ?? code} (${code})`;
  } else if (type === 21) what = 'encrypted alert';
  return `TLS ${what}, ${length} B`;
}

/** The records that begin in a segment. Only their headers are read; what is encrypted stays so. */
export function decodeTls(context: Context, start: number, end: number): void {
  let at = start;
  while (at < end) {
    const layer = context.layer('tls', 'TLS record', at, end, 'RFC 8446 5.1');
    if (!looksLikeTls(context.bytes, at, end) || end - at < 5) {
      layer.text = `part of a record, ${end - at} B`;
      layer.summary = `TLS part of a record, ${end - at} B`;
      return;
    }
    at = decodeRecord(context, layer, at, end);
  }
}

function decodeRecord(context: Context, layer: Layer, at: number, end: number): number {
  const type = context.u8(at);
  const version = context.u8(at + 2);
  const length = context.u16(at + 3);
  layer.summary = describeTlsRecord(context.bytes, at, end);
  layer.text = layer.summary.replace(/^TLS /, '');
  layer.add('Content type', at, 1, type, `${CONTENT.get(type)} (${type})`);
  layer.add(
    'Version',
    at + 1,
    2,
    context.u16(at + 1),
    `${VERSIONS[version] ?? 'unknown'} (${hex(context.u16(at + 1), 4)})`,
  );
  layer.add('Length', at + 3, 2, length);
  const here = Math.min(length, end - at - 5);
  if (here > 0)
    layer.add('Fragment', at + 5, here, null, here < length ? `${here} of ${length} B, more follow` : `${here} B`);
  layer.length = 5 + here;
  return at + 5 + length;
}
