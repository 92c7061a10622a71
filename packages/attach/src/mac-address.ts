import type { Random } from '@strata/contracts';

/** A MAC address as its upper 16 and lower 32 bits (int32). */
export interface MacAddress {
  readonly msw: number;
  readonly lsw: number;
}

/**
 * A unicast, locally administered MAC address (IEEE 802 8.2.2: second lowest bit of the first octet set, lowest clear).
 * The same random stream gives the same address, so a run with the same seed shows the same frames.
 */
export function localMac(random: Random): MacAddress {
  const msw = ((random.uint32() & 0xfcff) | 0x0200) & 0xffff;
  return { msw, lsw: random.uint32() | 0 };
}
