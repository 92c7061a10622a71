import {
  type Deferred,
  type IpAddress,
  LINK_MULTICAST,
  LINK_UNICAST,
  NEVER,
  NX_ALREADY_ENABLED,
  NX_DUPLICATED_ENTRY,
  NX_INVALID_INTERFACE,
  NX_IP_ADDRESS_ERROR,
  NX_NO_INTERFACE_ADDRESS,
  NX_NO_MORE_ENTRIES,
  NX_NOT_ENABLED,
  NX_NOT_FOUND,
  NX_SUCCESS,
  SECOND,
  type Status,
  TRACE_IPV6_ADDRESS_REMOVED,
  TRACE_ND_ROUTER_REMOVED,
} from '@strata/contracts';
import { IPV6_MINIMUM_MTU, ipv6Address, ipv6AddressSum, isUnspecified, sameAddress } from '@strata/wire';
import { IpFlow } from '../flow.ts';
import type { IpInstance } from '../instance.ts';
import { type IpInterface, LOOPBACK_INTERFACE } from '../interface.ts';
import { formAddress, interfaceIdentifier } from '../nd/autoconfiguration.ts';
import {
  ADDRESS_TENTATIVE,
  ALL_NODES,
  ALL_ROUTERS,
  Ipv6Address,
  maskPrefix,
  ORIGIN_AUTOMATIC,
  ORIGIN_LINK_LOCAL,
  ORIGIN_MANUAL,
  solicitedNode,
} from './address.ts';
import { RedirectedDestinations } from './destinations.ts';
import { AdvertisedNameServers } from './name-servers.ts';
import { Ipv6Receiver } from './receive.ts';
import { Ipv6Routes } from './routes.ts';
import { isLinkLocal6, isLoopback6, isMulticast6, isUnicast6 } from './scope.ts';
import { selectSource } from './selection.ts';
import { Ipv6Sender } from './send.ts';

/** Hears of what changes under an instance's IPv6 addresses. Called after the event that changed it. */
export interface Ipv6Listener {
  /** An address passed duplicate detection, failed it, or came to its end. */
  addressChanged(address: Ipv6Address): void;
  /** A router's advertisement came; `flags` are its managed and other bits (RA_MANAGED, RA_OTHER). */
  routerAdvertised?(incoming: IpInterface, flags: number): void;
}

/** One default router, as NetX's services tell it. */
export interface DefaultRouterEntry {
  readonly address: IpAddress;
  /** Seconds; 0xffff without an end. */
  readonly lifetime: number;
  readonly manual: boolean;
}

/** What may be set while an instance runs. Absent: left as it is. */
export interface Ipv6Settings {
  /** Hop limit of packets until a router names another. */
  readonly hopLimit?: number;
  /** Identification of the next datagram sent in fragments. */
  readonly fragmentId?: number;
  /** Solicitations of duplicate detection; 0: none. */
  readonly dadTransmits?: number;
  /**
   * Use addresses while they are looked for, in the spirit of RFC 4429 but without its restraint (3.3): advertisements override
   * what neighbors know, and solicitations carry our link-layer address.
   */
  readonly dadOptimistic?: boolean;
  /** Send Multicast Listener reports. */
  readonly mld?: boolean;
  readonly retransTimerMs?: number;
  readonly reachableTimeMs?: number;
  readonly reachableRandom?: boolean;
}

const LOOPBACK_HOP_LIMIT = 64;

/**
 * IPv6 of one IP instance: which interfaces run it, their addresses, and the ways out. It does nothing until an interface is
 * enabled (nxd_ipv6_enable).
 */
export class Ipv6 {
  readonly ip: IpInstance;
  readonly routes: Ipv6Routes;
  readonly destinations: RedirectedDestinations;
  readonly nameServers: AdvertisedNameServers;
  readonly receiver: Ipv6Receiver;
  readonly sender: Ipv6Sender;
  private readonly listeners: Ipv6Listener[];
  private hopLimit: number;
  private retransTimer: number;
  private reachableTime: number;
  private reachableRandom: boolean;
  /** Interfaces on which addresses are taken from advertisements. */
  private readonly autonomous: Set<number>;

