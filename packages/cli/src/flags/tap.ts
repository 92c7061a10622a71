import type { IpAddress, IpPrefix } from '@strata/contracts';
import { formatAddress, ipv4Mask, parseAddress, parseMac, parsePrefix } from '@strata/wire';
import type { Argv } from 'yargs';
import { UsageError } from '../errors.ts';
import { type Arguments, text } from './arguments.ts';

/** A MAC address as the upper 16 and the lower 32 bits (int32). */
export interface MacAddress {
  readonly msw: number;
  readonly lsw: number;
}

/** A host of the stack on a TAP device, as the flags describe it. */
export interface TapFlags {
  /** Interface name of the device: 1 to 15 characters. */
  readonly tap: string;
  /** The stack's own address and network. */
  readonly address: IpPrefix;
  /** The address to give to the machine's end of the device, or null when it has one. */
  readonly hostAddress: IpPrefix | null;
  readonly gateway: IpAddress | null;
  /** Null: the stack derives one from the seed. */
  readonly mac: MacAddress | null;
}

const GROUP = 'TAP device:';

/** Declares the flags of a command that may or must run on a TAP device. */
export function declareTapFlags<T>(program: Argv<T>): Argv<T> {
  return program
    .option('tap', {
      group: GROUP,
      type: 'string',
      requiresArg: true,
      describe: 'TAP device to run on; made when it does not exist',
    })
    .option('address', {
      group: GROUP,
      type: 'string',
      requiresArg: true,
      describe: "the stack's own address, 192.0.2.2/24",
    })
    .option('host-address', {
      group: GROUP,
      type: 'string',
      requiresArg: true,
      describe: "give the machine's end of the device this address and bring it up",
    })
    .option('gateway', { group: GROUP, type: 'string', requiresArg: true, describe: 'default route of the stack' })
    .option('mac', {
      group: GROUP,
      type: 'string',
      requiresArg: true,
      describe: 'MAC address of the stack',
    }) as Argv<T>;
}

/** Reads the TAP flags. Returns null when no `--tap` was given, and refuses the other flags then. */
export function readTapFlags(args: Arguments): TapFlags | null {
  const tap = text(args, 'tap');
  if (tap === undefined) {
    for (const flag of ['address', 'host-address', 'gateway', 'mac']) {
      if (text(args, flag) !== undefined) {
        throw new UsageError(`--${flag}`, 'it describes a host on a TAP device', 'add --tap NAME');
      }
    }
    return null;
  }
  const addressText = text(args, 'address');
  if (addressText === undefined) {
    throw new UsageError(
      '--tap needs --address',
      'the stack has no address on that device',
      'add for example --address 192.0.2.2/24',
    );
  }
  const address = readHostPrefix('address', addressText);
  const hostText = text(args, 'host-address');
  const hostAddress = hostText === undefined ? null : readHostPrefix('host-address', hostText);
  const gateway = readAddress('gateway', text(args, 'gateway'));
  if (hostAddress !== null && sameHost(hostAddress.address, address.address)) {
    throw new UsageError(
      `--host-address ${hostText}`,
      'it is the same address as --address: the two ends of the device need two',
    );
  }
  if (gateway !== null && !within(gateway, address)) {
    throw new UsageError(
      `--gateway ${formatAddress(gateway)}`,
      `it is not on the network of --address ${addressText}, so the stack cannot reach it`,
    );
  }
  return { tap: readInterfaceName(tap), address, hostAddress, gateway, mac: readMac(text(args, 'mac')) };
}

/** Reads the TAP flags of a command that cannot do without. */
export function requireTapFlags(args: Arguments, command: string): TapFlags {
  const flags = readTapFlags(args);
  if (flags === null) {
    throw new UsageError(
      `strata ${command} needs a TAP device`,
      undefined,
      `strata ${command} --tap tap0 --address 192.0.2.2/24 --host-address 192.0.2.1/24`,
    );
  }
  return flags;
}

/** The rule of the kernel for interface names (`dev_valid_name`): 1 to 15 bytes, no slash, colon or blank, not a dot path. */
export function readInterfaceName(name: string): string {
  if (!/^[^\s/:]{1,15}$/.test(name) || name === '.' || name === '..') {
    throw new UsageError(
      `--tap ${name}`,
      'an interface name has 1 to 15 characters, without blanks, slashes and colons',
    );
  }
  return name;
}

/** Reads an address that a flag or argument names. */
export function readAddress(flag: string, value: string | undefined): IpAddress | null {
  if (value === undefined) {
    return null;
  }
  const address = parseAddress(value);
  if (address === null) {
    throw new UsageError(`--${flag} ${value}`, 'it is not an IP address', 'write it as 192.0.2.1 or 2001:db8::1');
  }
  return address;
}

function readHostPrefix(flag: string, value: string): IpPrefix {
  const prefix = parsePrefix(value);
  if (prefix === null) {
    throw new UsageError(`--${flag} ${value}`, 'it is not an address with a prefix length', 'write it as 192.0.2.2/24');
  }
  if (!value.includes('/')) {
    throw new UsageError(`--${flag} ${value}`, 'the prefix length is missing', `write it as ${value}/24`);
  }
  const { address, length } = prefix;
  if (address.family === 4 && length < 31) {
    const hostBits = address.w3 & ~ipv4Mask(length);
    if (hostBits === 0 || hostBits === ~ipv4Mask(length)) {
      const kind = hostBits === 0 ? 'network' : 'broadcast';
      throw new UsageError(`--${flag} ${value}`, `it is the ${kind} address of its network, not a host's`);
    }
  }
  return prefix;
}

function readMac(value: string | undefined): MacAddress | null {
  if (value === undefined) {
    return null;
  }
  const mac = parseMac(value);
  if (mac === null) {
    throw new UsageError(`--mac ${value}`, 'it is not a MAC address', 'write it as 02:00:5e:00:53:01');
  }
  if ((mac.msw & 0x0100) !== 0) {
    throw new UsageError(
      `--mac ${value}`,
      'it is a group address (lowest bit of the first octet set); a host needs its own',
    );
  }
  if (mac.msw === 0 && mac.lsw === 0) {
    throw new UsageError(`--mac ${value}`, 'the all-zero address is no host');
  }
  return mac;
}

function sameHost(one: IpAddress, other: IpAddress): boolean {
  return (
    one.family === other.family &&
    one.w0 === other.w0 &&
    one.w1 === other.w1 &&
    one.w2 === other.w2 &&
    one.w3 === other.w3
  );
}

function within(address: IpAddress, network: IpPrefix): boolean {
  if (address.family !== network.address.family) {
    return false;
  }
  const own = [network.address.w0, network.address.w1, network.address.w2, network.address.w3];
  const other = [address.w0, address.w1, address.w2, address.w3];
  let bits = network.length + (address.family === 4 ? 96 : 0);
  for (let word = 0; word < 4 && bits > 0; word++, bits -= 32) {
    const mask = ipv4Mask(Math.min(32, bits));
    if (((own[word] ^ other[word]) & mask) !== 0 && !(address.family === 4 && word < 3)) {
      return false;
    }
  }
  return true;
}
