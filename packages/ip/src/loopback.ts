import {
  type Deferred,
  DROP_IPV4_LOOPBACK_POOL,
  LINK_UNICAST,
  NX_PHYSICAL_HEADER,
  type Packet,
} from '@strata/contracts';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '@strata/wire';
import type { IpInstance } from './instance.ts';

/**
 * What this host sends to itself. A packet is copied, because its sender may keep it for retransmission, and delivered
 * after the current event, never from inside `send`.
 */
export class LoopbackQueue implements Deferred {
  private readonly ip: IpInstance;
  private waiting: Packet[];
  private delivering: Packet[];
  private scheduled: boolean;

  constructor(ip: IpInstance) {
    this.ip = ip;
    this.waiting = [];
    this.delivering = [];
    this.scheduled = false;
  }

  /** Takes a packet whose `prepend` is at its IP header. */
  send(packet: Packet): void {
    this.copyBack(packet);
    packet.transmitRelease();
  }

  /** As {@link send}, for a packet that also goes elsewhere and stays the caller's. */
  copyBack(packet: Packet): void {
    const copy = this.copy(packet);
    if (copy === null) {
      this.ip.counters.drops[DROP_IPV4_LOOPBACK_POOL]!++;
      this.ip.counters.sendPacketsDropped++;
      return;
    }
    this.waiting.push(copy);
    if (this.scheduled) return;
    this.scheduled = true;
    this.ip.time.defer(this);
  }

  /** Delivers what was waiting when it began; what that leads to waits for the next turn. */
  run(): void {
    const batch = this.waiting;
    this.waiting = this.delivering;
    this.delivering = batch;
    this.scheduled = false;
    for (let i = 0; i < batch.length; i++) {
      const packet = batch[i] as Packet;
      const etherType = packet.ipVersion === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
      this.ip.loopback.accept(packet, etherType, LINK_UNICAST, 0, 0);
    }
    batch.length = 0;
  }

  /** Releases what waits. */
  flush(): void {
    for (const packet of this.waiting) packet.release();
    this.waiting.length = 0;
  }

  private copy(packet: Packet): Packet | null {
    const copy = this.ip.pool.allocate(NX_PHYSICAL_HEADER);
    if (copy === null) return null;
    for (let part: Packet | null = packet; part !== null; part = part.next) {
      const count = part.append - part.prepend;
      if (copy.next === null && copy.bytes === part.bytes && count <= copy.dataEnd - copy.append) {
        copy.bytes.copyWithin(copy.append, part.prepend, part.append);
        copy.append += count;
        copy.length += count;
      } else if (copy.appendBytes(part.bytes, part.prepend, count) !== 0) {
        copy.release();
        return null;
      }
    }
    copy.frameId = 0;
    copy.ipVersion = packet.ipVersion;
    return copy;
  }
}
