import { ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_VLAN } from '@strata/wire';
import type { FramePredicate } from './fault-plan.ts';

/** Matches frames of one EtherType, behind an 802.1Q tag too. */
export function hasEtherType(type: number): FramePredicate {
  return (bytes, offset, length) => {
    if (length < 14) return false;
    let at = offset + 12;
    if (((bytes[at]! << 8) | bytes[at + 1]!) === ETHERTYPE_VLAN && type !== ETHERTYPE_VLAN) {
      if (length < 18) return false;
      at += 4;
    }
    return ((bytes[at]! << 8) | bytes[at + 1]!) === type;
  };
}

/** What can be told about a frame without knowing the layers above. */
export const ETHERTYPE_PREDICATES: Readonly<Record<string, FramePredicate>> = {
  any: () => true,
  arp: hasEtherType(ETHERTYPE_ARP),
  ipv4: hasEtherType(ETHERTYPE_IPV4),
  ipv6: hasEtherType(ETHERTYPE_IPV6),
  vlan: hasEtherType(ETHERTYPE_VLAN),
};
