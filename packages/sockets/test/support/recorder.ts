import type { AddressInfo } from 'node:net';
import { types } from 'node:util';
import type { Server, Socket } from '../../src/index.ts';
import type { World } from './world.ts';

const { isNativeError } = types;

/** What one party of a scenario saw, in order. */
export class Recorder {
  readonly lines: string[] = [];
  private readonly world: World;
  private readonly ports: Map<number, string>;

  constructor(world: World, ports: Map<number, string>) {
    this.world = world;
    this.ports = ports;
  }

  /** Notes something, with addresses and ports by role. */
  note(...words: unknown[]): void {
    this.lines.push(words.map((word) => this.text(word)).join(' '));
  }

  private text(value: unknown): string {
    if (isNativeError(value)) return this.error(value);
    if (typeof value === 'string') return this.place(value);
    if (typeof value === 'number') return this.ports.get(value) ?? String(value);
    if (value === null || value === undefined || typeof value === 'boolean') return String(value);
    return this.place(
      JSON.stringify(value, (_key, inner) => (typeof inner === 'number' ? (this.ports.get(inner) ?? inner) : inner)),
    );
  }

  private place(text: string): string {
    const { serverAddress, clientAddress } = this.world;
    let placed = text.replaceAll(serverAddress, 'ADDRESS').replaceAll(clientAddress, 'ADDRESS');
    for (const [port, name] of this.ports) placed = placed.replace(new RegExp(`:${port}\\b`, 'g'), `:${name}`);
    return placed;
  }

  private error(error: Error): string {
    const { code, errno, syscall, address, port, hostname } = error as Error & Record<string, unknown>;
    const facts = { code, errno, syscall, address, port, hostname };
    return `${error.name} ${this.text(facts)} "${this.place(error.message)}"`;
  }

  /** Counts octets: arrivals in a row are one line, since how they are cut is the network's business. */
  octets(count: number): void {
    const last = this.lines[this.lines.length - 1];
    const before = last?.startsWith('data ') ? Number(last.slice(5)) : 0;
    if (last?.startsWith('data ')) this.lines.pop();
    this.lines.push(`data ${before + count}`);
  }

  /** Notes every event of a socket. `reading` also consumes its data. */
  socket(socket: Socket, name: string, reading = true): Socket {
    const events = ['lookup', 'connectionAttempt', 'connectionAttemptFailed', 'connect', 'ready', 'end', 'finish'];
    for (const event of [...events, 'timeout', 'error', 'close']) {
      socket.on(event, (...values: unknown[]) => this.note(name, event, ...values));
    }
    if (reading) socket.on('data', (bytes: Buffer) => this.octets(bytes.length));
    return socket;
  }

  server(server: Server, name: string): Server {
    for (const event of ['listening', 'error', 'close', 'drop']) {
      server.on(event, (...values: unknown[]) => this.note(name, event, ...values));
    }
    return server;
  }
}

/** One run of a scenario: recorders for both parties, and the usual steps. */
export class Stage {
  readonly world: World;
  readonly client: Recorder;
  readonly server: Recorder;
  private readonly ports: Map<number, string>;

  constructor(world: World) {
    this.world = world;
    this.ports = new Map();
    this.client = new Recorder(world, this.ports);
    this.server = new Recorder(world, this.ports);
  }

  /** Gives a port its name in the notes. */
  name(port: number | undefined, name: string): void {
    if (port !== undefined) this.ports.set(port, name);
  }

  /** A listening server, whose port is named PORT. */
  async listen(server: Server): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, this.world.serverAddress, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const { port } = server.address() as AddressInfo;
    this.name(port, 'PORT');
    return port;
  }

  close(server: Server): Promise<void> {
    return new Promise((resolve) => {
      server.close(() => resolve());
    });
  }

  connect(port: number, options: object = {}): Socket {
    return this.world.client.connect({ port, host: this.world.serverAddress, ...options });
  }

  get notes(): { client: string[]; server: string[] } {
    return { client: this.client.lines, server: this.server.lines };
  }
}

/** Resolves with the first 'close' of a socket; errors are noted elsewhere. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.once('close', () => resolve());
  });
}
