import { type FrameSink, NX_RECEIVE_PACKET, type Packet, type PacketAllocator, SECOND } from '@strata/contracts';
import type { Segment } from '@strata/ethernet';
import { PacketPool } from '@strata/packet';
import { FrameMaker, type SegmentFields, type Station, TRANSPORT } from '@strata/testkit';
import { ETHERNET_HEADER, ETHERTYPE_ARP, IPV4_SOURCE, parseTcp, TCP_ACK, TCP_SYN, TcpHeader } from '@strata/wire';
import { type Host, Lab, type Profile, type StreamConnection } from '../../src/index.ts';

export const TARGET_STATION: Station = { msw: 0x0200, lsw: 0x00000001, address: 0xc0000201 | 0 };
export const ATTACKER_STATION: Station = { msw: 0x0200, lsw: 0x00000066, address: 0xc0000242 | 0 };

export const ECHO_PORT = 7;
export const SINK_PORT = 9;
export const SOURCE_PORT = 19;
export const DAYTIME_PORT = 13;

/** One of the attacker's connections, as far as it cares. */
export interface Victim {
  readonly port: number;
  readonly service: number;
  /** The next sequence number to send, and the next one expected from the target. */
  sequence: number;
  expected: number;
  /** What the target acknowledged last. */
  acknowledged: number;
}

/**
 * A target host with services, a friend who wants to use them, and an attacker on the same link: no host, it makes frames
 * and sees what the target sends to it.
 */
export class AttackLab implements FrameSink {
  readonly lab: Lab;
  readonly target: Host;
  readonly friend: Host;
  readonly link: Segment;
  readonly make: FrameMaker;
  readonly receivePool: PacketAllocator;
  readonly victims: Map<number, Victim>;
  /** Connections of the target that nobody reads. */
  readonly unread: StreamConnection[];
  private readonly pool: PacketPool;
  private readonly header: TcpHeader;
  private nextPort: number;

  constructor(profile: Profile, packets = 512) {
    this.lab = new Lab({ seed: 1, profile, memoryBytes: 16 << 20 });
    this.target = this.lab.host('target', { packets });
    this.friend = this.lab.host('friend');
    this.link = this.lab.segment(3, { name: 'net' });
    this.target.attach(this.link.end(0), { address: '192.0.2.1/24', mac: '02:00:00:00:00:01' });
    this.friend.attach(this.link.end(1), { address: '192.0.2.2/24' });
    this.pool = new PacketPool({ name: 'attacker', payloadSize: 2048, packets: 256 });
    this.receivePool = this.pool;
    this.make = new FrameMaker(ATTACKER_STATION, TARGET_STATION);
    this.link.end(2).attach(this);
    this.victims = new Map();
    this.unread = [];
    this.header = new TcpHeader();
    this.nextPort = 1024;
    this.target.ip.arp.createStaticEntry(ATTACKER_STATION.address, ATTACKER_STATION.msw, ATTACKER_STATION.lsw);
    this.serve();
  }

  private serve(): void {
    this.target.listen(ECHO_PORT, (connection) => {
      void (async () => {
        for await (const bytes of connection) await connection.send(bytes);
        await connection.close();
      })().catch(() => connection.abort());
    });
    this.target.listen(SINK_PORT, (connection) => this.unread.push(connection));
    this.target.listen(DAYTIME_PORT, (connection) => {
      void connection
        .send(new Uint8Array(26).fill(0x74))
        .then(() => connection.close())
        .catch(() => connection.abort());
    });
    this.target.listen(SOURCE_PORT, (connection) => {
      const bytes = new Uint8Array(16384).fill(0x73);
      void (async () => {
        for (;;) await connection.send(bytes);
      })().catch(() => connection.abort());
    });
  }

  accept(frame: Packet): void {
    const { view } = frame;
    const at = frame.prepend;
    if (view.getInt32(at + 2) === ATTACKER_STATION.lsw && view.getUint16(at + 12) !== ETHERTYPE_ARP)
      this.hear(frame, at);
    frame.release();
  }