  constructor(ip: IpInstance) {
    const policy = ip.policy.ipv6;
    this.ip = ip;
    this.routes = new Ipv6Routes(ip);
    this.destinations = new RedirectedDestinations(policy.destinations);
    this.nameServers = new AdvertisedNameServers(ip.time);
    this.receiver = new Ipv6Receiver(ip);
    this.sender = new Ipv6Sender(ip);
    ip.groups.mld.transport = this.sender;
    this.listeners = [];
    this.hopLimit = policy.hopLimit;
    this.retransTimer = policy.retransTimer;
    this.reachableTime = policy.reachableTime;
    this.reachableRandom = policy.reachableRandom;
    this.autonomous = new Set();
    ip.loopback.ipv6.enabled = true;
  }

  /** RetransTimer as it is before a router names another; microseconds. */
  get ownRetransTimer(): number {
    return this.retransTimer;
  }

  listen(listener: Ipv6Listener): void {
    this.listeners.push(listener);
  }

  unlisten(listener: Ipv6Listener): void {
    const at = this.listeners.indexOf(listener);
    if (at >= 0) this.listeners.splice(at, 1);
  }

  /** True when IPv6 runs on at least one link. */
  get enabled(): boolean {
    return this.ip.interfaces.some((each) => each.ipv6.enabled);
  }

  /** True while an interface still asks for routers, or waits for their answer. */
  get searching(): boolean {
    return this.ip.interfaces.some((each) => each.ipv6.enabled && each.ipv6.solicitAt !== NEVER);
  }

  /** True when an address still waits for its duplicate detection, on a link that is up. */
  get settling(): boolean {
    return this.ip.interfaces.some(
      (each) => each.up && each.ipv6.addresses.some((own) => own.state === ADDRESS_TENTATIVE),
    );
  }

  /**
   * As nxd_ipv6_enable and, unless `linkLocal` is false, nxd_ipv6_address_set without an address: the interface gets its
   * link-local address, joins the group of all nodes (and of all routers, if it forwards), and looks for routers. NX_ALREADY_ENABLED; NX_INVALID_INTERFACE for the
   * loopback and for a link that cannot carry 1280 octets.
   */
  enable(target: IpInterface, linkLocal = true): Status {
    const own = target.ipv6;
    if (target.link === null || target.mtu < IPV6_MINIMUM_MTU) return NX_INVALID_INTERFACE;
    if (own.enabled) return NX_ALREADY_ENABLED;
    own.enabled = true;
    own.reset(this.ip.policy.ipv6);
    own.hopLimit = this.hopLimit;
    own.retransTimer = this.retransTimer;
    this.setReachableTime(target, this.reachableTime);
    if (this.ip.policy.ipv6.autoconfiguration) this.autonomous.add(target.index);
    this.ip.groups.join(target, ALL_NODES);
    // RFC 4291 2.8: what a router listens to beyond a host.
    own.amongRouters = this.isRouter(target) && this.ip.groups.join(target, ALL_ROUTERS) === NX_SUCCESS;
    this.ip.generation++;
    return linkLocal ? this.addLinkLocal(target) : NX_SUCCESS;
  }

  /** As nxd_ipv6_disable: addresses, neighbors, routers and prefixes of the interface are forgotten. */
  disable(target: IpInterface): Status {
    const own = target.ipv6;
    if (!own.enabled || target.link === null) return NX_NOT_ENABLED;
    for (const address of [...own.addresses]) this.removeAddress(address);
    this.routes.clear(target.index);
    for (const route of [...this.routes.statics]) {
      if (route.outgoing === target) this.routes.delete(route.prefix, route.length);
    }
    this.destinations.clear(target.index);
    this.ip.nd.invalidate(target.index);
    this.ip.nd.discovery.end(target);
    this.ip.groups.leave(target, ALL_NODES);
    if (own.amongRouters) this.ip.groups.leave(target, ALL_ROUTERS);
    own.amongRouters = false;
    this.autonomous.delete(target.index);
    own.enabled = false;
    this.ip.generation++;
    this.ip.nd.timers.changed();
    return NX_SUCCESS;
  }

