import {
  DROP_ND_CACHE_FULL,
  DROP_ND_FLUSHED,
  type IpAddress,
  NX_ENTRY_NOT_FOUND,
  NX_INVALID_INTERFACE,
  NX_INVALID_PARAMETERS,
  NX_IP_ADDRESS_ERROR,
  NX_NO_MORE_ENTRIES,
  NX_SUCCESS,
  type Packet,
  type Status,
  TRACE_IPV6_SEND_DROPPED,
} from '@strata/contracts';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import type { Ipv6Policy } from '../ipv6/policy.ts';
import { isMulticast6, isUnicast6 } from '../ipv6/scope.ts';
import { NdCache } from './cache.ts';
import { DuplicateDetection } from './dad.ts';
import { RouterDiscovery } from './discovery.ts';
import { ND_DELAY, ND_FREE, ND_GROUP, ND_STALE, ND_STATIC, NdEntry } from './entry.ts';
import { NdLifetimes } from './lifetimes.ts';
import { NdMessages } from './messages.ts';
import { NdReceiver } from './receive.ts';
import { NdResolution } from './resolution.ts';
import { NdTimers } from './timers.ts';

/** Group entries that are kept; more and all are made anew. */
const GROUPS = 256;

/** Neighbor Discovery of one IP instance (RFC 4861, RFC 4862). */
export class Nd {
  readonly ip: IpInstance;
  readonly policy: Ipv6Policy;
  readonly cache: NdCache;
  readonly messages: NdMessages;
  readonly receiver: NdReceiver;
  readonly resolution: NdResolution;
  readonly detection: DuplicateDetection;
  readonly discovery: RouterDiscovery;
  readonly lifetimes: NdLifetimes;
  readonly timers: NdTimers;
  private readonly groups: Map<number, NdEntry>;
  /** Where NetX's timers began to count. */
  private readonly phase: number;

  constructor(ip: IpInstance, policy: Ipv6Policy) {
    this.ip = ip;
    this.policy = policy;
    this.phase = ip.time.now;
    this.groups = new Map();
    this.cache = new NdCache(policy.cacheSize, policy.queueLimit);
    this.messages = new NdMessages(this);
    this.receiver = new NdReceiver(this);
    this.resolution = new NdResolution(this, policy, this.cache);
    this.timers = new NdTimers(this);
    this.detection = new DuplicateDetection(this, policy);
    this.discovery = new RouterDiscovery(this, policy);
    this.lifetimes = new NdLifetimes(this);
  }

  /**
   * The moment at which a counter that NetX's slow timer decrements reaches zero when it stands for `interval` now; without a
   * grid, `interval` from now.
   */
  afterSlow(interval: number): number {
    return this.after(interval, this.policy.slowGrid, 0);
  }

  /** The same for the fast timer, and `extra` of its beats later. */
  afterFast(interval: number, extra = 0): number {
    return this.after(interval, this.policy.fastGrid, extra);
  }

  private after(interval: number, grid: number, extra: number): number {
    const now = this.ip.time.now;
    if (grid === 0) return now + interval;
    return this.phase + (Math.floor((now - this.phase) / grid) + Math.ceil(interval / grid) + extra) * grid;
  }

  /**
   * The entry for a next hop on `outgoing`: the group's for a multicast address, one of the cache otherwise, a new unresolved
   * one if need be. Null when the cache has no room for it.
   */
  lookUp(outgoing: IpInterface, address: IpAddress): NdEntry | null {
    if (isMulticast6(address.w0)) return this.group(address.w3);
    const { w0, w1, w2, w3 } = address;
    const found = this.cache.find(outgoing.index, w0, w1, w2, w3);
    if (found !== null) return found;
    return this.makeEntry(outgoing.index, address);
  }

  /** RFC 2464 7: 33-33 and the lower 32 bits. */
  group(w3: number): NdEntry {
    let entry = this.groups.get(w3);
    if (entry === undefined) {
      if (this.groups.size >= GROUPS) this.groups.clear();
      entry = new NdEntry(0);
      entry.state = ND_GROUP;
      entry.msw = 0x3333;
      entry.lsw = w3;
      this.groups.set(w3, entry);
    }
    return entry;
  }

