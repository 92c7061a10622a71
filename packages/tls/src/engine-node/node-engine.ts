import { connect, type SecureContext, TLSSocket, type TLSSocketOptions } from 'node:tls';
import { NX_SECURE_TLS_HANDSHAKE_FAILURE } from '@strata/contracts';
import { ALERT_LEVEL_FATAL, describeAlert } from '../alert.ts';
import {
  ENGINE_FAILED,
  ENGINE_HANDSHAKE,
  ENGINE_OPEN,
  TLS_1_2,
  TLS_1_3,
  type TlsAgreement,
  type TlsBusy,
  type TlsEngine,
  type TlsEngineError,
  type TlsEngineListener,
  type TlsEngineOptions,
} from '../engine.ts';
import { encryptedAlert, plainAlert } from './alert-record.ts';
import { sentCertificates } from './certificate-message.ts';
import { makeContext } from './contexts.ts';
import { HandshakeLog } from './handshake-log.ts';
import { MemoryDuplex, type MemoryDuplexOwner } from './memory-duplex.ts';
import { openSslFault } from './openssl-errors.ts';
import { trafficKeys } from './traffic-keys.ts';

/**
 * Turns of the event loop without anything new after which OpenSSL counts as at rest. Node hands over the end of a write
 * one turn late; nothing takes longer, because no work goes to other threads.
 */
const QUIET_TURNS = 3;

/** OpenSSL, as Node wraps it, over a stream in memory. */
export class NodeTlsEngine implements TlsEngine, MemoryDuplexOwner {
  state: number;
  error: TlsEngineError | null;
  peerFinished: boolean;
  finished: boolean;
  unwritten: number;
  private readonly options: TlsEngineOptions;
  private readonly listener: TlsEngineListener;
  private readonly busy: TlsBusy | null;
  private readonly duplex: MemoryDuplex;
  private readonly socket: TLSSocket;
  private readonly ciphertext: Uint8Array[];
  private readonly plaintext: Uint8Array[];
  /** Writes go to OpenSSL one by one: two at once might share a record, or not. */
  private readonly writes: Uint8Array[];
  private writing: boolean;
  private ending: boolean;
  private destroyed: boolean;
  /** Traffic secrets of TLS 1.3 by their label in the key log. */
  private readonly secrets: Map<string, Uint8Array>;
  private readonly sent: HandshakeLog;
  /** Of what was sent, what the owner has taken. */
  private readonly taken: HandshakeLog;
  private readonly received: HandshakeLog;
  private askedName: string | null;
  private watching: boolean;
  private quiet: number;

  /** @throws what node:tls throws for a context that cannot be made */
  constructor(options: TlsEngineOptions, listener: TlsEngineListener, busy: TlsBusy | null, context: SecureContext) {
    this.state = ENGINE_HANDSHAKE;
    this.error = null;
    this.peerFinished = false;
    this.finished = false;
    this.unwritten = 0;
    this.options = options;
    this.listener = listener;
    this.busy = busy;
    this.duplex = new MemoryDuplex(this);
    this.ciphertext = [];
    this.plaintext = [];
    this.writes = [];
    this.writing = false;
    this.ending = false;
    this.destroyed = false;
    this.secrets = new Map();
    this.sent = new HandshakeLog();
    this.taken = new HandshakeLog();
    this.received = new HandshakeLog(true);
    this.askedName = options.serverName;
    this.watching = false;
    this.quiet = 0;
    this.duplex.on('error', () => undefined);
    this.socket = options.server ? this.serverSocket(context) : this.clientSocket(context);
    this.listen();
    this.stir();
  }

  private clientSocket(secureContext: SecureContext): TLSSocket {
    const { serverName, alpn, psks } = this.options;
    const psk = psks[0];
    return connect({
      socket: this.duplex,
      secureContext,
      // Judged by the session, by the lab's clock, before anything is taken from here.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(serverName === null ? {} : { servername: serverName }),
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
      ...(psk === undefined ? {} : { pskCallback: () => ({ psk: psk.key, identity: psk.identity }) }),
    });
  }

