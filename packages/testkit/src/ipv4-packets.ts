import type { Random } from '@strata/contracts';
import { sumBytes } from '@strata/wire';

/** Addresses that matter to a host at 192.0.2.1, and strangers' ones. */
const ADDRESSES: readonly (readonly number[])[] = [
  [192, 0, 2, 1],
  [192, 0, 2, 2],
  [192, 0, 2, 254],
  [192, 0, 2, 255],
  [192, 0, 2, 77],
  [198, 51, 100, 1],
  [198, 51, 100, 9],
  [198, 51, 100, 255],
  [203, 0, 113, 5],
  [0, 0, 0, 0],
  [127, 0, 0, 1],
  [169, 254, 1, 1],
  [224, 0, 0, 1],
  [224, 0, 0, 2],
  [239, 1, 1, 1],
  [240, 0, 0, 1],
  [255, 255, 255, 255],
];
const OWN = ADDRESSES[0] as readonly number[];
const PEER = ADDRESSES[1] as readonly number[];

const OPTION_TYPES: readonly number[] = [0, 1, 7, 7, 68, 68, 131, 137, 148, 30, 130, 255];
const ICMP_TYPES: readonly number[] = [0, 3, 3, 3, 4, 5, 5, 8, 8, 9, 11, 12, 13, 17, 40];
const IGMP_TYPES: readonly number[] = [0x11, 0x11, 0x12, 0x16, 0x17, 0x22, 0x99];

function word16(value: number): number[] {
  return [(value >>> 8) & 255, value & 255];
}

function checksum(bytes: readonly number[]): number {
  return ~sumBytes(new DataView(Uint8Array.from(bytes).buffer), 0, bytes.length) & 0xffff;
}

/** Makes IPv4 and ARP packets that hold together down to the checksum, and are strange everywhere else. */
export class StrangeIpv4Packets {
  private readonly random: Random;
  /** What the host sent lately, to be quoted in errors. */
  private readonly heard: (readonly number[])[];

  constructor(random: Random) {
    this.random = random;
    this.heard = [];
  }