  /** The link-local address from the interface's identifier (RFC 4862 5.3). */
  private addLinkLocal(target: IpInterface): Status {
    const prefix = ipv6Address(0xfe800000, 0, 0, 0);
    const [w2, w3] = interfaceIdentifier(this.ip.nd, target, prefix, 0);
    const value = ipv6Address(prefix.w0, 0, w2, w3);
    return this.insert(new Ipv6Address(target, value, 10, ORIGIN_LINK_LOCAL), false);
  }

  /**
   * As nxd_ipv6_address_set: the address is used when nobody else turns out to have it. Enables IPv6 on the interface, without
   * a link-local address of its own if this is one. NX_IP_ADDRESS_ERROR for what no host can have, NX_DUPLICATED_ENTRY,
   * NX_NO_MORE_ENTRIES, NX_INVALID_INTERFACE.
   */
  addAddress(target: IpInterface, address: IpAddress, prefixLength: number): Status {
    const { w0, w1, w2, w3 } = address;
    if (address.family !== 6 || !isUnicast6(w0, w1, w2, w3)) return NX_IP_ADDRESS_ERROR;
    if (!(prefixLength >= 0 && prefixLength <= 128)) return NX_IP_ADDRESS_ERROR;
    const linkLocal = isLinkLocal6(w0);
    if (!target.ipv6.enabled) {
      const status = this.enable(target, !linkLocal);
      if (status !== NX_SUCCESS) return status;
    }
    // The link-local address that the interface has made itself may be named too.
    const known = linkLocal ? target.ipv6.find(w0, w1, w2, w3) : null;
    if (known?.origin === ORIGIN_LINK_LOCAL && !known.named) {
      known.named = true;
      return NX_SUCCESS;
    }
    const origin = linkLocal ? ORIGIN_LINK_LOCAL : ORIGIN_MANUAL;
    const made = new Ipv6Address(target, address, prefixLength, origin);
    made.named = true;
    return this.insert(made, false);
  }

  /**
   * @internal A link that is back may be another one: what is known of neighbors on it goes, addresses under detection begin
   * anew, and routers are asked for again (RFC 4861 6.3.7, RFC 4862 5.4).
   */
  linkChanged(changed: IpInterface): void {
    const own = changed.ipv6;
    if (!own.enabled || changed.link === null) return;
    const { nd } = this.ip;
    if (!changed.up) {
      nd.invalidate(changed.index, true);
      nd.discovery.end(changed);
      nd.timers.changed();
      return;
    }
    for (const address of [...own.addresses]) {
      if (address.state === ADDRESS_TENTATIVE) nd.detection.begin(address, true);
    }
    if (own.linkLocal !== null && !this.isRouter(changed)) nd.discovery.begin(changed);
  }

  /** @internal Puts an address into its interface's list and begins its duplicate detection. */
  insert(address: Ipv6Address, delayed: boolean): Status {
    const { owner, address: value } = address;
    const own = owner.ipv6;
    if (own.find(value.w0, value.w1, value.w2, value.w3) !== null) return NX_DUPLICATED_ENTRY;
    if (own.addresses.length >= this.ip.policy.ipv6.addresses) return NX_NO_MORE_ENTRIES;
    own.addresses.push(address);
    this.ip.groups.join(owner, solicitedNode(value));
    this.ip.nd.detection.begin(address, delayed || own.addresses.length === 1);
    this.ip.nd.timers.changed();
    return NX_SUCCESS;
  }