  private serverSocket(secureContext: SecureContext): TLSSocket {
    const { alpn, psks, pskHint, requestCertificate, identityFor } = this.options;
    const options = {
      isServer: true,
      secureContext,
      requestCert: requestCertificate,
      rejectUnauthorized: false,
      SNICallback: (name: string, done: (error: Error | null, context?: SecureContext) => void) => {
        this.askedName = name;
        this.chooseIdentity(name, identityFor, done);
      },
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
      ...(psks.length === 0
        ? {}
        : {
            pskCallback: (_socket: TLSSocket, identity: string) =>
              psks.find((one) => one.identity === identity)?.key ?? null,
          }),
      ...(pskHint === '' ? {} : { pskIdentityHint: pskHint }),
    };
    return new TLSSocket(this.duplex, options as TLSSocketOptions);
  }

  private chooseIdentity(
    name: string,
    identityFor: TlsEngineOptions['identityFor'],
    done: (error: Error | null, context?: SecureContext) => void,
  ): void {
    const identity = identityFor === null ? null : identityFor(name);
    if (identity === null) {
      done(null);
      return;
    }
    try {
      done(null, makeContext(this.options, identity));
    } catch (error) {
      done(error as Error);
    }
  }

  private listen(): void {
    const { socket } = this;
    const opened = () => {
      if (this.state === ENGINE_HANDSHAKE) this.state = ENGINE_OPEN;
      this.stir();
    };
    socket.on(this.options.server ? 'secure' : 'secureConnect', opened);
    socket.on('data', (bytes: Buffer) => {
      this.plaintext.push(bytes);
      this.stir();
    });
    socket.on('end', () => {
      if (this.state === ENGINE_OPEN) this.peerFinished = true;
      this.stir();
    });
    socket.on('finish', () => {
      this.finished = true;
      this.stir();
    });
    socket.on('keylog', (line: Buffer) => this.keyLog(line.toString('latin1').trim()));
    const failed = (error: Error) => this.failed(error);
    socket.on('error', failed);
    socket.on('_tlsError', failed);
  }

  private keyLog(line: string): void {
    const [label, , secret] = line.split(' ');
    if (label !== undefined && secret !== undefined) this.secrets.set(label, Buffer.from(secret, 'hex'));
    this.listener.keyLog(line);
  }

  wrote(bytes: Uint8Array): void {
    this.sent.saw(bytes);
    this.ciphertext.push(bytes);
    this.stir();
  }

  ended(): void {
    this.stir();
  }

  private failed(error: Error): void {
    this.stir();
    if (this.state === ENGINE_FAILED || this.destroyed) return;
    const wasOpen = this.state === ENGINE_OPEN;
    const fault = openSslFault(error);
    this.state = ENGINE_FAILED;
    let alert = { level: ALERT_LEVEL_FATAL, value: fault.alert } as { level: number; value: number } | null;
    if (!fault.received) {
      const { alert: clear } = this.sent;
      if (clear !== null) alert = { level: clear[0], value: clear[1] };
      // OpenSSL makes an alert for every error, but during a handshake Node drops what is not flushed by then.
      else if (!wasOpen && !this.sent.endsInAlert && !this.putAlert(fault.alert)) alert = null;
    }
    this.error = { status: fault.status, alert, received: fault.received, why: fault.why };
  }

  get atRest(): boolean {
    return !this.watching;
  }

  get hasCiphertext(): boolean {
    return this.ciphertext.length > 0;
  }

  feed(bytes: Uint8Array): void {
    if (this.state === ENGINE_FAILED || this.destroyed) return;
    if (this.state === ENGINE_HANDSHAKE) this.received.saw(bytes);
    // A socket that has failed tells it in the next tick; what comes before that finds it destroyed.
    if (!this.socket.destroyed) this.attempt(() => this.duplex.push(Buffer.from(bytes)));
    this.stir();
  }

  write(bytes: Uint8Array): void {
    if (this.state !== ENGINE_OPEN || this.ending) return;
    this.writes.push(bytes);
    this.unwritten += bytes.length;
    this.writeNext();
  }

  private writeNext(): void {
    if (this.writing || this.destroyed) return;
    const next = this.writes.shift();
    if (next === undefined) {
      if (this.ending) this.attempt(() => this.socket.end());
      return;
    }
    this.writing = true;
    this.stir();
    const written = (): void => {
      this.writing = false;
      this.unwritten -= next.length;
      this.stir();
      this.writeNext();
    };
    this.attempt(() => this.socket.write(next, written));
  }

  /** Whatever the peer does, nothing is thrown: not by Node either. */
  private attempt(work: () => unknown): void {
    try {
      work();
    } catch (error) {
      this.failed(error as Error);
    }
  }

