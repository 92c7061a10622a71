import { type FrameSink, NX_UDP_PACKET, type Packet, type PacketAllocator, SECOND } from '@strata/contracts';
import type { SegmentEnd } from '@strata/ethernet';
import { PacketPool } from '@strata/packet';
import type { Host, Lab } from '@strata/stack';
import type { UdpListener, UdpSocket } from '@strata/udp';
import { formatAddress } from '@strata/wire';
import { readFrame, type Seen } from '../../suite/peer/seen.ts';
import type { Trial } from '../../suite/trial.ts';
import {
  type ArpFields,
  address,
  arpPacket,
  EVERYBODY,
  HOST_MAC,
  type Ip4Fields,
  type Ip6Fields,
  icmp4,
  ip4,
  ip6,
  octets,
  PEER_MAC,
  text,
  word16,
} from './raw.ts';

const ARP = 0x0806;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;

export interface BenchOptions {
  /** Default 192.0.2.1/24; null for none. */
  readonly address?: string | null;
  /** IPv6 addresses; their duplicate detection is over when the scenario begins. */
  readonly ipv6?: readonly string[];
  readonly mtu?: number;
  readonly packets?: number;
  /** The host knows the peer's link address already. Default true. */
  readonly known?: boolean;
}

/** A frame that the host sent, with its link addresses. */
export interface Sent extends Seen {
  readonly to: readonly number[];
}

/** A host with raw access to its link: the scenario writes every frame, and reads every frame. */
export class HostBench implements FrameSink {
  readonly lab: Lab;
  readonly host: Host;
  readonly receivePool: PacketAllocator;
  private readonly t: Trial;
  private readonly pool: PacketPool;
  private readonly port: SegmentEnd;
  private readonly inbox: Sent[];
  private readonly sockets: UdpSocket[];

  constructor(t: Trial, options: BenchOptions = {}) {
    this.t = t;
    this.lab = t.lab();
    this.inbox = [];
    this.sockets = [];
    this.pool = new PacketPool({ name: 'bench pool', payloadSize: 2048, packets: 128 });
    this.receivePool = this.pool;
    const bridge = this.lab.bridge(options.mtu === undefined ? {} : { mtu: options.mtu });
    this.port = bridge.b;
    this.port.attach(this);
    this.host = this.lab.host('host', { packets: options.packets ?? 256 });
    this.host.attach(bridge.a, {
      mac: '02:00:00:00:00:01',
      ...(options.address === null ? {} : { address: options.address ?? '192.0.2.1/24' }),
      ...(options.ipv6 === undefined ? {} : { addresses: options.ipv6 }),
    });
    if (options.ipv6 !== undefined) this.advance(10 * SECOND);
    if (options.known !== false && options.address !== null) this.introduce();
    this.inbox.length = 0;
  }

  /** Lets the host learn the peer's link addresses by a request for its own. */
  introduce(): void {
    this.arp();
    this.take();
  }

  get now(): number {
    return this.lab.now;
  }

  accept(frame: Packet): void {
    const bytes = new Uint8Array(frame.length);
    frame.extract(0, bytes, 0, bytes.length);
    frame.release();
    this.inbox.push({ ...readFrame(bytes, this.now), to: Array.from(bytes.subarray(0, 6)) });
  }

  linkChanged(): void {}

  /** Sends a frame; the host processes it at once. */
  frame(type: number, payload: ArrayLike<number>, to = HOST_MAC, from = PEER_MAC): void {
    const bytes = Uint8Array.from([...to, ...from, ...word16(type), ...Array.from(payload)]);
    const packet = this.pool.allocate(2);
    if (packet === null) throw new Error('the bench has no packet');
    packet.appendBytes(bytes, 0, bytes.length);
    this.port.send(packet);
    this.advance(0);
  }

  arp(fields: ArpFields = {}, to: readonly number[] = EVERYBODY): void {
    this.frame(ARP, arpPacket(fields), to);
  }

  ip(protocol: number, payload: ArrayLike<number>, fields: Ip4Fields = {}, to = HOST_MAC): void {
    this.frame(IPV4, ip4(protocol, payload, fields), to);
  }

  ip6(nextHeader: number, payload: ArrayLike<number>, fields: Ip6Fields = {}, to = HOST_MAC): void {
    this.frame(IPV6, ip6(nextHeader, payload, fields), to);
  }

