import { peerTool } from './peers.ts';
import { Running } from './process.ts';

/** Wireshark validates checksums only when told to. */
const CHECKSUMS = ['ip', 'tcp', 'udp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]);

/** Expert severities of Wireshark (epan/proto.h): comment, chat, note, warn, error; here those above note. */
const ABOVE_NOTE = '_ws.expert.severity >= 0x600000';

const FAULTS = [
  '_ws.malformed',
  ABOVE_NOTE,
  'ip.checksum.status == "Bad"',
  'icmp.checksum.status == "Bad"',
  'icmpv6.checksum.status == "Bad"',
  'udp.checksum.status == "Bad"',
  'tcp.checksum.status == "Bad"',
].join(' || ');

export interface TsharkOptions {
  /** Display filter: only these frames. */
  readonly filter?: string;
  /** Further arguments, such as `['-d', 'tcp.port==18830,mqtt']`. */
  readonly arguments?: readonly string[];
}

/**
 * The values of `fields` in each frame of a capture, as tshark decodes them. A field that a frame has several times gives
 * several values; one that it has not gives none.
 */
export async function captureFields(
  file: string,
  fields: readonly string[],
  options: TsharkOptions = {},
): Promise<Record<string, string[]>[]> {
  const filter = options.filter === undefined ? [] : ['-Y', options.filter];
  const wanted = fields.flatMap((field) => ['-e', field]);
  const stdout = await tshark(file, [...filter, '-T', 'json', ...wanted, ...(options.arguments ?? [])]);
  const frames = JSON.parse(stdout === '' ? '[]' : stdout) as { _source: { layers: Record<string, string[]> } }[];
  return frames.map(({ _source: { layers } }) =>
    Object.fromEntries(fields.map((field) => [field, layers[field] ?? []])),
  );
}

/** How many frames of a capture match a display filter. */
export async function countFrames(file: string, filter: string, options: TsharkOptions = {}): Promise<number> {
  return (await captureFields(file, ['frame.number'], { ...options, filter })).length;
}

/**
 * Fails when tshark sees a malformed packet, a bad checksum or an expert remark above *note* in a capture, naming the
 * frames; or when the capture holds no frame at all. `ignore` is a display filter for frames damaged on purpose.
 */
export async function expectCleanCapture(
  file: string,
  options: TsharkOptions & { readonly ignore?: string } = {},
): Promise<void> {
  const ignore = options.ignore === undefined ? '' : ` && !(${options.ignore})`;
  const only = options.filter === undefined ? '' : ` && (${options.filter})`;
  const fields = ['frame.number', '_ws.col.Protocol', '_ws.col.Info', '_ws.expert.message'];
  const filter = `(${FAULTS})${only}${ignore}`;
  const faults = await captureFields(file, fields, { ...options, filter });
  if (faults.length > 0) {
    const lines = faults
      .slice(0, 20)
      .map((fault) => `  frame ${fields.map((field) => fault[field]?.join('; ')).join(' | ')}`);
    throw new Error(`tshark finds ${faults.length} faulty frames in ${file}:\n${lines.join('\n')}`);
  }
  const first = await tshark(file, ['-c', '1', '-T', 'fields', '-e', 'frame.number', ...(options.arguments ?? [])]);
  if (first.trim() === '') throw new Error(`the capture ${file} is empty`);
}

async function tshark(file: string, args: readonly string[]): Promise<string> {
  const running = new Running(peerTool('tshark'), ['-n', '-r', file, ...CHECKSUMS, ...args]);
  return (await running.expectExit(0, 120_000)).stdout;
}
