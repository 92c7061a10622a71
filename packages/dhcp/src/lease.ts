import type { DhcpReply } from './message.ts';
import {
  addressesOf,
  addressOf,
  type DhcpRoute,
  OPTION_CLASSLESS_ROUTES,
  OPTION_DNS_SERVER,
  OPTION_DOMAIN_NAME,
  OPTION_INTERFACE_MTU,
  OPTION_LEASE_TIME,
  OPTION_NTP_SERVER,
  OPTION_REBINDING_TIME,
  OPTION_RENEWAL_TIME,
  OPTION_ROUTER,
  OPTION_SERVER_ID,
  OPTION_SUBNET_MASK,
  routesOf,
  secondsOf,
  textOf,
} from './options.ts';

/** RFC 2131 3.3: a lease that never ends. */
export const INFINITE_LEASE = 0xffffffff;

/** What a server has given. Plain data: it can be stored and given to a client after a restart. Addresses are int32. */
export interface DhcpLease {
  readonly address: number;
  readonly prefixLength: number;
  readonly server: number;
  /** In order of preference; classless routes, when there are any, take their place (RFC 3442). */
  readonly routers: readonly number[];
  readonly routes: readonly DhcpRoute[];
  readonly dnsServers: readonly number[];
  readonly ntpServers: readonly number[];
  readonly domainName: string;
  /** Largest IP packet of the link, or 0 when the server did not say. */
  readonly mtu: number;
  /** Seconds from {@link obtainedAt} on: the lease, and when to renew (T1) and to rebind (T2). */
  readonly leaseSeconds: number;
  readonly renewalSeconds: number;
  readonly rebindingSeconds: number;
  /** When the request that got it was sent (RFC 2131 4.4.5), on the lab's clock, in microseconds. */
  readonly obtainedAt: number;
}

/** Reads a lease from an OFFER or an ACK; null when what it needs is missing or cannot be. */
export function leaseOf(reply: DhcpReply, obtainedAt: number): DhcpLease | null {
  const { options, yourAddress } = reply;
  const server = addressOf(options.get(OPTION_SERVER_ID));
  const lease = secondsOf(options.get(OPTION_LEASE_TIME));
  if (server === null || lease === null || lease === 0 || !isAssignable(yourAddress)) return null;
  const prefixLength = prefixLengthOf(addressOf(options.get(OPTION_SUBNET_MASK)) ?? classfulMask(yourAddress));
  if (prefixLength === null || isNetwork(yourAddress, prefixLength)) return null;
  const [renewal, rebinding] = timesOf(
    lease,
    secondsOf(options.get(OPTION_RENEWAL_TIME)),
    secondsOf(options.get(OPTION_REBINDING_TIME)),
  );
  const mtu = options.get(OPTION_INTERFACE_MTU);
  return {
    address: yourAddress,
    prefixLength,
    server,
    routers: addressesOf(options.get(OPTION_ROUTER)).filter(isAssignable),
    routes: routesOf(options.get(OPTION_CLASSLESS_ROUTES)),
    dnsServers: addressesOf(options.get(OPTION_DNS_SERVER)).filter(isAssignable),
    ntpServers: addressesOf(options.get(OPTION_NTP_SERVER)).filter(isAssignable),
    domainName: textOf(options.get(OPTION_DOMAIN_NAME)),
    mtu: mtu !== undefined && mtu.length === 2 ? ((mtu[0] as number) << 8) | (mtu[1] as number) : 0,
    leaseSeconds: lease,
    renewalSeconds: renewal,
    rebindingSeconds: rebinding,
    obtainedAt,
  };
}

/** RFC 2131 4.4.5: T1 is half of the lease and T2 seven eighths, unless the server says otherwise and T1 < T2 < lease. */
function timesOf(lease: number, renewal: number | null, rebinding: number | null): readonly [number, number] {
  if (lease === INFINITE_LEASE) return [INFINITE_LEASE, INFINITE_LEASE];
  const usual: readonly [number, number] = [lease * 0.5, lease * 0.875];
  const [t1, t2] = [renewal ?? Math.min(usual[0], rebinding ?? lease), rebinding ?? Math.max(usual[1], renewal ?? 0)];
  return t1 < t2 && t2 < lease ? [t1, t2] : usual;
}

/** An address that a host can have: not 0/8, 127/8, a group, or 240/4. */
function isAssignable(address: number): boolean {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && first < 224;
}

/** The address of a network itself, or of everybody on it (RFC 1122 3.2.1.3); one or two addresses have neither (RFC 3021). */
function isNetwork(address: number, prefixLength: number): boolean {
  const hosts = prefixLength >= 31 ? 0 : 0xffffffff >>> prefixLength;
  return hosts !== 0 && ((address & hosts) === 0 || (address | ~hosts) === -1);
}

/** How many leading ones; null for a mask with holes, and for those that leave no host. */
function prefixLengthOf(mask: number): number | null {
  const length = Math.clz32(~mask);
  return mask !== 0 && mask === (length === 32 ? -1 : ~(0xffffffff >>> length)) ? length : null;
}

/** RFC 950 2.1, for servers that send no mask. */
function classfulMask(address: number): number {
  const first = address >>> 24;
  return first < 128 ? 0xff000000 | 0 : first < 192 ? 0xffff0000 | 0 : 0xffffff00 | 0;
}
