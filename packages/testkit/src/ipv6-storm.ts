import { type FrameSink, NX_RECEIVE_PACKET, type Packet, type PacketAllocator, SECOND } from '@strata/contracts';
import { PacketPool } from '@strata/packet';
import { type Host, Lab, type Profile } from '@strata/stack';
import { SeededRandom } from '@strata/time';
import { formatAddress } from '@strata/wire';
import { octets6, StrangePackets } from './ipv6-packets.ts';
import { leaks } from './leak-guard.ts';

/** What came of an {@link ipv6Storm}. */
export interface Ipv6StormResult {
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

const OWN = '2001:db8::1';
const OWN_MAC = '00:11:22:33:44:56';
const PEER_MAC = [0x00, 0x11, 0x22, 0x33, 0x44, 0x57];
const PACKETS = 256;
/** The longest that anything waits: a neighbor, for three times the longest retransmission time that a router may ask for. */
const AFTERWARDS = 4 * 3600 * SECOND;
const FAULTS_KEPT = 10;

/**
 * Throws strange IPv6 packets at a host in virtual time: extension headers in every order with every option, fragments,
 * Neighbor Discovery with options of all kinds, errors about packets that it did or did not send. Nothing may be thrown, kept
 * for ever or grow without bound, and the host answers afterwards as before.
 */
export function ipv6Storm(seed: number, profile: Profile, options: { readonly packets: number }): Ipv6StormResult {
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
  private readonly packets: StrangePackets;
  private readonly faults: string[];
  private answers: number;
  private lastAnswer: number;
  private mostHeld: number;

  constructor(seed: number, profile: Profile) {
    this.seed = seed;
    this.profile = profile;
    this.lab = new Lab({ seed, profile });
    this.host = this.lab.host('host', { packets: PACKETS });
    const bridge = this.lab.bridge();
    this.host.attach(bridge.a, { addresses: [`${OWN}/64`], mac: OWN_MAC });
    this.pool = new PacketPool({ name: 'storm', payloadSize: 2048, packets: 8, memory: this.lab.memory });
    this.receivePool = this.pool;
    this.port = bridge.b;
    bridge.b.attach(this);
    this.random = new SeededRandom(`ipv6 storm ${seed}`);
    this.packets = new StrangePackets(this.random, OWN);
    this.faults = [];
    this.answers = 0;
    this.lastAnswer = -1;
    this.mostHeld = 0;
    this.listen();
  }

  private listen(): void {
    const socket = this.host.udp.createSocket({});
    socket.bind(5000);
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
    this.lastAnswer = frame.length > 54 ? frame.view.getUint8(frame.prepend + 54) : -1;
    frame.release();
  }

  linkChanged(): void {}

  private advance(microseconds: number): void {
    const { scheduler } = this.lab.clock;
    const end = this.lab.now + microseconds;
    while (scheduler.step(end));
    scheduler.advanceTo(end);
  }

  private hurl(packet: Uint8Array): void {
    const frame = this.pool.allocate(NX_RECEIVE_PACKET);
    if (frame === null) return;
    const toGroup = packet.length >= 40 && packet[24] === 0xff;
    const to = toGroup ? [0x33, 0x33, ...packet.slice(36, 40)] : [0x00, 0x11, 0x22, 0x33, 0x44, 0x56];
    frame.appendBytes(Uint8Array.from([...to, ...PEER_MAC, 0x86, 0xdd, ...packet]), 0, packet.length + 14);
    this.port.send(frame);
  }

  run(count: number): void {
    this.advance(5 * SECOND);
    for (let i = 0; i < count && this.faults.length < FAULTS_KEPT; i++) {
      const packets = this.random.below(16) === 0 ? this.packets.fragments() : [this.packets.next()];
      try {
        for (const packet of packets) {
          this.hurl(packet);
          this.advance(0);
        }
        this.advance(this.random.below(20_000));
      } catch (error) {
        this.fault(`packet ${i} (${hexOf(packets)}): ${(error as Error).stack}`);
      }
      this.look(i);
    }
    this.advance(AFTERWARDS);
    this.ask();
    for (const leak of leaks(this.lab)) this.fault(leak);
  }

  private look(at: number): void {
    const { host } = this;
    const { ip } = host;
    const held = host.pool.total - host.pool.available;
    if (held > this.mostHeld) this.mostHeld = held;
    // Fragments may hold half of the pool at most, and packets that wait for neighbors a quarter.
    if (held > (PACKETS * 7) / 8) this.fault(`after packet ${at} the host holds ${held} of ${PACKETS} packets`);
    const limits = this.profile.ip.ipv6;
    const { routes, destinations } = ip.ipv6;
    const grown =
      routes.routers.length > limits.routers ||
      routes.prefixes.length > limits.prefixes ||
      destinations.all.length > limits.destinations ||
      (ip.interfaces[0]?.ipv6.addresses.length ?? 0) > limits.addresses;
    if (grown) this.fault(`after packet ${at} a list has grown beyond its bound`);
  }

  /** The host is as it was: with an address of its own choice it answers an echo request. */
  private ask(): void {
    const own = this.host.ip.interfaces[0]!.ipv6;
    const usable = own.addresses.find((each) => each.usable);
    if (own.shut) return;
    if (usable === undefined) {
      this.fault('the host has no address left');
      return;
    }
    this.lastAnswer = -1;
    this.hurl(solicitation(octets6(formatAddress(usable.address))));
    this.advance(SECOND);
    if (this.lastAnswer !== 136) this.fault(`afterwards, a solicitation is answered with ${this.lastAnswer}`);
    this.advance(AFTERWARDS);
  }

  private fault(text: string): void {
    if (this.faults.length < FAULTS_KEPT) this.faults.push(text);
  }

  result(packets: number): Ipv6StormResult {
    const { seed, profile, answers, mostHeld, faults } = this;
    void this.lab.close();
    return { seed, profile: profile.name, packets, answers, mostHeld, faults };
  }
}

function hexOf(packets: readonly Uint8Array[]): string {
  return packets.map((packet) => Array.from(packet, (octet) => octet.toString(16).padStart(2, '0')).join('')).join(' ');
}

/** A Neighbor Solicitation from a neighbor that shows its link address. */
function solicitation(target: readonly number[]): Uint8Array {
  const source = octets6('fe80::99');
  const group = [...octets6('ff02::1:ff00:0').slice(0, 13), ...target.slice(13)];
  const message = [135, 0, 0, 0, 0, 0, 0, 0, ...target, 1, 1, ...PEER_MAC];
  let sum = message.length + 58;
  const covered = [...source, ...group, ...message];
  for (let i = 0; i < covered.length; i++) sum += i % 2 === 0 ? covered[i]! << 8 : covered[i]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  const field = ~sum & 0xffff;
  message[2] = field >>> 8;
  message[3] = field & 255;
  return Uint8Array.from([0x60, 0, 0, 0, 0, message.length, 58, 255, ...source, ...group, ...message]);
}
