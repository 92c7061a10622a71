/**
 * `@strata/wire`: every header format as offsets, getters, setters, `check`, `parse`, `emit` and `describe`, one file per
 * protocol in that order; addresses and checksums. No state, no allocation on the packet path, and no knowledge of anybody:
 * after `check` no getter can fail, and `emit` never writes outside the header it was given room for.
 */
export * from './address.ts';
export * from './arp.ts';
export * from './checksum.ts';
export * from './ethernet.ts';
export * from './icmpv4.ts';
export * from './icmpv6.ts';
export * from './igmp.ts';
export * from './ipv4.ts';
export * from './ipv4-options.ts';
export * from './ipv6.ts';
export * from './mld.ts';
export * from './nd.ts';
export * from './tcp.ts';
export * from './trim.ts';
export * from './udp.ts';
