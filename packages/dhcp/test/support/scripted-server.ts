import { NX_UDP_PACKET } from '@strata/contracts';
import type { Host } from '@strata/stack';
import { datagramSource, type UdpSocket } from '@strata/udp';
import { formatIpv4, ipv4Address, parseAddress } from '@strata/wire';

/** What a client sent, read by this file's own understanding of RFC 2131 and 2132. */
export interface Seen {
  /** Microseconds of the lab. */
  readonly at: number;
  readonly type: number;
  readonly transaction: number;
  readonly seconds: number;
  readonly broadcast: boolean;
  readonly clientAddress: string;
  readonly source: string;
  readonly destination: string;
  readonly mac: Uint8Array;
  readonly options: Map<number, number[]>;
  readonly length: number;
}

/** What to answer: the message's type, the address given, options. */
export interface Answer {
  readonly type: number;
  readonly address?: string;
  readonly options?: readonly (readonly [code: number, ...value: number[]])[];
  readonly transaction?: number;
  readonly mac?: Uint8Array;
  /** Octets to put in the fields of the boot file and the server's name. */
  readonly file?: readonly number[];
  readonly serverName?: readonly number[];
  readonly source?: number;
  /** The finished message, changed as the test likes; null: not sent. */
  readonly change?: (bytes: Uint8Array) => Uint8Array;
}

export function octets(address: string): number[] {
  return address.split('.').map(Number);
}

/** The options that a lease needs. */
export function leaseOptions(server: string, seconds: number): (readonly [number, ...number[]])[] {
  return [
    [54, ...octets(server)],
    [51, ...word(seconds)],
    [1, 255, 255, 255, 0],
    [3, ...octets(server)],
    [6, ...octets(server)],
  ];
}

export function word(value: number): number[] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

/** A DHCP server whose answers a test writes. It has no memory and no rules of its own. */
export class ScriptedServer {
  readonly seen: Seen[];
  /** Called for each message; returns the answers. */
  answer: (seen: Seen) => readonly Answer[];
  private readonly host: Host;
  private readonly socket: UdpSocket;

  constructor(host: Host, answer: (seen: Seen) => readonly Answer[]) {
    this.seen = [];
    this.answer = answer;
    this.host = host;
    this.socket = host.udp.createSocket({
      queueMaximum: 64,
      listener: { receivable: () => this.receive(), failed: () => {} },
    });
    this.socket.broadcast = true;
    this.socket.bind(67);
  }

  /** The types of all messages so far. */
  get types(): number[] {
    return this.seen.map(({ type }) => type);
  }

  close(): void {
    this.socket.unbind();
  }

  private receive(): void {
    for (let packet = this.socket.receive(); packet !== null; packet = this.socket.receive()) {
      const bytes = new Uint8Array(packet.length);
      packet.extract(0, bytes, 0, bytes.length);
      const source = datagramSource(packet);
      packet.release();
      if (source === null) continue;
      const seen = read(bytes, this.host.time.now, formatIpv4(source.address.w3), formatIpv4(source.destination.w3));
      this.seen.push(seen);
      for (const answer of this.answer(seen)) this.send(seen, answer);
    }
  }

  /** Sends to everybody, or to the client's own address when it has one (RFC 2131 4.1). */
  send(seen: Seen, answer: Answer): void {
    let bytes = new Uint8Array(1400);
    const view = new DataView(bytes.buffer);
    bytes.set([2, 1, 6, 0]);
    view.setUint32(4, answer.transaction ?? seen.transaction);
    bytes.set(octets(answer.address ?? '0.0.0.0'), 16);
    bytes.set(answer.mac ?? seen.mac, 28);
    bytes.set(answer.serverName ?? [], 44);
    bytes.set(answer.file ?? [], 108);
    view.setUint32(236, 0x63825363);
    let at = 240;
    for (const [code, ...value] of [[53, answer.type] as const, ...(answer.options ?? [])]) {
      bytes.set([code, value.length, ...value], at);
      at += 2 + value.length;
    }
    bytes[at++] = 255;
    bytes = bytes.slice(0, at);
    if (answer.change !== undefined) bytes = Uint8Array.from(answer.change(bytes));
    const packet = this.host.pool.allocate(NX_UDP_PACKET);
    if (packet === null) throw new Error('the server has no packet left');
    packet.appendBytes(bytes, 0, bytes.length);
    const to = seen.clientAddress === '0.0.0.0' ? ipv4Address(-1) : parseAddress(seen.clientAddress);
    if (to === null || this.socket.send(packet, to, 68) !== 0) throw new Error('the server could not send');
  }
}

function read(bytes: Uint8Array, at: number, source: string, destination: string): Seen {
  const view = new DataView(bytes.buffer);
  const options = new Map<number, number[]>();
  for (let i = 240; i < bytes.length && bytes[i] !== 255; ) {
    if (bytes[i] === 0) {
      i++;
      continue;
    }
    const length = bytes[i + 1] as number;
    options.set(bytes[i] as number, [...bytes.subarray(i + 2, i + 2 + length)]);
    i += 2 + length;
  }
  return {
    at,
    type: options.get(53)?.[0] ?? 0,
    transaction: view.getUint32(4),
    seconds: view.getUint16(8),
    broadcast: (bytes[10] as number) >= 0x80,
    clientAddress: bytes.subarray(12, 16).join('.'),
    source,
    destination,
    mac: bytes.slice(28, 34),
    options,
    length: bytes.length,
  };
}
