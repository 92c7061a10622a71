import { type FrameSink, NX_RECEIVE_PACKET, type Packet, type PacketAllocator, SECOND } from '@strata/contracts';
import { PacketPool } from '@strata/packet';
import { type Host, Lab, type Profile } from '@strata/stack';
import { SeededRandom } from '@strata/time';
import { parseAddress } from '@strata/wire';
import { StrangeIpv4Packets } from './ipv4-packets.ts';
import { leaks } from './leak-guard.ts';

/** What came of an {@link ipv4Storm}. */
export interface Ipv4StormResult {
  readonly seed: number;
  readonly profile: string;
  readonly packets: number;
  /** What the host sent meanwhile. */
  readonly answers: number;
  /** Most packets of the host that were out at once. */
  readonly mostHeld: number;
  /** Empty when everything held. */
  readonly faults: readonly string[];
}

const OWN_MAC = [2, 0, 0, 0, 0, 1];
const PEER_MAC = [2, 0, 0, 0, 0, 2];
const PACKETS = 256;
/** Longer than anything waits: lowered MTUs and redirects last ten minutes, NetX asks for a neighbour for three. */
const AFTERWARDS = 3600 * SECOND;
const FAULTS_KEPT = 10;

/**
 * Throws strange IPv4 and ARP packets at a host in virtual time: options of every kind, fragments whole and broken, IGMP, errors
 * and redirects about what it sent. Every other seed makes it a router. Nothing may be thrown, kept for ever or grow without
 * bound, and the host answers afterwards as before.
 */
export function ipv4Storm(seed: number, profile: Profile, options: { readonly packets: number }): Ipv4StormResult {
  const storm = new Storm(seed, profile);
  storm.run(options.packets);
  return storm.result(options.packets);
}

class Storm implements FrameSink {
  readonly receivePool: PacketAllocator;
  private readonly seed: number;
  private readonly profile: Profile;
  private readonly lab: Lab;
  private readonly host: Host;
  private readonly pool: PacketPool;
  private readonly port: { send(frame: Packet): void };
  private readonly random: SeededRandom;
  private readonly packets: StrangeIpv4Packets;
  private readonly faults: string[];
  private answers: number;
  private replies: number;
  private mostHeld: number;

  constructor(seed: number, profile: Profile) {
    this.seed = seed;
    this.profile = profile;
    this.lab = new Lab({ seed, profile });
    const bridge = this.lab.bridge();
    this.host = this.lab.host('host', {
      packets: PACKETS,
      forwarding: seed % 2 === 0,
      interfaces: [
        { port: bridge.a, address: '192.0.2.1/24', gateway: '192.0.2.254', mac: '02:00:00:00:00:01' },
        { port: this.lab.bridge({ mtu: 576 }).a, address: '198.51.100.1/24' },
      ],
    });
    this.pool = new PacketPool({ name: 'storm', payloadSize: 2048, packets: 16, memory: this.lab.memory });
    this.receivePool = this.pool;
    this.port = bridge.b;
    bridge.b.attach(this);
    this.random = new SeededRandom(`ipv4 storm ${seed}`);
    this.packets = new StrangeIpv4Packets(this.random);
    this.faults = [];
    this.answers = 0;
    this.replies = 0;
    this.mostHeld = 0;
    this.listen();
  }

  private listen(): void {
    const socket = this.host.udp.createSocket({});
    socket.bind(5000);
    const group = parseAddress('239.1.1.1');
    if (group !== null) socket.joinGroup(group);
    socket.listener = {
      receivable: () => {
        for (let packet = socket.receive(); packet !== null; packet = socket.receive()) packet.release();
      },
      failed: () => {},
    };
    this.host.tcp.listen(7, { onConnection: (connection) => connection.destroy() });
  }

  accept(frame: Packet): void {
    this.answers++;
    const { view, prepend } = frame;
    const type = view.getUint16(prepend + 12);
    if (type === 0x0800) {
      const bytes = new Uint8Array(Math.min(frame.length - 14, 200));
      frame.extract(14, bytes, 0, bytes.length);
      this.packets.hear(Array.from(bytes));
    } else if (type === 0x0806) {
      if (view.getUint16(prepend + 20) === 2) this.replies++;
      else this.resolve(view.getInt32(prepend + 38));
    }
    frame.release();
  }

  linkChanged(): void {}

