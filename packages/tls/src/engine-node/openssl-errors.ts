import {
  NX_SECURE_TLS_AEAD_DECRYPT_FAIL,
  NX_SECURE_TLS_ALERT_RECEIVED,
  NX_SECURE_TLS_BAD_SERVERHELLO_KEYSHARE,
  NX_SECURE_TLS_CERTIFICATE_REQUIRED,
  NX_SECURE_TLS_DOWNGRADE_DETECTED,
  NX_SECURE_TLS_EMPTY_REMOTE_CERTIFICATE_RECEIVED,
  NX_SECURE_TLS_FINISHED_HASH_FAILURE,
  NX_SECURE_TLS_HANDSHAKE_FAILURE,
  NX_SECURE_TLS_INAPPROPRIATE_FALLBACK,
  NX_SECURE_TLS_INCORRECT_MESSAGE_LENGTH,
  NX_SECURE_TLS_INVALID_CERTIFICATE,
  NX_SECURE_TLS_MISSING_EXTENSION,
  NX_SECURE_TLS_NO_MATCHING_PSK,
  NX_SECURE_TLS_NO_SUPPORTED_CIPHERS,
  NX_SECURE_TLS_PSK_BINDER_MISMATCH,
  NX_SECURE_TLS_RECORD_OVERFLOW,
  NX_SECURE_TLS_SIGNATURE_VERIFICATION_ERROR,
  NX_SECURE_TLS_UNEXPECTED_MESSAGE,
  NX_SECURE_TLS_UNKNOWN_CIPHERSUITE,
  NX_SECURE_TLS_UNKNOWN_TLS_VERSION,
  NX_SECURE_TLS_UNSUPPORTED_FEATURE,
  NX_SECURE_TLS_UNSUPPORTED_TLS_VERSION,
  type Status,
} from '@strata/contracts';
import {
  ALERT_BAD_CERTIFICATE,
  ALERT_BAD_RECORD_MAC,
  ALERT_CERTIFICATE_REQUIRED,
  ALERT_DECODE_ERROR,
  ALERT_DECRYPT_ERROR,
  ALERT_HANDSHAKE_FAILURE,
  ALERT_ILLEGAL_PARAMETER,
  ALERT_INAPPROPRIATE_FALLBACK,
  ALERT_MISSING_EXTENSION,
  ALERT_NO_APPLICATION_PROTOCOL,
  ALERT_PROTOCOL_VERSION,
  ALERT_RECORD_OVERFLOW,
  ALERT_UNEXPECTED_MESSAGE,
  ALERT_UNKNOWN_PSK_IDENTITY,
  describeAlert,
} from '../alert.ts';

/** What an error of OpenSSL means. */
export interface OpenSslFault {
  readonly status: Status;
  /** The alert: received, or the one to send. */
  readonly alert: number;
  readonly received: boolean;
  readonly why: string;
}

