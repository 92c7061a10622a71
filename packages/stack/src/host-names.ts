import { type IpAddress, type IpFamily, NX_DNS_TIMEOUT, NX_SUCCESS } from '@strata/contracts';
import { type DnsAnswer, type DnsCodec, type DnsPolicy, DnsResolver, type DnsType } from '@strata/dns';
import { parseAddress } from '@strata/wire';
import type { Host } from './host.ts';
import { NetError } from './net-error.ts';
import { ticksOf, type WaitOptions } from './stream-connection.ts';

/** A resolver that asks the host's name servers over the host's own UDP and TCP. */
export function resolverOf(host: Host, codec: DnsCodec, policy?: DnsPolicy): DnsResolver {
  const { udp, pool, time, tracer, nameServers } = host;
  return new DnsResolver({
    udp,
    pool,
    time,
    random: host.random.fork('dns'),
    codec,
    servers: nameServers,
    connector: (server, port) => host.connector(server, port),
    tracer,
    ...(policy === undefined ? {} : { policy }),
  });
}

/** Asks for the records of a name. @throws NetError when the wait ends without an answer; a failure is in the answer */
export async function askName(
  host: Host,
  resolver: DnsResolver,
  name: string,
  type: DnsType,
  options: WaitOptions = {},
): Promise<DnsAnswer> {
  const label = `${host.name}: dns ${name}`;
  const wait = host.waits.suspend<DnsAnswer>(ticksOf(options), NX_DNS_TIMEOUT, () => {}, options.signal, label);
  resolver.resolve(name, type, (answer) => wait.granted(answer));
  const { status, value } = await wait.result;
  if (value === null) throw new NetError(`${name}: no answer`, status);
  return value;
}

/**
 * The addresses of a host name, of one family or of both; IPv6 first where the host has an IPv6 address beyond its link.
 * An address in text is its own answer. @throws NetError with the reason when there is none
 */
export async function lookUp(
  host: Host,
  resolver: DnsResolver,
  name: string,
  options: WaitOptions & { readonly family?: IpFamily } = {},
): Promise<IpAddress[]> {
  const literal = parseAddress(name);
  if (literal !== null) return [literal];
  const { family } = options;
  const types: DnsType[] = family === undefined ? ['AAAA', 'A'] : [family === 4 ? 'A' : 'AAAA'];
  const answers = await Promise.all(types.map((type) => askName(host, resolver, name, type, options)));
  const addresses = answers.flatMap(({ records }) =>
    records.flatMap((record) => (record.type === 'A' || record.type === 'AAAA' ? [record.address] : [])),
  );
  if (addresses.length === 0) {
    const failed = answers.find(({ status }) => status !== NX_SUCCESS) ?? answers[0];
    const reason = failed === undefined || failed.reason === '' ? 'it has no address' : failed.reason;
    throw new NetError(`${name}: ${reason}`, failed?.status ?? NX_DNS_TIMEOUT);
  }
  const reachesIpv6 = host.localAddress6 !== null && host.localAddress6.w0 >>> 22 !== 0x3fa;
  return reachesIpv6 ? addresses : addresses.sort((one, other) => one.family - other.family);
}
