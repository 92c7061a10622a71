import {
  type Deferred,
  type IpAddress,
  NX_DNS_PARAM_ERROR,
  NX_DNS_QUERY_FAILED,
  NX_SUCCESS,
  type PacketAllocator,
  type Random,
  type Status,
  type StreamConnector,
  type TimeService,
  type Tracer,
} from '@strata/contracts';
import type { UdpService } from '@strata/udp';
import { parseAddress } from '@strata/wire';
import { keepReading, readAnswer } from './answer.ts';
import { DnsCache } from './cache.ts';
import { DnsCounters } from './counters.ts';
import { canonicalName } from './name.ts';
import { type DnsPolicy, rfcDnsPolicy } from './policy.ts';
import { Query } from './query.ts';
import { type DnsCodec, type DnsMessage, type DnsRecord, type DnsType, RCODE_NAME_ERROR } from './record.ts';

/** How to make a {@link DnsResolver}. */
export interface DnsResolverOptions {
  readonly udp: UdpService;
  readonly pool: PacketAllocator;
  readonly time: TimeService;
  readonly random: Random;
  readonly codec: DnsCodec;
  /** Whom to ask, in order of preference; read anew for each question. */
  readonly servers: readonly IpAddress[];
  /** Streams to a server's port 53, for answers that fit no datagram; without it such answers fail. */
  readonly connector?: (server: IpAddress, port: number) => StreamConnector;
  readonly policy?: DnsPolicy;
  readonly tracer?: Tracer | null;
}

/** What became of a question. */
export interface DnsAnswer {
  /**
   * NX_SUCCESS also when the name exists and has no such records; NX_DNS_QUERY_FAILED when there is no such name, or no
   * server can answer; NX_DNS_TIMEOUT; NX_DNS_EMPTY_DNS_SERVER_LIST; NX_DNS_PARAM_ERROR for what is no name.
   */
  readonly status: Status;
  /** Why, in words; empty on success. */
  readonly reason: string;
  /** The name that the records belong to: the one asked for, or where its aliases lead. */
  readonly name: string;
  readonly records: readonly DnsRecord[];
  readonly aliases: readonly DnsRecord[];
  /** True when no server was asked. */
  readonly fromCache: boolean;
}

/** Hears the answer, always after the event that brought it. */
export type DnsListener = (answer: DnsAnswer) => void;

/** A question in the course of being answered, with everybody who asked it. */
interface Lookup {
  readonly key: string;
  readonly listeners: DnsListener[];
  readonly type: DnsType;
  /** Aliases followed so far. */
  readonly aliases: DnsRecord[];
  name: string;
  query: Query | null;
  fromCache: boolean;
}

/**
 * A stub resolver (RFC 1035, RFC 1123 6.1): asks servers that do the searching, follows aliases, keeps what they say.
 *
 * Forged answers (RFC 5452): each question has a random id and a port of its own; an answer counts only from the server and
 * port that were asked, with that id and that question; equal questions at one time are one question; and nothing is used
 * that was not asked for.
 */
export class DnsResolver {
  readonly cache: DnsCache;
  readonly counters: DnsCounters;
  readonly policy: DnsPolicy;
  /** @internal */
  readonly options: DnsResolverOptions;
  /** Names that need no server, such as those of a lab's hosts. */
  readonly hosts: Map<string, readonly IpAddress[]>;
  private readonly lookups: Map<string, Lookup>;

  constructor(options: DnsResolverOptions) {
    this.options = options;
    this.policy = options.policy ?? rfcDnsPolicy;
    this.cache = new DnsCache(options.time, this.policy);
    this.counters = new DnsCounters();
    this.hosts = new Map();
    this.lookups = new Map();
  }

  /** Looks a name up. An address in text is its own answer. */
  resolve(text: string, type: DnsType, listener: DnsListener): void {
    if (type === 'A' || type === 'AAAA') this.resolveAddress(text, type, listener);
    else this.ask(text, type, listener);
  }

  /** Forgets all questions; nobody is told. */
  close(): void {
    for (const lookup of this.lookups.values()) lookup.query?.cancel();
    this.lookups.clear();
  }