/** OpenSSL's reason, matched from the start of the list. */
const REASONS: readonly (readonly [reason: RegExp, status: Status, alert: number])[] = [
  [/bad record mac|cipher operation failed|decryption failed/, NX_SECURE_TLS_AEAD_DECRYPT_FAIL, ALERT_BAD_RECORD_MAC],
  [/digest check failed/, NX_SECURE_TLS_FINISHED_HASH_FAILURE, ALERT_DECRYPT_ERROR],
  [/bad signature|wrong signature/, NX_SECURE_TLS_SIGNATURE_VERIFICATION_ERROR, ALERT_DECRYPT_ERROR],
  [/no shared cipher|no ciphers available/, NX_SECURE_TLS_NO_SUPPORTED_CIPHERS, ALERT_HANDSHAKE_FAILURE],
  [/wrong cipher|unknown cipher/, NX_SECURE_TLS_UNKNOWN_CIPHERSUITE, ALERT_ILLEGAL_PARAMETER],
  [/inappropriate fallback/, NX_SECURE_TLS_INAPPROPRIATE_FALLBACK, ALERT_INAPPROPRIATE_FALLBACK],
  [/downgrade/, NX_SECURE_TLS_DOWNGRADE_DETECTED, ALERT_ILLEGAL_PARAMETER],
  [/wrong version number|http request/, NX_SECURE_TLS_UNKNOWN_TLS_VERSION, ALERT_PROTOCOL_VERSION],
  [
    /unsupported protocol|wrong ssl version|version too low|no protocols/,
    NX_SECURE_TLS_UNSUPPORTED_TLS_VERSION,
    ALERT_PROTOCOL_VERSION,
  ],
  [/psk identity not found|no psk/, NX_SECURE_TLS_NO_MATCHING_PSK, ALERT_UNKNOWN_PSK_IDENTITY],
  [/binder/, NX_SECURE_TLS_PSK_BINDER_MISMATCH, ALERT_DECRYPT_ERROR],
  [/peer did not return a certificate/, NX_SECURE_TLS_EMPTY_REMOTE_CERTIFICATE_RECEIVED, ALERT_CERTIFICATE_REQUIRED],
  [/certificate required/, NX_SECURE_TLS_CERTIFICATE_REQUIRED, ALERT_CERTIFICATE_REQUIRED],
  [/no application protocol/, NX_SECURE_TLS_UNSUPPORTED_FEATURE, ALERT_NO_APPLICATION_PROTOCOL],
  [
    /packet length too long|data length too long|encrypted length too long/,
    NX_SECURE_TLS_RECORD_OVERFLOW,
    ALERT_RECORD_OVERFLOW,
  ],
  [
    /excessive message size|length mismatch|bad length|length too short|decode error/,
    NX_SECURE_TLS_INCORRECT_MESSAGE_LENGTH,
    ALERT_DECODE_ERROR,
  ],
  [
    /unexpected message|unexpected record|bad record type|renegotiation|unexpected ccs|ccs received|invalid ccs|bad change cipher/,
    NX_SECURE_TLS_UNEXPECTED_MESSAGE,
    ALERT_UNEXPECTED_MESSAGE,
  ],
  [
    /key share|no suitable groups|bad ecpoint|invalid point/,
    NX_SECURE_TLS_BAD_SERVERHELLO_KEYSHARE,
    ALERT_ILLEGAL_PARAMETER,
  ],
  [/missing .*extension/, NX_SECURE_TLS_MISSING_EXTENSION, ALERT_MISSING_EXTENSION],
  [/certificate|asn1|x509|wrong tag|too long/, NX_SECURE_TLS_INVALID_CERTIFICATE, ALERT_BAD_CERTIFICATE],
];

/** `SSL alert number 48` is how OpenSSL says that it received one. */
const RECEIVED = /SSL alert number (\d+)/;

/** Translates an error of a TLSSocket. */
export function openSslFault(error: Error & { code?: string; reason?: string }): OpenSslFault {
  const received = RECEIVED.exec(error.message);
  if (received !== null) {
    const alert = Number(received[1]);
    return {
      status: NX_SECURE_TLS_ALERT_RECEIVED,
      alert,
      received: true,
      why: `the peer sent ${describeAlert(alert)}`,
    };
  }
  const text = (error.reason ?? error.message).toLowerCase();
  // OpenSSL has the same reason for a sentinel in ServerHello.random (RFC 8446 4.1.3), but only the client meets that.
  const downgrade = /tls_process_server_hello|ssl_choose_client_version/.test(error.message);
  if (downgrade && /inappropriate fallback/.test(text)) {
    const why = 'the server’s random says that it speaks a later version: somebody has changed the handshake';
    return { status: NX_SECURE_TLS_DOWNGRADE_DETECTED, alert: ALERT_ILLEGAL_PARAMETER, received: false, why };
  }
  const found = REASONS.find(([reason]) => reason.test(text));
  const [status, alert] =
    found === undefined ? [NX_SECURE_TLS_HANDSHAKE_FAILURE, ALERT_HANDSHAKE_FAILURE] : [found[1], found[2]];
  return { status, alert, received: false, why: `OpenSSL: ${error.reason ?? error.message.trim()}` };
}
