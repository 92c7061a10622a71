import { createCipheriv, createHmac } from 'node:crypto';
import { ALERT_LEVEL_FATAL, RECORD_ALERT, RECORD_APPLICATION_DATA } from '../alert.ts';

/** A fatal alert in the clear. */
export function plainAlert(value: number): Uint8Array {
  return Uint8Array.of(RECORD_ALERT, 3, 3, 0, 2, ALERT_LEVEL_FATAL, value);
}

const SUITES: ReadonlyMap<number, readonly [cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305', key: number]> =
  new Map([
    [0x1301, ['aes-128-gcm', 16]],
    [0x1302, ['aes-256-gcm', 32]],
    [0x1303, ['chacha20-poly1305', 32]],
  ]);

const IV_LENGTH = 12;
const TAG_LENGTH = 16;

/**
 * A fatal alert as the first record under a TLS 1.3 traffic secret (RFC 8446 5.2, 7.3). Null for a cipher suite that is not
 * one of TLS 1.3's usual three.
 */
export function encryptedAlert(value: number, cipherSuite: number, secret: Uint8Array): Uint8Array | null {
  const suite = SUITES.get(cipherSuite);
  if (suite === undefined) return null;
  const [cipher, keyLength] = suite;
  const key = expandLabel(secret, 'key', keyLength);
  const iv = expandLabel(secret, 'iv', IV_LENGTH);
  const inner = Uint8Array.of(ALERT_LEVEL_FATAL, value, RECORD_ALERT);
  const header = Uint8Array.of(RECORD_APPLICATION_DATA, 3, 3, 0, inner.length + TAG_LENGTH);
  // The sequence number is 0, so the nonce is the IV itself.
  const sealer = createCipheriv(cipher as 'aes-128-gcm', key, iv, { authTagLength: TAG_LENGTH });
  sealer.setAAD(header);
  return Buffer.concat([header, sealer.update(inner), sealer.final(), sealer.getAuthTag()]);
}

/** HKDF-Expand-Label with an empty context, for lengths of one hash or less. */
function expandLabel(secret: Uint8Array, label: string, length: number): Uint8Array {
  const full = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Uint8Array.of(0, length, full.length), full, Uint8Array.of(0)]);
  const hash = secret.length === 48 ? 'sha384' : 'sha256';
  const block = createHmac(hash, secret).update(info).update(Uint8Array.of(1)).digest();
  return block.subarray(0, length);
}