  /** The host has sent this IPv4 packet. */
  hear(packet: readonly number[]): void {
    this.heard.push(packet);
    if (this.heard.length > 16) this.heard.shift();
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)] as T;
  }

  private octets(count: number): number[] {
    return Array.from({ length: count }, () => this.random.below(256));
  }

  private address(): readonly number[] {
    const { random } = this;
    return random.below(2) === 0 ? OWN : random.below(8) === 0 ? this.octets(4) : this.pick(ADDRESSES);
  }

  private source(): readonly number[] {
    return this.random.below(3) === 0 ? this.pick(ADDRESSES) : PEER;
  }

  private options(): number[] {
    const { random } = this;
    if (random.below(3) !== 0) return [];
    const list: number[] = [];
    while (list.length < 36 && random.below(4) !== 0) {
      const type = this.pick(OPTION_TYPES);
      const length = random.below(6) === 0 ? random.below(256) : 2 + random.below(10);
      list.push(type);
      if (type > 1) list.push(length, ...this.octets(Math.min(40, Math.max(0, length - 2))));
    }
    const cut = list.slice(0, 40);
    while (cut.length % 4 !== 0) cut.push(0);
    return cut;
  }

  private packet(
    protocol: number,
    payload: readonly number[],
    to: readonly number[],
    fragment = 0,
    id = 0,
  ): Uint8Array {
    const { random } = this;
    const options = this.options();
    const header = [
      0x40 | (5 + options.length / 4),
      random.below(256),
      ...word16(20 + options.length + payload.length),
      ...word16(id === 0 ? random.below(8) : id),
      ...word16(fragment),
      this.pick([0, 1, 2, 64, 255]),
      protocol,
      0,
      0,
      ...this.source(),
      ...to,
      ...options,
    ];
    const sum = checksum(header);
    header[10] = sum >>> 8;
    header[11] = sum & 255;
    const bytes = Uint8Array.from([...header, ...payload]);
    if (random.below(12) === 0) bytes[random.below(bytes.length)] = random.below(256);
    return random.below(20) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
  }

  /** One IPv4 packet. */
  next(): Uint8Array {
    const { random } = this;
    const to = this.address();
    const fragment = random.below(5) === 0 ? random.below(0x10000) : this.pick([0, 0, 0x4000]);
    switch (random.below(4)) {
      case 0:
        return this.packet(
          2,
          this.summed([this.pick(IGMP_TYPES), random.below(256), 0, 0, ...this.groupOrAny(), ...this.tail(12)]),
          this.pick([[224, 0, 0, 1], [239, 1, 1, 1], to]),
        );
      case 1:
        return this.packet(17, this.udp(), to, fragment);
      case 2:
        return this.packet(1, this.icmp(), to, fragment);
      default:
        return this.packet(this.pick([1, 2, 6, 17, 41, 4, 253]), this.octets(random.below(60)), to, fragment);
    }
  }

  private tail(most: number): number[] {
    return this.random.below(3) === 0 ? this.octets(this.random.below(most)) : [];
  }

  private groupOrAny(): readonly number[] {
    return this.pick([
      [0, 0, 0, 0],
      [239, 1, 1, 1],
      [224, 0, 0, 1],
      [192, 0, 2, 2],
    ]);
  }

  /** Puts the checksum of an IGMP or ICMP message into it. */
  private summed(message: number[]): number[] {
    if (this.random.below(10) === 0) return message;
    message[2] = 0;
    message[3] = 0;
    const sum = checksum(message);
    message[2] = sum >>> 8;
    message[3] = sum & 255;
    return message;
  }

  private udp(): number[] {
    const data = this.octets(this.random.below(40));
    const length = this.random.below(6) === 0 ? this.random.below(0x10000) : 8 + data.length;
    return [
      ...word16(this.random.below(0x10000)),
      ...word16(this.pick([5000, 9, 0, 68])),
      ...word16(length),
      0,
      0,
      ...data,
    ];
  }

  private icmp(): number[] {
    const { random } = this;
    const type = this.pick(ICMP_TYPES);
    const code = random.below(4) === 0 ? random.below(256) : random.below(5);
    const rest = this.pick([
      [0, 0, 0, 0],
      [0, 0, 2, 88],
      [0, 0, 0, 60],
      [0, 32, 4, 210],
      [192, 0, 2, 77],
      this.octets(4),
    ]);
    const quote =
      this.heard.length > 0 && random.below(3) !== 0 ? this.pick(this.heard) : this.octets(random.below(64));
    const length =
      random.below(4) === 0 ? random.below(quote.length + 1) : Math.min(quote.length, 28 + random.below(100));
    return this.summed([type, code, 0, 0, ...rest, ...quote.slice(0, length), ...this.tail(140)]);
  }

  /** Fragments of one datagram: whole, with gaps, overlapping, doubled, out of order or beyond the end. */
  fragments(): Uint8Array[] {
    const { random } = this;
    const total = 8 + random.below(4000);
    const step = 8 * (1 + random.below(100));
    const id = 1 + random.below(0xffff);
    const data = this.summed([8, 0, 0, 0, 0, 1, 0, 1, ...new Array<number>(total).fill(random.below(256))]);
    const list: Uint8Array[] = [];
    for (let from = 0; from < data.length; from += step) {
      const skew = random.below(12) === 0 ? 8 * (random.below(5) - 2) : 0;
      const offset = random.below(60) === 0 ? random.below(0x2000) : Math.max(0, from + skew) >> 3;
      const to = Math.min(data.length, from + step);
      const more = to < data.length !== (random.below(40) === 0) ? 0x2000 : 0;
      if (random.below(25) !== 0) list.push(this.packet(1, data.slice(from, to), OWN, more | offset, id));
      if (random.below(15) === 0) list.push(this.packet(1, data.slice(from, to), OWN, more | offset, id));
    }
    if (random.below(2) === 0) list.sort(() => random.below(3) - 1);
    return list;
  }

  /** An ARP or RARP packet, more or less. */
  arp(): Uint8Array {
    const { random } = this;
    const mac = this.pick([
      [2, 0, 0, 0, 0, 2],
      [2, 0, 0, 0, 0, 1],
      [1, 0, 0x5e, 0, 0, 1],
      [0, 0, 0, 0, 0, 0],
      this.octets(6),
    ]);
    const bytes = Uint8Array.from([
      ...[0, 1, 8, 0, 6, 4, 0, this.pick([1, 2, 3, 4, random.below(256)])],
      ...mac,
      ...this.pick(ADDRESSES),
      ...this.pick([mac, [2, 0, 0, 0, 0, 1]]),
      ...this.address(),
    ]);
    if (random.below(10) === 0) bytes[random.below(8)] = random.below(256);
    return random.below(20) === 0 ? bytes.subarray(0, random.below(28)) : bytes;
  }
}
