import type { Duplex } from 'node:stream';
import { netOf, type Server } from '@strata/sockets';
import type { Host } from '@strata/stack';
import type { Aedes } from 'aedes';
import type { ServiceTally } from '../services/tcp-services.ts';

/** aedes, a complete MQTT broker, as a program on an emulated host: its connections are those of the stack. */
export class EmbeddedBroker {
  /** Connections, and the bytes of those that have ended. */
  readonly tally: ServiceTally;
  private readonly host: Host;
  private readonly aedes: Aedes;
  private readonly server: Server;

  private constructor(host: Host, aedes: Aedes, server: Server, tally: ServiceTally) {
    this.tally = tally;
    this.host = host;
    this.aedes = aedes;
    this.server = server;
  }

  /** Starts a broker on a port of `host`. */
  static async start(host: Host, port: number): Promise<EmbeddedBroker> {
    const random = host.random.fork('broker');
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
    });
    const tally: ServiceTally = { name: 'mqtt', port, connections: 0, bytesIn: 0, bytesOut: 0, close: () => {} };
    const server = netOf(host).createServer((socket) => {
      tally.connections++;
      socket.once('close', () => {
        tally.bytesIn += socket.bytesRead;
        tally.bytesOut += socket.bytesWritten;
      });
      aedes.handle(socket as unknown as Duplex);
    });
    server.listen(port);
    return new EmbeddedBroker(host, aedes, server, tally);
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
    this.server.close();
  }
}
