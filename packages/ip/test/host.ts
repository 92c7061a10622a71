import {
  CAPABILITY_TX_CHECKSUM,
  LINK_BROADCAST,
  LINK_MULTICAST,
  LINK_UNICAST,
  type LinkProperties,
  type LinkService,
  type LinkSink,
  type Packet,
  type Tracer,
} from '@strata/contracts';
import { PacketMemory, PacketPool } from '@strata/packet';
import { Scheduler, SeededRandom } from '@strata/time';
import { IpInstance, type IpInterface, type IpPolicy, netxIpPolicy } from '../src/index.ts';
import { ARP, IPV4, internetChecksum, ipWord, MAC_OURS, MAC_PEER, macBytes, macOf } from './frames.ts';

/** What a host put on its link. */
export interface Sent {
  readonly at: number;
  readonly etherType: number;
  readonly to: string;
  readonly bytes: Uint8Array;
}

/** A link whose other end is the test. Every packet sent is checked for lengths and checksums before anybody looks at it. */
export class ScriptedLink implements LinkService {
  readonly properties: LinkProperties & { up: boolean };
  /** False: another MAC address is refused. */
  takesAddresses = true;
  readonly sent: Sent[] = [];
  readonly groups: string[] = [];
  sink: LinkSink | null = null;
  /** Packets are kept here instead of being let go, as a slow driver does. */
  held: Packet[] | null = null;
  private readonly scheduler: Scheduler;

  constructor(scheduler: Scheduler, mac: string, mtu = 1500, capabilities = 0) {
    const [a, b, c, d, e, f] = macBytes(mac) as [number, number, number, number, number, number];
    this.scheduler = scheduler;
    this.properties = {
      macMsw: (a << 8) | b,
      macLsw: (c << 24) | (d << 16) | (e << 8) | f,
      mtu,
      up: true,
      capabilities,
    };
  }

  attach(sink: LinkSink): void {
    this.sink = sink;
  }

  detach(): void {
    this.sink = null;
  }

  setPhysicalAddress(): boolean {
    return this.takesAddresses;
  }

  send(packet: Packet, etherType: number, destinationMsw: number, destinationLsw: number): void {
    if (packet.prepend - 16 < packet.dataStart) throw new Error('no room left for the link header');
    const bytes = new Uint8Array(packet.length);
    const copied = packet.extract(0, bytes, 0, packet.length);
    if (copied !== packet.length) throw new Error(`length says ${packet.length}, the chain holds ${copied}`);
    if (bytes.length > this.properties.mtu) throw new Error('longer than the MTU');
    if (etherType === IPV4) checkIpv4Packet(bytes, (this.properties.capabilities & CAPABILITY_TX_CHECKSUM) !== 0);
    this.sent.push({ at: this.scheduler.now, etherType, to: macOf(destinationMsw, destinationLsw), bytes });
    if (this.held !== null) this.held.push(packet);
    else packet.transmitRelease();
  }

  joinGroup(msw: number, lsw: number): void {
    this.groups.push(macOf(msw, lsw));
  }

  leaveGroup(msw: number, lsw: number): void {
    this.groups.splice(this.groups.indexOf(macOf(msw, lsw)), 1);
  }
}

/** Lengths and checksums that every packet on a link must have. */
function checkIpv4Packet(bytes: Uint8Array, offloaded: boolean): void {
  const headerLength = ((bytes[0] as number) & 15) * 4;
  const total = ((bytes[2] as number) << 8) | (bytes[3] as number);
  if ((bytes[0] as number) >>> 4 !== 4 || headerLength < 20) throw new Error('bad version or header length');
  if (total !== bytes.length) throw new Error(`total length ${total}, packet ${bytes.length}`);
  if (offloaded) return;
  if (internetChecksum(bytes.subarray(0, headerLength)) !== 0) throw new Error('bad IPv4 header checksum');
  // Only the whole datagram has a checksum; a test that reassembles checks it.
  if (((((bytes[6] as number) << 8) | (bytes[7] as number)) & 0x3fff) !== 0) return;
  const payload = bytes.subarray(headerLength);
  const protocol = bytes[9] as number;
  if (protocol === 1 && internetChecksum(payload) !== 0) throw new Error('bad ICMP checksum');
  if (protocol === 17) {
    const length = ((payload[4] as number) << 8) | (payload[5] as number);
    if (length !== payload.length) throw new Error(`UDP length ${length}, payload ${payload.length}`);
    const claimed = ((payload[6] as number) << 8) | (payload[7] as number);
    const pseudo = [...bytes.subarray(12, 20), 0, 17, length >>> 8, length & 255];
    if (claimed !== 0 && internetChecksum([...pseudo, ...payload]) !== 0) throw new Error('bad UDP checksum');
  }
}

