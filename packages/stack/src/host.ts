import {
  type IpAddress,
  type LinkPort,
  NX_INVALID_INTERFACE,
  NX_IP_ADDRESS_ERROR,
  NX_PORT_UNAVAILABLE,
  NX_SUCCESS,
  type Random,
  SECOND,
  type Status,
  type Tracer,
} from '@strata/contracts';
import { EthernetDriver } from '@strata/ethernet';
import { IpInstance, type IpInterface, type Ping, type PingOptions } from '@strata/ip';
import { type PacketMemory, PacketPool } from '@strata/packet';
import { type TcpProbe, type TcpServer, TcpService, type TcpSocketOptions } from '@strata/tcp';
import { type Island, type Islands, type Scheduler, Waits } from '@strata/time';
import type { TlsSecrets } from '@strata/tls';
import { UdpService } from '@strata/udp';
import {
  formatAddress,
  formatIpv4,
  IPV4_LOOPBACK,
  ipv4Address,
  ipv4Mask,
  parseAddress,
  parseMac,
  parsePrefix,
  sameAddress,
} from '@strata/wire';
import { type HostTlsConnector, TcpConnector } from './connectors.ts';
import { NetError } from './net-error.ts';
import type { Profile } from './profile.ts';
import { StreamConnection, type WaitOptions } from './stream-connection.ts';
import { type HostTlsOptions, listenTls, makeTlsConnector, type TlsListenOptions } from './tls.ts';

/** What all hosts of a lab share. `Lab` makes it. */
export interface Environment {
  readonly scheduler: Scheduler;
  readonly islands: Islands;
  readonly memory: PacketMemory | null;
  readonly random: Random;
  /** What moment 0 is in seconds since 1970 UTC: certificates are judged by it. */
  readonly epochSeconds: number;
  /** Who is told of TLS secrets, or null when nobody records any. */
  readonly secrets: TlsSecrets | null;
  /** A tracer for the named host, or null when nobody listens. */
  tracerFor(name: string): Tracer | null;
  /** What looks at the TCP connections of the named host, or null. */
  tcpProbeFor(name: string): TcpProbe | null;
}

/** How to make a {@link Host}. */
export interface HostOptions {
  /** Default: the lab's. */
  readonly profile?: Profile;
  /** Packets in the host's pool. Default 512. */
  readonly packets?: number;
  /** Bytes per packet. Default 1568: a full Ethernet frame, or a TCP segment with room for every header. */
  readonly payloadSize?: number;
  /** Record who holds each packet, for leak reports and pool forensics. Slow. Default false. */
  readonly audit?: boolean;
  /** Cut what is larger than the MTU and put fragments together (nx_ip_fragment_enable). Default true. */
  readonly fragments?: boolean;
  /** Be a router: send on, in both families, what is for others. Default false. */
  readonly forwarding?: boolean;
  /** The links the host is on from the start, as for {@link Host.attach}. */
  readonly interfaces?: readonly (InterfaceOptions & { readonly port: LinkPort })[];
  /** Static routes, as for {@link Host.addRoute}. */
  readonly routes?: readonly StaticRouteOptions[];
}

/** A static route of either family. */
export interface StaticRouteOptions {
  /** The network, such as "198.51.100.0/24" or "2001:db8:1::/48". */
  readonly to: string;
  /** The next hop, on one of the host's links. */
  readonly via: string;
}

/** How to put a host on a link. */
export interface InterfaceOptions {
  /**
   * Address and prefix length, such as "192.0.2.1/24" or "2001:db8::1/64"; absent: none yet. An IPv6 address switches IPv6 on
   * and is used when nobody else turns out to have it; {@link Host.settled} waits for that.
   */
  readonly address?: string;
  /** More addresses, of either family; IPv4 has one per interface, the last one given. */
  readonly addresses?: readonly string[];
  /** Switches IPv6 on: a link-local address, and more from the routers that answer. Default: by an IPv6 address only. */
  readonly ipv6?: boolean;
  /** Default router, of either family. */
  readonly gateway?: string;
  /** Default: locally administered, from the lab's seed. */
  readonly mac?: string;
  readonly vlan?: number;
  readonly name?: string;
}

