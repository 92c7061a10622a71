import {
  type DatagramSink,
  type Flow,
  type IpAddress,
  LINK_BROADCAST,
  LINK_MULTICAST,
  LINK_UNICAST,
  type LinkService,
  type NetworkService,
  NX_ALREADY_ENABLED,
  NX_INVALID_INTERFACE,
  NX_INVALID_MTU_DATA,
  NX_INVALID_PARAMETERS,
  NX_IP_ADDRESS_ERROR,
  NX_SUCCESS,
  type Packet,
  type PacketAllocator,
  PROTOCOL_ICMP,
  type Random,
  type Status,
  type TimeService,
  TRACE_IP_ADDRESS_SET,
  TRACE_IP_DROPPED,
  TRACE_IP_LINK,
  TRACE_IP_SEND_DROPPED,
  type Tracer,
} from '@strata/contracts';
import { ipv4Address, ipv4AddressSum, ipv4Destination, ipv4Mask } from '@strata/wire';
import { Arp } from './arp/arp.ts';
import { Rarp } from './arp/rarp.ts';
import { detachInterface, freeIndex, setCapabilities, setPhysicalAddress } from './attachment.ts';
import { IpCounters } from './counters.ts';
import { IpFlow } from './flow.ts';
import { partsOf } from './fragment/datagram.ts';
import { Fragmenter } from './fragment/fragmenter.ts';
import { Reassembly } from './fragment/reassembly.ts';
import { Icmp } from './icmp/icmp.ts';
import { Icmpv6 } from './icmpv6/icmpv6.ts';
import { IpInformation } from './info.ts';
import { IpInterface, LOOPBACK_INTERFACE } from './interface.ts';
import { Ipv4Forwarder } from './ipv4/forward.ts';
import { Ipv4Receiver } from './ipv4/receive.ts';
import { Ipv4Sender } from './ipv4/send.ts';
import { Ipv6Forwarder } from './ipv6/forward.ts';
import { Ipv6 } from './ipv6/ipv6.ts';
import { LoopbackQueue } from './loopback.ts';
import { isHostAddress, isLoopback, isMulticast, LIMITED_BROADCAST } from './martian.ts';
import { GroupTable } from './multicast/groups.ts';
import { Nd } from './nd/nd.ts';
import type { PacketFilter } from './packet-filter.ts';
import { PathMtuCache } from './path-mtu.ts';
import { type IpPolicy, netxIpPolicy } from './policy.ts';
import { RawIp } from './raw.ts';
import { RedirectCache } from './redirects.ts';
import { isMask, RouteTable } from './routes.ts';

/** How to make an {@link IpInstance}. */
export interface IpOptions {
  /** Shown in reports. */
  readonly name: string;
  /** Where received frames and the packets of ARP and ICMP come from (nx_ip_create's default pool). */
  readonly pool: PacketAllocator;
  readonly time: TimeService;
  readonly random: Random;
  /** Default: {@link netxIpPolicy}. */
  readonly policy?: IpPolicy;
  readonly tracer?: Tracer | null;
}

/** Hears of what changes under an instance's addresses. Called from within the event; keep it short. */
export interface InterfaceListener {
  addressChanged(changed: IpInterface): void;
  linkChanged(changed: IpInterface): void;
  /** The interface is gone, with all that was known of it. */
  detached?(gone: IpInterface): void;
}

/**
 * An IP instance (NX_IP): interfaces with their addresses, routes, ARP, ICMP, and the service that transports use.
 *
 * Flows cache their route and next hop; `generation` counts up whenever one of those may have changed.
 */
