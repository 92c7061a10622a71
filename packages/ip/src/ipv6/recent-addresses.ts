import type { IpAddress } from '@strata/contracts';
import { ipv6Address } from '@strata/wire';

const SLOTS = 64;

/**
 * Addresses read from headers lately, as the objects that routes and the neighbor cache work with: the packets of a flow have
 * the same two, and a router makes no new ones for each.
 */
export class RecentAddresses {
  private readonly slots: (IpAddress | null)[];

  constructor() {
    this.slots = new Array<IpAddress | null>(SLOTS).fill(null);
  }

  /** The address at `offset`. */
  at(view: DataView, offset: number): IpAddress {
    const w0 = view.getInt32(offset);
    const w1 = view.getInt32(offset + 4);
    const w2 = view.getInt32(offset + 8);
    const w3 = view.getInt32(offset + 12);
    const mixed = w0 ^ w1 ^ w2 ^ w3;
    const slot = (mixed ^ (mixed >>> 8) ^ (mixed >>> 16)) & (SLOTS - 1);
    const known = this.slots[slot] as IpAddress | null;
    if (known !== null && known.w3 === w3 && known.w2 === w2 && known.w1 === w1 && known.w0 === w0) return known;
    const address = ipv6Address(w0, w1, w2, w3);
    this.slots[slot] = address;
    return address;
  }
}