/** How a ping went. Times are microseconds. */
export interface PingResult {
  readonly status: Status;
  readonly bytes: number;
  readonly sequence: number;
  readonly timeToLive: number;
  readonly roundTrip: number;
  /** Who answered, or sent the error; null when nobody did. */
  readonly from: string | null;
  /** One of the ERROR_ constants when an ICMP error came instead; 0 otherwise. */
  readonly error: number;
}

/** The first ten bits of a link-local address. */
const LINK_LOCAL = 0x3fa;
/** How often {@link Host.autoconfigured} looks whether a router has answered. */
const ROUTER_POLL_TICKS = 5;
/** Lifetime of a default router that stays (nxd_ipv6_default_router_add). */
const WITHOUT_END = 0xffff;
const DEFAULT_PACKETS = 512;
const DEFAULT_PAYLOAD = 1568;

/**
 * One emulated host: pool, interfaces, IP, UDP and TCP, put together. Everything below is public and can be used as it is;
 * the methods here are the short way, with promises.
 */
export class Host {
  readonly name: string;
  readonly environment: Environment;
  readonly time: Scheduler;
  readonly waits: Waits;
  readonly random: Random;
  readonly profile: Profile;
  readonly pool: PacketPool;
  readonly tracer: Tracer | null;
  readonly ip: IpInstance;
  readonly udp: UdpService;
  readonly tcp: TcpService;
  readonly drivers: EthernetDriver[];
  /** Servers that names are asked of, in order of preference: set by hand, by DHCP, or by routers (RFC 8106). */
  readonly nameServers: IpAddress[];
  private eventLoop: boolean;
  private readonly settling: (() => void)[];
  private tls: Island | null;

  constructor(name: string, environment: Environment, profile: Profile, options: HostOptions = {}) {
    this.name = name;
    this.environment = environment;
    this.time = environment.scheduler;
    this.waits = new Waits(environment.scheduler);
    this.random = environment.random.fork(`host ${name}`);
    this.profile = profile;
    const payloadSize = options.payloadSize ?? DEFAULT_PAYLOAD;
    this.pool = new PacketPool({
      name: `${name} pool`,
      payloadSize,
      packets: options.packets ?? DEFAULT_PACKETS,
      audit: options.audit ?? false,
      ...(environment.memory === null ? {} : { memory: environment.memory }),
    });
    this.tracer = environment.tracerFor(name);
    const { pool, time, tracer } = this;
    this.ip = new IpInstance({ name, pool, time, random: this.random.fork('ip'), policy: profile.ip, tracer });
    this.udp = new UdpService({ network: this.ip, time, policy: profile.udp, random: this.random.fork('udp'), tracer });
    this.tcp = new TcpService(this.ip, pool, time, this.random.fork('tcp'), profile.tcp, tracer);
    this.tcp.probe = environment.tcpProbeFor(name);
    this.drivers = [];
    this.nameServers = [];
    this.eventLoop = false;
    this.settling = [];
    this.tls = null;
    this.ip.ipv6.listen({ addressChanged() {}, routerAdvertised: () => this.takeAdvertisedServers() });
    if (options.fragments !== false) this.ip.enableFragments();
    this.ip.forwarding = options.forwarding ?? false;
    for (const { port, ...rest } of options.interfaces ?? []) this.attach(port, rest);
    for (const { to, via } of options.routes ?? []) this.addRoute(to, via);
  }

  /** Puts the host on a link. @throws RangeError for an address that is none, NetError for one that cannot be used */
  attach(port: LinkPort, options: InterfaceOptions = {}): IpInterface {
    const name = options.name ?? `eth${this.ip.nextInterfaceIndex}`;
    const driver = new EthernetDriver({
      port,
      mac: options.mac === undefined ? this.makeMac() : read(parseMac, options.mac, 'MAC address', '02:00:00:00:00:01'),
      tracer: this.tracer,
      ...(options.vlan === undefined ? {} : { vlan: options.vlan }),
    });
    const made = this.ip.attachInterface(name, driver);
    this.drivers[made.index] = driver;
    if (options.ipv6 === true) this.check(this.ip.ipv6.enable(made), 'IPv6');
    const first = options.address === undefined ? [] : [options.address];
    for (const text of [...first, ...(options.addresses ?? [])]) this.addAddress(made, text);
    if (options.gateway !== undefined) {
      const gateway = read(parseAddress, options.gateway, 'address', '192.0.2.254');
      const status =
        gateway.family === 4
          ? this.ip.setGateway(gateway.w3)
          : this.ip.ipv6.addDefaultRouter(gateway, WITHOUT_END, made);
      this.check(status, `gateway ${options.gateway}`);
    }
    return made;
  }