export class IpInstance implements NetworkService {
  readonly name: string;
  readonly pool: PacketAllocator;
  /** @internal Where ARP, ND, IGMP, MLD and ICMP errors get their packets; see {@link setAuxiliaryPool}. */
  controlPool: PacketAllocator;
  readonly time: TimeService;
  readonly random: Random;
  readonly policy: IpPolicy;
  tracer: Tracer | null;
  readonly counters: IpCounters;
  /** @internal */
  generation: number;
  readonly interfaces: IpInterface[];
  readonly loopback: IpInterface;
  readonly routes: RouteTable;
  readonly arp: Arp;
  readonly rarp: Rarp;
  readonly icmp: Icmp;
  readonly ipv6: Ipv6;
  readonly nd: Nd;
  readonly icmpv6: Icmpv6;
  /** @internal */
  readonly receiver: Ipv4Receiver;
  /** @internal */
  readonly loopbackQueue: LoopbackQueue;
  readonly reassembly: Reassembly;
  /** What packets the paths to destinations take. */
  readonly paths: PathMtuCache;
  /** Multicast groups of both families, with IGMP and MLD. */
  readonly groups: GroupTable;
  /** Statistics as NetX reports them. */
  readonly info: IpInformation;
  /** Better first hops that gateways have told of. */
  readonly redirects: RedirectCache;
  /** Packets of protocols without a transport, to and from the application. */
  readonly raw: RawIp;
  /** The host is a router too: packets of both families for others are sent on (RFC 1812, RFC 8200). Default false. */
  forwarding: boolean;
  /** As a router, tells hosts on the link about a better first hop. Default true. */
  sendRedirects: boolean;
  /** @internal */
  readonly forwarder: Ipv4Forwarder;
  /** @internal */
  readonly forwarder6: Ipv6Forwarder;
  /** @internal */
  readonly fragmenter: Fragmenter;
  /** Whether fragments are put together and oversized packets cut; see {@link enableFragments}. */
  fragmentsEnabled: boolean;
  /** Null: nobody is told. */
  interfaceListener: InterfaceListener | null;
  /** Null: every packet passes. */
  packetFilter: PacketFilter | null;
  private readonly sender: Ipv4Sender;

  constructor(options: IpOptions) {
    this.name = options.name;
    this.pool = options.pool;
    this.controlPool = options.pool;
    this.time = options.time;
    this.random = options.random;
    this.policy = options.policy ?? netxIpPolicy;
    this.tracer = options.tracer ?? null;
    this.counters = new IpCounters();
    this.generation = 0;
    this.interfaces = [];
    this.loopback = new IpInterface(this, LOOPBACK_INTERFACE, 'loopback', null);
    this.loopback.address = 0x7f000001;
    this.loopback.mask = ipv4Mask(8);
    this.routes = new RouteTable(this.interfaces, this.policy.routeTableSize);
    this.arp = new Arp(this);
    this.rarp = new Rarp(this);
    this.info = new IpInformation(this);
    this.icmp = new Icmp(this);
    this.reassembly = new Reassembly(this, this.policy.fragments);
    this.fragmenter = new Fragmenter(this);
    this.paths = new PathMtuCache(this, this.policy.paths);
    this.groups = new GroupTable(this);
    this.redirects = new RedirectCache(this);
    this.raw = new RawIp(this);
    this.forwarding = false;
    this.sendRedirects = true;
    this.forwarder = new Ipv4Forwarder(this);
    this.forwarder6 = new Ipv6Forwarder(this);
    this.fragmentsEnabled = false;
    this.receiver = new Ipv4Receiver(this);
    this.loopbackQueue = new LoopbackQueue(this);
    this.interfaceListener = null;
    this.packetFilter = null;
    this.sender = new Ipv4Sender(this);
    this.receiver.setSink(PROTOCOL_ICMP, this.icmp);
    this.nd = new Nd(this, this.policy.ipv6);
    this.ipv6 = new Ipv6(this);
    this.icmpv6 = new Icmpv6(this);
  }

  /** As nx_ip_interface_attach: puts an interface on a link, at first without an address. */
  attachInterface(name: string, link: LinkService): IpInterface {
    const made = new IpInterface(this, this.nextInterfaceIndex, name, link);
    this.interfaces.splice(made.index, 0, made);
    link.attach(made);
    this.groups.igmp.listen(made);
    return made;
  }

