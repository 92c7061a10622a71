import {
  DROP_FRAGMENT_NO_PACKETS,
  NX_NO_PACKET,
  NX_SUCCESS,
  type Packet,
  type Status,
  TRACE_IP_FRAGMENTED,
} from '@strata/contracts';
import type { IpInstance } from '../instance.ts';

/** Gives fragments their headers; each family has one. */
export interface FragmentShaper {
  /** Octets in front of a fragment's data: every header that {@link shape} prepends and the link's; a multiple of 4. */
  readonly headroom: number;
  /** Prepends the headers to a fragment whose `prepend` is at its data, and sends it. Takes it. */
  shape(fragment: Packet, offset: number, more: boolean): void;
}

/** Cuts datagrams into fragments, for either family (RFC 791 3.2, RFC 8200 4.5). */
export class Fragmenter {
  private readonly ip: IpInstance;

  constructor(ip: IpInstance) {
    this.ip = ip;
  }

  /**
   * Cuts a packet, chained or not, whose `prepend` is at its fragmentable part, into copies of at most `size` octets, hands
   * them to `shaper` in order, and lets the packet go. All or nothing: NX_NO_PACKET when the pool has too few packets for
   * all fragments; then the packet stays with the caller.
   */
  split(packet: Packet, size: number, shaper: FragmentShaper): Status {
    const ip = this.ip;
    const pool = ip.pool;
    const length = packet.length;
    const piece = size & ~7;
    if (piece < 8) return this.fail();
    const count = Math.ceil(length / piece);
    const each = Math.ceil((shaper.headroom + piece) / pool.payloadSize);
    if (count * each > pool.available) return this.fail();
    if (ip.tracer !== null) ip.tracer.event(TRACE_IP_FRAGMENTED, length, count, piece, 0, packet);
    let part: Packet = packet;
    let at = part.prepend;
    for (let offset = 0; offset < length; offset += piece) {
      const fragment = pool.allocate(shaper.headroom) as Packet;
      let left = Math.min(piece, length - offset);
      while (left > 0) {
        if (at === part.append) {
          part = part.next as Packet;
          at = part.prepend;
          continue;
        }
        const moved = Math.min(left, part.append - at);
        fragment.appendBytes(part.bytes, at, moved);
        at += moved;
        left -= moved;
      }
      fragment.ipVersion = packet.ipVersion;
      fragment.interfaceIndex = packet.interfaceIndex;
      ip.counters.totalFragmentsSent++;
      shaper.shape(fragment, offset, offset + piece < length);
    }
    ip.counters.datagramsFragmented++;
    packet.transmitRelease();
    return NX_SUCCESS;
  }

  private fail(): Status {
    this.ip.counters.fragmentationFailures++;
    this.ip.counters.drops[DROP_FRAGMENT_NO_PACKETS]!++;
    return NX_NO_PACKET;
  }
}