  private resolveAddress(text: string, type: 'A' | 'AAAA', listener: DnsListener): void {
    const literal = parseAddress(text);
    const known = literal === null ? this.hosts.get(canonicalName(text) ?? '') : [literal];
    if (known === undefined) {
      this.ask(text, type, listener);
      return;
    }
    const fitting = known.filter(({ family }) => family === (type === 'A' ? 4 : 6));
    const records = fitting.map((address): DnsRecord => ({ name: text, ttl: 0, type, address }));
    this.tell(listener, { status: NX_SUCCESS, reason: '', name: text, records, aliases: [], fromCache: true });
  }

  private ask(text: string, type: DnsType, listener: DnsListener): void {
    const name = canonicalName(text);
    if (name === null) {
      this.tell(listener, failure(text, NX_DNS_PARAM_ERROR, 'that is no host name'));
      return;
    }
    const key = `${type} ${name}`;
    const running = this.lookups.get(key);
    if (running !== undefined) {
      running.listeners.push(listener);
      return;
    }
    const lookup: Lookup = { key, listeners: [listener], type, aliases: [], name, query: null, fromCache: true };
    this.lookups.set(key, lookup);
    this.proceed(lookup);
  }

  /** Goes on with what is known about the name, or asks for it. */
  private proceed(lookup: Lookup): void {
    const { type } = lookup;
    for (;;) {
      const known = this.cache.find(lookup.name, type);
      if (known !== null) {
        const missing = known.rcode === RCODE_NAME_ERROR;
        this.finish(lookup, missing ? noSuchName(lookup.name) : '', known.records);
        return;
      }
      const alias = type === 'CNAME' ? undefined : this.cache.find(lookup.name, 'CNAME')?.records[0];
      if (alias === undefined || alias.type !== 'CNAME') break;
      if (!this.follow(lookup, [alias], alias.target)) return;
    }
    lookup.fromCache = false;
    lookup.query = new Query(this, lookup.name, type, {
      answered: (message) => this.answered(lookup, message),
      failed: (status, reason) =>
        this.end(lookup, { ...failure(lookup.name, status, reason), aliases: lookup.aliases }),
    });
    lookup.query.begin();
  }

  private answered(lookup: Lookup, message: DnsMessage): void {
    lookup.query = null;
    const reading = readAnswer(message, lookup.name, lookup.type, this.policy.longestChain);
    keepReading(this.cache, this.policy, lookup.type, message, reading);
    if (reading.endless) {
      this.finish(lookup, `the aliases of ${lookup.name} lead nowhere`, []);
    } else if (reading.settled) {
      lookup.aliases.push(...reading.aliases);
      lookup.name = reading.name;
      this.finish(lookup, message.rcode === RCODE_NAME_ERROR ? noSuchName(reading.name) : '', reading.records);
    } else if (this.follow(lookup, reading.aliases, reading.name)) this.proceed(lookup);
  }

  /** Goes on with the name that aliases lead to. False when that ends the look-up. */
  private follow(lookup: Lookup, aliases: readonly DnsRecord[], target: string): boolean {
    const seen = lookup.aliases.some((alias) => alias.name === target);
    lookup.aliases.push(...aliases);
    if (seen || lookup.aliases.length > this.policy.longestChain || canonicalName(target) === null) {
      this.finish(lookup, `the aliases of ${lookup.name} lead nowhere`, []);
      return false;
    }
    lookup.name = target;
    return true;
  }

  private finish(lookup: Lookup, reason: string, records: readonly DnsRecord[]): void {
    this.end(lookup, {
      status: reason === '' ? NX_SUCCESS : NX_DNS_QUERY_FAILED,
      reason,
      name: lookup.name,
      records,
      aliases: lookup.aliases,
      fromCache: lookup.fromCache,
    });
  }

  private end(lookup: Lookup, answer: DnsAnswer): void {
    this.lookups.delete(lookup.key);
    for (const listener of lookup.listeners) this.tell(listener, answer);
  }

  private tell(listener: DnsListener, answer: DnsAnswer): void {
    const task: Deferred = { run: () => listener(answer) };
    this.options.time.defer(task);
  }
}

function noSuchName(name: string): string {
  return `there is no name ${name}`;
}

function failure(name: string, status: Status, reason: string): DnsAnswer {
  return { status, reason, name, records: [], aliases: [], fromCache: false };
}