  /**
   * Takes the host off a link: connections over it end, and what was known there is forgotten. The next {@link attach} takes its
   * place. @throws NetError for the loopback and for an interface that was detached before
   */
  detach(target: IpInterface): void {
    this.check(this.ip.detachInterface(target), `detach ${target.name}`);
  }

  /** Gives an interface an address, such as "192.0.2.1/24" or "2001:db8::1/64". @throws as {@link attach} */
  addAddress(target: IpInterface, text: string): void {
    const { address, length } = read(parsePrefix, text, 'address', '192.0.2.1/24 or 2001:db8::1/64');
    const status =
      address.family === 4
        ? this.ip.setAddress(target, address.w3, ipv4Mask(length))
        : this.ip.ipv6.addAddress(target, address, length);
    this.check(status, `address ${text}`);
  }

  /**
   * Adds a static route of either family: packets to network `to`, such as "198.51.100.0/24", go by way of `via`.
   * @throws RangeError for what is no address, NetError for a next hop that is on no link or when the table is full
   */
  addRoute(to: string, via: string): void {
    const { address, length } = read(parsePrefix, to, 'network', '198.51.100.0/24 or 2001:db8:1::/48');
    const nextHop = read(parseAddress, via, 'address', '192.0.2.254');
    const what = `route ${to} by way of ${via}`;
    if (address.family !== nextHop.family) {
      throw new RangeError(`${what}: the next hop must be of the network's own family`);
    }
    const status =
      address.family === 4
        ? this.ip.addRoute(address.w3, ipv4Mask(length), nextHop.w3)
        : this.ip.ipv6.routes.add(address, length, nextHop);
    this.check(status, what);
  }

  /**
   * Listens to a multicast group of either family, on an interface or on the first one; joins are counted.
   * @throws NetError for what is no group, or when there is no room for it
   */
  joinGroup(group: string | IpAddress, interfaceIndex = -1): void {
    const address = typeof group === 'string' ? this.resolve(group) : group;
    this.check(this.ip.groups.joinOn(interfaceIndex, address), `join ${formatAddress(address)}`);
  }

  /** Takes one {@link joinGroup} back. @throws NetError when the group was not joined there */
  leaveGroup(group: string | IpAddress, interfaceIndex = -1): void {
    const address = typeof group === 'string' ? this.resolve(group) : group;
    this.check(this.ip.groups.leaveOn(interfaceIndex, address), `leave ${formatAddress(address)}`);
  }

  /** Resolves when no IPv6 address of the host waits for its duplicate detection any more. At once when none does. */
  settled(): Promise<void> {
    return new Promise((resolve) => this.whenSettled(resolve));
  }

  /** As {@link settled}, for a callback. */
  whenSettled(then: () => void): void {
    const { ipv6 } = this.ip;
    if (!ipv6.settling) {
      then();
      return;
    }
    this.settling.push(then);
    if (this.settling.length > 1) return;
    const listener = {
      addressChanged: () => {
        if (ipv6.settling) return;
        ipv6.unlisten(listener);
        const waiting = this.settling.splice(0);
        this.time.touch();
        for (const each of waiting) each();
      },
    };
    ipv6.listen(listener);
  }

  /**
   * Waits for what routers have to say: true as soon as the host has an IPv6 address that is good beyond the link, false when it
   * has asked in vain.
   */
  async autoconfigured(): Promise<boolean> {
    const { interfaces, ipv6 } = this.ip;
    for (;;) {
      await this.settled();
      const own = interfaces.flatMap((one) => one.ipv6.addresses.filter((each) => each.usable));
      if (own.some((each) => each.address.w0 >>> 22 !== LINK_LOCAL)) return true;
      if (!ipv6.searching && !ipv6.settling) return false;
      await this.waits.sleep(ROUTER_POLL_TICKS);
    }
  }

