import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemorySink, PcapWriter } from '@strata/pcap-writer';

/** The values of some fields in every frame, as tshark sees them; occurrences of one field are separated by commas. */
export type TsharkRows = readonly Readonly<Record<string, string>>[];

/**
 * Lets tshark dissect frames. Null where it is not installed, which is said; under CI a missing tshark is a failure,
 * never a silent pass.
 */
export function tsharkFields(
  frames: readonly Uint8Array[],
  fields: readonly string[],
  options: readonly string[] = [],
): TsharkRows | null {
  const sink = new MemorySink();
  const writer = new PcapWriter(sink);
  for (const [index, frame] of frames.entries()) writer.writePacket(0, index * 1000, frame);
  writer.end();
  const folder = mkdtempSync(join(tmpdir(), 'strata-dissect-'));
  try {
    const file = join(folder, 'frames.pcap');
    writeFileSync(file, sink.bytes());
    const preferences = [
      'ip.check_checksum:TRUE',
      'tcp.check_checksum:TRUE',
      'udp.check_checksum:TRUE',
      ...options,
    ].flatMap((preference) => ['-o', preference]);
    const columns = fields.flatMap((field) => ['-e', field]);
    const command = ['-n', '-r', file, ...preferences, '-T', 'fields', '-E', 'separator=|', ...columns];
    const done = spawnSync('tshark', command, { encoding: 'utf8', timeout: 60_000, maxBuffer: 64 << 20 });
    if (done.error !== undefined && (done.error as NodeJS.ErrnoException).code === 'ENOENT') {
      if (process.env.CI === 'true') throw new Error('tshark is not installed; CI needs it');
      process.stderr.write('left out: tshark is not installed\n');
      return null;
    }
    if (done.status !== 0) throw new Error(`tshark ended with ${done.status}: ${done.stderr}`);
    const lines = done.stdout.replace(/\n$/, '').split('\n');
    return lines.map((line) => {
      const values = line.split('|');
      return Object.fromEntries(fields.map((field, index) => [field, values[index] ?? '']));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