  end(): void {
    if (this.ending || this.destroyed || this.state !== ENGINE_OPEN) return;
    this.ending = true;
    this.stir();
    if (!this.writing) this.writeNext();
  }

  takeCiphertext(): Uint8Array | null {
    const bytes = this.ciphertext.shift() ?? null;
    if (bytes !== null && this.state === ENGINE_HANDSHAKE) this.taken.saw(bytes);
    return bytes;
  }

  takePlaintext(): Uint8Array | null {
    return this.plaintext.shift() ?? null;
  }

  peerCertificates(): readonly Uint8Array[] {
    if (this.destroyed) return [];
    // Of a handshake that failed, what was received tells more than OpenSSL does.
    const leaf: { raw?: Buffer } | null = this.state === ENGINE_FAILED ? null : this.socket.getPeerCertificate();
    if (leaf?.raw === undefined && this.state !== ENGINE_FAILED) return [];
    const { server } = this.options;
    const hello = server ? this.sent : this.received;
    const secret = this.secrets.get(server ? 'CLIENT_HANDSHAKE_TRAFFIC_SECRET' : 'SERVER_HANDSHAKE_TRAFFIC_SECRET');
    const keys = hello.version === TLS_1_3 && secret !== undefined ? trafficKeys(hello.cipherSuite, secret) : null;
    return sentCertificates(this.received.records, keys) ?? (leaf?.raw === undefined ? [] : [leaf.raw]);
  }

  refuse(alert: number): boolean {
    this.ciphertext.length = 0;
    const sent = this.putAlert(alert);
    this.state = ENGINE_FAILED;
    this.error = {
      status: NX_SECURE_TLS_HANDSHAKE_FAILURE,
      alert: sent ? { level: ALERT_LEVEL_FATAL, value: alert } : null,
      received: false,
      why: `refused with ${describeAlert(alert)}`,
    };
    return sent;
  }

  /**
   * Makes a fatal alert without OpenSSL, from which Node offers no way to ask for one. Everything that OpenSSL made and was
   * not taken is dropped, so the alert is the first record that the peer sees under the present keys.
   */
  private putAlert(value: number): boolean {
    const { server } = this.options;
    const hello = server ? this.sent : this.received;
    const secret = this.secrets.get(server ? 'SERVER_TRAFFIC_SECRET_0' : 'CLIENT_HANDSHAKE_TRAFFIC_SECRET');
    // Before its own keys exist, a TLS 1.3 client sends alerts in the clear, as OpenSSL does; so does everybody in TLS 1.2
    // until ChangeCipherSpec.
    const clear = hello.version === TLS_1_3 ? secret === undefined : !this.taken.encrypted;
    const keys = clear || secret === undefined ? null : trafficKeys(hello.cipherSuite, secret);
    const protectedAlert = keys === null ? null : encryptedAlert(value, keys);
    const record = clear ? plainAlert(value) : protectedAlert;
    if (record === null) return false;
    this.ciphertext.length = 0;
    this.ciphertext.push(record);
    return true;
  }

  agreement(): TlsAgreement {
    const { socket } = this;
    const live = !this.destroyed;
    const alpn = live ? socket.alpnProtocol : null;
    return {
      version: live && socket.getProtocol() === 'TLSv1.2' ? TLS_1_2 : TLS_1_3,
      cipher: live ? (socket.getCipher()?.standardName ?? '') : '',
      alpn: typeof alpn === 'string' ? alpn : null,
      serverName: this.askedName,
    };
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.ciphertext.length = 0;
    this.plaintext.length = 0;
    this.writes.length = 0;
    this.unwritten = 0;
    this.socket.destroy();
    this.duplex.destroy();
  }

  /** Something happened: the owner is told when nothing more does. */
  private stir(): void {
    this.quiet = 0;
    this.busy?.enter();
    if (this.watching) {
      // In and out: the clock, which is waiting, sees that there is progress and does not rest between turns.
      this.busy?.leave();
      return;
    }
    this.watching = true;
    setImmediate(this.look);
  }

  private readonly look = (): void => {
    if (++this.quiet < QUIET_TURNS && !this.destroyed) {
      setImmediate(this.look);
      return;
    }
    this.watching = false;
    if (!this.destroyed) this.listener.progressed();
    this.busy?.leave();
  };
}
