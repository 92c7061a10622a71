import { type CipherGCMTypes, createDecipheriv } from 'node:crypto';
import { RECORD_APPLICATION_DATA, RECORD_HANDSHAKE, RECORD_HEADER } from '../alert.ts';
import { nonce, TAG_LENGTH, type TrafficKeys } from './traffic-keys.ts';

const CERTIFICATE = 11;

/**
 * The certificates that a peer sent, exactly: Node's `getPeerCertificate` leaves out what does not fit together, and adds
 * from the trusted ones. OpenSSL has processed these records, so they are genuine and well-formed; anything else gives null.
 *
 * @param records of the peer's handshake, from its first
 * @param keys null: TLS 1.2, where certificates are in the clear
 */
export function sentCertificates(records: readonly Uint8Array[], keys: TrafficKeys | null): Uint8Array[] | null {
  const messages = Buffer.concat(keys === null ? plain(records) : decrypted(records, keys));
  for (let at = 0; at + 4 <= messages.length; ) {
    const end = at + 4 + messages.readUIntBE(at + 1, 3);
    if (end > messages.length) return null;
    if (messages[at] === CERTIFICATE) return list(messages.subarray(at + 4, end), keys !== null);
    at = end;
  }
  return null;
}

/** Handshake messages up to the first record of another type. */
function plain(records: readonly Uint8Array[]): Uint8Array[] {
  const end = records.findIndex((record) => record[0] !== RECORD_HANDSHAKE);
  return records.slice(0, end < 0 ? records.length : end).map((record) => record.subarray(RECORD_HEADER));
}

function decrypted(records: readonly Uint8Array[], keys: TrafficKeys): Uint8Array[] {
  const found: Uint8Array[] = [];
  let sequence = 0;
  for (const record of records) {
    if (record[0] !== RECORD_APPLICATION_DATA) continue;
    const inner = open(record, keys, sequence++);
    if (inner === null) break;
    let end = inner.length - 1;
    while (end >= 0 && inner[end] === 0) end--;
    if (inner[end] !== RECORD_HANDSHAKE) break;
    found.push(inner.subarray(0, end));
  }
  return found;
}

function open(record: Uint8Array, keys: TrafficKeys, sequence: number): Buffer | null {
  const end = record.length - TAG_LENGTH;
  if (end < RECORD_HEADER) return null;
  try {
    const options = { authTagLength: TAG_LENGTH };
    const opener = createDecipheriv(keys.cipher as CipherGCMTypes, keys.key, nonce(keys, sequence), options);
    opener.setAAD(record.subarray(0, RECORD_HEADER));
    opener.setAuthTag(record.subarray(end));
    return Buffer.concat([opener.update(record.subarray(RECORD_HEADER, end)), opener.final()]);
  } catch {
    // Records after the handshake are under other keys.
    return null;
  }
}

/** RFC 8446 4.4.2 with a context and extensions, RFC 5246 7.4.2 without. */
function list(message: Buffer, isNew: boolean): Uint8Array[] | null {
  const found: Uint8Array[] = [];
  let at = isNew ? 1 + (message[0] ?? 0) + 3 : 3;
  while (at + 3 <= message.length) {
    const start = at + 3;
    const end = start + message.readUIntBE(at, 3);
    if (end > message.length) return null;
    found.push(message.subarray(start, end));
    at = end;
    if (isNew) {
      if (at + 2 > message.length) return null;
      at += 2 + message.readUInt16BE(at);
    }
  }
  return found;
}
