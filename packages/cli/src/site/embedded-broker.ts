import type { Duplex } from 'node:stream';
import { netOf, PacketDuplex } from '@strata/sockets';
import type { Host, HostTlsOptions, NetError } from '@strata/stack';
import type { Aedes } from 'aedes';
import type { ServiceTally } from '../services/tcp-services.ts';

/** How an {@link EmbeddedBroker} is secured, and who may use it. */
export interface BrokerOptions {
  readonly tls?: HostTlsOptions | undefined;
  /** When given, nobody else gets in. */
  readonly login?: { readonly username: string; readonly password: string } | undefined;
  /** Told of each TLS handshake that failed. */
  readonly refused?: (error: NetError) => void;
}

/** A stream that aedes can serve. */
type BrokerStream = Duplex & { readonly bytesRead: number; readonly bytesWritten: number };

/** aedes, a complete MQTT broker, as a program on an emulated host: its connections are those of the stack. */
export class EmbeddedBroker {
  /** Connections, and the bytes of those that have ended. */
  readonly tally: ServiceTally;
  /** For those who want to hear what happens in it. */
  readonly aedes: Aedes;
  private readonly host: Host;
  private readonly server: { close(): void };
  /** Connections that are open, whether aedes knows their clients yet or not. */
  private readonly streams: Set<BrokerStream>;

  private constructor(host: Host, aedes: Aedes, port: number, options: BrokerOptions) {
    this.tally = { name: 'mqtt', port, connections: 0, bytesIn: 0, bytesOut: 0, close: () => {} };
    this.host = host;
    this.aedes = aedes;
    this.streams = new Set();
    const { tls, refused } = options;
    if (tls === undefined) {
      const server = netOf(host).createServer((socket) => this.serve(socket as unknown as BrokerStream));
      server.listen(port);
      this.server = server;
    } else {
      this.server = host.listenTls(
        port,
        tls,
        (connection) => this.serve(new PacketDuplex(host, connection.packets) as unknown as BrokerStream),
        refused === undefined ? {} : { refused },
      );
    }
  }

  /** Starts a broker on a port of `host`. */
  static async start(host: Host, port: number, options: BrokerOptions = {}): Promise<EmbeddedBroker> {
    const random = host.random.fork('broker');
    const { login } = options;
    // Loaded here, so that commands without a broker start sooner.
    const { Aedes } = await import('aedes');
    const aedes = await Aedes.createBroker({
      id: `${host.name}-broker`,
      maxClientsIdLength: 65535,
      // aedes draws the first packet identifier of each client from Math.random; a lab must repeat itself.
      preConnect: (client, _packet, callback) => {
        (client as unknown as { _nextId: number })._nextId = 1 + random.below(65535);
        callback(null, true);
      },
      ...(login === undefined
        ? {}
        : {
            authenticate: (_client, username, password, callback) =>
              callback(null, username === login.username && String(password ?? '') === login.password),
          }),
    });
    keepPubrelsApart(aedes);
    return new EmbeddedBroker(host, aedes, port, options);
  }

  private serve(stream: BrokerStream): void {
    const { tally } = this;
    tally.connections++;
    this.streams.add(stream);
    stream.once('close', () => {
      this.streams.delete(stream);
      tally.bytesIn += stream.bytesRead;
      tally.bytesOut += stream.bytesWritten;
    });
    this.aedes.handle(stream);
  }

  /** Publishes in the broker's own name. Resolves when it was handed to all subscribers there are. */
  publish(topic: string, payload: string, options: { readonly qos: 0 | 1; readonly retain: boolean }): Promise<void> {
    return new Promise((resolve, reject) => {
      const packet = { cmd: 'publish' as const, dup: false, topic, payload: Buffer.from(payload), ...options };
      this.aedes.publish(packet, (error) => {
        this.host.touch();
        if (error === undefined || error === null) {
          resolve();
        } else {
          reject(error);
        }
      });
      this.host.touch();
    });
  }

  /** Ends all connections and stops. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.aedes.close(() => resolve()));
    // Also those that have not said who they are: aedes would wait for them, by the machine's clock.
    for (const stream of this.streams) {
      stream.destroy();
    }
    this.server.close();
  }
}

/** What aedes remembers of a PUBREL. */
interface PubrelRecord {
  readonly cmd: string;
  readonly messageId: number;
  brokerId?: string;
  brokerCounter?: number;
}

/**
 * aedes' memory takes one PUBREL for another when a client has several (they have no `brokerId` and no `brokerCounter` to tell
 * them apart), and then forgets the first one's identifier. Names of their own help.
 */
function keepPubrelsApart(aedes: Aedes): void {
  const { persistence } = aedes as unknown as {
    persistence: { outgoingUpdate(client: unknown, packet: PubrelRecord): unknown };
  };
  const update = persistence.outgoingUpdate.bind(persistence);
  persistence.outgoingUpdate = (client, packet) => {
    if (packet.cmd === 'pubrel') {
      packet.brokerId = `pubrel ${packet.messageId}`;
      packet.brokerCounter = packet.messageId;
    }
    return update(client, packet);
  };
}
