import type { Random } from '@strata/contracts';
import { fold, parseAddress } from '@strata/wire';

/** The 16 octets of an address. */
export function octets6(text: string): number[] {
  const address = parseAddress(text);
  if (address === null) throw new RangeError(`${text} is no address`);
  return [address.w0, address.w1, address.w2, address.w3].flatMap(word32);
}

export function word16(value: number): number[] {
  return [(value >>> 8) & 255, value & 255];
}

export function word32(value: number): number[] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

/** Addresses that matter to a host at 2001:db8::1, and strangers' ones. */
const ADDRESSES: readonly (readonly number[])[] = [
  '::',
  '::1',
  'fe80::53:1',
  'fe80::211:22ff:fe33:4456',
  '2001:db8::1',
  '2001:db8::2',
  '2001:db8:f::9',
  'ff01::1',
  'ff02::1',
  'ff02::2',
  'ff02::16',
  'ff02::1:ff00:1',
  'ff02::1:ff33:4456',
  'ff0e::1',
].map(octets6);

const NEXT_HEADERS: readonly number[] = [0, 43, 44, 50, 51, 59, 60, 135, 253];
const ND_TYPES: readonly number[] = [133, 134, 135, 136, 137];
const ICMP_TYPES: readonly number[] = [1, 2, 3, 4, 128, 129, 130, 131, 132, 143, ...ND_TYPES, ...ND_TYPES];

/** Makes IPv6 packets that hold together down to the checksum, and are strange everywhere else. */
export class StrangePackets {
  private readonly random: Random;
  /** The host that they are for: its addresses come most often. */
  private readonly own: readonly number[];
  private readonly ownGroup: readonly number[];

  constructor(random: Random, own: string) {
    this.random = random;
    this.own = octets6(own);
    this.ownGroup = [...octets6('ff02::1:ff00:0').slice(0, 13), ...this.own.slice(13)];
  }

  /** One packet, from its IPv6 header on. */
  next(): Uint8Array {
    const { random } = this;
    const source = this.address([8, 5]);
    const destination =
      random.below(3) === 0 ? this.address([]) : random.below(3) === 0 ? [...this.ownGroup] : [...this.own];
    const protocol = [58, 58, 58, 58, 17, 6][random.below(6)] as number;
    const upper = this.upper(protocol, source, destination);
    const chain = this.chain(protocol);
    const payload = [...chain.octets, ...upper];
    const length = random.below(12) === 0 ? this.edge16(payload.length) : payload.length;
    const hopLimit = random.below(8) === 0 ? random.below(256) : 255;
    const packet = Uint8Array.from([
      ...word32(random.below(20) === 0 ? random.uint32() : 0x60000000),
      ...word16(length),
      chain.first,
      hopLimit,
      ...source,
      ...destination,
      ...payload,
    ]);
    for (let damage = random.below(4) === 0 ? 1 + random.below(3) : 0; damage > 0; damage--) {
      packet[random.below(packet.length)] = [0, 1, 0x7f, 0x80, 0xff, random.below(256)][random.below(6)] as number;
    }
    return random.below(10) === 0 ? packet.slice(0, random.below(packet.length + 1)) : packet;
  }

  /** A datagram in fragments, most of which are there; in any order, some twice, some not quite where they belong. */
  fragments(): Uint8Array[] {
    const { random } = this;
    const source = octets6('fe80::53:1');
    const destination = [...this.own];
    const protocol = [58, 17, 6][random.below(3)] as number;
    const whole = [...this.upper(protocol, source, destination), ...this.bytes(random.below(400))];
    const identification = word32(random.uint32());
    const list: Uint8Array[] = [];
    for (let at = 0; at < whole.length; ) {
      const size = 8 * (1 + random.below(20));
      const part = whole.slice(at, at + size);
      const more = at + size < whole.length ? 1 : 0;
      const offset = random.below(30) === 0 ? at + 8 : at;
      const payload = [protocol, 0, ...word16(offset | more), ...identification, ...part];
      const head = [...word32(0x60000000), ...word16(payload.length), 44, 64, ...source, ...destination];
      for (let copies = random.below(30) === 0 ? random.below(3) : 1; copies > 0; copies--) {
        list.splice(random.below(list.length + 1), 0, Uint8Array.from([...head, ...payload]));
      }
      at += size;
    }
    return list;
  }

  private address(likely: readonly number[]): number[] {
    const { random } = this;
    if (likely.length > 0 && random.below(2) === 0)
      return [...(ADDRESSES[likely[random.below(likely.length)]!] as number[])];
    if (random.below(3) === 0) return [...octets6('2001:db8::').slice(0, 12), ...word32(random.uint32())];
    return [...(ADDRESSES[random.below(ADDRESSES.length)] as number[])];
  }

  private edge16(value: number): number {
    return [0, 1, value - 1, value + 1, 0xffff, 40][this.random.below(6)]! & 0xffff;
  }

  private bytes(count: number): number[] {
    return Array.from({ length: count }, () => this.random.below(256));
  }

  /** Up to five extension headers and the value that names the first. */
  private chain(protocol: number): { first: number; octets: number[] } {
    const { random } = this;
    const count = random.below(2) === 0 ? 0 : random.below(6);
    const types = Array.from({ length: count }, () => NEXT_HEADERS[random.below(NEXT_HEADERS.length)] as number);
    const octets: number[] = [];
    for (const [i, type] of types.entries()) {
      const next = types[i + 1] ?? (random.below(30) === 0 ? random.below(256) : protocol);
      octets.push(...this.extension(type, next));
    }
    return { first: types[0] ?? protocol, octets };
  }

