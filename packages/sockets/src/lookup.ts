import type { IpAddress } from '@strata/contracts';
import { formatAddress, parseAddress } from '@strata/wire';
import { lookupError, nodeError } from './errors.ts';
import { inTick } from './event-loop.ts';
import type { SocketHost } from './host.ts';

/** One answer of a {@link Lookup}. */
export interface LookupAddress {
  readonly address: string;
  readonly family: number;
}

/** As `dns.lookup`: what a program may give `connect` to look names up with. */
export type Lookup = (
  hostname: string,
  // biome-ignore lint/suspicious/noExplicitAny: programs pass dns.lookup or functions with fewer options
  options: any,
  callback: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
) => void;

/** An address as text and as the stack has it. */
export interface Resolved {
  readonly text: string;
  readonly address: IpAddress;
}

/** Reads an address that needs no look-up, or null. The unspecified address is the host itself, as Linux has it. */
export function readAddress(host: SocketHost, text: string): Resolved | null {
  const address = parseAddress(text);
  if (address === null) return null;
  if (!isUnspecified(address)) return { text, address };
  return { text, address: (address.family === 6 ? host.localAddress6 : null) ?? host.localAddress };
}

/** True for 0.0.0.0 and ::. */
export function isUnspecified(address: IpAddress): boolean {
  return (address.w0 | address.w1 | address.w2 | address.w3) === 0;
}

/**
 * Looks a name up with the program's own function or the host's names. `found` is called later, with every address that was
 * found or with the error.
 * @param family 4 or 6: only these; 0: any
 */
export function lookUp(
  host: SocketHost,
  name: string,
  family: number,
  lookup: Lookup | undefined,
  found: (error: Error | null, addresses: readonly LookupAddress[]) => void,
): void {
  if (lookup !== undefined) {
    const all = family !== 4 && family !== 6;
    lookup(name, { family, hints: 0, ...(all ? { all } : {}) }, (error, address, answered) => {
      host.touch();
      if (error !== null && error !== undefined) found(error, []);
      else if (Array.isArray(address)) found(null, address);
      else found(null, [{ address, family: answered ?? (address.includes(':') ? 6 : 4) }]);
    });
    return;
  }
  inTick(host, () => {
    let address: IpAddress;
    try {
      address = name === 'localhost' || name === '' ? host.localAddress : host.resolve(name);
    } catch {
      found(lookupError(name), []);
      return;
    }
    found(null, [{ address: formatAddress(address), family: address.family }]);
  });
}

/** Node's error for a look-up that answered with something else. */
export function invalidAddress(text: string): Error {
  return nodeError(TypeError, 'ERR_INVALID_IP_ADDRESS', `Invalid IP address: ${text}`);
}