  /** A new entry in state INCOMPLETE; the least valuable one goes when the cache is full. Null, counted, when all are static. */
  makeEntry(interfaceIndex: number, address: IpAddress): NdEntry | null {
    if (this.cache.full) {
      const victim = this.cache.leastValuable();
      if (victim === null) {
        this.ip.counters.drops[DROP_ND_CACHE_FULL]!++;
        return null;
      }
      this.resolution.recycle(victim);
    }
    return this.cache.add(interfaceIndex, address);
  }

  /** Sends a packet whose IPv6 header is at `prepend` to a neighbor; keeps it while there is no link address. Takes it. */
  transmit(entry: NdEntry, packet: Packet): void {
    if (entry.state === ND_GROUP) this.put(entry, packet);
    else this.resolution.transmit(entry, packet);
  }

  /** @internal Hands a packet to the link of a resolved entry. */
  put(entry: NdEntry, packet: Packet): void {
    const link = this.ip.interfaceAt(packet.interfaceIndex)?.link;
    if (link === null || link === undefined) this.dropOutgoing(packet, DROP_ND_FLUSHED);
    else this.ip.ipv6.sender.put(link, packet, entry.msw, entry.lsw);
  }

  /** @internal Counts, traces and lets go of a packet on its way out. */
  dropOutgoing(packet: Packet, reason: number): void {
    const ip = this.ip;
    packet.holder = '';
    ip.counters.sendPacketsDropped++;
    ip.counters.drops[reason]!++;
    if (ip.tracer !== null) ip.tracer.event(TRACE_IPV6_SEND_DROPPED, reason, 0, 0, 0, packet);
    packet.transmitRelease();
  }

  /** As nxd_nd_cache_entry_set: nothing from the network changes the entry. */
  setEntry(target: IpInterface, address: IpAddress, msw: number, lsw: number): Status {
    if (target.link === null) return NX_INVALID_INTERFACE;
    const { w0, w1, w2, w3 } = address;
    if (address.family !== 6 || !isUnicast6(w0, w1, w2, w3)) return NX_IP_ADDRESS_ERROR;
    if ((msw & 0x100) !== 0 || (msw === 0 && lsw === 0)) return NX_INVALID_PARAMETERS;
    const entry = this.lookUp(target, address);
    if (entry === null) return NX_NO_MORE_ENTRIES;
    this.resolution.resolve(entry, ND_STATIC, msw, lsw);
    return NX_SUCCESS;
  }

  /** As nxd_nd_cache_entry_delete. Packets that waited for it are dropped. */
  deleteEntry(address: IpAddress): Status {
    const { w0, w1, w2, w3 } = address;
    for (const each of this.ip.interfaces) {
      const entry = this.cache.find(each.index, w0, w1, w2, w3);
      if (entry === null) continue;
      this.resolution.forget(entry, DROP_ND_FLUSHED);
      return NX_SUCCESS;
    }
    return NX_ENTRY_NOT_FOUND;
  }

  /** As nxd_nd_cache_invalidate: forgets every entry, also for one interface only, or all but those set by hand. */
  invalidate(interfaceIndex = -1, keepStatic = false): void {
    for (const entry of this.cache.all) {
      if (keepStatic && entry.state === ND_STATIC) continue;
      if (entry.state === ND_FREE || (interfaceIndex >= 0 && entry.interfaceIndex !== interfaceIndex)) continue;
      this.resolution.forget(entry, DROP_ND_FLUSHED);
    }
  }

  /** As nxd_nd_cache_hardware_address_find: the resolved entry of an address, or null. */
  findEntry(address: IpAddress): NdEntry | null {
    const { w0, w1, w2, w3 } = address;
    for (const each of this.ip.interfaces) {
      const entry = this.cache.find(each.index, w0, w1, w2, w3);
      if (entry !== null && entry.state >= ND_STALE) return entry;
    }
    return null;
  }

  /** As nxd_nd_cache_ip_address_find: the first resolved entry with this link address, or null. */
  findByMac(msw: number, lsw: number): NdEntry | null {
    return this.cache.all.find((each) => each.state >= ND_STALE && each.msw === msw && each.lsw === lsw) ?? null;
  }

  /** True for a neighbor to which packets go at once. */
  isResolved(entry: NdEntry): boolean {
    return entry.state >= ND_DELAY || entry.state === ND_STALE;
  }

  /** Forgets everything. */
  close(): void {
    this.invalidate();
    this.timers.stop();
  }
}
