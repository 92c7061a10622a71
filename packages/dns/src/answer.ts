import type { DnsCache } from './cache.ts';
import type { DnsPolicy } from './policy.ts';
import { type DnsMessage, type DnsRecord, type DnsType, RCODE_NAME_ERROR, RCODE_NO_ERROR } from './record.ts';

/** What a message says about a name, aliases followed. */
export interface Reading {
  /** Records of the type asked for; empty when the message has none. */
  readonly records: readonly DnsRecord[];
  /** Where the aliases lead: the name that the records belong to, or that is to be asked for next. */
  readonly name: string;
  /** Aliases on the way. */
  readonly aliases: readonly DnsRecord[];
  /** The message settles the question: it has records, or says that there are none. */
  readonly settled: boolean;
  /** The aliases run in a circle, or are too many. */
  readonly endless: boolean;
}

/**
 * Follows aliases from `name` through the answer section (RFC 1034 3.6.2, 5.2.2). Only records of names on that way count,
 * so whatever else a server puts into its answer can neither be used nor kept.
 */
export function readAnswer(message: DnsMessage, name: string, type: DnsType, longest: number): Reading {
  const aliases: DnsRecord[] = [];
  const seen = new Set([name]);
  let at = name;
  for (;;) {
    const records = message.answers.filter((record) => record.name === at && record.type === type);
    if (records.length > 0) return { records, name: at, aliases, settled: true, endless: false };
    const alias = message.answers.find((record) => record.name === at && record.type === 'CNAME');
    if (alias === undefined || alias.type !== 'CNAME') break;
    aliases.push(alias);
    at = alias.target;
    if (seen.has(at) || aliases.length > longest) {
      return { records: [], name: at, aliases, settled: false, endless: true };
    }
    seen.add(at);
  }
  // With an alias and no word about where it leads, that name is asked for next; a name error speaks of the last one.
  const settled = aliases.length === 0 || message.rcode === RCODE_NAME_ERROR || negativeLife(message) > 0;
  return { records: [], name: at, aliases, settled, endless: false };
}

/** Seconds for which "there is none" may be kept (RFC 2308 5): the SOA record's own life and its last field. */
export function negativeLife(message: DnsMessage): number {
  for (const record of message.authorities) if (record.type === 'SOA') return Math.min(record.ttl, record.minimum);
  return 0;
}

/** Keeps what a reading has found. */
export function keepReading(
  cache: DnsCache,
  policy: DnsPolicy,
  type: DnsType,
  message: DnsMessage,
  reading: Reading,
): void {
  for (const alias of reading.aliases) cache.keep(alias.name, 'CNAME', RCODE_NO_ERROR, [alias], alias.ttl);
  if (reading.endless || !reading.settled) return;
  if (reading.records.length > 0) {
    const life = Math.min(policy.longestLife, ...reading.records.map(({ ttl }) => ttl));
    cache.keep(reading.name, type, RCODE_NO_ERROR, reading.records, life);
  } else cache.keep(reading.name, type, message.rcode, [], negativeLife(message));
}