  /** The host asks for an address: mostly the peer has it. */
  private resolve(address: number): void {
    if (this.random.below(8) === 0) return;
    const target = [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255];
    const reply = [0, 1, 8, 0, 6, 4, 0, 2, ...PEER_MAC, ...target, ...OWN_MAC, 192, 0, 2, 1];
    this.post(0x0806, Uint8Array.from(reply));
  }

  private advance(microseconds: number): void {
    const { scheduler } = this.lab.clock;
    const end = this.lab.now + microseconds;
    while (scheduler.step(end));
    scheduler.advanceTo(end);
  }

  private hurl(type: number, packet: Uint8Array): void {
    this.post(type, packet);
    this.advance(0);
  }

  private post(type: number, packet: Uint8Array): void {
    const frame = this.pool.allocate(NX_RECEIVE_PACKET);
    if (frame === null) return;
    const bytes = Uint8Array.from([...this.destination(packet), ...PEER_MAC, type >> 8, type & 255, ...packet]);
    frame.appendBytes(bytes, 0, bytes.length);
    this.port.send(frame);
  }

  /** The MAC address that goes with the packet's destination, mostly. */
  private destination(packet: Uint8Array): readonly number[] {
    const first = packet[16] ?? 0;
    if (this.random.below(20) === 0) return [255, 255, 255, 255, 255, 255];
    if (packet.length >= 20 && first >>> 4 === 14)
      return [1, 0, 0x5e, (packet[17] ?? 0) & 127, packet[18] ?? 0, packet[19] ?? 0];
    return OWN_MAC;
  }

  private one(): void {
    const { random, packets } = this;
    const kind = random.below(16);
    if (kind === 0) for (const each of packets.fragments()) this.hurl(0x0800, each);
    else if (kind === 1) this.hurl(random.below(4) === 0 ? 0x8035 : 0x0806, packets.arp());
    else this.hurl(0x0800, packets.next());
  }

  run(count: number): void {
    for (let i = 0; i < count && this.faults.length < FAULTS_KEPT; i++) {
      try {
        this.one();
        if (i % 50 === 0) this.host.ip.icmp.echo.ping(REMOTE, new Uint8Array(8), SECOND, { pinged });
        this.advance(this.random.below(20_000));
      } catch (error) {
        this.fault(`case ${i}: ${(error as Error).stack}`);
      }
      this.look(i);
    }
    this.advance(AFTERWARDS);
    this.ask();
    this.host.ip.close();
    this.advance(0);
    for (const leak of leaks(this.lab)) this.fault(leak);
  }

  private look(at: number): void {
    const { ip, pool } = this.host;
    const held = pool.total - pool.available;
    if (held > this.mostHeld) this.mostHeld = held;
    // Fragments may hold half of the pool at most, and packets that wait for addresses a quarter.
    if (held > (PACKETS * 7) / 8) this.fault(`after case ${at} the host holds ${held} of ${PACKETS} packets`);
    const grown =
      ip.reassembly.packetsHeld > PACKETS / 2 ||
      ip.reassembly.waiting > this.profile.ip.fragments.maximumDatagrams ||
      ip.paths.size > this.profile.ip.paths.entries ||
      ip.redirects.size > 64 ||
      ip.groups.all.length > 4;
    if (grown) this.fault(`after case ${at} something has grown beyond its bound`);
  }

  /** The host is as it was: it answers for its address. */
  private ask(): void {
    if (this.host.ip.interfaces[0]?.address === 0) {
      this.fault('the host has lost its address');
      return;
    }
    this.replies = 0;
    const request = [0, 1, 8, 0, 6, 4, 0, 1, ...PEER_MAC, 192, 0, 2, 2, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1];
    this.hurl(0x0806, Uint8Array.from(request));
    if (this.replies === 0) this.fault('afterwards, a request for its address is not answered');
  }

  private fault(text: string): void {
    if (this.faults.length < FAULTS_KEPT) this.faults.push(text);
  }

  result(packets: number): Ipv4StormResult {
    const { seed, profile, answers, mostHeld, faults } = this;
    void this.lab.close();
    return { seed, profile: profile.name, packets, answers, mostHeld, faults };
  }
}

/** Beyond the gateway: what it sends there can be redirected, and its path be too small. */
const REMOTE = { family: 4, w0: 0, w1: 0, w2: 0, w3: 0xcb007105 | 0 } as const;

function pinged(_status: number, response: Packet | null): void {
  response?.release();
}
