import type { IpAddress, IpPrefix } from '@strata/contracts';
import { formatAddress, ipv4Mask, parsePrefix } from '@strata/wire';
import { AttachError } from './error.ts';
import { EADDRNOTAVAIL, EEXIST, type Libc } from './libc.ts';
import type { MacAddress } from './mac-address.ts';
import { setupError, systemError } from './tap-advice.ts';

/** ioctl requests on any socket (linux/sockios.h). */
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const SIOCGIFADDR = 0x8915;
const SIOCSIFADDR = 0x8916;
const SIOCGIFNETMASK = 0x891b;
const SIOCSIFNETMASK = 0x891c;
const SIOCGIFMTU = 0x8921;
const SIOCSIFMTU = 0x8922;
const SIOCSIFHWADDR = 0x8924;
const SIOCGIFHWADDR = 0x8927;
const SIOCDIFADDR = 0x8936;

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const ARPHRD_ETHER = 1;
const IFF_UP = 1;

/** `struct ifreq`: a name of 16 octets, then a union that starts at 16. 40 octets hold it on every platform. */
export const IFREQ_SIZE = 40;
export const IFREQ_DATA = 16;
const SOCKADDR_IN_ADDRESS = IFREQ_DATA + 4;

/** Multi-octet values of kernel structures are in host order, which is little-endian nearly everywhere. */
export const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** A zeroed `struct ifreq` for the interface `name`. */
export function interfaceRequest(name: string): DataView {
  const request = new DataView(new ArrayBuffer(IFREQ_SIZE));
  new TextEncoder().encodeInto(name, new Uint8Array(request.buffer, 0, 15));
  return request;
}

/**
 * The Linux side of a TAP device: up, MTU, MAC, addresses — what `ip link` and `ip address` do, through ioctl so that no
 * program is needed. Every method throws an {@link AttachError} that shows the line which does the same by hand.
 */
export class HostInterface {
  readonly name: string;
  private readonly c: Libc;
  /** Addresses this object has put on the interface. */
  private readonly added: IpPrefix[];

  constructor(c: Libc, name: string) {
    this.c = c;
    this.name = name;
    this.added = [];
  }

  get up(): boolean {
    const request = this.get(SIOCGIFFLAGS, 'read the flags');
    return (request.getInt16(IFREQ_DATA, LITTLE) & IFF_UP) !== 0;
  }

  bringUp(): void {
    const request = this.get(SIOCGIFFLAGS, 'read the flags');
    const flags = request.getInt16(IFREQ_DATA, LITTLE);
    if (flags & IFF_UP) return;
    request.setInt16(IFREQ_DATA, flags | IFF_UP, LITTLE);
    this.set(SIOCSIFFLAGS, request, `bring ${this.name} up`, `sudo ip link set ${this.name} up`);
  }

  get mtu(): number {
    return this.get(SIOCGIFMTU, 'read the MTU').getInt32(IFREQ_DATA, LITTLE);
  }

  setMtu(mtu: number): void {
    if (this.mtu === mtu) return;
    const request = interfaceRequest(this.name);
    request.setInt32(IFREQ_DATA, mtu, LITTLE);
    this.set(SIOCSIFMTU, request, `set the MTU of ${this.name} to ${mtu}`, `sudo ip link set ${this.name} mtu ${mtu}`);
  }

  /** MAC address of the Linux side, not ours. */
  get mac(): MacAddress {
    const request = this.get(SIOCGIFHWADDR, 'read the MAC address');
    return { msw: request.getUint16(IFREQ_DATA + 2), lsw: request.getInt32(IFREQ_DATA + 4) };
  }

  setMac(mac: MacAddress): void {
    const request = interfaceRequest(this.name);
    request.setUint16(IFREQ_DATA, ARPHRD_ETHER, LITTLE);
    request.setUint16(IFREQ_DATA + 2, mac.msw);
    request.setInt32(IFREQ_DATA + 4, mac.lsw);
    this.set(
      SIOCSIFHWADDR,
      request,
      `set the MAC address of ${this.name}`,
      `sudo ip link set ${this.name} address ...`,
    );
  }

  /** Puts an address on the Linux side, e.g. `192.0.2.1/24`. An IPv4 interface that has another one keeps it: that is an error. */
  addAddress(cidr: string): void {
    const prefix = parsePrefix(cidr);
    if (prefix === null) {
      throw new AttachError('ADDRESS_INVALID', `"${cidr}" is not an address with a prefix length`, [
        'Write it as 192.0.2.1/24 or 2001:db8::1/64.',
      ]);
    }
    if (prefix.address.family === 4) this.addIpv4(prefix);
    else this.addIpv6(prefix);
  }

