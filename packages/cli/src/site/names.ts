import { type IpAddress, type IpFamily, NX_SUCCESS } from '@strata/contracts';
import type { DnsResolver } from '@strata/dns';
import { type Host, lookUp, NetError, resolverOf } from '@strata/stack';
import { formatAddress, parseAddress } from '@strata/wire';
import { UserError } from '../errors.ts';

/** Names of the hosts of a lab end in this. */
export const LAB_DOMAIN = 'lab';
const LAB_SUFFIX = new RegExp(`\\.${LAB_DOMAIN}\\.?$`);

/** How long a look-up may take, in seconds. */
const PATIENCE = 30;

/** Host names, wherever a command takes an address. The resolver is made, and its library loaded, for the first name. */
export class SiteNames {
  private readonly host: Host;
  /** What to do about a name that nobody knows, while there is no DNS server. */
  private readonly advice: string;
  /** Names that need no server. */
  private readonly known: Map<string, readonly IpAddress[]>;
  private made: DnsResolver | null;

  constructor(host: Host, advice: string) {
    this.host = host;
    this.advice = advice;
    this.known = new Map();
    this.made = null;
  }

  /** Makes a name known without any server. */
  add(name: string, addresses: readonly IpAddress[]): void {
    this.known.set(name, addresses);
  }

  /** Loads what looking `name` up needs, unless it is an address. Virtual time cannot wait for that, so it comes first. */
  async prepare(name: string): Promise<void> {
    if (parseAddress(name) === null) await this.resolver();
  }

  async resolver(): Promise<DnsResolver> {
    if (this.made === null) {
      const { dnsPacketCodec } = await import('@strata/dns/node');
      this.made ??= resolverOf(this.host, dnsPacketCodec);
      for (const [name, addresses] of this.known) this.made.hosts.set(name, addresses);
    }
    return this.made;
  }

  /** The address to use for a name or an address in text, {@link prepare}d before. @throws UserError when there is none */
  async addressOf(name: string, family?: IpFamily): Promise<string> {
    const literal = parseAddress(name);
    if (literal !== null) {
      if (family === undefined || literal.family === family) return name;
      throw new UserError({ what: `${name} is not an IPv${family} address` });
    }
    if (/^[\d.]+$|:/.test(name)) {
      throw new UserError({ what: `${name} is not an address`, next: 'write it as 192.0.2.1 or 2001:db8::1' });
    }
    const bare = name.toLowerCase().replace(LAB_SUFFIX, '');
    const asked = this.known.has(bare) ? bare : name;
    if (this.host.nameServers.length === 0 && !this.known.has(asked)) {
      throw new UserError({ what: `there is no host ${name}`, why: 'no DNS server is known', next: this.advice });
    }
    try {
      const options = { timeoutSeconds: PATIENCE, ...(family === undefined ? {} : { family }) };
      const [first] = await lookUp(this.host, await this.resolver(), asked, options);
      return formatAddress(first as IpAddress);
    } catch (error) {
      if (!(error instanceof NetError)) throw error;
      if (error.status === NX_SUCCESS) {
        throw new UserError({ what: `${name} has no ${family === undefined ? '' : `IPv${family} `}address` });
      }
      throw new UserError({
        what: error.message,
        next: `asked of ${this.host.nameServers.map(formatAddress).join(', ')}; --trace dns shows questions and answers`,
      });
    }
  }

  close(): void {
    this.made?.close();
  }
}
