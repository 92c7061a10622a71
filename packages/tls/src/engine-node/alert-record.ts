import { type CipherGCMTypes, createCipheriv } from 'node:crypto';
import { ALERT_LEVEL_FATAL, RECORD_ALERT, RECORD_APPLICATION_DATA } from '../alert.ts';
import { nonce, TAG_LENGTH, type TrafficKeys } from './traffic-keys.ts';

/** A fatal alert in the clear. */
export function plainAlert(value: number): Uint8Array {
  return Uint8Array.of(RECORD_ALERT, 3, 3, 0, 2, ALERT_LEVEL_FATAL, value);
}

/** A fatal alert as the first record under these keys of TLS 1.3 (RFC 8446 5.2). */
export function encryptedAlert(value: number, keys: TrafficKeys): Uint8Array {
  const inner = Uint8Array.of(ALERT_LEVEL_FATAL, value, RECORD_ALERT);
  const header = Uint8Array.of(RECORD_APPLICATION_DATA, 3, 3, 0, inner.length + TAG_LENGTH);
  const options = { authTagLength: TAG_LENGTH };
  const sealer = createCipheriv(keys.cipher as CipherGCMTypes, keys.key, nonce(keys, 0), options);
  sealer.setAAD(header);
  return Buffer.concat([header, sealer.update(inner), sealer.final(), sealer.getAuthTag()]);
}
