import {
  DROP_ARP_CACHE_FULL,
  DROP_ARP_CONFLICT,
  DROP_ARP_FLUSHED,
  DROP_ARP_NOT_FOR_US,
  DROP_ARP_SENDER_ADDRESS,
  DROP_ARP_SENDER_MAC,
  NX_ENTRY_NOT_FOUND,
  NX_INVALID_PARAMETERS,
  NX_IP_ADDRESS_ERROR,
  NX_NO_MORE_ENTRIES,
  NX_NOT_SUCCESSFUL,
  NX_PHYSICAL_HEADER,
  NX_SUCCESS,
  type Packet,
  type Status,
  TRACE_ARP_DROPPED,
  TRACE_ARP_RECEIVED,
  TRACE_ARP_REPLY_SENT,
  TRACE_ARP_REQUEST_SENT,
} from '@strata/contracts';
import { ARP_LENGTH, ARP_REPLY, ARP_REQUEST, ArpRepr, ETHERTYPE_ARP, emitArp, parseArp } from '@strata/wire';
import { ArpCounters } from '../counters.ts';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import { isHostAddress, isLinkLocal, isMulticast, LIMITED_BROADCAST } from '../martian.ts';
import {
  NEIGHBOUR_DYNAMIC,
  NEIGHBOUR_FREE,
  NEIGHBOUR_GROUP,
  NEIGHBOUR_INCOMPLETE,
  NEIGHBOUR_STATIC,
  Neighbour,
} from '../neighbour.ts';
import { ArpCache } from './cache.ts';
import { ArpDefence } from './defence.ts';
import { ArpResolution } from './resolution.ts';

/**
 * ARP of one IP instance (RFC 826, RFC 5227, NetX Duo UG 3 "ARP"): what arrives, what the application asks for, and the
 * packets themselves. Resolution and its timers are in `resolution.ts`, address conflicts and probing in `defence.ts`.
 */
export class Arp {
  readonly ip: IpInstance;
  readonly cache: ArpCache;
  readonly counters: ArpCounters;
  readonly resolution: ArpResolution;
  readonly defence: ArpDefence;
  private readonly received: ArpRepr;
  private readonly sent: ArpRepr;
  private readonly broadcast: Neighbour;
  private readonly groups: Map<number, Neighbour>;

  constructor(ip: IpInstance) {
    this.ip = ip;
    const policy = ip.policy.arp;
    this.cache = new ArpCache(policy.cacheSize, policy.queueLimit);
    this.counters = new ArpCounters();
    this.resolution = new ArpResolution(this, policy);
    this.defence = new ArpDefence(this, policy);
    this.received = new ArpRepr();
    this.sent = new ArpRepr();
    this.broadcast = new Neighbour(0);
    this.broadcast.state = NEIGHBOUR_GROUP;
    this.broadcast.msw = 0xffff;
    this.broadcast.lsw = -1;
    this.groups = new Map();
  }

  /** Takes an ARP packet whose `prepend` is at the hardware type, and owns it. */
  accept(packet: Packet, incoming: IpInterface, sourceMsw: number, sourceLsw: number): void {
    const repr = this.received;
    const offset = packet.prepend;
    let reason = parseArp(packet.view, offset, packet.append - offset, repr);
    if (reason === 0) reason = this.judgeSender(repr, incoming, sourceMsw, sourceLsw);
    if (reason !== 0) {
      this.counters.invalidMessages++;
      this.drop(packet, reason);
      return;
    }
    if (this.ip.tracer !== null) {
      this.ip.tracer.event(TRACE_ARP_RECEIVED, repr.operation, repr.senderAddress, repr.targetAddress, 0, packet);
    }
    const request = repr.operation === ARP_REQUEST;
    if (request) this.counters.requestsReceived++;
    else this.counters.responsesReceived++;
    if (this.defence.observe(repr, incoming)) {
      this.drop(packet, DROP_ARP_CONFLICT);
      return;
    }
    const forUs = incoming.address !== 0 && repr.targetAddress === incoming.address;
    this.resolution.learn(repr, incoming, request, forUs);
    if (request && forUs) this.reply(packet, repr, incoming);
    else if (request) this.drop(packet, DROP_ARP_NOT_FOR_US);
    else packet.release();
  }

