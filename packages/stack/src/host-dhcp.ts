import { NX_INVALID_INTERFACE, NX_NO_RESPONSE, NX_SUCCESS, type Status } from '@strata/contracts';
import {
  DHCP_BOUND,
  type DhcpClient,
  type DhcpInterface,
  type DhcpLease,
  type DhcpRoute,
  DhcpService,
  LinkLocal,
  type LinkLocalListener,
} from '@strata/dhcp';
import type { IpInterface } from '@strata/ip';
import { formatIpv4, IPV6_MINIMUM_MTU, ipv4Address, ipv4Mask } from '@strata/wire';
import type { Host } from './host.ts';
import { NetError } from './net-error.ts';
import { ticksOf, type WaitOptions } from './stream-connection.ts';

/** An interface of a host as the DHCP client and the link-local chooser see it. */
class ConfiguredInterface implements DhcpInterface {
  readonly index: number;
  readonly macMsw: number;
  readonly macLsw: number;
  private readonly host: Host;
  private readonly on: IpInterface;
  /** What was set by the last lease. */
  private routes: (readonly [network: number, mask: number])[];
  private routers: string;
  private mtu: number;
  private nameServers: number;

  constructor(host: Host, on: IpInterface) {
    const properties = host.drivers[on.index]?.properties;
    if (properties === undefined) throw new NetError(`${host.name}: ${on.name} has no driver`, NX_INVALID_INTERFACE);
    this.index = on.index;
    this.macMsw = properties.macMsw;
    this.macLsw = properties.macLsw;
    this.host = host;
    this.on = on;
    this.routes = [];
    this.routers = '';
    this.mtu = 0;
    this.nameServers = 0;
  }

  claim(address: number, prefixLength: number, claimed: () => void, refused: () => void): Status {
    const { defence } = this.host.ip.arp;
    defence.abandon(this.on);
    return defence.claim(this.on, address, prefixLength, { addressClaimed: claimed, addressRefused: refused });
  }

  abandon(): void {
    this.host.ip.arp.defence.abandon(this.on);
  }

  configure(lease: DhcpLease | null): void {
    const { ip } = this.host;
    for (const [network, mask] of this.routes) ip.deleteRoute(network, mask);
    this.routes = [];
    if (lease === null) {
      ip.arp.defence.abandon(this.on);
      if (this.routers !== '') ip.setGateway(0);
      this.routers = '';
      this.setMtu(0);
      if (this.on.address !== 0) ip.setAddress(this.on, 0, 0);
      this.setNameServers([]);
      return;
    }
    if (this.on.address !== lease.address || this.on.mask !== ipv4Mask(lease.prefixLength)) {
      ip.setAddress(this.on, lease.address, ipv4Mask(lease.prefixLength));
    }
    this.setMtu(lease.mtu);
    this.setRoutes(lease);
    this.setNameServers(lease.dnsServers);
  }

  /** What the server says of the link, if a datagram of the size that all accept still fits (RFC 1122 3.3.2); 0: the link's own. */
  private setMtu(mtu: number): void {
    // Without a word of any server it is what somebody else has set.
    if (mtu === 0 && this.mtu === 0) return;
    this.mtu = mtu;
    const own = this.on.link?.properties.mtu ?? 0;
    const smallest = this.on.ipv6.enabled ? IPV6_MINIMUM_MTU : SMALLEST_MTU;
    const wanted = mtu >= smallest && mtu < own ? mtu : own;
    if (this.on.mtu !== wanted) this.host.ip.setMtu(this.on, wanted);
  }

  private setNameServers(addresses: readonly number[]): void {
    const { nameServers } = this.host;
    if (addresses.length === 0 && this.nameServers === 0) return;
    this.nameServers = addresses.length;
    nameServers.splice(0, nameServers.length, ...addresses.map(ipv4Address));
  }

  private setRoutes(lease: DhcpLease): void {
    const { ip } = this.host;
    // RFC 3442: classless routes, where there are any, take the place of the routers.
    const routers =
      lease.routes.length === 0 ? lease.routers : lease.routes.filter(isDefault).map((each) => each.router);
    if (routers.join() !== this.routers) {
      // A renewal that names the same ones leaves the one in use, which may not be the first any more.
      this.routers = routers.join();
      ip.setGateway(0);
      for (const router of routers) ip.addGateway(router);
    }
    for (const route of lease.routes) {
      const mask = ipv4Mask(route.prefixLength);
      if (isDefault(route)) continue;
      if (ip.addRoute(route.network, mask, route.router) === NX_SUCCESS) this.routes.push([route.network, mask]);
    }
  }
}

