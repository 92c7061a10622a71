/**
 * `@strata/dns`: names to addresses and back, over UDP and TCP (RFC 1035, 1123 6.1, 2308, 5452), with a cache. The octets of
 * messages are the business of a codec: `@strata/dns/node` has one over the dns-packet library.
 */
export { type CachedAnswer, DnsCache } from './cache.ts';
export { DnsCounters } from './counters.ts';
export { canonicalName, reverseName } from './name.ts';
export { type DnsPolicy, rfcDnsPolicy } from './policy.ts';
export { DNS_PORT } from './query.ts';
export * from './record.ts';
export { type DnsAnswer, type DnsListener, DnsResolver, type DnsResolverOptions } from './resolver.ts';