  /** @internal Duplicate detection found nobody. */
  assigned(address: Ipv6Address): void {
    const { ip } = this;
    ip.generation++;
    if (address.preferredUntil <= ip.time.now) ip.nd.lifetimes.renewed(address);
    if (
      address.origin === ORIGIN_LINK_LOCAL &&
      !this.isRouter(address.owner) &&
      address.owner.ipv6.solicitations === 0
    ) {
      ip.nd.discovery.begin(address.owner);
    }
    this.tell(address);
  }

  /** @internal Another host has the address (RFC 4862 5.4.5, RFC 7217 6). */
  refused(address: Ipv6Address): void {
    const { ip } = this;
    const { owner } = address;
    const policy = ip.policy.ipv6;
    this.ip.groups.leave(owner, solicitedNode(address.address));
    if (address.origin === ORIGIN_LINK_LOCAL && !policy.opaqueIdentifiers) owner.ipv6.shut = true;
    else if (policy.opaqueIdentifiers && address.attempts < 3 && address.origin !== ORIGIN_MANUAL) {
      this.tryAnother(address);
    }
    ip.generation++;
    ip.nd.timers.changed();
    this.tell(address);
  }

  private tryAnother(address: Ipv6Address): void {
    const { ip } = this;
    const { owner, attempts, origin } = address;
    owner.ipv6.addresses.splice(owner.ipv6.addresses.indexOf(address), 1);
    const prefix = maskPrefix(address.address, 64);
    if (origin === ORIGIN_AUTOMATIC) {
      formAddress(ip.nd, owner, prefix, address.preferredUntil, address.validUntil, attempts + 1);
      return;
    }
    const [w2, w3] = interfaceIdentifier(ip.nd, owner, prefix, attempts + 1);
    const next = new Ipv6Address(owner, ipv6Address(prefix.w0, prefix.w1, w2, w3), address.prefixLength, origin);
    next.attempts = attempts + 1;
    this.insert(next, true);
  }

  /** As nxd_ipv6_address_delete. NX_NO_INTERFACE_ADDRESS when no interface has it. */
  deleteAddress(address: IpAddress): Status {
    const { w0, w1, w2, w3 } = address;
    for (const each of this.ip.interfaces) {
      const own = each.ipv6.find(w0, w1, w2, w3);
      if (own === null) continue;
      this.removeAddress(own);
      return NX_SUCCESS;
    }
    return NX_NO_INTERFACE_ADDRESS;
  }

  /** @internal */
  removeAddress(address: Ipv6Address): void {
    const { owner, address: value } = address;
    const at = owner.ipv6.addresses.indexOf(address);
    if (at < 0) return;
    owner.ipv6.addresses.splice(at, 1);
    if (address.usable || address.state === ADDRESS_TENTATIVE) this.ip.groups.leave(owner, solicitedNode(value));
    address.state = 0;
    address.deadline = NEVER;
    this.ip.generation++;
    const { tracer } = this.ip;
    if (tracer !== null) tracer.event(TRACE_IPV6_ADDRESS_REMOVED, value.w0, value.w1, value.w2, value.w3, null);
    this.ip.nd.timers.changed();
    this.tell(address);
  }

  private tell(address: Ipv6Address): void {
    if (this.listeners.length > 0) this.ip.time.defer(new AddressNotice(this.listeners, address));
  }

  /** @internal */
  advertised(incoming: IpInterface, flags: number): void {
    for (const each of this.listeners) each.routerAdvertised?.(incoming, flags);
  }

  /** As nxd_ipv6_stateless_address_autoconfig_enable and _disable. NX_INVALID_INTERFACE, NX_ALREADY_ENABLED. */
  setAutoconfiguration(target: IpInterface, enabled: boolean): Status {
    if (target.link === null) return NX_INVALID_INTERFACE;
    if (enabled && this.autonomous.has(target.index)) return NX_ALREADY_ENABLED;
    if (enabled) this.autonomous.add(target.index);
    else this.autonomous.delete(target.index);
    return NX_SUCCESS;
  }

