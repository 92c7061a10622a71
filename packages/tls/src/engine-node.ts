/**
 * `@strata/tls/engine-node`: the cryptographic part of TLS by OpenSSL, as Node has it. The only part of `@strata/tls` that
 * needs Node.
 *
 * ```ts
 * const session = new TlsSession({ engines: new NodeTlsEngines(), … });
 * ```
 */
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import {
  NX_SECURE_TLS_INVALID_CERTIFICATE,
  NX_SECURE_TLS_NO_SUPPORTED_CIPHERS,
  NX_SECURE_X509_INVALID_PRIVATE_KEY_TYPE,
} from '@strata/contracts';
import type { TlsBusy, TlsEngine, TlsEngineError, TlsEngineListener, TlsEngineOptions, TlsEngines } from './engine.ts';
import { makeContext } from './engine-node/contexts.ts';
import { NodeTlsEngine } from './engine-node/node-engine.ts';

export { LabAuthority, type LabSubject } from './engine-node/lab-authority.ts';

import type { SignatureAlgorithm } from './x509/signature.ts';

/** Makes {@link TlsEngine}s of Node's OpenSSL. */
export class NodeTlsEngines implements TlsEngines {
  create(options: TlsEngineOptions, listener: TlsEngineListener, busy: TlsBusy | null): TlsEngine | TlsEngineError {
    let context: SecureContext;
    try {
      context = makeContext(options, options.identity);
    } catch (error) {
      return unusable(error as Error & { code?: string; reason?: string });
    }
    return new NodeTlsEngine(options, listener, busy, context);
  }

  verifySignature(
    algorithm: SignatureAlgorithm,
    publicKey: Uint8Array,
    data: Uint8Array,
    signature: Uint8Array,
  ): boolean {
    try {
      const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
      if (!fits(algorithm, key)) return false;
      if (algorithm.kind === 'eddsa') return verify(null, data, key, signature);
      if (algorithm.kind !== 'rsa-pss') return verify(algorithm.hash, data, key, signature);
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return verify(algorithm.hash, data, { key, padding, saltLength: algorithm.saltLength }, signature);
    } catch {
      // A key or hash that OpenSSL does not know has not signed anything.
      return false;
    }
  }
}

function fits(algorithm: SignatureAlgorithm, key: KeyObject): boolean {
  const type = key.asymmetricKeyType ?? '';
  if (algorithm.kind === 'ecdsa') return type === 'ec';
  if (algorithm.kind === 'eddsa') return type === 'ed25519' || type === 'ed448';
  return type === 'rsa' || (algorithm.kind === 'rsa-pss' && type === 'rsa-pss');
}

function unusable(error: Error & { code?: string; reason?: string }): TlsEngineError {
  const why = error.message.trim();
  const text = `${error.code ?? ''} ${error.reason ?? ''} ${why}`.toLowerCase();
  let status = NX_SECURE_TLS_INVALID_CERTIFICATE;
  if (/cipher/.test(text)) status = NX_SECURE_TLS_NO_SUPPORTED_CIPHERS;
  if (/key values mismatch|private key|decoder|unsupported|asn1|pkcs/.test(text)) {
    status = NX_SECURE_X509_INVALID_PRIVATE_KEY_TYPE;
  }
  return { status, alert: null, received: false, why };
}
