import { type FrameSink, NX_RECEIVE_PACKET, type Packet, type PacketAllocator, SECOND } from '@strata/contracts';
import { type Dissection, dissect } from '@strata/dissect';
import type { SegmentEnd } from '@strata/ethernet';
import { PacketPool } from '@strata/packet';
import { type Host, Lab, type Profile } from '@strata/stack';
import { parseAddress, parseMac } from '@strata/wire';
import {
  all,
  type ExpectedDatagram,
  type ExpectedSegment,
  type FrameCheck,
  tcpSegment,
  udpDatagram,
  wellFormed,
} from './checkers.ts';
import { FrameMaker, type SegmentFields, type Station } from './frame-maker.ts';
import { leakGuard } from './leak-guard.ts';
import { Transcript } from './transcript.ts';

export const HOST_ADDRESS = '192.0.2.1';
export const PEER_ADDRESS = '192.0.2.2';
const HOST_MAC = '02:00:00:00:00:01';
const PEER_MAC = '02:00:00:00:00:02';

/** How long an `expect…` waits for a frame. */
const PATIENCE = SECOND;

export interface ScriptedPeerOptions {
  readonly profile?: Profile;
  readonly seed?: number;
  /** Audit the host's pool: leaks are then reported with their holders. Default true. */
  readonly audit?: boolean;
  /** The host knows the peer's MAC address already, so that a script need not begin with ARP. Default true. */
  readonly resolved?: boolean;
}

/**
 * One real host in virtual time, and the test as everybody else on its link.
 *
 * Whatever the host sends is checked for lengths and checksums by the dissector, which shares no code with the stack, before
 * any other expectation is looked at. A failed expectation shows the whole conversation and leaves a capture.
 *
 * ```ts
 * const peer = new ScriptedPeer();
 * peer.host.listen(7, () => {});
 * peer.sendTcp({ sourcePort: 4000, destinationPort: 7, flags: 'S', sequence: 100 });
 * peer.expectTcp({ flags: 'S.', acknowledgment: 101 });
 * peer.expectSilence(900_000);
 * ```
 */
export class ScriptedPeer implements FrameSink {
  readonly lab: Lab;
  readonly host: Host;
  /** Makes frames from the peer to the host. */
  readonly make: FrameMaker;
  readonly transcript: Transcript;
  readonly receivePool: PacketAllocator;
  private readonly port: SegmentEnd;
  private readonly pool: PacketPool;
  private readonly inbox: Uint8Array[];

  constructor(options: ScriptedPeerOptions = {}) {
    this.lab = new Lab({
      seed: options.seed ?? 1,
      ...(options.profile === undefined ? {} : { profile: options.profile }),
    });
    this.host = this.lab.host('host', { audit: options.audit ?? true });
    const bridge = this.lab.bridge();
    this.host.attach(bridge.a, { address: `${HOST_ADDRESS}/24`, mac: HOST_MAC });
    const [host, peer] = [station(HOST_MAC, HOST_ADDRESS), station(PEER_MAC, PEER_ADDRESS)];
    this.make = new FrameMaker(peer, host);
    this.transcript = new Transcript('host', 'peer');
    this.pool = new PacketPool({ name: 'peer pool', payloadSize: 2048, packets: 64 });
    this.receivePool = this.pool;
    this.port = bridge.b;
    this.inbox = [];
    this.port.attach(this);
    if (options.resolved ?? true) this.host.ip.arp.createStaticEntry(peer.address, peer.msw, peer.lsw);
  }

  get now(): number {
    return this.lab.now;
  }

  /** @internal What the host sends arrives here. */
  accept(frame: Packet): void {
    const bytes = new Uint8Array(frame.length);
    frame.extract(0, bytes, 0, bytes.length);
    frame.release();
    this.transcript.add(this.now, 'host', bytes);
    this.inbox.push(bytes);
  }

  linkChanged(): void {}

  /** Sends a frame as it is. */
  send(frame: Uint8Array): void {
    const packet = this.pool.allocate(NX_RECEIVE_PACKET);
    if (packet === null) throw new Error('the scripted peer has no packet left: the link keeps them');
    packet.appendBytes(frame, 0, frame.length);
    this.transcript.add(this.now, 'peer', frame);
    this.port.send(packet);
  }

  sendTcp(fields: SegmentFields): void {
    this.send(this.make.tcp(fields));
  }

  /** Lets time go by, in microseconds. What the host sends meanwhile waits for the next expectation. */
  advance(microseconds: number): void {
    const { scheduler } = this.lab.clock;
    const end = this.now + microseconds;
    while (scheduler.step(end));
    scheduler.advanceTo(end);
  }

  /** The host's next frame, which must come within a second and pass the checks. Returns it taken apart. */
  expect(...checks: readonly FrameCheck[]): Dissection {
    const frame = this.next(PATIENCE);
    if (frame === null) this.fail('expected a frame, and none came within a second');
    const dissection = dissect(frame);
    const complaint = all(wellFormed, ...checks)(dissection);
    if (complaint !== null) this.fail(complaint);
    return dissection;
  }

  expectTcp(expected: ExpectedSegment): Dissection {
    return this.expect(tcpSegment(expected));
  }

  expectUdp(expected: ExpectedDatagram): Dissection {
    return this.expect(udpDatagram(expected));
  }

  /** The host must send nothing for so long, and nothing may be waiting. */
  expectSilence(microseconds: number): void {
    const frame = this.next(microseconds);
    if (frame !== null) this.fail(`expected silence for ${microseconds} µs, got ${dissect(frame).summary}`);
  }

  private next(patience: number): Uint8Array | null {
    const { scheduler } = this.lab.clock;
    const end = this.now + patience;
    while (this.inbox.length === 0 && scheduler.step(end));
    if (this.inbox.length === 0) scheduler.advanceTo(end);
    return this.inbox.shift() ?? null;
  }

  /** @throws Error with the conversation and the path of a capture of it */
  fail(complaint: string): never {
    throw new Error(`${complaint}\n\n${this.transcript.ladder()}\n\ncapture: ${this.transcript.save()}`);
  }

  /** Takes the link down and checks that every packet was given back. */
  close(): void {
    void this.lab.close();
    leakGuard(this.lab);
  }
}

function station(mac: string, address: string): Station {
  const link = parseMac(mac);
  const network = parseAddress(address);
  if (link === null || network === null) throw new RangeError(`${mac} or ${address} is no address`);
  return { ...link, address: network.w3 };
}
