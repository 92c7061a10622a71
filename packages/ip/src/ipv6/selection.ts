import type { IpAddress } from '@strata/contracts';
import type { IpInterface } from '../interface.ts';
import { ADDRESS_DEPRECATED, type Ipv6Address } from './address.ts';
import { commonBits, scopeOf } from './scope.ts';

/** The default policy table (RFC 6724 2.1): prefix words, length, label. The longest match counts. */
const LABELS: readonly (readonly [w0: number, w1: number, w2: number, w3: number, length: number, label: number])[] = [
  [0, 0, 0, 1, 128, 0],
  [0, 0, 0xffff, 0, 96, 4],
  [0, 0, 0, 0, 96, 3],
  [0x20010000, 0, 0, 0, 32, 5],
  [0x20020000, 0, 0, 0, 16, 2],
  [0x3ffe0000, 0, 0, 0, 16, 12],
  [0xfec00000 | 0, 0, 0, 0, 10, 11],
  [0xfc000000 | 0, 0, 0, 0, 7, 13],
  [0, 0, 0, 0, 0, 1],
];

function labelOf(address: IpAddress): number {
  for (const [w0, w1, w2, w3, length, label] of LABELS) {
    if (commonBits(w0, w1, w2, w3, address.w0, address.w1, address.w2, address.w3, 128) >= length) return label;
  }
  return 1;
}

/**
 * The source for packets to `destination` that leave by `outgoing` (RFC 6724 5): scope, not deprecated, label, longest common
 * prefix; of equals, the first. Null when the interface has no usable address.
 */
export function selectSource(outgoing: IpInterface, destination: IpAddress): Ipv6Address | null {
  let best: Ipv6Address | null = null;
  for (const candidate of outgoing.ipv6.addresses) {
    if (!candidate.usable) continue;
    if (best === null || better(candidate, best, destination)) best = candidate;
  }
  return best;
}

/** Rules 1, 2, 3, 6 and 8; the others do not arise on a host whose candidates are all of one interface. */
function better(a: Ipv6Address, b: Ipv6Address, destination: IpAddress): boolean {
  const { w0, w1, w2, w3 } = destination;
  if (a.is(w0, w1, w2, w3) !== b.is(w0, w1, w2, w3)) return a.is(w0, w1, w2, w3);
  const wanted = scopeOf(w0, w1, w2, w3);
  const scopeA = scope(a.address);
  const scopeB = scope(b.address);
  if (scopeA < scopeB) return scopeA >= wanted;
  if (scopeB < scopeA) return scopeB < wanted;
  const deprecatedA = a.state === ADDRESS_DEPRECATED;
  if (deprecatedA !== (b.state === ADDRESS_DEPRECATED)) return !deprecatedA;
  const label = labelOf(destination);
  const matchesA = labelOf(a.address) === label;
  if (matchesA !== (labelOf(b.address) === label)) return matchesA;
  return shared(a, destination) > shared(b, destination);
}

function scope(address: IpAddress): number {
  return scopeOf(address.w0, address.w1, address.w2, address.w3);
}

function shared(own: Ipv6Address, to: IpAddress): number {
  const from = own.address;
  return commonBits(from.w0, from.w1, from.w2, from.w3, to.w0, to.w1, to.w2, to.w3, own.prefixLength);
}