  /**
   * As nx_ip_auxiliary_packet_pool_set: the small packets that IP makes itself come from here, so that they need not take large
   * ones. NX_INVALID_PARAMETERS for packets of less than 128 octets, into which not every message fits.
   */
  setAuxiliaryPool(pool: PacketAllocator): Status {
    if (pool.payloadSize < SMALLEST_PAYLOAD) return NX_INVALID_PARAMETERS;
    this.controlPool = pool;
    return NX_SUCCESS;
  }

  /** The index that the next interface will get. */
  get nextInterfaceIndex(): number {
    return freeIndex(this.interfaces);
  }

  /**
   * As nx_ip_interface_detach. Connections over the interface end, and everything about it is forgotten: ARP and neighbor
   * entries with the packets that wait for them, gateway and routes by way of it, groups, prefixes, routers, addresses. Its
   * index goes to the next one that is attached. NX_INVALID_INTERFACE for the loopback and for what is not attached.
   */
  detachInterface(target: IpInterface): Status {
    return detachInterface(this, target);
  }

  /**
   * As nx_ip_interface_physical_address_set: frames leave with this MAC address from now on, and the link is told to take those
   * sent to it unless `updateLink` is false. Peers that know the old one learn it from {@link ArpDefence.announce}.
   * NX_INVALID_PARAMETERS for a group's address or none, NX_UNHANDLED_COMMAND when the link refuses, NX_INVALID_INTERFACE.
   */
  setPhysicalAddress(target: IpInterface, msw: number, lsw: number, updateLink = true): Status {
    return setPhysicalAddress(this, target, msw, lsw, updateLink);
  }

  /**
   * As nx_ip_interface_capability_set: which of its CAPABILITY_ bits the link is left to do; `target.capabilities` says which
   * now. NX_NOT_SUPPORTED for what it cannot do, NX_INVALID_INTERFACE for the loopback.
   */
  setCapabilities(target: IpInterface, capabilities: number): Status {
    return setCapabilities(this, target, capabilities);
  }

  /** As nx_ip_fragment_enable: fragments are put together, and packets larger than the MTU are cut, in both families. */
  enableFragments(): Status {
    this.fragmentsEnabled = true;
    return NX_SUCCESS;
  }

  /** As nx_ip_fragment_disable. Datagrams of which only a part is here are given up. */
  disableFragments(): Status {
    this.fragmentsEnabled = false;
    this.reassembly.close();
    return NX_SUCCESS;
  }

  /**
   * As nx_ip_interface_mtu_set: the largest packet sent by an interface from now on. NX_INVALID_MTU_DATA for less than 68 or
   * more than its link takes, NX_INVALID_INTERFACE for the loopback.
   */
  setMtu(target: IpInterface, mtu: number): Status {
    if (target.link === null) return NX_INVALID_INTERFACE;
    if (!(mtu >= 68 && mtu <= target.link.properties.mtu)) return NX_INVALID_MTU_DATA;
    target.mtu = mtu;
    this.generation++;
    return NX_SUCCESS;
  }

  /** The interface of an index, the loopback's included, or null. */
  interfaceAt(index: number): IpInterface | null {
    if (index === LOOPBACK_INTERFACE) return this.loopback;
    const found = this.interfaces[index];
    if (found !== undefined && found.index === index) return found;
    return this.interfaces.find((each) => each.index === index) ?? null;
  }