  /** True when addresses are taken from advertisements on this interface. */
  autoconfigures(target: IpInterface): boolean {
    return this.autonomous.has(target.index) && !this.isRouter(target);
  }

  /** Changes what the policy set at first, for every interface, now and later. */
  set(settings: Ipv6Settings): void {
    const { ip } = this;
    this.hopLimit = settings.hopLimit ?? this.hopLimit;
    if (settings.retransTimerMs !== undefined) this.retransTimer = settings.retransTimerMs * 1000;
    if (settings.reachableTimeMs !== undefined) this.reachableTime = settings.reachableTimeMs * 1000;
    this.reachableRandom = settings.reachableRandom ?? this.reachableRandom;
    if (settings.fragmentId !== undefined) this.sender.fragments.identification = settings.fragmentId;
    if (settings.dadTransmits !== undefined) ip.nd.detection.transmits = settings.dadTransmits;
    ip.nd.detection.optimistic = settings.dadOptimistic ?? ip.nd.detection.optimistic;
    if (settings.mld !== undefined) ip.groups.mld.version = settings.mld ? 2 : 0;
    for (const each of ip.interfaces) {
      const own = each.ipv6;
      if (!own.enabled) continue;
      if (settings.hopLimit !== undefined) own.hopLimit = settings.hopLimit;
      if (settings.retransTimerMs !== undefined) own.retransTimer = this.retransTimer;
      if (settings.reachableTimeMs !== undefined || settings.reachableRandom !== undefined) {
        this.setReachableTime(
          each,
          settings.reachableTimeMs === undefined ? own.baseReachableTime : this.reachableTime,
        );
      }
    }
  }

  /** @internal Takes a new base and draws the reachable time from it (RFC 4861 6.3.2). */
  setReachableTime(target: IpInterface, base: number): void {
    const own = target.ipv6;
    own.baseReachableTime = base;
    own.reachableTime = this.reachableRandom ? Math.floor(base * (0.5 + this.ip.random.unit())) : base;
  }

  /** True when this host is a router on a link: it says so, and takes no advertisements or redirects. */
  isRouter(on: IpInterface): boolean {
    return this.ip.forwarding && on.link !== null;
  }

  /** The hop limit of packets that leave by an interface, when nobody names another. */
  hopLimitOf(outgoing: IpInterface): number {
    return outgoing.link === null ? LOOPBACK_HOP_LIMIT : outgoing.ipv6.hopLimit;
  }

  /** True when an address is one that this host uses, ::1 included. */
  owns(w0: number, w1: number, w2: number, w3: number): boolean {
    const { interfaces } = this.ip;
    for (let i = 0; i < interfaces.length; i++) {
      const own = (interfaces[i] as IpInterface).ipv6.find(w0, w1, w2, w3);
      if (own?.usable === true) return true;
    }
    return isLoopback6(w0, w1, w2, w3);
  }

  isOwn(address: IpAddress): boolean {
    return this.owns(address.w0, address.w1, address.w2, address.w3);
  }

  /** True when an interface takes datagrams to this group. */
  isMember(target: IpInterface, w0: number, w1: number, w2: number, w3: number): boolean {
    return this.ip.groups.isMember(target, w0, w1, w2, w3);
  }

  /** As nxd_ipv6_multicast_interface_join. Joins are counted. */
  joinGroup(target: IpInterface, group: IpAddress): Status {
    return isMulticast6(group.w0) ? this.ip.groups.join(target, group) : NX_IP_ADDRESS_ERROR;
  }

  /** As nxd_ipv6_multicast_interface_leave. NX_ENTRY_NOT_FOUND when the group was not joined. */
  leaveGroup(target: IpInterface, group: IpAddress): Status {
    return this.ip.groups.leave(target, group);
  }

