import type { IpAddress, IpPrefix } from '@strata/contracts';
import { formatAddress, ipv4Mask, parseAddress, parseMac, parsePrefix, sameAddress } from '@strata/wire';
import type { Argv } from 'yargs';
import { UsageError } from '../errors.ts';
import { type Arguments, given, text, texts } from './arguments.ts';

/** A MAC address as the upper 16 and the lower 32 bits (int32). */
export interface MacAddress {
  readonly msw: number;
  readonly lsw: number;
}

/** A host of the stack on a TAP device, as the flags describe it. */
export interface TapFlags {
  /** Interface name of the device: 1 to 15 characters. */
  readonly tap: string;
  /** The stack's own addresses and networks; empty when it gets them by itself. */
  readonly addresses: readonly IpPrefix[];
  /** The stack asks a DHCP server for an IPv4 address. */
  readonly dhcp: boolean;
  /** The stack has IPv6: a link-local address, and others as routers advertise. */
  readonly ipv6: boolean;
  /** The addresses to give to the machine's end of the device; empty when it has some. */
  readonly hostAddresses: readonly IpPrefix[];
  /** Default routes, one of each family at most. */
  readonly gateways: readonly IpAddress[];
  /** DNS servers, in front of those that DHCP names. */
  readonly dns: readonly IpAddress[];
  /** Null: the stack derives one from its first address, or from the seed. */
  readonly mac: MacAddress | null;
}

const GROUP = 'TAP device:';
/** Flags that say something only with `--tap`. */
const DEPENDENT = ['address', 'host-address', 'gateway', 'mac', 'dhcp', 'dns'];

/** Declares the flags of a command that may or must run on a TAP device. */
export function declareTapFlags<T>(program: Argv<T>): Argv<T> {
  const options = {
    tap: { type: 'string', describe: '<NAME> TAP device to run on; made when it does not exist' },
    address: {
      type: 'string',
      describe:
        "<ADDRESS/LENGTH> the stack's own address, 192.0.2.2/24 or 2001:db8::2/64; may be given for each family",
    },
    'host-address': {
      type: 'string',
      describe:
        "<ADDRESS/LENGTH> give the machine's end of the device this address and bring it up; may be given for each family",
    },
    gateway: { type: 'string', describe: '<ADDRESS> default route of the stack' },
    mac: { type: 'string', describe: '<MAC> MAC address of the stack' },
    dhcp: { type: 'boolean', describe: 'get an IPv4 address, a router and DNS servers from a DHCP server' },
    ipv6: { type: 'boolean', describe: 'have IPv6: a link-local address, and others as routers advertise' },
    dns: { type: 'string', describe: '<ADDRESS> DNS server to ask for names; may be given several times' },
  } as const;
  for (const [name, option] of Object.entries(options)) {
    program.option(name, { group: GROUP, ...(option.type === 'string' ? { requiresArg: true } : {}), ...option });
  }
  return program;
}

/** Reads the TAP flags. Returns null when no `--tap` was given, and refuses the other flags then. */
export function readTapFlags(args: Arguments): TapFlags | null {
  const tap = text(args, 'tap');
  const dhcp = given(args, 'dhcp');
  if (tap === undefined) {
    for (const flag of DEPENDENT) {
      if (texts(args, flag).length > 0 || (flag === 'dhcp' && dhcp)) {
        throw new UsageError(`--${flag}`, 'it describes a host on a TAP device', 'add --tap NAME');
      }
    }
    return null;
  }
  const ipv6 = given(args, 'ipv6');
  const addresses = texts(args, 'address').map((value) => readHostPrefix('address', value));
  if (addresses.length === 0 && !dhcp && !ipv6) {
    throw new UsageError(
      '--tap needs --address',
      'the stack has no address on that device',
      'add for example --address 192.0.2.2/24; --dhcp and --ipv6 let it find one by itself',
    );
  }
  const ipv4 = addresses.filter(({ address }) => address.family === 4);
  if (ipv4.length > 1 || (ipv4.length > 0 && dhcp)) {
    throw new UsageError(
      dhcp ? '--dhcp with an IPv4 --address' : '--address given twice for IPv4',
      'an interface has one IPv4 address',
    );
  }
  const hostAddresses = texts(args, 'host-address').map((value) => readHostPrefix('host-address', value));
  for (const host of hostAddresses) checkHostAddress(host, addresses);
  const gateways = texts(args, 'gateway').map((value) => readAddress('gateway', value));
  for (const gateway of gateways) checkGateway(gateway, addresses);
  const dns = texts(args, 'dns').map((value) => readAddress('dns', value));
  return {
    tap: readInterfaceName(tap),
    addresses,
    dhcp,
    ipv6,
    hostAddresses,
    gateways,
    dns,
    mac: readMac(text(args, 'mac')),
  };
}

function checkHostAddress(host: IpPrefix, addresses: readonly IpPrefix[]): void {
  const said = prefixText(host);
  if (addresses.some(({ address }) => sameAddress(host.address, address))) {
    throw new UsageError(
      `--host-address ${said}`,
      'it is the same address as --address: the two ends of the device need two',
    );
  }
  const [own] = addresses.filter(({ address }) => address.family === host.address.family);
  if (own !== undefined && !within(host.address, own)) {
    throw new UsageError(
      `--host-address ${said}`,
      `it is not on the network of --address ${prefixText(own)}, so the two ends cannot talk`,
    );
  }
}

/** A router must be on the link: in the network of an address, or a link-local one. */
function checkGateway(gateway: IpAddress, addresses: readonly IpPrefix[]): void {
  const [own] = addresses.filter(({ address }) => address.family === gateway.family);
  const linkLocal = gateway.family === 6 && gateway.w0 >>> 22 === 0x3fa;
  if (own !== undefined && !linkLocal && !within(gateway, own)) {
    throw new UsageError(
      `--gateway ${formatAddress(gateway)}`,
      `it is not on the network of --address ${prefixText(own)}, so the stack cannot reach it`,
    );
  }
}

/** An address with its prefix length, as flags have it. */
export function prefixText(prefix: IpPrefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
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

/** Reads an address that a flag names. */
export function readAddress(flag: string, value: string): IpAddress {
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
    throw new UsageError(
      `--${flag} ${value}`,
      'the prefix length is missing',
      `write it as ${value}/${prefix.address.family === 4 ? 24 : 64}`,
    );
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
