import { SECOND } from '@strata/contracts';

/** Choices of a resolver. Times are microseconds. */
export interface DnsPolicy {
  /** How long one server has to answer the first time; each round doubles it. */
  readonly firstWait: number;
  readonly longestWait: number;
  /** How often each server is asked. */
  readonly rounds: number;
  /** How long an exchange over TCP may take. */
  readonly tcpWait: number;
  /** Largest answer taken over UDP, in octets (RFC 9715: 1232 fits every path); 0 asks without EDNS. */
  readonly udpSize: number;
  /** Aliases followed for one question. */
  readonly longestChain: number;
  /** Names and types kept, and how long at most, in seconds; answers that say "no such" for less (RFC 2308 5). */
  readonly cacheEntries: number;
  readonly longestLife: number;
  readonly longestNegativeLife: number;
}

export const rfcDnsPolicy: DnsPolicy = {
  firstWait: 2 * SECOND,
  longestWait: 16 * SECOND,
  rounds: 3,
  tcpWait: 10 * SECOND,
  udpSize: 1232,
  longestChain: 8,
  cacheEntries: 256,
  longestLife: 604_800,
  longestNegativeLife: 10_800,
};