  /** The addresses in use, with their prefix lengths, such as "192.0.2.1/24"; the loopback's are not among them. */
  get addresses(): readonly string[] {
    const list: string[] = [];
    for (const each of this.ip.interfaces) {
      if (each.address !== 0) list.push(`${formatIpv4(each.address)}/${ones(each.mask)}`);
      for (const own of each.ipv6.addresses) {
        if (own.usable) list.push(`${formatAddress(own.address)}/${own.prefixLength}`);
      }
    }
    return list;
  }

  /** A unicast, locally administered address from the host's own randomness. */
  private makeMac(): { readonly msw: number; readonly lsw: number } {
    return { msw: 0x0253, lsw: this.random.uint32() | 0 };
  }

  private check(status: Status, what: string): void {
    if (status !== NX_SUCCESS) throw new NetError(`${this.name}: ${what}`, status);
  }

  /** This host's first global IPv6 address in use, or its link-local one, or null. */
  get localAddress6(): IpAddress | null {
    const usable = this.ip.interfaces.flatMap((one) => one.ipv6.addresses.filter((own) => own.usable));
    const global = usable.find((own) => own.address.w0 >>> 22 !== 0x3fa);
    return (global ?? usable[0])?.address ?? null;
  }

  /** This host's first own address, or 127.0.0.1 before it has one. */
  get localAddress(): IpAddress {
    const owner = this.ip.interfaces.find((one) => one.address !== 0 && one !== this.ip.loopback);
    if (owner !== undefined) return ipv4Address(owner.address);
    return this.localAddress6 ?? IPV4_LOOPBACK;
  }

  /** The index of the interface that a text such as "fe80::1%eth0" names; -1 when it names none. */
  private zoneOf(name: string): number {
    const [, zone] = name.split('%');
    return this.ip.interfaces.find((each) => each.name === zone)?.index ?? -1;
  }

  private takeAdvertisedServers(): void {
    for (const address of this.ip.ipv6.nameServers.addresses) {
      if (!this.nameServers.some((known) => sameAddress(known, address))) this.nameServers.push(address);
    }
  }

  /**
   * Reads an address, or this host's own name and `localhost`. A link-local address may name its interface: "fe80::1%eth0".
   * @throws NetError for anything else
   */
  resolve(name: string): IpAddress {
    if (name === 'localhost') return this.localAddress;
    const [literal = '', zone] = name.split('%');
    if (zone !== undefined && !this.ip.interfaces.some((each) => each.name === zone)) {
      throw new NetError(`"${name}": this host has no interface "${zone}"`, NX_INVALID_INTERFACE);
    }
    const address = parseAddress(literal);
    if (address === null) throw new NetError(`"${name}" is not an IP address`, NX_IP_ADDRESS_ERROR);
    return address;
  }

  /** Opens a TCP connection. @throws NetError with the reason */
  async connect(
    address: string | IpAddress,
    port: number,
    options: TcpSocketOptions & WaitOptions = {},
  ): Promise<StreamConnection> {
    const remote = typeof address === 'string' ? this.resolve(address) : address;
    const what = `tcp ${formatAddress(remote)}:${port}`;
    if (remote.family === 6 && this.ip.ipv6.settling) await this.settled();
    const connection = new StreamConnection(this.waits, what);
    const socket = this.tcp.open(remote, port, connection.events, { deleteWhenClosed: true, ...options });
    if (socket === null) throw new NetError(`connect ${what}: no route, or no free port`, NX_IP_ADDRESS_ERROR);
    return connection.attach(socket, false).established(options);
  }

  /** Listens on a TCP port; each connection is handed to `accept`. @throws NetError when the port is taken */
  listen(
    port: number,
    accept: (connection: StreamConnection) => void,
    options: { readonly backlog?: number; readonly socket?: TcpSocketOptions } = {},
  ): TcpServer {
    const server = this.tcp.listen(port, {
      ...options,
      onConnection: (socket) => accept(new StreamConnection(this.waits, `tcp port ${port}`).attach(socket, true)),
    });
    if (server === null) throw new NetError(`${this.name}: listen on tcp port ${port}`, NX_PORT_UNAVAILABLE);
    return server;
  }

