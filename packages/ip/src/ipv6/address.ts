import { type DatagramInfo, type IpAddress, NEVER } from '@strata/contracts';
import { ipv6Address } from '@strata/wire';
import type { IpInterface } from '../interface.ts';

/** States of an {@link Ipv6Address}, with NetX's numbers (NX_IPV6_ADDR_STATE_...). */
export const ADDRESS_TENTATIVE = 1;
export const ADDRESS_DEPRECATED = 3;
export const ADDRESS_VALID = 4;
/** Another host has it; kept so that the next advertisement does not bring it back (RFC 4862 5.4.5). */
export const ADDRESS_DUPLICATE = 5;

/** Where an address came from. */
export const ORIGIN_MANUAL = 0;
export const ORIGIN_LINK_LOCAL = 1;
export const ORIGIN_AUTOMATIC = 2;

/** One unicast address of an interface (NXD_IPV6_ADDRESS). */
export class Ipv6Address {
  readonly owner: IpInterface;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** One of the ORIGIN_ constants. */
  readonly origin: number;
  /** One of the ADDRESS_ constants. */
  state: number;
  /** Ends of the lifetimes in microseconds; NEVER for infinite. */
  preferredUntil: number;
  validUntil: number;
  /** Solicitations still to be sent before the address is used, and when the next one, or the end, is due. */
  solicitsLeft: number;
  deadline: number;
  /** The application has named it, also if the interface would have made it itself. */
  named: boolean;
  /** Tries of an opaque identifier that turned out to be taken (RFC 7217 6). */
  attempts: number;

  constructor(owner: IpInterface, address: IpAddress, prefixLength: number, origin: number) {
    this.owner = owner;
    this.address = address;
    this.prefixLength = prefixLength;
    this.origin = origin;
    this.state = ADDRESS_TENTATIVE;
    this.preferredUntil = NEVER;
    this.validUntil = NEVER;
    this.solicitsLeft = 0;
    this.deadline = NEVER;
    this.named = false;
    this.attempts = 0;
  }

  /** True when packets may come from and go to it. */
  get usable(): boolean {
    return this.state === ADDRESS_VALID || this.state === ADDRESS_DEPRECATED;
  }

  /** True while it may still turn out to be somebody else's. */
  get doubtful(): boolean {
    return this.state === ADDRESS_TENTATIVE || this.deadline !== NEVER;
  }

  is(w0: number, w1: number, w2: number, w3: number): boolean {
    const own = this.address;
    return own.w3 === w3 && own.w2 === w2 && own.w1 === w1 && own.w0 === w0;
  }
}

/** The interface identifier of a MAC address (RFC 2464 4) as its two words: ff:fe in the middle, universal bit inverted. */
export function eui64(msw: number, lsw: number): readonly [number, number] {
  return [((msw ^ 0x0200) << 16) | ((lsw >>> 16) & 0xff00) | 0xff, (0xfe << 24) | (lsw & 0xffffff)];
}

/** ff02::1:ffXX:XXXX of a unicast address (RFC 4291 2.7.1). */
export function solicitedNode(address: IpAddress): IpAddress {
  return ipv6Address(0xff020000, 0, 1, 0xff000000 | (address.w3 & 0xffffff));
}

/** The source of an IPv6 datagram as an object. */
export function sourceOf(info: DatagramInfo): IpAddress {
  return ipv6Address(info.source0, info.source1, info.source2, info.source3);
}

/** ff02::1 and ff02::2. */
export const ALL_NODES: IpAddress = ipv6Address(0xff020000, 0, 0, 1);
export const ALL_ROUTERS: IpAddress = ipv6Address(0xff020000, 0, 0, 2);

/** The address with everything behind the first `length` bits cleared. */
export function maskPrefix(address: IpAddress, length: number): IpAddress {
  const word = (value: number, from: number): number => {
    const bits = length - from;
    return bits >= 32 ? value : bits <= 0 ? 0 : value & (-1 << (32 - bits));
  };
  return ipv6Address(word(address.w0, 0), word(address.w1, 32), word(address.w2, 64), word(address.w3, 96));
}