  /** Could a host have sent this? A sender address of 0 is a probe (RFC 5227 2.1.1). */
  private judgeSender(repr: ArpRepr, incoming: IpInterface, sourceMsw: number, sourceLsw: number): number {
    const msw = repr.senderMsw;
    const lsw = repr.senderLsw;
    if ((msw & 0x100) !== 0 || (msw === 0 && lsw === 0)) return DROP_ARP_SENDER_MAC;
    if (msw === incoming.macMsw && lsw === incoming.macLsw) return DROP_ARP_SENDER_MAC;
    if (sourceMsw === incoming.macMsw && sourceLsw === incoming.macLsw) return DROP_ARP_SENDER_MAC;
    const address = repr.senderAddress;
    if (address === 0) return repr.operation === ARP_REQUEST ? 0 : DROP_ARP_SENDER_ADDRESS;
    if (!isHostAddress(address) || address === incoming.broadcast) return DROP_ARP_SENDER_ADDRESS;
    return 0;
  }

  /** Answers in the request's own packet, so that an answer never waits for the pool. */
  private reply(packet: Packet, request: ArpRepr, incoming: IpInterface): void {
    const sent = this.sent;
    sent.operation = ARP_REPLY;
    sent.senderMsw = incoming.macMsw;
    sent.senderLsw = incoming.macLsw;
    sent.senderAddress = incoming.address;
    sent.targetMsw = request.senderMsw;
    sent.targetLsw = request.senderLsw;
    sent.targetAddress = request.senderAddress;
    emitArp(packet.view, packet.prepend, sent);
    packet.append = packet.prepend + ARP_LENGTH;
    packet.length = ARP_LENGTH;
    if (packet.next !== null) {
      packet.next.release();
      packet.next = null;
      packet.last = null;
    }
    packet.frameId = 0;
    this.counters.responsesSent++;
    if (this.ip.tracer !== null) {
      this.ip.tracer.event(TRACE_ARP_REPLY_SENT, incoming.address, request.senderAddress, 0, 0, packet);
    }
    // RFC 3927 2.5: everybody shall see who has a link-local address.
    const everybody = isLinkLocal(incoming.address);
    const msw = everybody ? 0xffff : request.senderMsw;
    incoming.link?.send(packet, ETHERTYPE_ARP, msw, everybody ? -1 : request.senderLsw);
  }

  /**
   * Broadcasts a request for `target` as `sender`: 0 makes it a probe, `target` itself an announcement. False when the pool
   * is empty.
   */
  sendRequest(outgoing: IpInterface, sender: number, target: number, attempt: number): boolean {
    if (outgoing.link === null) return false;
    const packet = this.ip.controlPool.allocate(NX_PHYSICAL_HEADER);
    if (packet === null) return false;
    const sent = this.sent;
    sent.operation = ARP_REQUEST;
    sent.senderMsw = outgoing.macMsw;
    sent.senderLsw = outgoing.macLsw;
    sent.senderAddress = sender;
    sent.targetMsw = 0;
    sent.targetLsw = 0;
    sent.targetAddress = target;
    emitArp(packet.view, packet.prepend, sent);
    packet.append = packet.prepend + ARP_LENGTH;
    packet.length = ARP_LENGTH;
    packet.interfaceIndex = outgoing.index;
    this.counters.requestsSent++;
    if (this.ip.tracer !== null) {
      this.ip.tracer.event(TRACE_ARP_REQUEST_SENT, target, sender, attempt, 0, packet);
    }
    outgoing.link.send(packet, ETHERTYPE_ARP, 0xffff, -1);
    return true;
  }

  /**
   * The neighbour for a next hop on `outgoing`: the group's for a broadcast or multicast address, an entry of the cache
   * otherwise, a new unresolved one if need be. Null when the cache has no room for it.
   */
  lookUp(outgoing: IpInterface, address: number): Neighbour | null {
    if (address === LIMITED_BROADCAST || (address === outgoing.broadcast && address !== 0)) return this.broadcast;
    if (isMulticast(address)) return this.group(address);
    const found = this.cache.find(outgoing.index, address);
    if (found !== null) return found;
    const entry = this.makeEntry(outgoing.index, address);
    if (entry === null) this.ip.counters.drops[DROP_ARP_CACHE_FULL]!++;
    return entry;
  }

  /** RFC 1112 6.4: 01-00-5e and the lower 23 bits. */
  private group(address: number): Neighbour {
    let neighbour = this.groups.get(address);
    if (neighbour === undefined) {
      if (this.groups.size >= 256) this.groups.clear();
      neighbour = new Neighbour(0);
      neighbour.state = NEIGHBOUR_GROUP;
      neighbour.address = address;
      neighbour.msw = 0x0100;
      neighbour.lsw = 0x5e000000 | (address & 0x7fffff);
      this.groups.set(address, neighbour);
    }
    return neighbour;
  }

  /** A new entry in state INCOMPLETE; the least valuable one goes when the cache is full. */
  makeEntry(interfaceIndex: number, address: number): Neighbour | null {
    if (this.cache.full) {
      const victim = this.cache.leastValuable();
      if (victim === null) return null;
      this.resolution.recycle(victim, address);
    }
    return this.cache.add(interfaceIndex, address);
  }

