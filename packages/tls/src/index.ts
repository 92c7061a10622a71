/**
 * `@strata/tls`: TLS 1.2 and 1.3 sessions, a `PacketStream` over a `PacketStream`, with NetX Secure's model.
 *
 * Owns the session, its alerts and statuses, and the judgment of certificates: by the clock it is given, never by the
 * machine's. The cryptography is an engine behind a seam; `@strata/tls/engine-node` has OpenSSL's. Must not know TCP's inside.
 *
 * ```ts
 * const connector = new TlsConnector(host.connector('192.0.2.2', 8883), {
 *   engines: new NodeTlsEngines(),
 *   time: host.time,
 *   pool: host.pool,
 *   busy: host.environment.islands.register('tls'),
 *   host: 'broker.example',
 *   trusted: [caPem],
 * });
 * const client = new MqttClient({ connector, … });
 * ```
 */
export * from './alert.ts';
export { TlsConnector } from './connector.ts';
export * from './engine.ts';
export { type CertificateSource, DEFAULT_EPOCH, type TlsSecrets, type TlsSessionOptions } from './options.ts';
export { TlsSession } from './session.ts';
export { TlsSetup, type TlsSetupOptions } from './setup.ts';
export * from './state.ts';
export { type Certificate, parseCertificate } from './x509/certificate.ts';
export { parseRevocationList, type RevocationList } from './x509/crl.ts';
export { formatUnixTime } from './x509/der.ts';
export type {
  CertificateAllowance,
  CertificateFault,
  CertificateFaultName,
} from './x509/fault.ts';
export { matchesHost, matchesName } from './x509/host-name.ts';
export { type Judgment, type JudgmentRules, judgeCertificates } from './x509/judge.ts';
export { formatPem, parsePem } from './x509/pem.ts';
export type { SignatureAlgorithm, SignatureVerifier } from './x509/signature.ts';
