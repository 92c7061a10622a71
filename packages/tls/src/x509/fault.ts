import {
  NX_CRYPTO_UNSUPPORTED_KEY_SIZE,
  NX_SECURE_TLS_CERTIFICATE_SIG_CHECK_FAILED,
  NX_SECURE_TLS_INSUFFICIENT_CERT_SPACE,
  NX_SECURE_TLS_INVALID_SELF_SIGNED_CERT,
  NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND,
  NX_SECURE_TLS_UNKNOWN_CERT_SIG_ALGORITHM,
  NX_SECURE_TLS_UNSUPPORTED_CERT_SIGN_ALG,
  NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH,
  NX_SECURE_X509_CERTIFICATE_EXPIRED,
  NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID,
  NX_SECURE_X509_CHAIN_VERIFY_FAILURE,
  NX_SECURE_X509_CRL_CERTIFICATE_REVOKED,
  NX_SECURE_X509_CRL_ISSUER_MISMATCH,
  NX_SECURE_X509_CRL_SIGNATURE_CHECK_FAILED,
  NX_SECURE_X509_INVALID_CERTIFICATE_DATA,
  NX_SECURE_X509_INVALID_DATE_FORMAT,
  NX_SECURE_X509_INVALID_EXTENSIONS,
  NX_SECURE_X509_KEY_USAGE_ERROR,
  type Status,
} from '@strata/contracts';
import {
  ALERT_BAD_CERTIFICATE,
  ALERT_CERTIFICATE_EXPIRED,
  ALERT_CERTIFICATE_REVOKED,
  ALERT_CERTIFICATE_UNKNOWN,
  ALERT_UNKNOWN_CA,
  ALERT_UNSUPPORTED_CERTIFICATE,
} from '../alert.ts';

/**
 * What can be wrong with a certificate. The same names are used to let one pass (`allow: ['expired']`); `common-name` only
 * for that: it lets a certificate without DNS names be for the host in its subject.
 */
export type CertificateFaultName =
  | 'malformed'
  | 'bad-date'
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-host'
  | 'unknown-issuer'
  | 'self-signed'
  | 'bad-signature'
  | 'unknown-algorithm'
  | 'weak-signature'
  | 'weak-key'
  | 'wrong-purpose'
  | 'not-a-ca'
  | 'path-too-long'
  | 'name-constraints'
  | 'unknown-extension'
  | 'revoked'
  | 'bad-crl'
  | 'no-crl'
  | 'chain-too-long';

/** Names that a caller may let pass. */
export type CertificateAllowance = Exclude<CertificateFaultName, 'malformed' | 'chain-too-long'> | 'common-name';

/** A fault as the session reports it. */
export interface CertificateFault {
  readonly name: CertificateFaultName;
  readonly status: Status;
  /** The alert to send. */
  readonly alert: number;
  /** A sentence for people, with names and dates. */
  readonly why: string;
}

/** Statuses are NetX's; alerts are those that OpenSSL sends for the same fault, or the RFC where it has none. */
const FAULTS: Record<CertificateFaultName, readonly [status: Status, alert: number]> = {
  malformed: [NX_SECURE_X509_INVALID_CERTIFICATE_DATA, ALERT_BAD_CERTIFICATE],
  'bad-date': [NX_SECURE_X509_INVALID_DATE_FORMAT, ALERT_BAD_CERTIFICATE],
  expired: [NX_SECURE_X509_CERTIFICATE_EXPIRED, ALERT_CERTIFICATE_EXPIRED],
  'not-yet-valid': [NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID, ALERT_CERTIFICATE_EXPIRED],
  'wrong-host': [NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH, ALERT_BAD_CERTIFICATE],
  'unknown-issuer': [NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND, ALERT_UNKNOWN_CA],
  'self-signed': [NX_SECURE_TLS_INVALID_SELF_SIGNED_CERT, ALERT_UNKNOWN_CA],
  'bad-signature': [NX_SECURE_TLS_CERTIFICATE_SIG_CHECK_FAILED, ALERT_BAD_CERTIFICATE],
  'unknown-algorithm': [NX_SECURE_TLS_UNKNOWN_CERT_SIG_ALGORITHM, ALERT_UNSUPPORTED_CERTIFICATE],
  'weak-signature': [NX_SECURE_TLS_UNSUPPORTED_CERT_SIGN_ALG, ALERT_BAD_CERTIFICATE],
  'weak-key': [NX_CRYPTO_UNSUPPORTED_KEY_SIZE, ALERT_BAD_CERTIFICATE],
  'wrong-purpose': [NX_SECURE_X509_KEY_USAGE_ERROR, ALERT_UNSUPPORTED_CERTIFICATE],
  'not-a-ca': [NX_SECURE_X509_CHAIN_VERIFY_FAILURE, ALERT_UNKNOWN_CA],
  'path-too-long': [NX_SECURE_X509_CHAIN_VERIFY_FAILURE, ALERT_UNKNOWN_CA],
  'name-constraints': [NX_SECURE_X509_CHAIN_VERIFY_FAILURE, ALERT_CERTIFICATE_UNKNOWN],
  'unknown-extension': [NX_SECURE_X509_INVALID_EXTENSIONS, ALERT_CERTIFICATE_UNKNOWN],
  revoked: [NX_SECURE_X509_CRL_CERTIFICATE_REVOKED, ALERT_CERTIFICATE_REVOKED],
  'bad-crl': [NX_SECURE_X509_CRL_SIGNATURE_CHECK_FAILED, ALERT_CERTIFICATE_UNKNOWN],
  'no-crl': [NX_SECURE_X509_CRL_ISSUER_MISMATCH, ALERT_CERTIFICATE_UNKNOWN],
  'chain-too-long': [NX_SECURE_TLS_INSUFFICIENT_CERT_SPACE, ALERT_BAD_CERTIFICATE],
};

export function certificateFault(name: CertificateFaultName, why: string): CertificateFault {
  const [status, alert] = FAULTS[name];
  return { name, status, alert, why };
}