  /** An echo request. */
  echo(data: ArrayLike<number> = text('echo'), fields: Ip4Fields = {}, to = HOST_MAC): void {
    this.ip(1, icmp4(8, 0, [0, 7, 0, 1], data), fields, to);
  }

  /** Lets time go by, in microseconds. */
  advance(microseconds: number): void {
    const { scheduler } = this.lab.clock;
    const end = this.now + microseconds;
    while (scheduler.step(end));
    scheduler.advanceTo(end);
  }

  /** What the host has sent since last asked. */
  take(): Sent[] {
    return this.inbox.splice(0);
  }

  /** The only frame that the host has sent. */
  one(what: string): Sent {
    const [first, ...more] = this.take();
    if (first === undefined) this.t.fail(`the host did not send ${what}`);
    this.t.equal(more.length, 0, `frames beside ${what}`);
    this.t.equal([...first.problems], [], `problems of ${what}`);
    return first;
  }

  /** Nothing has been sent. */
  silence(why: string): void {
    this.t.equal(
      this.take().map(({ bytes }) => Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join('')),
      [],
      `what the host sends although ${why}`,
    );
  }

  /** How often the host dropped something for this DROP_ reason. */
  drops(reason: number): number {
    const { drops } = this.host.drivers[0] ?? { drops: null };
    return this.host.ip.dropCount(reason) + (drops?.of(reason) ?? 0);
  }

  /** A bound UDP socket of the host. */
  socket(port: number, listener: UdpListener | null = null): UdpSocket {
    const socket = this.host.udp.createSocket({ listener });
    if (socket.bind(port) !== 0) throw new Error(`port ${port} is taken`);
    this.sockets.push(socket);
    return socket;
  }

  /** Sends a datagram from a socket; the status. */
  send(socket: UdpSocket, to: string, port: number, data: ArrayLike<number>): number {
    const packet = this.host.pool.allocate(NX_UDP_PACKET);
    if (packet === null) throw new Error('the host has no packet');
    const bytes = Uint8Array.from(data);
    if (packet.appendBytes(bytes, 0, bytes.length) !== 0) throw new Error('the host has too few packets');
    const status = socket.send(packet, address(to), port);
    if (status !== 0) packet.release();
    this.advance(0);
    return status;
  }

  /** The text of every datagram that waits. */
  received(socket: UdpSocket): string[] {
    const list: string[] = [];
    for (let packet = socket.receive(); packet !== null; packet = socket.receive()) {
      const bytes = new Uint8Array(packet.length);
      packet.extract(0, bytes, 0, bytes.length);
      list.push(String.fromCharCode(...bytes.subarray(0, 100)));
      packet.release();
    }
    return list;
  }

  /** Octets of a received ICMP error: type, code, and what it quotes. */
  static error(seen: Sent): { type: number; code: number; rest: number[]; quote: number[]; to: string } {
    const { payload } = seen;
    return {
      type: payload[0] as number,
      code: payload[1] as number,
      rest: Array.from(payload.subarray(4, 8)),
      quote: Array.from(payload.subarray(8)),
      to: formatAddress(seen.destination),
    };
  }

  /** Does the host know this address's link address? It sends to it and the frame goes there, or it asks. */
  knows(text4: string): number[] | null {
    const entry = this.host.ip.arp.findEntry(address(text4).w3);
    if (entry === null) return null;
    const { msw, lsw } = entry;
    return [msw >>> 8, msw & 255, lsw >>> 24, (lsw >>> 16) & 255, (lsw >>> 8) & 255, lsw & 255];
  }

  /** Ends everything, so that every packet is given back. */
  end(): void {
    for (const socket of this.sockets) if (socket.port !== 0) socket.unbind();
    this.host.ip.close();
    this.advance(0);
  }
}

/** Fields of an ARP frame that the host sent. */
export function readArp(seen: Sent): { operation: number; sender: string; target: string; octets: number[] } {
  const body = seen.payload;
  const text4 = (at: number) => Array.from(body.subarray(at, at + 4)).join('.');
  return {
    operation: (body[6] as number) * 256 + (body[7] as number),
    sender: text4(14),
    target: text4(24),
    octets: Array.from(body),
  };
}

/** A scenario body with a bench that is ended after it. */
export function onBench(options: BenchOptions, body: (bench: HostBench, t: Trial) => void): (t: Trial) => void {
  return (t) => {
    const bench = new HostBench(t, options);
    body(bench, t);
    bench.end();
  };
}

export { octets };
