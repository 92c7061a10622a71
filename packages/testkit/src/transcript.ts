import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConversationFollower, LadderDiagram, type LadderEvent } from '@strata/dissect';
import { LINKTYPE_ETHERNET, MemorySink, PcapngWriter } from '@strata/pcap-writer';

interface Entry {
  readonly time: number;
  readonly from: string;
  readonly to: string;
  readonly bytes: Uint8Array;
}

/** Everything that two sides have said to each other, to be shown when a test fails. */
export class Transcript {
  readonly sides: readonly [string, string];
  private readonly entries: Entry[];

  constructor(left: string, right: string) {
    this.sides = [left, right];
    this.entries = [];
  }

  /** Notes a frame; copied. */
  add(time: number, from: string, bytes: Uint8Array): void {
    const to = from === this.sides[0] ? this.sides[1] : this.sides[0];
    this.entries.push({ time, from, to, bytes: bytes.slice() });
  }

  get length(): number {
    return this.entries.length;
  }

  /** The conversation as a ladder diagram. */
  ladder(): string {
    const follower = new ConversationFollower();
    const events: LadderEvent[] = this.entries.map((entry) => ({
      time: entry.time,
      from: entry.from,
      to: entry.to,
      text: follower.follow(entry.bytes).summary,
    }));
    const diagram = LadderDiagram.fitting({ endpoints: this.sides, width: 140 }, events);
    return [diagram.head(), ...events.flatMap((event) => diagram.draw(event))].join('\n');
  }

  pcapng(): Uint8Array {
    const sink = new MemorySink();
    const writer = new PcapngWriter(sink, { application: 'Strata testkit' });
    const link = writer.addInterface({ linkType: LINKTYPE_ETHERNET, name: this.sides.join(' - ') });
    for (const entry of this.entries) writer.writePacket(link, entry.time, entry.bytes);
    writer.end();
    return sink.bytes();
  }

  /** Writes a capture into the system's folder for temporary files and returns its path. */
  save(): string {
    return saveCapture(this.pcapng());
  }
}

/** Leaves a capture for whoever looks into a failure; returns its path. */
export function saveCapture(bytes: Uint8Array): string {
  const path = join(mkdtempSync(join(tmpdir(), 'strata-')), 'failure.pcapng');
  writeFileSync(path, bytes);
  return path;
}
