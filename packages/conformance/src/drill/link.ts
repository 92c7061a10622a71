import type { FrameSink, LinkPort, LinkProperties, Packet } from '@strata/contracts';
import { ETHERNET_HEADER, ETHERTYPE_IPV4 } from '@strata/wire';
import { injectFrame } from '../frame-injection.ts';

const ETHERTYPE_IPV6 = 0x86dd;
/** The stack's own address on the link, and that of the one neighbour it has. */
export const STACK_MAC = '02:00:00:00:00:01';
export const PEER_MAC = { msw: 0x0200, lsw: 2, text: '02:00:00:00:00:02' };
const STACK_LSW = 1;

/** Takes what the stack sends. */
export interface PacketTaker {
  packetSent(bytes: Uint8Array): void;
}

/**
 * The link of a script: IP packets in, IP packets out. The stack thinks that it is Ethernet with one neighbour, whose
 * address it was told; frames that are not IP never appear.
 */
export class DrillLink implements LinkPort {
  readonly properties: LinkProperties;
  private readonly taker: PacketTaker;
  private sink: FrameSink | null;
  private frames: number;

  constructor(mtu: number, taker: PacketTaker) {
    this.properties = { macMsw: 0, macLsw: 0, mtu, up: true, capabilities: 0 };
    this.taker = taker;
    this.sink = null;
    this.frames = 0;
  }

  attach(sink: FrameSink | null): void {
    this.sink = sink;
  }

  send(frame: Packet): void {
    const bytes = new Uint8Array(frame.length);
    frame.extract(0, bytes, 0, bytes.length);
    frame.transmitRelease();
    const type = ((bytes[12] ?? 0) << 8) | (bytes[13] ?? 0);
    const packet = bytes.subarray(ETHERNET_HEADER);
    if (type === ETHERTYPE_IPV4 || (type === ETHERTYPE_IPV6 && !isHousekeeping(packet))) this.taker.packetSent(packet);
  }

  /** Hands an IP packet to the stack, now. False when its pool is empty. The packet may be longer than the MTU. */
  inject(packet: Uint8Array): boolean {
    const frame = new Uint8Array(ETHERNET_HEADER + packet.length);
    const view = new DataView(frame.buffer);
    view.setUint16(0, 0x0200);
    view.setUint32(2, STACK_LSW);
    view.setUint16(6, PEER_MAC.msw);
    view.setUint32(8, PEER_MAC.lsw);
    view.setUint16(12, (packet[0] ?? 0) >>> 4 === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
    frame.set(packet, ETHERNET_HEADER);
    if (!injectFrame(this.sink, frame, this.frames + 1)) return false;
    this.frames++;
    return true;
  }
}

const NEXT_HEADER = 6;
const HOP_BY_HOP = 0;
const ICMPV6 = 58;

/** Neighbor Discovery and Multicast Listener Discovery: what IPv6 says to the link itself (RFC 4861, 3810). */
function isHousekeeping(packet: Uint8Array): boolean {
  let header = packet[NEXT_HEADER];
  let at = 40;
  if (header === HOP_BY_HOP) {
    header = packet[at];
    at += 8 + 8 * (packet[at + 1] ?? 0);
  }
  const type = packet[at] ?? 0;
  return header === ICMPV6 && ((type >= 130 && type <= 137) || type === 143);
}