  private hear(frame: Packet, at: number): void {
    const { view } = frame;
    if (view.getUint8(at + ETHERNET_HEADER + 9) !== 6 || view.getInt32(at + ETHERNET_HEADER + IPV4_SOURCE) === 0)
      return;
    const { header } = this;
    parseTcp(header, view, at + TRANSPORT, frame.length - TRANSPORT);
    const victim = this.victims.get(header.destinationPort);
    if (victim === undefined) return;
    if (header.flags & TCP_ACK) victim.acknowledged = header.acknowledgment;
    if (header.flags & TCP_SYN || header.sequence === victim.expected) {
      victim.expected = (header.sequence + header.sequenceLength) | 0;
    }
  }

  linkChanged(): void {}

  send(frame: Uint8Array): void {
    const packet = this.pool.allocate(NX_RECEIVE_PACKET);
    if (packet === null) throw new Error('the attacker has no packet left: the link keeps them');
    packet.appendBytes(frame, 0, frame.length);
    this.link.end(2).send(packet);
  }

  segment(fields: SegmentFields): void {
    this.send(this.make.tcp(fields));
  }

  /** Lets what is due happen, and time pass. */
  async pass(microseconds: number): Promise<void> {
    await this.lab.clock.run({ until: this.lab.now + microseconds });
  }

  /** Opens a connection to a service of the target. */
  async connect(service: number, options: readonly number[] = [2, 4, 5, 0xb4], window = 65535): Promise<Victim> {
    const port = this.nextPort++;
    const victim = { port, service, sequence: 1, expected: 0, acknowledged: 1 };
    this.victims.set(port, victim);
    this.segment({ sourcePort: port, destinationPort: service, flags: 'S', sequence: 0, options, window });
    await this.pass(1000);
    this.say(victim, '.', { window });
    return victim;
  }

  /** One segment on a connection, acknowledging what came unless told otherwise. */
  say(victim: Victim, flags: string, fields: Partial<SegmentFields> = {}): void {
    this.segment({
      sourcePort: victim.port,
      destinationPort: victim.service,
      flags,
      sequence: victim.sequence,
      acknowledgment: victim.expected,
      ...fields,
    });
  }

  /** Sends data in order. */
  data(victim: Victim, octets: number, fields: Partial<SegmentFields> = {}): void {
    this.say(victim, 'P.', { data: new Uint8Array(octets).fill(0x61), ...fields });
    victim.sequence = (victim.sequence + octets) | 0;
  }

  /** Whether the friend can still use the target: a ping, and `octets` through the echo service, within `seconds`. */
  async friendIsServed(octets = 4000, seconds = 30): Promise<string> {
    const work = async (): Promise<string> => {
      const ping = await this.friend.ping('192.0.2.1', { timeoutSeconds: 2 });
      if (ping.status !== 0) return `no answer to ping: 0x${ping.status.toString(16)}`;
      const connection = await this.friend.connect('192.0.2.1', ECHO_PORT, { timeoutSeconds: seconds });
      try {
        await connection.send(new Uint8Array(octets).fill(1), { timeoutSeconds: seconds });
        let back = 0;
        while (back < octets) {
          const bytes = await connection.receive({ timeoutSeconds: seconds });
          if (bytes === null) return `echo ended after ${back} octets`;
          back += bytes.length;
        }
      } finally {
        connection.abort();
      }
      return 'served';
    };
    return this.lab.run(() => work().catch((error: Error) => error.message), 'the friend');
  }

  /** The attacker resets all its connections, and what waits for hosts that do not exist is given up. */
  async end(): Promise<void> {
    // So that the acknowledgments that the target still owes say where a reset is believed.
    await this.pass(SECOND);
    for (const victim of this.victims.values()) this.say(victim, 'R', { sequence: victim.acknowledged });
    await this.pass(300 * SECOND);
  }

  /** Packets of the target that are out. */
  get held(): number {
    return this.target.pool.total - this.target.pool.available;
  }
}
