import { connect, createSecureContext, type SecureContextOptions, TLSSocket, type TLSSocketOptions } from 'node:tls';
import { NX_SUCCESS, type Status, type StreamListener } from '@strata/contracts';
import { PacketPool } from '@strata/packet';
import { VirtualClock } from '@strata/time';
import { NodeTlsEngines } from '../../src/engine-node.ts';
import { TlsSession, type TlsSessionOptions } from '../../src/index.ts';
import { type MemoryStream, memoryPair, StreamDuplex } from './memory-stream.ts';

/** What a session has told. */
export class Ear implements StreamListener {
  readonly told: string[] = [];
  readonly received: Buffer[] = [];
  readonly sizes: number[] = [];
  closedWith: Status | null = null;
  /** Whether to take what arrives. */
  greedy = true;
  onEstablished: (() => void) | null = null;
  onSendable: (() => void) | null = null;

  private readonly session: TlsSession;

  constructor(session: TlsSession) {
    this.session = session;
  }

  established(): void {
    this.told.push('established');
    this.onEstablished?.();
  }

  receivable(): void {
    if (this.greedy) this.takeAll();
  }

  takeAll(): void {
    for (let packet = this.session.receive(); packet !== null; packet = this.session.receive()) {
      const bytes = Buffer.alloc(packet.length);
      packet.extract(0, bytes, 0, bytes.length);
      packet.release();
      this.received.push(bytes);
      this.sizes.push(bytes.length);
    }
  }

  sendable(): void {
    this.told.push('sendable');
    this.onSendable?.();
  }

  peerFinished(): void {
    this.told.push('peerFinished');
  }

  closed(reason: Status): void {
    this.told.push('closed');
    this.closedWith = reason;
  }

  get text(): string {
    return Buffer.concat(this.received).toString();
  }
}

/** An OpenSSL end as Node's programs use it. */
export class NodePeer {
  readonly socket: TLSSocket;
  readonly received: Buffer[] = [];
  secure = false;
  ended = false;
  error: (Error & { code?: string }) | null = null;

  constructor(socket: TLSSocket, event: string) {
    this.socket = socket;
    socket.on(event, () => {
      this.secure = true;
    });
    socket.on('data', (bytes: Buffer) => this.received.push(bytes));
    socket.on('end', () => {
      this.ended = true;
    });
    const failed = (error: Error) => {
      this.error ??= error;
    };
    socket.on('error', failed);
    // After the handshake, a server's socket tells only its tls.Server, which there is none of here.
    socket.on('_tlsError', failed);
  }

  /** The number of the alert that it received, or null. */
  get alert(): number | null {
    const found = /SSL alert number (\d+)/.exec(this.error?.message ?? '');
    return found === null ? null : Number(found[1]);
  }

  get text(): string {
    return Buffer.concat(this.received).toString();
  }
}

/** Labs of these tests begin on 2026-01-01, for which their certificates are made. */
export const EPOCH = 1_767_225_600;

/** Two ends of a stream in memory, in virtual time. */
export class Rig {
  readonly clock = new VirtualClock();
  readonly pool = new PacketPool({ name: 'rig', payloadSize: 1568, packets: 256, audit: false });
  readonly island = this.clock.islands.register('tls');
  readonly engines = new NodeTlsEngines();
  readonly a: MemoryStream;
  readonly b: MemoryStream;
  readonly keyLog: string[] = [];

  constructor() {
    [this.a, this.b] = memoryPair(this.pool, this.clock.scheduler);
    // Streams of peers written for Node answer on the event loop.
    this.clock.islands.register('node peers');
  }

  session(options: Partial<TlsSessionOptions>): { session: TlsSession; ear: Ear } {
    const session = new TlsSession({
      engines: this.engines,
      time: this.clock.scheduler,
      pool: this.pool,
      busy: this.island,
      epoch: EPOCH,
      onKeyLog: (line) => this.keyLog.push(line),
      ...options,
    });
    const ear = new Ear(session);
    session.listener = ear;
    return { session, ear };
  }

  /** A server of node:tls on end b. */
  nodeServer(context: SecureContextOptions, options: TLSSocketOptions = {}): NodePeer {
    const secureContext = createSecureContext({ ca: [], ...context });
    const socket = new TLSSocket(new StreamDuplex(this.b), {
      isServer: true,
      secureContext,
      rejectUnauthorized: false,
      ...options,
    });
    return new NodePeer(socket, 'secure');
  }

  /** A client of node:tls on end b. */
  nodeClient(context: SecureContextOptions, options: object = {}): NodePeer {
    const secureContext = createSecureContext({ ca: [], ...context });
    const socket = connect({ socket: new StreamDuplex(this.b), secureContext, rejectUnauthorized: false, ...options });
    return new NodePeer(socket, 'secureConnect');
  }

  /** Runs until nothing more happens. */
  async settle(): Promise<void> {
    await this.clock.run();
  }

  /** Sends text as one packet. */
  send(session: TlsSession, data: string | Uint8Array): Status {
    const packet = session.allocate();
    if (packet === null) throw new Error('the pool is empty');
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    packet.appendBytes(bytes, 0, bytes.length);
    const status = session.send(packet);
    if (status !== NX_SUCCESS) packet.release();
    return status;
  }

  /** Type and length of the records an end has sent. */
  static shape(stream: MemoryStream): string[] {
    return stream.records.map((record) => `${record[0]}:${record.length - 5}`);
  }

  get leaks(): string {
    return this.pool.leakReport();
  }
}