/** Octets. A server that asks for less would have everything cut to shreds. */
const SMALLEST_MTU = 576;

/** The DHCP of each host that has asked for it. */
const services = new WeakMap<Host, DhcpService>();

/** The DHCP client of an interface, stopped at first; the host's first interface when none is given. */
export function dhcpClientOf(host: Host, on: IpInterface = firstInterface(host)): DhcpClient {
  let service = services.get(host);
  if (service === undefined) {
    const { udp, pool, time, tracer } = host;
    service = new DhcpService({ udp, pool, time, random: host.random.fork('dhcp'), tracer });
    services.set(host, service);
    followInterfaces(host, service);
  }
  return service.client(new ConfiguredInterface(host, on));
}

/** RFC 2131 3.7: a cable that is plugged in again may lead to another network. An interface that goes takes its client along. */
function followInterfaces(host: Host, service: DhcpService): void {
  const { ip } = host;
  const earlier = ip.interfaceListener;
  ip.interfaceListener = {
    addressChanged: (changed) => earlier?.addressChanged(changed),
    linkChanged(changed) {
      earlier?.linkChanged(changed);
      if (changed.up) for (const client of service.clients) if (client.on.index === changed.index) client.verify();
    },
    detached(gone) {
      earlier?.detached?.(gone);
      service.forget(gone.index);
    },
  };
}

/**
 * Gets an address from a DHCP server and waits until the host uses it. The client goes on renewing it.
 * @throws NetError when it does not come in time, or the port is taken
 */
export async function configureByDhcp(
  host: Host,
  options: WaitOptions & { readonly on?: IpInterface; readonly saved?: DhcpLease | null } = {},
): Promise<DhcpLease> {
  const client = dhcpClientOf(host, options.on);
  const label = `${host.name}: dhcp`;
  const wait = host.waits.suspend<DhcpLease>(ticksOf(options), NX_NO_RESPONSE, () => {}, options.signal, label);
  const { listener } = client;
  client.listener = {
    stateChanged(changed, state, before) {
      listener?.stateChanged(changed, state, before);
      if (state === DHCP_BOUND && changed.lease !== null) wait.granted(changed.lease);
    },
  };
  const begun = client.start(options.saved ?? null);
  if (begun !== NX_SUCCESS) wait.refused(begun);
  const { status, value } = await wait.result;
  client.listener = listener;
  if (status === NX_SUCCESS && value !== null) return value;
  if (begun === NX_SUCCESS) client.stop();
  throw new NetError(begun === NX_SUCCESS ? `${host.name}: no DHCP server gave an address` : label, status);
}

/** Looks for a link-local address (RFC 3927) and keeps looking whenever it is lost. */
export function chooseLinkLocal(
  host: Host,
  listener: LinkLocalListener | null = null,
  on: IpInterface = firstInterface(host),
): LinkLocal {
  const chooser = new LinkLocal(new ConfiguredInterface(host, on), host.random.fork('link-local'), listener);
  stopWithInterface(host, on, chooser);
  const { defence } = host.ip.arp;
  const earlier = defence.listener;
  defence.listener = {
    addressConflict(index, address, msw, lsw, lost) {
      earlier?.addressConflict(index, address, msw, lsw, lost);
      if (lost && index === on.index && address === chooser.address) chooser.lost();
    },
  };
  chooser.start();
  return chooser;
}

/** Nobody looks for an address, or holds one, on an interface that is gone. */
function stopWithInterface({ ip }: Host, on: IpInterface, chooser: LinkLocal): void {
  const earlier = ip.interfaceListener;
  ip.interfaceListener = {
    addressChanged: (changed) => earlier?.addressChanged(changed),
    linkChanged: (changed) => earlier?.linkChanged(changed),
    detached(gone) {
      earlier?.detached?.(gone);
      if (gone === on) chooser.stop();
    },
  };
}

function firstInterface(host: Host): IpInterface {
  const first = host.ip.interfaces.find((one) => one !== host.ip.loopback);
  if (first === undefined) throw new NetError(`${host.name} is on no link`, NX_INVALID_INTERFACE);
  return first;
}

function isDefault(route: DhcpRoute): boolean {
  return route.prefixLength === 0;
}

/** A lease in words, for people: `192.0.2.77/24 from 192.0.2.1 for 3600 s`. */
export function describeLease(lease: DhcpLease): string {
  const time = lease.leaseSeconds === 0xffffffff ? 'for ever' : `for ${lease.leaseSeconds} s`;
  return `${formatIpv4(lease.address)}/${lease.prefixLength} from ${formatIpv4(lease.server)} ${time}`;
}
