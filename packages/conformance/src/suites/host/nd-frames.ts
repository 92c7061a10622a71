import { formatAddress } from '@strata/wire';
import type { HostBench, Sent } from './bench.ts';
import { HOST_6, HOST_MAC, icmp6, octets, PEER_6, PEER_LINK_LOCAL, PEER_MAC, word16 } from './raw.ts';

export const ALL_NODES = 'ff02::1';
export const UNSPECIFIED = '::';
export const ROUTER_SOLICITATION = 133;
export const ROUTER_ADVERTISEMENT = 134;
export const SOLICITATION = 135;
export const ADVERTISEMENT = 136;
export const REDIRECT = 137;

/** Flags of an advertisement. */
export const ROUTER = 0x80;
export const SOLICITED = 0x40;
export const OVERRIDE = 0x20;

function word32(value: number): number[] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

/** The group that solicitations for an address go to. */
export function solicitedNode(target: string): string {
  const low = octets(target).slice(13);
  return `ff02::1:ff${(low[0] as number).toString(16).padStart(2, '0')}:${(((low[1] as number) << 8) | (low[2] as number)).toString(16)}`;
}

/** A group's MAC address, or the host's for one of its own addresses. */
export function macFor(destination: string): readonly number[] {
  const bytes = octets(destination);
  return bytes[0] === 0xff ? [0x33, 0x33, ...bytes.slice(12)] : HOST_MAC;
}

export function sourceLink(mac: readonly number[] = PEER_MAC): number[] {
  return [1, 1, ...mac];
}

export function targetLink(mac: readonly number[] = PEER_MAC): number[] {
  return [2, 1, ...mac];
}

export interface Message {
  readonly source?: string;
  readonly destination?: string;
  readonly hopLimit?: number;
  readonly code?: number;
  /** Put in instead of the right checksum. */
  readonly checksum?: number;
}

/** Sends an ICMPv6 message. */
export function post(bench: HostBench, type: number, body: readonly number[], message: Message = {}): void {
  const source = message.source ?? PEER_6;
  const destination = message.destination ?? HOST_6;
  const bytes = icmp6(type, message.code ?? 0, body, source, destination);
  if (message.checksum !== undefined) bytes.splice(2, 2, ...word16(message.checksum));
  bench.ip6(58, bytes, { source, destination, hopLimit: message.hopLimit ?? 255 }, macFor(destination));
}

export function solicit(
  bench: HostBench,
  target: string,
  message: Message = {},
  options: readonly number[] = sourceLink(),
): void {
  post(bench, SOLICITATION, [0, 0, 0, 0, ...octets(target), ...options], {
    destination: solicitedNode(target),
    ...message,
  });
}

export function advertise(
  bench: HostBench,
  target: string,
  flags: number,
  message: Message = {},
  options: readonly number[] = targetLink(),
): void {
  post(bench, ADVERTISEMENT, [flags, 0, 0, 0, ...octets(target), ...options], { source: target, ...message });
}

export interface Prefix {
  readonly prefix: string;
  readonly length?: number;
  readonly flags?: number;
  readonly valid?: number;
  readonly preferred?: number;
}

/** A prefix information option; on link and autonomous, for a day, unless said otherwise. */
export function prefixOption({
  prefix,
  length = 64,
  flags = 0xc0,
  valid = 86_400,
  preferred = 3600,
}: Prefix): number[] {
  return [3, 4, length, flags, ...word32(valid), ...word32(preferred), 0, 0, 0, 0, ...octets(prefix)];
}

export function advertiseRouter(
  bench: HostBench,
  options: readonly number[],
  { lifetime = 1800, source = PEER_LINK_LOCAL, ...rest }: Message & { readonly lifetime?: number } = {},
): void {
  const body = [64, 0, ...word16(lifetime), ...word32(0), ...word32(0), ...options];
  post(bench, ROUTER_ADVERTISEMENT, body, { source, destination: ALL_NODES, ...rest });
}

/** Lets the host learn the peer's link address, and forgets what it answers. */
export function introduce(bench: HostBench, source = PEER_6): void {
  solicit(bench, HOST_6, { source });
  bench.take();
}

/** The ICMPv6 message in a frame of the host's: type, code and body; null for anything else. */
export function icmpOf(seen: Sent): { type: number; code: number; body: number[]; from: string; to: string } | null {
  if (seen.protocol !== 58) return null;
  return {
    type: seen.payload[0] as number,
    code: seen.payload[1] as number,
    body: Array.from(seen.payload.subarray(4)),
    from: formatAddress(seen.source),
    to: formatAddress(seen.destination),
  };
}

/** Types of the ICMPv6 messages sent, in order. */
export function types(bench: HostBench): number[] {
  return bench.take().flatMap((seen) => icmpOf(seen)?.type ?? []);
}