  /**
   * As nx_ip_interface_address_set; address and mask are int32, 0 takes the address away. NX_IP_ADDRESS_ERROR for what no
   * host can have, NX_INVALID_INTERFACE for the loopback.
   */
  setAddress(target: IpInterface, address: number, mask: number): Status {
    if (target.link === null) return NX_INVALID_INTERFACE;
    if (address !== 0 && (!isHostAddress(address) || !isMask(mask))) return NX_IP_ADDRESS_ERROR;
    const hostBits = ~mask;
    // RFC 3021: a network of two addresses or one has no broadcast address.
    const broadcast = address === 0 || hostBits >>> 0 <= 1 ? 0 : address | hostBits;
    if (broadcast !== 0 && address === broadcast) return NX_IP_ADDRESS_ERROR;
    target.address = address;
    target.mask = address === 0 ? 0 : mask;
    target.broadcast = broadcast;
    this.routes.recheck();
    this.generation++;
    if (this.tracer !== null) this.tracer.event(TRACE_IP_ADDRESS_SET, target.index, address, target.mask, 0, null);
    this.interfaceListener?.addressChanged(target);
    return NX_SUCCESS;
  }

  /** As nx_ip_gateway_address_set; 0 clears. NX_IP_ADDRESS_ERROR when the gateway is on no link of ours. */
  setGateway(address: number): Status {
    const status = this.routes.setGateway(address);
    if (status === NX_SUCCESS) this.generation++;
    return status;
  }

  /**
   * Names a further default gateway, used when the one in use does not answer ARP (RFC 1122 3.3.1.4). Statuses as for
   * {@link RouteTable.addGateway}.
   */
  addGateway(address: number): Status {
    const status = this.routes.addGateway(address);
    if (status === NX_SUCCESS) this.generation++;
    return status;
  }

  /** As nx_ip_static_route_add. NX_OVERFLOW when the table is full, NX_IP_ADDRESS_ERROR for an unreachable next hop. */
  addRoute(network: number, mask: number, nextHop: number): Status {
    const status = this.routes.add(network, mask, nextHop);
    if (status === NX_SUCCESS) this.generation++;
    return status;
  }

  /** As nx_ip_static_route_delete. NX_NOT_SUCCESSFUL when there is no such route. */
  deleteRoute(network: number, mask: number): Status {
    const status = this.routes.delete(network, mask);
    if (status === NX_SUCCESS) this.generation++;
    return status;
  }

  /** Receives datagrams to a group on one interface. Joins are counted. */
  joinGroup(target: IpInterface, group: number): Status {
    return this.groups.join(target, ipv4Address(group));
  }

  /** NX_ENTRY_NOT_FOUND when the group was not joined. */
  leaveGroup(target: IpInterface, group: number): Status {
    return this.groups.leave(target, ipv4Address(group));
  }

  register(protocol: number, sink: DatagramSink): Status {
    if (this.receiver.sinkOf(protocol) !== null) return NX_ALREADY_ENABLED;
    this.receiver.setSink(protocol, sink);
    return NX_SUCCESS;
  }

  isLocal(address: IpAddress): boolean {
    return address.family === 4 ? this.ownsAddress(address.w3) : this.ipv6.isOwn(address);
  }

  /** The next hop of a flow that TCP has lost faith in is asked for its link address again. */
  doubt(flow: Flow): void {
    if (!(flow instanceof IpFlow)) return;
    if (flow.family === 6) this.ipv6.doubt(flow);
    else if (flow.neighbour !== null) this.arp.resolution.verify(flow.neighbour);
  }

  confirm(flow: Flow): void {
    if (flow.family === 6 && flow instanceof IpFlow && this.policy.ipv6.upperLayerConfirmation) this.ipv6.confirm(flow);
  }

  /** True when an IPv4 address is one of ours: an interface's, or any of 127.0.0.0/8. */
  ownsAddress(address: number): boolean {
    const interfaces = this.interfaces;
    for (let i = 0; i < interfaces.length; i++) {
      if ((interfaces[i] as IpInterface).address === address) return address !== 0;
    }
    return isLoopback(address);
  }