export interface HostOptions {
  readonly policy?: IpPolicy;
  readonly address?: string | null;
  readonly mask?: string;
  readonly packets?: number;
  readonly payloadSize?: number;
  readonly mtu?: number;
  readonly capabilities?: number;
  readonly tracer?: Tracer;
  readonly seed?: string;
  /** Remember who allocated each packet; slow. */
  readonly audit?: boolean;
}

/** One IP instance at 192.0.2.1/24 with the test at the other end of its link, in virtual time. */
export class TestHost {
  readonly scheduler = new Scheduler();
  readonly memory = new PacketMemory(1 << 20);
  readonly pool: PacketPool;
  readonly ip: IpInstance;
  readonly link: ScriptedLink;
  readonly eth0: IpInterface;
  readonly random: SeededRandom;

  constructor(options: HostOptions = {}) {
    this.random = new SeededRandom(options.seed ?? 'test');
    this.pool = new PacketPool({
      name: 'test',
      payloadSize: options.payloadSize ?? 1600,
      packets: options.packets ?? 64,
      memory: this.memory,
      audit: options.audit ?? false,
    });
    this.ip = new IpInstance({
      name: 'host',
      pool: this.pool,
      time: this.scheduler,
      random: this.random.fork('ip'),
      policy: options.policy ?? netxIpPolicy,
      tracer: options.tracer ?? null,
    });
    this.link = new ScriptedLink(this.scheduler, MAC_OURS, options.mtu, options.capabilities);
    this.eth0 = this.ip.attachInterface('eth0', this.link);
    const address = options.address === undefined ? '192.0.2.1' : options.address;
    if (address !== null) this.ip.setAddress(this.eth0, ipWord(address), ipWord(options.mask ?? '255.255.255.0'));
  }

  /** Hands a packet to the host as its driver would, and lets the host tell its applications. */
  inject(etherType: number, bytes: Uint8Array, cast = LINK_UNICAST, from = MAC_PEER, link = this.link): void {
    const sink = link.sink as LinkSink;
    const packet = sink.receivePool.allocate(16);
    if (packet === null) throw new Error('the pool is empty');
    if (packet.appendBytes(bytes, 0, bytes.length) !== 0) throw new Error('the pool is too small');
    const [a, b, c, d, e, f] = macBytes(from) as [number, number, number, number, number, number];
    sink.accept(packet, etherType, cast, (a << 8) | b, (c << 24) | (d << 16) | (e << 8) | f);
    this.scheduler.runDeferred();
  }

  injectArp(bytes: Uint8Array, cast = LINK_BROADCAST, from = MAC_PEER): void {
    this.inject(ARP, bytes, cast, from);
  }

  injectIp(bytes: Uint8Array, cast = LINK_UNICAST): void {
    this.inject(IPV4, bytes, cast);
  }

  injectMulticast(bytes: Uint8Array): void {
    this.inject(IPV4, bytes, LINK_MULTICAST);
  }

  /** Puts the peer's address into the cache without traffic. */
  knowPeer(address = '192.0.2.2', mac = MAC_PEER): void {
    const [a, b, c, d, e, f] = macBytes(mac) as [number, number, number, number, number, number];
    this.ip.arp.setDynamicEntry(ipWord(address), (a << 8) | b, (c << 24) | (d << 16) | (e << 8) | f);
  }

  /** Lets `microseconds` pass. */
  advance(microseconds: number): void {
    const end = this.scheduler.now + microseconds;
    while (this.scheduler.step(end)) {}
    this.scheduler.advanceTo(end);
  }

  /** The oldest packet sent and not yet looked at. */
  next(): Sent {
    const sent = this.link.sent.shift();
    if (sent === undefined) throw new Error('the host sent nothing');
    return sent;
  }

  /** Everything sent and not yet looked at. */
  take(): Sent[] {
    return this.link.sent.splice(0);
  }

  drops(reason: number): number {
    return this.ip.dropCount(reason);
  }

  /** Fails unless the host is silent and every packet is back in the pool. */
  finish(): void {
    if (this.link.sent.length > 0)
      throw new Error(`${this.link.sent.length} packets were sent and nobody expected them`);
    this.ip.close();
    this.scheduler.runDeferred();
    if (this.pool.available !== this.pool.total) {
      const stacks = this.pool.outstanding().map((packet) => (packet as { allocationStack?: string }).allocationStack);
      throw new Error(`${stacks.length} packets leaked:\n${stacks.join('\n')}`);
    }
  }
}
