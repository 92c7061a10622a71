import {
  type ByteSink,
  type CaptureEvent,
  type CaptureOption,
  MemorySink,
  type PacketDetails,
  PcapngWriter,
  type PcapngWriterOptions,
  readCapture,
} from '@strata/pcap-writer';

/** Writes a pcapng capture in memory. */
export function capture(options: PcapngWriterOptions, write: (writer: PcapngWriter) => void): Uint8Array {
  const sink = new MemorySink();
  const writer = new PcapngWriter(sink, options);
  write(writer);
  writer.end();
  return sink.bytes();
}

/** The bytes of hex digits; white space and everything after a `;` is for people. */
export function hex(text: string): Uint8Array {
  const digits = text.replaceAll(/;.*$/gm, '').replaceAll(/\s/g, '');
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function read(bytes: Uint8Array): CaptureEvent[] {
  return [...readCapture(bytes)];
}

export function ofKind<K extends CaptureEvent['kind']>(
  events: readonly CaptureEvent[],
  kind: K,
): Extract<CaptureEvent, { kind: K }>[] {
  return events.filter((event): event is Extract<CaptureEvent, { kind: K }> => event.kind === kind);
}

/** Writes again what was read, section by section into one. */
export function rewrite(events: readonly CaptureEvent[], littleEndian: boolean): Uint8Array {
  const sink = new MemorySink();
  let writer: PcapngWriter | null = null;
  for (const event of events) {
    if (event.kind === 'section') writer = new PcapngWriter(sink, { littleEndian, options: event.options });
    else if (writer === null) throw new Error('the capture does not begin with a section');
    else if (event.kind === 'interface')
      writer.addInterface({
        linkType: event.linkType,
        snapLength: event.snapLength,
        options: event.options.filter((option) => option.code !== 9),
      });
    else if (event.kind === 'packet')
      writer.writePacket(event.interfaceId, event.time ?? 0n, event.data, {
        originalLength: event.originalLength,
        options: event.options,
      });
    else if (event.kind === 'names') writer.writeNames(event.records, event.options);
    else if (event.kind === 'secrets') writer.writeSecrets(event.type, event.secrets, event.options);
    else if (event.kind === 'statistics')
      writer.writeStatistics(event.interfaceId, event.time, { options: event.options });
    else if (event.kind === 'block') writer.writeBlock(event.type, event.body);
    else throw new Error(event.explanation);
  }
  writer?.end();
  return sink.bytes();
}

/** A sink that remembers how it was called. */
export class CountingSink implements ByteSink {
  readonly live: boolean;
  readonly sizes: number[];
  ends: number;

  constructor(live: boolean) {
    this.live = live;
    this.sizes = [];
    this.ends = 0;
  }

  write(chunk: Uint8Array): void {
    this.sizes.push(chunk.length);
  }

  end(): void {
    this.ends++;
  }
}

export type { CaptureOption, PacketDetails };