  /**
   * As the contract says; `interfaceIndex` makes packets leave by that interface, whatever the routes say of others.
   * An interface without an address can be the source (0.0.0.0) of broadcasts only, when `local` is 0.0.0.0.
   */
  openFlow(remote: IpAddress, protocol: number, local: IpAddress | null, interfaceIndex = -1): IpFlow | null {
    if (local !== null && local.family !== remote.family) return null;
    if (remote.family !== 4) return this.ipv6.openFlow(remote, protocol, local, interfaceIndex);
    const destination = remote.w3;
    const wanted =
      local !== null && local.w3 !== 0 ? this.wantedInterface(local.w3, destination, interfaceIndex) : interfaceIndex;
    if (wanted === NO_SUCH) return null;
    if (!this.findWay(destination, wanted, local !== null ? local.w3 : 0)) return null;
    const outgoing = this.routes.outgoing as IpInterface;
    let source = local;
    if (source === null || source.w3 === 0) {
      const toSelf = outgoing.link === null && !isLoopback(destination);
      const own = !toSelf ? outgoing.address : (this.interfaceAt(interfaceIndex)?.address ?? destination);
      const unspecified = own === 0 && destination === LIMITED_BROADCAST && local !== null;
      if (own === 0 && !unspecified) return null;
      source = ipv4Address(own);
    }
    const flow = new IpFlow(4, source, remote, protocol, ipv4AddressSum(source.w3, destination), interfaceIndex);
    return this.sender.refresh(flow) ? flow : null;
  }

  /** The interface that a local address binds a flow to: -1 for any. */
  private wantedInterface(local: number, destination: number, interfaceIndex: number): number {
    if (isLoopback(local)) return LOOPBACK_INTERFACE;
    for (const each of this.interfaces) {
      if (each.address !== local) continue;
      // A router answers with any of its addresses by whichever interface leads there (RFC 1812 5.2.3).
      if (this.forwarding && interfaceIndex < 0 && isHostAddress(destination)) return -1;
      return interfaceIndex < 0 || interfaceIndex === each.index ? each.index : NO_SUCH;
    }
    return NO_SUCH;
  }

  /** Leaves the way to `destination` in `routes.outgoing` and `routes.nextHop`. */
  private findWay(destination: number, wanted: number, local: number): boolean {
    const routes = this.routes;
    if (this.ownsAddress(destination)) {
      routes.outgoing = this.loopback;
      routes.nextHop = destination;
      return true;
    }
    if (wanted === LOOPBACK_INTERFACE || destination === 0) return false;
    if (destination === LIMITED_BROADCAST || isMulticast(destination)) {
      const chosen = wanted >= 0 ? this.interfaceAt(wanted) : this.groupInterface(local);
      routes.outgoing = chosen;
      routes.nextHop = destination;
      return chosen !== null;
    }
    if (!isHostAddress(destination)) return false;
    if (!routes.find(destination, wanted)) return false;
    if (routes.nextHop !== destination) {
      const better = this.redirects.gatewayFor(destination, routes.outgoing as IpInterface);
      if (better !== 0) routes.nextHop = better;
    }
    return true;
  }

  /** Where group traffic leaves when nothing says otherwise: towards the default gateway, or by the first interface. */
  private groupInterface(local: number): IpInterface | null {
    if (local === 0 && this.routes.gateway.outgoing !== null) return this.routes.gateway.outgoing;
    return this.interfaces[0] ?? null;
  }

  /** @internal Brings the route of a flow up to date. False when it has none or its local address is gone. */
  route(flow: IpFlow): boolean {
    const local = flow.local.w3;
    const wanted =
      local === 0 ? flow.wantedInterface : this.wantedInterface(local, flow.remote.w3, flow.wantedInterface);
    const toSelf = this.ownsAddress(flow.remote.w3);
    if (wanted === NO_SUCH) return false;
    if (!this.findWay(flow.remote.w3, toSelf ? -1 : wanted, local)) return false;
    const outgoing = this.routes.outgoing as IpInterface;
    flow.outgoing = outgoing;
    flow.nextHop = this.routes.nextHop;
    flow.neighbour = null;
    const pathMtu = outgoing.link === null ? 0 : this.paths.mtuOf(flow.remote);
    flow.mtu = pathMtu !== 0 && pathMtu < outgoing.mtu ? pathMtu : outgoing.mtu;
    flow.fragmentAnyway = pathMtu !== 0 && this.paths.mustFragment(flow.remote);
    flow.checksumOffload = outgoing.makesChecksums;
    flow.cast = this.castOf(flow.remote.w3, outgoing);
    flow.generation = this.generation;
    return true;
  }