  private extension(type: number, next: number): number[] {
    const { random } = this;
    if (type === 44) {
      const offset = random.below(2) === 0 ? 0 : random.below(8) === 0 ? random.below(0x10000) : random.below(64) * 8;
      return [next, 0, ...word16((offset & 0xfff8) | random.below(2)), ...word32(random.below(4))];
    }
    const units = random.below(3);
    const body = type === 0 || type === 60 ? this.options(units * 8 + 6) : this.bytes(units * 8 + 6);
    if (type === 43) body[1] = random.below(3);
    return [next, random.below(12) === 0 ? random.below(256) : units, ...body];
  }

  /** Options that fill so many octets, most of them well formed. */
  private options(count: number): number[] {
    const { random } = this;
    const octets: number[] = [];
    while (octets.length < count) {
      const left = count - octets.length;
      if (left < 2 || random.below(4) === 0) {
        octets.push(0);
        continue;
      }
      const length = random.below(left - 1);
      const type = [1, 1, 1, 5, 0x07, 0x47, 0x87, 0xc7, 0xc2, 0xc9][random.below(10)] as number;
      octets.push(type, random.below(12) === 0 ? random.below(256) : length, ...this.bytes(length));
    }
    return octets;
  }

  private upper(protocol: number, source: readonly number[], destination: readonly number[]): number[] {
    const message =
      protocol === 58 ? this.icmp() : protocol === 17 ? this.udp() : this.bytes(20 + this.random.below(30));
    const field = protocol === 58 ? 2 : protocol === 17 ? 6 : 16;
    if (message.length < field + 2 || this.random.below(16) === 0) return message;
    message[field] = 0;
    message[field + 1] = 0;
    const sum = checksum([...source, ...destination, ...word32(message.length), 0, 0, 0, protocol, ...message]);
    message[field] = sum >>> 8;
    message[field + 1] = sum & 255;
    return message;
  }

  private udp(): number[] {
    const data = this.bytes(this.random.below(40));
    return [
      ...word16(4000),
      ...word16(this.random.below(2) === 0 ? 5000 : 9),
      ...word16(data.length + 8),
      0,
      0,
      ...data,
    ];
  }

  private icmp(): number[] {
    const { random } = this;
    const type = random.below(20) === 0 ? random.below(256) : (ICMP_TYPES[random.below(ICMP_TYPES.length)] as number);
    const head = [type, random.below(12) === 0 ? random.below(8) : 0, 0, 0];
    if (type < 128) return [...head, ...this.error(type)];
    if (!ND_TYPES.includes(type)) return [...head, ...this.bytes(random.below(60))];
    const flags = [...this.bytes(1), 0, 0, 0];
    if (type === 134)
      head.push(
        random.below(65),
        random.below(256),
        ...word16(random.below(4) === 0 ? 0 : 1800),
        ...this.time(),
        ...this.time(),
      );
    else head.push(...flags);
    if (type >= 135) head.push(...this.address([3, 4, 5]));
    if (type === 137) head.push(...this.address([6]));
    const options = Array.from({ length: random.below(4) }, () => this.neighborOption()).flat();
    const all = [...head, ...options];
    return random.below(10) === 0 ? all.slice(0, random.below(all.length + 1)) : all;
  }

  private time(): number[] {
    return word32([0, 1, 1000, 30_000, 3_600_000, 0xffffffff][this.random.below(6)] as number);
  }

  private neighborOption(): number[] {
    const { random } = this;
    const type = [1, 2, 3, 4, 5, 14, 25, 31, 200][random.below(9)] as number;
    const units = random.below(12) === 0 ? random.below(256) : type === 3 ? 4 : 1 + random.below(2);
    const octets = type === 3 ? 30 : (units & 3) * 8 - 2;
    const body = this.bytes(Math.max(0, octets));
    if (type === 3) {
      body[0] = random.below(4) === 0 ? random.below(256) : 64;
      body.splice(14, 16, ...octets6('2001:db8::').slice(0, 6), ...this.bytes(2), ...new Array<number>(8).fill(0));
    }
    if (type === 5) body.splice(2, 4, ...word32([0, 1279, 1280, 1400, 9000][random.below(5)] as number));
    return [type, units, ...body];
  }

  /** An error that quotes a packet of the host, or something like it. */
  private error(type: number): number[] {
    const { random } = this;
    const quoted = [
      ...word32(0x60000000),
      ...word16(random.below(100)),
      [6, 17, 58, 44, 0, 60][random.below(6)] as number,
      64,
      ...this.own,
      ...this.address([5]),
      ...this.bytes(random.below(60)),
    ];
    const rest = type === 2 ? word32([0, 68, 1279, 1280, 1400, 0xffffffff][random.below(6)] as number) : this.bytes(4);
    return [...rest, ...quoted.slice(0, random.below(4) === 0 ? random.below(quoted.length) : quoted.length)];
  }
}

function checksum(octets: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < octets.length; i++) sum += i % 2 === 0 ? octets[i]! << 8 : octets[i]!;
  return ~fold(sum) & 0xffff;
}
