/**
 * An IPv4 or IPv6 address as four 32-bit words, network order, each a signed int32 (`| 0`).
 *
 * Signed words stay small integers in the engine, so passing one costs no allocation. An IPv4 address uses `w3` alone;
 * `w0`, `w1`, `w2` are then 0. Instances are immutable; text exists only at the edge (`@strata/wire` parses and formats).
 */
export interface IpAddress {
  readonly family: IpFamily;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
}

/** 4 or 6. */
export type IpFamily = 4 | 6;

/** An address and how many of its leading bits name the network: 0..32 for IPv4, 0..128 for IPv6. */
export interface IpPrefix {
  readonly address: IpAddress;
  readonly length: number;
}