  /**
   * As nxd_ipv6_default_router_add; `lifetime` in seconds, 0xffff without an end. NX_IP_ADDRESS_ERROR, NX_DUPLICATED_ENTRY,
   * NX_NO_MORE_ENTRIES, NX_INVALID_INTERFACE.
   */
  addDefaultRouter(address: IpAddress, lifetime: number, target: IpInterface): Status {
    const { w0, w1, w2, w3 } = address;
    if (address.family !== 6 || !isUnicast6(w0, w1, w2, w3) || this.isOwn(address)) return NX_IP_ADDRESS_ERROR;
    if (target.link === null || !target.ipv6.enabled) return NX_INVALID_INTERFACE;
    if (this.routes.router(target, address) !== null) return NX_DUPLICATED_ENTRY;
    const expires = lifetime === 0xffff ? NEVER : this.ip.time.now + lifetime * SECOND;
    const added = this.routes.addRouter({ address, outgoing: target, expires, preference: 0, manual: true });
    this.ip.nd.timers.changed();
    return added ? NX_SUCCESS : NX_NO_MORE_ENTRIES;
  }

  /**
   * As nxd_ipv6_default_router_get, _entry_get and _number_of_entries_get: the default routers on an interface, the preferred
   * one first, with their lifetimes in seconds (0xffff without an end) and whether the application named them.
   */
  defaultRouters(target: IpInterface): readonly DefaultRouterEntry[] {
    const { now } = this.ip.time;
    return this.routes.routers
      .filter((each) => each.outgoing === target)
      .map(({ address, expires, manual }) => ({
        address,
        lifetime: expires === NEVER ? 0xffff : Math.ceil((expires - now) / SECOND),
        manual,
      }));
  }

  /** As nxd_ipv6_default_router_delete. NX_NOT_FOUND. */
  deleteDefaultRouter(address: IpAddress): Status {
    const router = this.routes.routers.find((each) => sameAddress(each.address, address));
    if (router === undefined) return NX_NOT_FOUND;
    this.routes.removeRouter(router);
    const { w0, w1, w2, w3 } = address;
    if (this.ip.tracer !== null) this.ip.tracer.event(TRACE_ND_ROUTER_REMOVED, w0, w1, w2, w3, null);
    return NX_SUCCESS;
  }

  /** MTU of the path to a destination that leaves by `outgoing`. */
  pathMtu(outgoing: IpInterface, destination: IpAddress): number {
    if (outgoing.link === null) return outgoing.mtu;
    const link = outgoing.ipv6.linkMtu;
    const known = this.ip.paths.mtuOf(destination);
    return known !== 0 && known < link ? known : link;
  }

  /** As `NetworkService.openFlow`, for IPv6. */
  openFlow(remote: IpAddress, protocol: number, local: IpAddress | null, interfaceIndex: number): IpFlow | null {
    if (isUnspecified(remote)) return null;
    const chosen = local !== null && !isUnspecified(local) ? local : null;
    const wanted = this.wantedInterface(chosen, remote, interfaceIndex);
    if (wanted === NO_SUCH || !this.findWay(remote, wanted)) return null;
    const outgoing = this.routes.outgoing as IpInterface;
    let source = chosen;
    if (source === null) {
      if (outgoing.link === null) source = remote;
      else {
        const own = selectSource(outgoing, remote);
        if (own === null) return null;
        // A link-local address means nothing behind a router (RFC 4007 9).
        if (isLinkLocal6(own.address.w0) && !sameAddress(this.routes.nextHop, remote)) return null;
        source = own.address;
      }
    }
    const sum = ipv6AddressSum(source) + ipv6AddressSum(remote);
    const flow = new IpFlow(6, source, remote, protocol, sum, interfaceIndex);
    this.settle(flow);
    return flow;
  }