  private castOf(address: number, outgoing: IpInterface): number {
    if (isMulticast(address)) return LINK_MULTICAST;
    if (address === LIMITED_BROADCAST || (address === outgoing.broadcast && address !== 0)) return LINK_BROADCAST;
    return LINK_UNICAST;
  }

  send(packet: Packet, flow: IpFlow): Status {
    return flow.family === 4 ? this.sender.send(packet, flow) : this.ipv6.sender.send(packet, flow);
  }

  /** @internal Sends an IPv4 packet, its header in front, to a link address. Takes it. */
  transmit(packet: Packet, outgoing: IpInterface, msw: number, lsw: number): void {
    this.sender.transmit(packet, outgoing, outgoing.mtu, msw, lsw);
  }

  /** @internal Sends a message to a group on the link, with a router alert. `prepend` is at the message. Takes it. */
  sendToGroup(packet: Packet, outgoing: IpInterface, destination: number, protocol: number): void {
    this.sender.sendToGroup(packet, outgoing, destination, protocol);
  }

  /** Pool packets that wait inside IP: for link addresses, for the rest of their datagram, for an application of raw IP. */
  get packetsWaiting(): number {
    let count = this.reassembly.packetsHeld + this.raw.packetsQueued;
    for (const { queue } of [...this.arp.cache.all, ...this.nd.cache.all]) {
      for (const packet of queue) if (packet !== null) count += partsOf(packet);
    }
    return count;
  }

  /**
   * As nx_ip_delete: releases every packet that IP holds, ends pings (NX_DELETED) and claims. Packets that arrive later are
   * handled as ever; detach the links to stop that.
   */
  close(): void {
    this.arp.close();
    this.rarp.disable();
    this.nd.close();
    this.icmp.echo.close();
    this.loopbackQueue.flush();
    this.reassembly.close();
    this.groups.close();
    if (this.raw.enabled) this.raw.disable();
  }

  /** @internal */
  linkChanged(changed: IpInterface): void {
    if (this.tracer !== null) this.tracer.event(TRACE_IP_LINK, changed.index, changed.up ? 1 : 0, 0, 0, null);
    this.ipv6.linkChanged(changed);
    this.interfaceListener?.linkChanged(changed);
  }

  /** @internal Counts, traces and releases a packet that arrived. */
  drop(packet: Packet, reason: number): void {
    this.counters.drops[reason]!++;
    if (this.tracer !== null) this.tracer.event(TRACE_IP_DROPPED, reason, 0, 0, 0, packet);
    packet.release();
  }

  /** @internal Counts, traces and lets go of a packet on its way out, whose IP header is at `ipHeader`. */
  dropOutgoing(packet: Packet, reason: number): void {
    this.counters.sendPacketsDropped++;
    this.counters.drops[reason]!++;
    if (this.tracer !== null) {
      const destination = ipv4Destination(packet.view, packet.ipHeader);
      this.tracer.event(TRACE_IP_SEND_DROPPED, reason, destination, 0, 0, packet);
    }
    packet.transmitRelease();
  }

  /** How often something was dropped for this DROP_ reason. */
  dropCount(reason: number): number {
    return this.counters.drops[reason] ?? 0;
  }
}

/** Octets of the smallest packet that holds every message that IP makes itself, with room for all headers. */
const SMALLEST_PAYLOAD = 128;

/** "No interface is right", where -1 means "any". */
const NO_SUCH = -2;