  /** Takes back the addresses that {@link addAddress} has added. Errors are of no interest: the device may be gone. */
  removeAddedAddresses(): void {
    for (const prefix of this.added.splice(0)) {
      try {
        if (prefix.address.family === 4) {
          this.withSocket(AF_INET, (fd) => this.c.ioctl(fd, SIOCSIFADDR, bytesOf(this.ipv4Request(0))));
        } else {
          const request = this.ipv6Request(prefix);
          this.withSocket(AF_INET6, (fd) => this.c.ioctl(fd, SIOCDIFADDR, bytesOf(request)));
        }
      } catch {}
    }
  }

  private addIpv4(prefix: IpPrefix): void {
    const mask = ipv4Mask(prefix.length);
    const present = this.ipv4Address(SIOCGIFADDR);
    if (present !== null) {
      if (present.w3 === prefix.address.w3 && this.ipv4Address(SIOCGIFNETMASK)?.w3 === mask) return;
      const shown = formatAddress(present);
      throw new AttachError('ADDRESS_TAKEN', `${this.name} has the address ${shown} already`, [
        'Leave the host address out to keep it, or take it away first:',
        `  sudo ip address flush dev ${this.name}`,
      ]);
    }
    const what = `give ${this.name} the address ${cidrOf(prefix)}`;
    this.set(SIOCSIFADDR, this.ipv4Request(prefix.address.w3), what, this.addressLine(prefix));
    this.set(SIOCSIFNETMASK, this.ipv4Request(mask), what, this.addressLine(prefix));
    this.added.push(prefix);
  }

  private addIpv6(prefix: IpPrefix): void {
    const request = this.ipv6Request(prefix);
    const result = this.withSocket(AF_INET6, (fd) => this.c.ioctl(fd, SIOCSIFADDR, bytesOf(request)));
    if (result === 0) {
      this.added.push(prefix);
      return;
    }
    const errno = this.c.errno();
    if (errno === EEXIST) return;
    throw setupError(errno, `give ${this.name} the address ${cidrOf(prefix)}`, this.addressLine(prefix));
  }

  private addressLine(prefix: IpPrefix): string {
    return `sudo ip address add ${cidrOf(prefix)} dev ${this.name}`;
  }

  private ipv4Request(word: number): DataView {
    const request = interfaceRequest(this.name);
    request.setUint16(IFREQ_DATA, AF_INET, LITTLE);
    request.setInt32(SOCKADDR_IN_ADDRESS, word);
    return request;
  }

  /** `struct in6_ifreq`: the address, its prefix length, the interface's index. */
  private ipv6Request(prefix: IpPrefix): DataView {
    const request = new DataView(new ArrayBuffer(24));
    const { w0, w1, w2, w3 } = prefix.address;
    for (const [i, word] of [w0, w1, w2, w3].entries()) request.setInt32(4 * i, word);
    request.setUint32(16, prefix.length, LITTLE);
    request.setInt32(20, this.c.interfaceIndex(this.name), LITTLE);
    return request;
  }

  private ipv4Address(which: number): IpAddress | null {
    const request = interfaceRequest(this.name);
    request.setUint16(IFREQ_DATA, AF_INET, LITTLE);
    if (this.withSocket(AF_INET, (fd) => this.c.ioctl(fd, which, bytesOf(request))) !== 0) {
      if (this.c.errno() === EADDRNOTAVAIL) return null;
      throw systemError(`reading the address of ${this.name}`, this.c.errno());
    }
    return { family: 4, w0: 0, w1: 0, w2: 0, w3: request.getInt32(SOCKADDR_IN_ADDRESS) };
  }

  private get(which: number, what: string): DataView {
    const request = interfaceRequest(this.name);
    if (this.withSocket(AF_INET, (fd) => this.c.ioctl(fd, which, bytesOf(request))) !== 0) {
      throw systemError(`${what} of ${this.name}`, this.c.errno());
    }
    return request;
  }

  private set(which: number, request: DataView, what: string, line: string): void {
    if (this.withSocket(AF_INET, (fd) => this.c.ioctl(fd, which, bytesOf(request))) !== 0) {
      throw setupError(this.c.errno(), what, line);
    }
  }

  /** Runs one ioctl on a socket made for it. The error number is that of the ioctl: closing may not change it. */
  private withSocket(family: number, call: (fd: number) => number): number {
    const fd = this.c.socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    const result = call(fd);
    const errno = this.c.errno();
    this.c.close(fd);
    if (result !== 0) this.c.setErrno(errno);
    return result;
  }
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer);
}

function cidrOf(prefix: IpPrefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}
