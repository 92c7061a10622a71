import type { Status } from '@strata/contracts';
import type { TlsAlert } from './alert.ts';
import type { SignatureVerifier } from './x509/signature.ts';

/** Protocol versions, as on the wire. */
export const TLS_1_2 = 0x0303;
export const TLS_1_3 = 0x0304;

/** The handshake is under way. */
export const ENGINE_HANDSHAKE = 1;
/** Plaintext can be written and taken. */
export const ENGINE_OPEN = 2;
/** It failed; {@link TlsEngine.error} says why. What is left to take is the alert. */
export const ENGINE_FAILED = 3;

/** A certificate with its private key, as one end presents itself. */
export interface TlsIdentity {
  /** PEM (leaf first, then the rest of the chain), or DER, one per certificate. */
  readonly certificates: string | Uint8Array | readonly Uint8Array[];
  /** RSA or EC key: PEM, or DER (PKCS #8, PKCS #1 or SEC 1). */
  readonly key: string | Uint8Array;
}

/** A pre-shared key (nx_secure_tls_psk_add). */
export interface TlsPsk {
  readonly identity: string;
  readonly key: Uint8Array;
}

/** What an engine needs to know to begin. */
export interface TlsEngineOptions {
  readonly server: boolean;
  /** TLS_1_2 or TLS_1_3. */
  readonly minimumVersion: number;
  readonly maximumVersion: number;
  readonly identity: TlsIdentity | null;
  /** Server: the identity for a name that the client asks for; null: the default one. */
  readonly identityFor: ((serverName: string) => TlsIdentity | null) | null;
  /** Server: ask the client for a certificate. */
  readonly requestCertificate: boolean;
  /** Client: what to put into server_name; null: nothing. */
  readonly serverName: string | null;
  readonly alpn: readonly string[];
  /** Client: the first is used. Server: looked up by identity. */
  readonly psks: readonly TlsPsk[];
  /** Client: every identity hint is accepted. Server: sent with TLS 1.2 when not empty. */
  readonly pskHint: string;
  /** Cipher suites in OpenSSL's notation; '' for the engine's default. */
  readonly ciphers: string;
}

/** Why an engine gave up. */
export interface TlsEngineError {
  readonly status: Status;
  /** The fatal alert, and who sent it; null when none was, or could be, sent. */
  readonly alert: TlsAlert | null;
  readonly received: boolean;
  readonly why: string;
}

/** What was agreed on; meaningful once open. */
export interface TlsAgreement {
  readonly version: number;
  /** IANA's name of the cipher suite. */
  readonly cipher: string;
  readonly alpn: string | null;
  /** Server: the name that the client asked for. Client: the one it asked for. */
  readonly serverName: string | null;
}

/** Whom an engine tells. */
export interface TlsEngineListener {
  /** It has come to rest after work was given to it: there may be something to take, or another state. */
  progressed(): void;
  /** A line for a key log file (NSS format, no line end). */
  keyLog(line: string): void;
}

/** Counts what is under way on the machine's event loop, so that virtual time waits; an `Island` is one. */
export interface TlsBusy {
  enter(): void;
  leave(): void;
}

/**
 * The cryptographic part of a session: octets in and out, no I/O, no time, no judgment of certificates. Every method returns
 * at once; work may go on behind it, and `progressed` follows each time it has come to rest.
 *
 * The owner takes ciphertext only after it has judged the peer's certificates; so until then nothing that depends on them
 * has left, and `refuse` can put an alert in its place.
 */
export interface TlsEngine {
  /** One of the ENGINE_ constants. */
  readonly state: number;
  readonly error: TlsEngineError | null;
  /** The peer's close_notify has been processed. */
  readonly peerFinished: boolean;
  /** Our close_notify has been made, and can be taken. */
  readonly finished: boolean;
  /** Octets of plaintext given to `write` that are not ciphertext yet. */
  readonly unwritten: number;
  /** Nothing is under way: everything given to it has had its effect. */
  readonly atRest: boolean;
  /** There is ciphertext to take. */
  readonly hasCiphertext: boolean;
  /** Ciphertext from the peer. The engine keeps no reference. */
  feed(bytes: Uint8Array): void;
  /** Plaintext: one record per call, up to 16384 octets. The engine keeps `bytes`. */
  write(bytes: Uint8Array): void;
  /** Makes close_notify, behind everything written. */
  end(): void;
  /** Ciphertext for the peer, in order: whole records. */
  takeCiphertext(): Uint8Array | null;
  /** The plaintext of the peer's next record. */
  takePlaintext(): Uint8Array | null;
  /**
   * The peer's certificates, DER, its own first; empty when it sent none or has not yet. After a failure: what had come, for
   * the reason only, since nothing has vouched for it.
   */
  peerCertificates(): readonly Uint8Array[];
  /**
   * Fails the handshake: everything not yet taken is dropped, and a fatal alert is put in its place, under the keys that the
   * peer expects at this point. False when these are not known; then nothing is sent.
   */
  refuse(alert: number): boolean;
  agreement(): TlsAgreement;
  /** Frees everything; nothing is told any more. */
  destroy(): void;
}

/** Makes engines, and checks signatures with the same library. */
export interface TlsEngines extends SignatureVerifier {
  /** An error when the options cannot be used: a key that does not fit, a cipher list of nothing. */
  create(options: TlsEngineOptions, listener: TlsEngineListener, busy: TlsBusy | null): TlsEngine | TlsEngineError;
}
