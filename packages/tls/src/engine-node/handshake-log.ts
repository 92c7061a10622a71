import {
  RECORD_ALERT,
  RECORD_APPLICATION_DATA,
  RECORD_CHANGE_CIPHER_SPEC,
  RECORD_HANDSHAKE,
  RecordSplitter,
} from '../alert.ts';
import { TLS_1_2, TLS_1_3 } from '../engine.ts';

const SERVER_HELLO = 2;
const EXTENSION_SUPPORTED_VERSIONS = 43;

/** OpenSSL takes certificates of 100 KiB in all. */
const MOST_KEPT = 262_144;

/** The random of a HelloRetryRequest begins like this (RFC 8446 4.1.3). */
const RETRY_RANDOM = 0xcf21ad74;

/**
 * What an observer of one direction sees of a handshake: the cipher suite that the server chose, whether the sender has
 * begun to encrypt, and an alert that it sent in the clear.
 */
export class HandshakeLog {
  private readonly splitter: RecordSplitter;
  /** 0 before ServerHello was seen here. */
  version: number;
  cipherSuite: number;
  /** ChangeCipherSpec (TLS 1.2) or an encrypted record was seen. */
  encrypted: boolean;
  /** An alert record of any kind is the last thing that was sent. */
  endsInAlert: boolean;
  /** Level and value of an alert in the clear. */
  alert: readonly [level: number, value: number] | null;

  /** The records themselves, when asked for; a handshake has less than {@link MOST_KEPT} octets. */
  readonly records: Uint8Array[];
  private readonly keeps: boolean;
  private kept: number;

  constructor(keeps = false) {
    this.records = [];
    this.keeps = keeps;
    this.kept = 0;
    this.splitter = new RecordSplitter();
    this.version = 0;
    this.cipherSuite = 0;
    this.encrypted = false;
    this.endsInAlert = false;
    this.alert = null;
  }

  saw(bytes: Uint8Array): void {
    for (const record of this.splitter.push(bytes)) this.record(record);
  }

  private record(record: Uint8Array): void {
    const type = record[0];
    if (this.keeps && this.kept < MOST_KEPT) {
      this.records.push(record);
      this.kept += record.length;
    }
    this.endsInAlert = type === RECORD_ALERT;
    if (type === RECORD_ALERT && record.length === 7) this.alert = [record[5] as number, record[6] as number];
    if (type === RECORD_HANDSHAKE && !this.encrypted && record[5] === SERVER_HELLO) this.serverHello(record);
    if (type === RECORD_APPLICATION_DATA) this.encrypted = true;
    if (type === RECORD_CHANGE_CIPHER_SPEC && this.version !== TLS_1_3) this.encrypted = true;
  }

  private serverHello(record: Uint8Array): void {
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    const sessionId = 9 + 34;
    if (record.length < sessionId + 1) return;
    const suite = sessionId + 1 + (record[sessionId] as number);
    if (record.length < suite + 3 || view.getUint32(11) === RETRY_RANDOM) return;
    this.cipherSuite = view.getUint16(suite);
    this.version = TLS_1_2;
    for (let at = suite + 5; at + 4 <= record.length; at += 4 + view.getUint16(at + 2)) {
      if (view.getUint16(at) === EXTENSION_SUPPORTED_VERSIONS) this.version = TLS_1_3;
    }
  }
}