  /** Keeps a packet until the neighbour is resolved; asks for it if nobody has. Takes the packet. */
  enqueue(neighbour: Neighbour, packet: Packet): void {
    this.resolution.enqueue(neighbour, packet);
  }

  /** As nx_arp_static_entry_create: nothing from the network changes the entry. */
  createStaticEntry(address: number, msw: number, lsw: number): Status {
    return this.setEntry(address, msw, lsw, NEIGHBOUR_STATIC);
  }

  /**
   * As nx_arp_dynamic_entry_set: an entry as if it had been learnt. With MAC 0:0, an unresolved one that is asked for.
   * NX_NOT_SUCCESSFUL when there is a static one, which stays.
   */
  setDynamicEntry(address: number, msw: number, lsw: number): Status {
    return this.setEntry(address, msw, lsw, NEIGHBOUR_DYNAMIC);
  }

  private setEntry(address: number, msw: number, lsw: number, state: number): Status {
    const outgoing = this.ip.routes.onLink(address);
    if (outgoing === null || !isHostAddress(address) || outgoing.link === null) return NX_IP_ADDRESS_ERROR;
    const unknown = msw === 0 && lsw === 0;
    if (state === NEIGHBOUR_STATIC && (unknown || (msw & 0x100) !== 0)) return NX_INVALID_PARAMETERS;
    const known = this.cache.find(outgoing.index, address);
    if (known !== null && known.state === NEIGHBOUR_STATIC && state !== NEIGHBOUR_STATIC) return NX_NOT_SUCCESSFUL;
    const entry = known ?? this.makeEntry(outgoing.index, address);
    if (entry === null) return NX_NO_MORE_ENTRIES;
    if (unknown) this.resolution.ask(entry);
    else this.resolution.resolve(entry, state, msw, lsw);
    return NX_SUCCESS;
  }

  /** As nx_arp_entry_delete, for entries of any kind. Packets that waited for it are dropped. */
  deleteEntry(address: number): Status {
    let deleted = 0;
    for (const entry of this.cache.all) {
      if (entry.state !== 0 && entry.address === address) {
        this.resolution.forget(entry, DROP_ARP_FLUSHED);
        deleted++;
      }
    }
    return deleted > 0 ? NX_SUCCESS : NX_ENTRY_NOT_FOUND;
  }

  /** As nx_arp_static_entry_delete. */
  deleteStaticEntry(address: number, msw: number, lsw: number): Status {
    for (const entry of this.cache.all) {
      if (entry.state !== NEIGHBOUR_STATIC || entry.address !== address) continue;
      if (entry.msw !== msw || entry.lsw !== lsw) continue;
      this.resolution.forget(entry, DROP_ARP_FLUSHED);
      return NX_SUCCESS;
    }
    return NX_ENTRY_NOT_FOUND;
  }

  /** As nx_arp_static_entries_delete. */
  deleteStaticEntries(): void {
    for (const entry of this.cache.all) {
      if (entry.state === NEIGHBOUR_STATIC) this.resolution.forget(entry, DROP_ARP_FLUSHED);
    }
  }

  /** As nx_arp_dynamic_entries_invalidate. Unresolved entries go too, with the packets that wait for them. */
  invalidateDynamicEntries(): void {
    for (const entry of this.cache.all) {
      if (entry.state === NEIGHBOUR_DYNAMIC || entry.state === NEIGHBOUR_INCOMPLETE) {
        this.resolution.forget(entry, DROP_ARP_FLUSHED);
      }
    }
  }

  /** @internal An interface goes: so does what is known on it. */
  detach(outgoing: IpInterface): void {
    this.defence.detach(outgoing);
    for (const entry of this.cache.all) {
      if (entry.state !== NEIGHBOUR_FREE && entry.interfaceIndex === outgoing.index) {
        this.resolution.forget(entry, DROP_ARP_FLUSHED);
      }
    }
  }

  /** Forgets everything: entries, waiting packets, claims. */
  close(): void {
    this.invalidateDynamicEntries();
    this.deleteStaticEntries();
    for (const each of this.ip.interfaces) this.defence.abandon(each);
  }

  /** As nx_arp_hardware_address_find: the resolved entry of an address, or null. */
  findEntry(address: number): Neighbour | null {
    for (const entry of this.cache.all) {
      if (entry.address === address && entry.state >= NEIGHBOUR_DYNAMIC) return entry;
    }
    return null;
  }

  /** Counts, traces and releases a packet that arrived. */
  drop(packet: Packet, reason: number): void {
    this.ip.counters.drops[reason]!++;
    if (this.ip.tracer !== null) this.ip.tracer.event(TRACE_ARP_DROPPED, reason, 0, 0, 0, packet);
    packet.release();
  }
}
