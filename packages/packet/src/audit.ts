import { PACKET_FREE } from '@strata/contracts';
import { boundsFault } from './check.ts';
import type { PoolPacket } from './packet.ts';

/** Fills the payload of released packets. */
const PATTERN = 0xdb;
const PATTERN_WORD = 0xdbdbdbdb;

/** Incidents kept; later ones are only counted. */
const KEPT = 100;

/** Something that must not happen to a packet, found by an auditing pool. */
export interface PacketIncident {
  readonly kind: 'double release' | 'use after release' | 'broken packet';
  readonly packet: PoolPacket;
  /** For people: what happened, who held the packet, and the stacks involved. */
  readonly text: string;
}

/**
 * The records of a pool that audits. Released payload is filled with a pattern and the packet closed (`prepend`, `append` at
 * the end), so that whoever still uses it is found out when the packet is handed out again.
 */
export class PoolAudit {
  /** The first 100. */
  readonly incidents: PacketIncident[];
  incidentCount: number;
  private readonly packets: readonly PoolPacket[];
  private lowest: ReadonlyMap<string, number>;
  /** The pool is at its lowest now; holders are still being named, so they are counted when that ends. */
  private atLowest: boolean;

  constructor(packets: readonly PoolPacket[]) {
    this.incidents = [];
    this.incidentCount = 0;
    this.packets = packets;
    this.lowest = new Map();
    this.atLowest = false;
    for (const packet of packets) close(packet);
  }

  /** Before a packet leaves the free list. */
  examine(packet: PoolPacket): void {
    this.leaveLowest();
    const at = firstChange(packet);
    const moved = packet.prepend !== packet.dataEnd || packet.append !== packet.dataEnd || packet.length !== 0;
    if (at < 0 && !moved) return;
    const what = at >= 0 ? `byte ${at} of its payload was changed` : 'its prepend, append or length was changed';
    this.report(
      'use after release',
      packet,
      `${what} while it was free.${stacks('allocated', packet.allocationStack, 'released', packet.releaseStack)}`,
    );
  }

  /** After a packet was handed out. */
  allocated(packet: PoolPacket, isLowest: boolean): void {
    packet.allocationStack = callers();
    if (isLowest) this.atLowest = true;
  }

  /** Before a packet goes back. */
  released(packet: PoolPacket): void {
    this.leaveLowest();
    packet.releaseStack = callers();
    const fault = boundsFault(packet);
    if (fault !== null) {
      this.report(
        'broken packet',
        packet,
        `${fault}.${stacks('allocated', packet.allocationStack, 'released', packet.releaseStack)}`,
      );
    }
    close(packet);
  }

  doubleRelease(packet: PoolPacket): void {
    this.report(
      'double release',
      packet,
      `it was free already.${stacks('first released', packet.releaseStack, 'released again', callers())}`,
    );
  }

  /** How many packets each holder had when the pool was at its lowest. */
  holdersAtLowest(): ReadonlyMap<string, number> {
    return this.atLowest ? countHolders(this.packets) : this.lowest;
  }

  private leaveLowest(): void {
    if (!this.atLowest) return;
    this.atLowest = false;
    this.lowest = countHolders(this.packets);
  }

  private report(kind: PacketIncident['kind'], packet: PoolPacket, what: string): void {
    this.incidentCount++;
    if (this.incidents.length >= KEPT) return;
    const number = this.packets.indexOf(packet);
    this.incidents.push({
      kind,
      packet,
      text: `${kind}: packet ${number} of pool "${packet.pool.name}": ${what}`,
    });
  }
}

/** For people: who holds the packets that are out, and where they were allocated. Empty when none is. */
export function describeOutstanding(
  pool: string,
  total: number,
  outstanding: readonly PoolPacket[],
  audit: boolean,
): string {
  if (outstanding.length === 0) return '';
  const groups = new Map<string, number>();
  for (const packet of outstanding) {
    const holder = packet.holder === '' ? 'held by nobody who gave a name' : `held by "${packet.holder}"`;
    const key = `${holder}${audit ? stacks('allocated', packet.allocationStack) : ''}`;
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  const lines = [`pool "${pool}": ${outstanding.length} of ${total} packets are out`];
  const sorted = [...groups].sort((a, b) => b[1] - a[1]);
  for (const [text, count] of sorted) lines.push(`  ${count} ${text}`);
  if (!audit) lines.push('  (create the pool with audit: true to see where they were allocated)');
  return lines.join('\n');
}

function countHolders(packets: readonly PoolPacket[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const packet of packets) {
    if (packet.state !== PACKET_FREE) counts.set(packet.holder, (counts.get(packet.holder) ?? 0) + 1);
  }
  return counts;
}

function close(packet: PoolPacket): void {
  packet.bytes.fill(PATTERN, packet.dataStart, packet.dataEnd);
  packet.prepend = packet.dataEnd;
  packet.append = packet.dataEnd;
  packet.length = 0;
}

/** Offset within the payload of the first byte, or of its word, that differs from the pattern; -1 when none does. */
function firstChange(packet: PoolPacket): number {
  const { dataStart, dataEnd, words, bytes } = packet;
  const wholeEnd = dataEnd & ~3;
  for (let at = dataStart; at < wholeEnd; at += 4) {
    if (words[at >> 2] !== PATTERN_WORD) return at - dataStart;
  }
  for (let at = wholeEnd; at < dataEnd; at++) {
    if (bytes[at] !== PATTERN) return at - dataStart;
  }
  return -1;
}

/** The stack of whoever called into this package. */
function callers(): string {
  const stack = new Error('packet').stack ?? '';
  const lines = stack.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('Error'));
  const outside = lines.findIndex((line) => !/PoolAudit|PacketPool|PoolPacket|callers/.test(line));
  return lines
    .slice(Math.max(outside, 0))
    .map((line) => line.trim())
    .join('\n');
}

function stacks(...pairs: string[]): string {
  let text = '';
  for (let i = 0; i < pairs.length; i += 2) {
    const stack = pairs[i + 1] as string;
    if (stack !== '') text += `\n    ${pairs[i]}\n      ${stack.replaceAll('\n', '\n      ')}`;
  }
  return text;
}