  /** Opens streams to one TCP address: what an MQTT client is given. */
  connector(address: string | IpAddress, port: number, options: TcpSocketOptions = {}): TcpConnector {
    const remote = typeof address === 'string' ? this.resolve(address) : address;
    return new TcpConnector(this.tcp, remote, port, options);
  }

  /** Opens TLS sessions over TCP: what an MQTT client is given for port 8883. A function is asked before each attempt. */
  tlsConnector(
    address: string | IpAddress,
    port: number,
    options: HostTlsOptions | (() => HostTlsOptions),
    tcp: TcpSocketOptions = {},
  ): HostTlsConnector {
    return makeTlsConnector(this, address, port, options, tcp);
  }

  /** Opens a TLS connection. @throws NetError with the reason, down to the alert and the certificate */
  async connectTls(
    address: string | IpAddress,
    port: number,
    options: HostTlsOptions & WaitOptions,
    tcp: TcpSocketOptions = {},
  ): Promise<StreamConnection> {
    const remote = typeof address === 'string' ? this.resolve(address) : address;
    if (remote.family === 6 && this.ip.ipv6.settling) await this.settled();
    const connection = new StreamConnection(this.waits, `tls ${formatAddress(remote)}:${port}`);
    return connection.begin(this.tlsConnector(remote, port, options, tcp)).established(options);
  }

  /** Listens for TLS connections on a TCP port; each whose handshake succeeded is handed to `accept`. */
  listenTls(
    port: number,
    options: HostTlsOptions,
    accept: (connection: StreamConnection) => void,
    listen: TlsListenOptions = {},
  ): TcpServer {
    return listenTls(this, port, options, accept, listen);
  }

  /** @internal Counts what OpenSSL has under way, so that virtual time waits for it. */
  tlsIsland(): Island {
    this.tls ??= this.environment.islands.register(`${this.name} tls`);
    return this.tls;
  }

  /** Sends one ICMP echo request. Never rejects for want of an answer: the result's status says it. */
  ping(
    address: string | IpAddress,
    options: { readonly bytes?: number; readonly timeoutSeconds?: number } & PingOptions = {},
  ): Promise<PingResult> {
    const remote = typeof address === 'string' ? this.resolve(address) : address;
    if (remote.family === 6 && this.ip.ipv6.settling) return this.settled().then(() => this.ping(address, options));
    const bytes = options.bytes ?? 56;
    const payload = Uint8Array.from({ length: bytes }, (_, i) => i & 255);
    return new Promise((resolve) => {
      const listener = {
        pinged: (status: Status, response: { readonly length: number; release(): Status } | null, ping: Ping) => {
          const length = response?.length ?? 0;
          response?.release();
          this.time.touch();
          resolve({
            status,
            bytes: length,
            sequence: ping.sequence,
            timeToLive: ping.timeToLive,
            roundTrip: ping.roundTrip,
            from: ping.from !== null ? formatAddress(ping.from) : status === NX_SUCCESS ? formatAddress(remote) : null,
            error: ping.errorKind,
          });
        },
      };
      const timeout = (options.timeoutSeconds ?? 1) * SECOND;
      const zone = typeof address === 'string' ? this.zoneOf(address) : -1;
      const status = this.ip.icmp.echo.ping(remote, payload, timeout, listener, { interfaceIndex: zone, ...options });
      if (status === NX_SUCCESS) return;
      resolve({ status, bytes: 0, sequence: 0, timeToLive: 0, roundTrip: 0, from: null, error: 0 });
    });
  }

  /** Code on the machine's event loop takes part: virtual time waits for it from now on. */
  useEventLoop(): void {
    if (this.eventLoop) return;
    this.eventLoop = true;
    this.environment.islands.register(`${this.name} sockets`);
  }

  /** The event loop was handed something: it gets a turn before time moves on. */
  touch(): void {
    this.time.touch();
  }
}

/** Parses text that a program gave. @throws RangeError that shows what it should look like */
function read<T>(parse: (text: string) => T | null, text: string, what: string, example: string): T {
  const value = parse(text);
  if (value === null) throw new RangeError(`"${text}" is not a ${what}; one looks like ${example}`);
  return value;
}

/** The length of a contiguous mask. */
function ones(mask: number): number {
  return Math.clz32(~mask);
}
