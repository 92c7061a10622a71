import { LINK_MULTICAST, LINK_UNICAST } from '@strata/contracts';
import { type IpPolicy, type Ipv6Policy, modernIpPolicy } from '../src/index.ts';
import { internetChecksum, MAC_OURS, MAC_PEER, macBytes } from './frames.ts';
import { type Sent, TestHost } from './host.ts';

export const IPV6 = 0x86dd;
/** What the host makes of its MAC address when identifiers are not opaque. */
export const OURS = 'fe80::211:22ff:fe33:4456';
export const OURS_GLOBAL = '2001:db8::1';
export const PEER = 'fe80::211:22ff:fe33:4457';
export const PEER_GLOBAL = '2001:db8::2';
export const ROUTER = 'fe80::ff';
export const ROUTER_MAC = '00:11:22:33:44:ff';
export const ALL_NODES = 'ff02::1';
export const UNSPECIFIED = '::';

/** The 16 octets of an address. */
export function bytes6(text: string): number[] {
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return all.flatMap((group) => [group >>> 8, group & 255]);
}

/** The address of 16 octets, as RFC 5952 writes it. */
export function text6(octets: ArrayLike<number>): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((octets[2 * i]! << 8) | octets[2 * i + 1]!).toString(16));
  let from = -1;
  let longest = 1;
  for (let i = 0; i < 8; i++) {
    let j = i;
    while (j < 8 && groups[j] === '0') j++;
    if (j - i > longest) {
      from = i;
      longest = j - i;
    }
  }
  if (from < 0) return groups.join(':');
  return `${groups.slice(0, from).join(':')}::${groups.slice(from + longest).join(':')}`;
}

export function solicited(address: string): string {
  const octets = bytes6(address);
  return text6([...bytes6('ff02::1:ff00:0').slice(0, 13), ...octets.slice(13)]);
}

export function word16(value: number): number[] {
  return [(value >>> 8) & 255, value & 255];
}

export function word32(value: number): number[] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

export interface Fields6 {
  readonly source?: string;
  readonly destination?: string;
  readonly next?: number;
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly flowLabel?: number;
  readonly payloadLength?: number;
  readonly version?: number;
}

export function ipv6(fields: Fields6, payload: ArrayLike<number>): Uint8Array {
  return Uint8Array.from([
    ...word32((((fields.version ?? 6) << 28) | ((fields.trafficClass ?? 0) << 20) | (fields.flowLabel ?? 0)) >>> 0),
    ...word16(fields.payloadLength ?? payload.length),
    fields.next ?? 58,
    fields.hopLimit ?? 255,
    ...bytes6(fields.source ?? PEER),
    ...bytes6(fields.destination ?? OURS),
    ...Array.from(payload),
  ]);
}

/** The checksum of an upper-layer packet whose own checksum field is zero. */
export function checksum6(source: string, destination: string, next: number, payload: ArrayLike<number>): number {
  const pseudo = [...bytes6(source), ...bytes6(destination), ...word32(payload.length), 0, 0, 0, next];
  return internetChecksum([...pseudo, ...Array.from(payload)]);
}

/** An ICMPv6 message: type, code, everything behind the checksum. */
export function icmp6(
  fields: Fields6,
  type: number,
  code: number,
  rest: ArrayLike<number>,
  checksum?: number,
): Uint8Array {
  const message = [type, code, 0, 0, ...Array.from(rest)];
  const sum = checksum ?? checksum6(fields.source ?? PEER, fields.destination ?? OURS, 58, message);
  message[2] = sum >>> 8;
  message[3] = sum & 255;
  return Uint8Array.from(message);
}

export function icmpPacket(
  fields: Fields6,
  type: number,
  rest: ArrayLike<number>,
  code = 0,
  checksum?: number,
): Uint8Array {
  return ipv6(fields, icmp6(fields, type, code, rest, checksum));
}

export function linkOption(type: number, mac: string): number[] {
  return [type, 1, ...macBytes(mac)];
}

export function echoRequest(fields: Fields6 = {}, data: ArrayLike<number> = [1, 2, 3, 4]): Uint8Array {
  return icmpPacket({ hopLimit: 64, ...fields }, 128, [0x12, 0x34, 0, 1, ...Array.from(data)]);
}

/** A Neighbor Solicitation with, unless `mac` is null, a source link-layer address. */
export function solicitation(target: string, fields: Fields6 = {}, mac: string | null = MAC_PEER): Uint8Array {
  const options = mac === null ? [] : linkOption(1, mac);
  return icmpPacket({ destination: solicited(target), ...fields }, 135, [0, 0, 0, 0, ...bytes6(target), ...options]);
}

