import { type IpAddress, SECOND, TRACE_ND_LIST_FULL } from '@strata/contracts';
import { formatAddress, ipv6Address } from '@strata/wire';
import type { IpInterface } from '../interface.ts';
import { eui64, Ipv6Address, maskPrefix, ORIGIN_AUTOMATIC } from '../ipv6/address.ts';
import { lifetimeEnd } from '../ipv6/interface.ts';
import type { Nd } from './nd.ts';

/** RFC 4862 5.5.3 (e): an advertisement alone cannot bring an address closer to its end than this. */
const TWO_HOURS = 7200 * SECOND;

/** Prefix and identifier must make 128 bits together (RFC 4862 5.5.3 (d)). */
const PREFIX_BITS = 64;

/** What a prefix for autonomous configuration means for the interface's addresses (RFC 4862 5.5.3). */
export function autoconfigure(
  nd: Nd,
  incoming: IpInterface,
  prefix: IpAddress,
  length: number,
  preferred: number,
  valid: number,
): void {
  const { ip } = nd;
  const own = incoming.ipv6;
  if (preferred > valid || length !== PREFIX_BITS || !ip.ipv6.autoconfigures(incoming)) return;
  const now = ip.time.now;
  let known = false;
  for (const address of own.addresses) {
    if (address.origin !== ORIGIN_AUTOMATIC || !samePrefix(address.address, prefix)) continue;
    known = true;
    address.preferredUntil = lifetimeEnd(now, preferred);
    const offered = lifetimeEnd(now, valid);
    const remaining = address.validUntil - now;
    if (valid * SECOND > TWO_HOURS || offered > address.validUntil) address.validUntil = offered;
    else if (remaining > TWO_HOURS) address.validUntil = now + TWO_HOURS;
    nd.lifetimes.renewed(address);
  }
  if (known || valid === 0) return;
  if (own.addresses.length >= nd.policy.addresses) {
    if (ip.tracer !== null) ip.tracer.event(TRACE_ND_LIST_FULL, own.addresses.length, 0, 0, 0, null);
    return;
  }
  formAddress(nd, incoming, prefix, lifetimeEnd(now, preferred), lifetimeEnd(now, valid), 0);
}

/** Makes an address in a prefix and begins its duplicate detection. `attempt`: how many opaque ones were taken before. */
export function formAddress(
  nd: Nd,
  incoming: IpInterface,
  prefix: IpAddress,
  preferredUntil: number,
  validUntil: number,
  attempt: number,
): void {
  const [w2, w3] = interfaceIdentifier(nd, incoming, prefix, attempt);
  const value = ipv6Address(prefix.w0, prefix.w1, w2, w3);
  if (incoming.ipv6.find(value.w0, value.w1, value.w2, value.w3) !== null) return;
  const address = new Ipv6Address(incoming, value, PREFIX_BITS, ORIGIN_AUTOMATIC);
  address.preferredUntil = preferredUntil;
  address.validUntil = validUntil;
  address.attempts = attempt;
  nd.ip.ipv6.insert(address, true);
}

/**
 * The interface identifier for a prefix: from the MAC address (RFC 2464 4), or, by policy, opaque: the same for the same host,
 * interface and network, and unrelated to every other (RFC 7217 5).
 */
export function interfaceIdentifier(
  nd: Nd,
  outgoing: IpInterface,
  prefix: IpAddress,
  attempt: number,
): readonly [number, number] {
  if (!nd.policy.opaqueIdentifiers) return eui64(outgoing.macMsw, outgoing.macLsw);
  const label = `identifier ${formatAddress(maskPrefix(prefix, PREFIX_BITS))} ${outgoing.name} ${attempt}`;
  const random = nd.ip.random.fork(label);
  return [random.uint32() | 0, random.uint32() | 0];
}

function samePrefix(address: IpAddress, prefix: IpAddress): boolean {
  return address.w0 === prefix.w0 && address.w1 === prefix.w1;
}
