import { LINKTYPE_RAW, MemorySink, PcapngWriter } from '@strata/pcap-writer';
import type { DrillResult } from './result.ts';

/** What moment 0 of a script is called in a capture: 2025-01-01, so that the same run gives the same bytes. */
const EPOCH_SECONDS = 1_735_689_600;

/** The packets of a run as a pcapng file. Packets say which line they belong to; those that differ say how. */
export function drillCapture(result: DrillResult): Uint8Array {
  const sink = new MemorySink();
  const comments = [`${result.name}: ${result.verdict}`];
  if (result.failure !== null) comments.push(`line ${result.failure.location.line}: ${result.failure.message}`);
  const writer = new PcapngWriter(sink, { application: 'Strata', comments });
  const link = writer.addInterface({ linkType: LINKTYPE_RAW, name: 'tun0', timeOffsetSeconds: EPOCH_SECONDS });
  for (const frame of result.frames) {
    const said = frame.line === null ? [] : [`line ${frame.line}`];
    writer.writePacket(link, frame.time, frame.bytes, {
      direction: frame.direction === 'in' ? 'inbound' : 'outbound',
      comments: [...said, ...frame.comments],
    });
  }
  void writer.end();
  return sink.bytes();
}