/** A Neighbor Advertisement; flags: R 0x80, S 0x40, O 0x20. */
export function advertisement(
  target: string,
  flags: number,
  mac: string | null = MAC_PEER,
  fields: Fields6 = {},
): Uint8Array {
  const options = mac === null ? [] : linkOption(2, mac);
  return icmpPacket({ source: target, ...fields }, 136, [flags, 0, 0, 0, ...bytes6(target), ...options]);
}

export interface RaFields {
  readonly hopLimit?: number;
  readonly flags?: number;
  readonly lifetime?: number;
  readonly reachable?: number;
  readonly retrans?: number;
  readonly mac?: string | null;
  readonly mtu?: number;
  readonly prefixes?: readonly PrefixFields[];
}

export interface PrefixFields {
  readonly prefix?: string;
  readonly length?: number;
  readonly flags?: number;
  readonly valid?: number;
  readonly preferred?: number;
}

export function prefixOption(fields: PrefixFields = {}): number[] {
  return [
    3,
    4,
    fields.length ?? 64,
    fields.flags ?? 0xc0,
    ...word32(fields.valid ?? 2_592_000),
    ...word32(fields.preferred ?? 604_800),
    0,
    0,
    0,
    0,
    ...bytes6(fields.prefix ?? '2001:db8:1::'),
  ];
}

export function routerAdvertisement(ra: RaFields = {}, fields: Fields6 = {}): Uint8Array {
  const rest = [
    ra.hopLimit ?? 0,
    ra.flags ?? 0,
    ...word16(ra.lifetime ?? 1800),
    ...word32(ra.reachable ?? 0),
    ...word32(ra.retrans ?? 0),
    ...(ra.mac === null ? [] : linkOption(1, ra.mac ?? ROUTER_MAC)),
    ...(ra.mtu === undefined ? [] : [5, 1, 0, 0, ...word32(ra.mtu)]),
    ...(ra.prefixes ?? []).flatMap((each) => prefixOption(each)),
  ];
  return icmpPacket({ source: ROUTER, destination: ALL_NODES, ...fields }, 134, rest);
}

export function redirect(
  target: string,
  destination: string,
  mac: string | null = null,
  fields: Fields6 = {},
): Uint8Array {
  const options = mac === null ? [] : linkOption(2, mac);
  return icmpPacket({ source: ROUTER, ...fields }, 137, [
    0,
    0,
    0,
    0,
    ...bytes6(target),
    ...bytes6(destination),
    ...options,
  ]);
}

export function fragmentHeader(next: number, offset: number, more: boolean, identification: number): number[] {
  return [next, 0, ...word16(offset | (more ? 1 : 0)), ...word32(identification)];
}

/** A packet that the host sent, taken apart; lengths and checksum are right, or this throws. */
export interface Received6 {
  readonly at: number;
  readonly to: string;
  readonly source: string;
  readonly destination: string;
  readonly next: number;
  readonly hopLimit: number;
  readonly trafficClass: number;
  readonly payload: Uint8Array;
  /** Of an ICMPv6 message. */
  readonly type: number;
  readonly code: number;
  /** Of an ICMPv6 message: everything behind the checksum. */
  readonly rest: Uint8Array;
  /** The target of a neighbor message, or ''. */
  readonly target: string;
}

export function read6(sent: Sent): Received6 {
  const { bytes } = sent;
  if (sent.etherType !== IPV6) throw new Error(`EtherType ${sent.etherType.toString(16)}`);
  if (bytes[0]! >>> 4 !== 6) throw new Error('version');
  const length = (bytes[4]! << 8) | bytes[5]!;
  if (length + 40 !== bytes.length) throw new Error(`payload length ${length}, packet ${bytes.length}`);
  const source = text6(bytes.subarray(8, 24));
  const destination = text6(bytes.subarray(24, 40));
  const next = bytes[6]!;
  const payload = bytes.slice(40);
  if (next === 58 || next === 17) {
    const pseudo = [...bytes.subarray(8, 40), ...word32(payload.length), 0, 0, 0, next];
    if (internetChecksum([...pseudo, ...payload]) !== 0) throw new Error('bad checksum');
  }
  const type = next === 58 ? payload[0]! : -1;
  return {
    at: sent.at,
    to: sent.to,
    source,
    destination,
    next,
    hopLimit: bytes[7]!,
    trafficClass: ((bytes[0]! & 15) << 4) | (bytes[1]! >>> 4),
    payload,
    type,
    code: next === 58 ? payload[1]! : -1,
    rest: next === 58 ? payload.slice(4) : payload,
    target: type === 135 || type === 136 ? text6(payload.subarray(8, 24)) : '',
  };
}

