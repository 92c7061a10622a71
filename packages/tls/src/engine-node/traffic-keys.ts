import { createHmac } from 'node:crypto';

export const IV_LENGTH = 12;
export const TAG_LENGTH = 16;

/** Key and IV of one direction of TLS 1.3 (RFC 8446 7.3). */
export interface TrafficKeys {
  readonly cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

const SUITES: ReadonlyMap<number, readonly [cipher: TrafficKeys['cipher'], keyLength: number]> = new Map([
  [0x1301, ['aes-128-gcm', 16]],
  [0x1302, ['aes-256-gcm', 32]],
  [0x1303, ['chacha20-poly1305', 32]],
]);

/** Null for a cipher suite that is not one of TLS 1.3's usual three. */
export function trafficKeys(cipherSuite: number, secret: Uint8Array): TrafficKeys | null {
  const suite = SUITES.get(cipherSuite);
  if (suite === undefined) return null;
  const [cipher, keyLength] = suite;
  return { cipher, key: expandLabel(secret, 'key', keyLength), iv: expandLabel(secret, 'iv', IV_LENGTH) };
}

/** HKDF-Expand-Label with an empty context, for lengths of one hash or less. */
function expandLabel(secret: Uint8Array, label: string, length: number): Uint8Array {
  const full = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Uint8Array.of(0, length, full.length), full, Uint8Array.of(0)]);
  const hash = secret.length === 48 ? 'sha384' : 'sha256';
  const block = createHmac(hash, secret).update(info).update(Uint8Array.of(1)).digest();
  return block.subarray(0, length);
}

/** The IV with a record's sequence number (RFC 8446 5.3); far less than 2^32 records are ever needed here. */
export function nonce({ iv }: TrafficKeys, sequence: number): Uint8Array {
  const bytes = Uint8Array.from(iv);
  for (let i = 0; i < 4; i++) {
    const at = IV_LENGTH - 1 - i;
    bytes[at] = (bytes[at] as number) ^ ((sequence >>> (8 * i)) & 0xff);
  }
  return bytes;
}
