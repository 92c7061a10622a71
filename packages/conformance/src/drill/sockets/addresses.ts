import type { IpAddress } from '@strata/contracts';
import { formatAddress, isUnspecified, parseAddress, sameAddress } from '@strata/wire';
import type { Expression } from '../ast.ts';
import { field, numberOf } from './values.ts';

/** Where a socket is, or whom it talks to. */
export interface SocketName {
  readonly address: IpAddress;
  readonly port: number;
}

/** The address that a `struct sockaddr` of a script has; null when it says none, or one that cannot be read. */
export function addressIn(name: Expression | undefined): IpAddress | null {
  if (name?.kind !== 'struct') return null;
  const said = field(name, 'sin_addr') ?? field(name, 'sin6_addr');
  // inet_addr("…"), or inet_pton(AF_INET6, "…", &sin6_addr), which has no name of a field.
  const call = said ?? name.fields.find(({ value }) => value.kind === 'call' && value.name === 'inet_pton')?.value;
  if (call?.kind === 'text') return parseAddress(call.value);
  if (call?.kind !== 'call') return null;
  const text = call.arguments.find((one) => one.kind === 'text');
  return text?.kind === 'text' ? parseAddress(text.value) : null;
}

/** The port that a `struct sockaddr` of a script has, or null. */
export function portIn(name: Expression | undefined): number | null {
  return numberOf(field(name, 'sin_port') ?? field(name, 'sin6_port'));
}

/** What differs between the name that a call wrote and the one that the script expects; null: nothing. */
export function compareName(call: string, expected: Expression | undefined, actual: SocketName): string | null {
  if (expected?.kind !== 'struct') return null;
  const port = portIn(expected);
  if (port !== null && port !== actual.port) return `${call}() gave port ${actual.port}, not ${port}`;
  const address = addressIn(expected);
  if (address === null || isUnspecified(address) || sameAddress(address, actual.address)) return null;
  return `${call}() gave ${formatAddress(actual.address)}, not ${formatAddress(address)}`;
}