export interface Host6Options {
  readonly policy?: IpPolicy;
  readonly ipv6?: Partial<Ipv6Policy>;
  readonly packets?: number;
  readonly payloadSize?: number;
  readonly mtu?: number;
  /** Global addresses given by hand. */
  readonly addresses?: readonly string[];
}

/**
 * A host with IPv6 on one link whose other end is the test. Its identifiers are not opaque; unless asked, it uses its addresses
 * at once and asks for no routers, so that only what a test causes is on the link.
 */
export class Host6 {
  readonly host: TestHost;

  constructor(options: Host6Options = {}) {
    const base = options.policy ?? modernIpPolicy;
    const quiet: Partial<Ipv6Policy> = {
      opaqueIdentifiers: false,
      dadTransmits: 0,
      solicitations: 0,
      reachableRandom: false,
    };
    this.host = new TestHost({
      address: null,
      policy: {
        ...base,
        multicast: { ...base.multicast, mldVersion: 0 },
        ipv6: { ...base.ipv6, ...quiet, ...options.ipv6 },
      },
      packets: options.packets ?? 64,
      ...(options.payloadSize === undefined ? {} : { payloadSize: options.payloadSize }),
      ...(options.mtu === undefined ? {} : { mtu: options.mtu }),
    });
    this.host.ip.enableFragments();
    this.host.ip.ipv6.enable(this.host.eth0);
    for (const address of options.addresses ?? []) this.add(address);
    this.host.scheduler.runDeferred();
  }

  get ip() {
    return this.host.ip;
  }

  get eth0() {
    return this.host.eth0;
  }

  get now(): number {
    return this.host.scheduler.now;
  }

  add(address: string, length = 64): number {
    return this.ip.ipv6.addAddress(this.eth0, this.address(address), length);
  }

  address(text: string) {
    const octets = bytes6(text);
    const word = (i: number) => (octets[i]! << 24) | (octets[i + 1]! << 16) | (octets[i + 2]! << 8) | octets[i + 3]!;
    return { family: 6 as const, w0: word(0), w1: word(4), w2: word(8), w3: word(12) };
  }

  /** Hands the host a packet; as a multicast frame if it goes to a group. */
  inject(packet: Uint8Array, from = MAC_PEER, cast?: number): void {
    const kind = cast ?? (packet[24] === 0xff ? LINK_MULTICAST : LINK_UNICAST);
    this.host.inject(IPV6, packet, kind, from);
  }

  seconds(count: number): void {
    this.host.advance(Math.round(count * 1e6));
    this.host.scheduler.runDeferred();
  }

  next(): Received6 {
    return read6(this.host.next());
  }

  take(): Received6[] {
    return this.host.take().map(read6);
  }

  /** One line per packet sent: seconds, type, target or destination. */
  lines(): string[] {
    return this.take().map((each) => `${each.at / 1e6} ${each.type} ${each.target || each.destination}`);
  }

  /** Nothing was sent. */
  silent(): void {
    const sent = this.take();
    if (sent.length > 0) throw new Error(`the host sent ${sent.map((each) => `${each.next}/${each.type}`).join(', ')}`);
  }

  /** The state of a neighbor by its name; FREE when there is none. */
  state(address: string): number {
    const { w0, w1, w2, w3 } = this.address(address);
    return this.ip.nd.cache.find(this.eth0.index, w0, w1, w2, w3)?.state ?? 0;
  }

  /** Makes the host know a neighbor as STALE. */
  know(address = PEER, mac = MAC_PEER): void {
    this.inject(solicitation(OURS, { source: address }, mac), mac);
    this.take();
    const entry = this.ip.nd.cache.all.find((each) => each.state !== 0 && each.address.w3 === this.address(address).w3);
    if (entry !== undefined) {
      this.ip.nd.resolution.becomeStale(entry);
    }
  }

  /** Own addresses in use, as text. */
  addresses(): string[] {
    return this.eth0.ipv6.addresses
      .filter((each) => each.usable)
      .map(({ address }) => text6([address.w0, address.w1, address.w2, address.w3].flatMap(word32)));
  }

  drops(reason: number): number {
    return this.host.drops(reason);
  }

  finish(): void {
    this.host.finish();
  }
}

export { MAC_OURS, MAC_PEER };