  /** The interface that a local address binds a flow to: -1 for any. */
  private wantedInterface(local: IpAddress | null, remote: IpAddress, interfaceIndex: number): number {
    if (local === null) return interfaceIndex;
    if (this.isOwn(remote)) return this.isOwn(local) ? -1 : NO_SUCH;
    if (isLoopback6(local.w0, local.w1, local.w2, local.w3)) return LOOPBACK_INTERFACE;
    for (const each of this.ip.interfaces) {
      if (interfaceIndex >= 0 && interfaceIndex !== each.index) continue;
      const own = each.ipv6.find(local.w0, local.w1, local.w2, local.w3);
      if (own?.usable !== true) continue;
      // A router answers with any of its addresses by whichever interface leads there.
      const anywhere = this.ip.forwarding && interfaceIndex < 0 && !isLinkLocal6(local.w0);
      return anywhere && !isMulticast6(remote.w0) && !isLinkLocal6(remote.w0) ? -1 : each.index;
    }
    return NO_SUCH;
  }

  /** Leaves the way to `destination` in `routes.outgoing` and `routes.nextHop`. False when there is none. */
  findWay(destination: IpAddress, wanted: number): boolean {
    const { routes } = this;
    if (this.isOwn(destination)) {
      routes.outgoing = this.ip.loopback;
      routes.nextHop = destination;
      return true;
    }
    if (wanted === LOOPBACK_INTERFACE || isUnspecified(destination)) return false;
    if (isMulticast6(destination.w0)) {
      const chosen = wanted >= 0 ? this.ip.interfaceAt(wanted) : this.groupInterface();
      routes.outgoing = chosen;
      routes.nextHop = destination;
      return chosen?.ipv6.running ?? false;
    }
    return routes.find(destination, wanted);
  }

  /** Where group traffic leaves when nothing says otherwise: towards a default router, or by the first interface. */
  private groupInterface(): IpInterface | null {
    return this.routes.routers[0]?.outgoing ?? this.ip.interfaces.find((each) => each.ipv6.running) ?? null;
  }

  /** @internal Brings the route of a flow up to date. False when it has none or its local address is gone. */
  route(flow: IpFlow): boolean {
    const wanted = this.wantedInterface(flow.local, flow.remote, flow.wantedInterface);
    if (wanted === NO_SUCH || !this.findWay(flow.remote, wanted)) return false;
    this.settle(flow);
    return true;
  }

  /** Writes the way that was found into a flow. */
  private settle(flow: IpFlow): void {
    const outgoing = this.routes.outgoing as IpInterface;
    flow.outgoing = outgoing;
    flow.nextHop6 = this.routes.nextHop;
    flow.neighbour6 = null;
    flow.mtu = this.pathMtu(outgoing, flow.remote);
    flow.checksumOffload = outgoing.makesChecksums;
    flow.cast = isMulticast6(flow.remote.w0) ? LINK_MULTICAST : LINK_UNICAST;
    flow.generation = this.ip.generation;
  }

  /** A transport doubts that its packets arrive: the first hop is probed soon. */
  doubt(flow: IpFlow): void {
    const entry = flow.neighbour6;
    if (entry !== null && flow.generation === this.ip.generation) this.ip.nd.resolution.doubt(entry);
  }

  /** A transport made progress on a flow: its first hop is reachable (RFC 4861 7.3.1). */
  confirm(flow: IpFlow): void {
    const entry = flow.neighbour6;
    if (entry !== null && flow.generation === this.ip.generation) this.ip.nd.resolution.confirm(entry);
  }
}

/** "No interface is right", where -1 means "any". */
const NO_SUCH = -2;

class AddressNotice implements Deferred {
  private readonly listeners: readonly Ipv6Listener[];
  private readonly address: Ipv6Address;

  constructor(listeners: readonly Ipv6Listener[], address: Ipv6Address) {
    this.listeners = listeners;
    this.address = address;
  }

  run(): void {
    for (const each of [...this.listeners]) each.addressChanged(this.address);
  }
}
