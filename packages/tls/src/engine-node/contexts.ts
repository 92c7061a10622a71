import { constants, createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureVersion } from 'node:tls';
import { TLS_1_2, type TlsEngineOptions, type TlsIdentity } from '../engine.ts';
import { formatPem } from '../x509/pem.ts';

/** Suites that can use a pre-shared key. TLS 1.3 uses one only with SHA-256. */
const PSK_CIPHERS =
  'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:' +
  'ECDHE-PSK-CHACHA20-POLY1305:PSK-AES128-GCM-SHA256:PSK-AES256-GCM-SHA384:ECDHE-PSK-AES128-CBC-SHA256:PSK-AES128-CBC-SHA256';

const NODE_VERSION = (version: number): SecureVersion => (version === TLS_1_2 ? 'TLSv1.2' : 'TLSv1.3');

/** The PEM of an identity's certificates, leaf first. */
function certificatePem({ certificates }: TlsIdentity): string {
  if (typeof certificates === 'string') return certificates;
  const list = certificates instanceof Uint8Array ? [certificates] : certificates;
  return list.map((der) => formatPem(der, 'CERTIFICATE')).join('');
}

/** @throws what node:crypto throws for bytes that are no private key */
function privateKey(key: string | Uint8Array): KeyObject {
  if (typeof key === 'string') return createPrivateKey(key);
  const bytes = Buffer.from(key);
  let failure: unknown = null;
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    try {
      return createPrivateKey({ key: bytes, format: 'der', type });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/**
 * OpenSSL's context for a session. Without tickets, because their length varies; and without renegotiation.
 * @throws what node:tls throws for certificates, keys or cipher lists that cannot be used
 */
export function makeContext(options: TlsEngineOptions, identity: TlsIdentity | null): SecureContext {
  let own = {};
  if (identity !== null) {
    const cert = certificatePem(identity);
    const key = privateKey(identity.key);
    const expected = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
    if (!createPublicKey(key).export({ type: 'spki', format: 'der' }).equals(expected)) {
      throw new Error('key values mismatch: the private key is not that of the certificate');
    }
    own = { cert, key: key.export({ type: 'pkcs8', format: 'pem' }) };
  }
  const pskOnly = options.psks.length > 0 && identity === null;
  const ciphers = options.ciphers !== '' ? options.ciphers : pskOnly ? PSK_CIPHERS : '';
  return createSecureContext({
    ...own,
    // The judgment is not OpenSSL's. With nobody trusted it loads no roots, sends no certificates but our own, and checks
    // no signature by a CA of the same name and another key, after which it would give up by itself.
    ca: [],
    minVersion: NODE_VERSION(options.minimumVersion),
    maxVersion: NODE_VERSION(options.maximumVersion),
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
    ...(ciphers === '' ? {} : { ciphers }),
  });
}
