/** Alerts (RFC 8446 6, RFC 5246 7.2) and the record types around them. */

/** Record types (RFC 8446 5.1). */
export const RECORD_CHANGE_CIPHER_SPEC = 20;
export const RECORD_ALERT = 21;
export const RECORD_HANDSHAKE = 22;
export const RECORD_APPLICATION_DATA = 23;

export const ALERT_LEVEL_WARNING = 1;
export const ALERT_LEVEL_FATAL = 2;

export const ALERT_CLOSE_NOTIFY = 0;
export const ALERT_UNEXPECTED_MESSAGE = 10;
export const ALERT_BAD_RECORD_MAC = 20;
export const ALERT_RECORD_OVERFLOW = 22;
export const ALERT_HANDSHAKE_FAILURE = 40;
export const ALERT_BAD_CERTIFICATE = 42;
export const ALERT_UNSUPPORTED_CERTIFICATE = 43;
export const ALERT_CERTIFICATE_REVOKED = 44;
export const ALERT_CERTIFICATE_EXPIRED = 45;
export const ALERT_CERTIFICATE_UNKNOWN = 46;
export const ALERT_ILLEGAL_PARAMETER = 47;
export const ALERT_UNKNOWN_CA = 48;
export const ALERT_ACCESS_DENIED = 49;
export const ALERT_DECODE_ERROR = 50;
export const ALERT_DECRYPT_ERROR = 51;
export const ALERT_PROTOCOL_VERSION = 70;
export const ALERT_INSUFFICIENT_SECURITY = 71;
export const ALERT_INTERNAL_ERROR = 80;
export const ALERT_INAPPROPRIATE_FALLBACK = 86;
export const ALERT_USER_CANCELED = 90;
export const ALERT_NO_RENEGOTIATION = 100;
export const ALERT_MISSING_EXTENSION = 109;
export const ALERT_UNSUPPORTED_EXTENSION = 110;
export const ALERT_UNRECOGNIZED_NAME = 112;
export const ALERT_UNKNOWN_PSK_IDENTITY = 115;
export const ALERT_CERTIFICATE_REQUIRED = 116;
export const ALERT_NO_APPLICATION_PROTOCOL = 120;

const NAMES: ReadonlyMap<number, string> = new Map([
  [ALERT_CLOSE_NOTIFY, 'close_notify'],
  [ALERT_UNEXPECTED_MESSAGE, 'unexpected_message'],
  [ALERT_BAD_RECORD_MAC, 'bad_record_mac'],
  [ALERT_RECORD_OVERFLOW, 'record_overflow'],
  [ALERT_HANDSHAKE_FAILURE, 'handshake_failure'],
  [ALERT_BAD_CERTIFICATE, 'bad_certificate'],
  [ALERT_UNSUPPORTED_CERTIFICATE, 'unsupported_certificate'],
  [ALERT_CERTIFICATE_REVOKED, 'certificate_revoked'],
  [ALERT_CERTIFICATE_EXPIRED, 'certificate_expired'],
  [ALERT_CERTIFICATE_UNKNOWN, 'certificate_unknown'],
  [ALERT_ILLEGAL_PARAMETER, 'illegal_parameter'],
  [ALERT_UNKNOWN_CA, 'unknown_ca'],
  [ALERT_ACCESS_DENIED, 'access_denied'],
  [ALERT_DECODE_ERROR, 'decode_error'],
  [ALERT_DECRYPT_ERROR, 'decrypt_error'],
  [ALERT_PROTOCOL_VERSION, 'protocol_version'],
  [ALERT_INSUFFICIENT_SECURITY, 'insufficient_security'],
  [ALERT_INTERNAL_ERROR, 'internal_error'],
  [ALERT_INAPPROPRIATE_FALLBACK, 'inappropriate_fallback'],
  [ALERT_USER_CANCELED, 'user_canceled'],
  [ALERT_NO_RENEGOTIATION, 'no_renegotiation'],
  [ALERT_MISSING_EXTENSION, 'missing_extension'],
  [ALERT_UNSUPPORTED_EXTENSION, 'unsupported_extension'],
  [ALERT_UNRECOGNIZED_NAME, 'unrecognized_name'],
  [ALERT_UNKNOWN_PSK_IDENTITY, 'unknown_psk_identity'],
  [ALERT_CERTIFICATE_REQUIRED, 'certificate_required'],
  [ALERT_NO_APPLICATION_PROTOCOL, 'no_application_protocol'],
]);

/** "alert 48 unknown_ca" */
export function describeAlert(value: number): string {
  return `alert ${value} ${NAMES.get(value) ?? 'of an unknown kind'}`;
}

/** An alert that went one way or the other (nx_secure_tls_session_alert_value_get). */
export interface TlsAlert {
  /** 1 warning, 2 fatal. */
  readonly level: number;
  readonly value: number;
}

/** Octets of a record's header: type, version, length. */
export const RECORD_HEADER = 5;

/** Cuts a stream of octets into TLS records; the octets of one that has not ended are kept. */
export class RecordSplitter {
  private rest: Uint8Array;

  constructor() {
    this.rest = new Uint8Array(0);
  }

  /** The records, headers included, that are whole now. */
  push(bytes: Uint8Array): Uint8Array[] {
    const all = new Uint8Array(this.rest.length + bytes.length);
    all.set(this.rest);
    all.set(bytes, this.rest.length);
    const records: Uint8Array[] = [];
    let at = 0;
    while (all.length - at >= RECORD_HEADER) {
      const end = at + RECORD_HEADER + ((all[at + 3] as number) << 8) + (all[at + 4] as number);
      if (end > all.length) break;
      records.push(all.subarray(at, end));
      at = end;
    }
    this.rest = all.subarray(at);
    return records;
  }
}
