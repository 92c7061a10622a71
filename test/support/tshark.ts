import { peerTool } from './peers.ts';
import { Running } from './process.ts';

/** Wireshark validates checksums only when told to. */
const CHECKSUMS = ['ip', 'tcp', 'udp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]);

/** Expert severities of Wireshark (epan/proto.h): comment, chat, note, warn, error; warn is the first above note. */
const WARN = 0x600000;

/**
 * Remarks that Wireshark makes with severity *warn* when a receiver is slower than its sender: flow control at work, no fault.
 * For captures of bulk transfers.
 */
export const FLOW_CONTROL = /^TCP window specified by the receiver is now completely full|^TCP Zero Window segment/;

const FAULTS = [
  '_ws.malformed',
  `_ws.expert.severity >= ${WARN}`,
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

/** What {@link expectCleanCapture} lets pass. */
export interface CleanOptions extends TsharkOptions {
  /** Display filter for frames that were damaged on purpose. */
  readonly ignore?: string;
  /** Expert remarks that are none here, such as {@link FLOW_CONTROL}. */
  readonly accept?: RegExp;
}

/**
 * Fails when tshark sees a malformed packet, a bad checksum or an expert remark above *note* in a capture, naming the
 * frames; or when the capture holds no frame at all.
 */
export async function expectCleanCapture(file: string, options: CleanOptions = {}): Promise<void> {
  const ignore = options.ignore === undefined ? '' : ` && !(${options.ignore})`;
  const only = options.filter === undefined ? '' : ` && (${options.filter})`;
  const fields = ['frame.number', '_ws.col.Protocol', '_ws.col.Info', '_ws.expert.severity', '_ws.expert.message'];
  const filter = `(${FAULTS})${only}${ignore}`;
  const marked = await captureFields(file, fields, { ...options, filter });
  const faults = marked.map((frame) => faultOf(frame, options.accept)).filter((fault) => fault !== null);
  if (faults.length > 0) {
    throw new Error(`tshark finds ${faults.length} faulty frames in ${file}:\n${faults.slice(0, 20).join('\n')}`);
  }
  const first = await tshark(file, ['-c', '1', '-T', 'fields', '-e', 'frame.number', ...(options.arguments ?? [])]);
  if (first.trim() === '') throw new Error(`the capture ${file} is empty`);
}

/** One line about what is wrong with a frame, or null when every remark above note is accepted. */
function faultOf(frame: Record<string, string[]>, accept: RegExp | undefined): string | null {
  const severities = frame['_ws.expert.severity'] ?? [];
  const remarks = (frame['_ws.expert.message'] ?? []).filter((_, i) => Number(severities[i]) >= WARN);
  const wrong = remarks.filter((remark) => accept?.test(remark) !== true);
  if (remarks.length > 0 && wrong.length === 0) return null;
  const column = (field: string) => frame[field]?.join('; ') ?? '';
  return `  frame ${column('frame.number')} | ${column('_ws.col.Protocol')} | ${column('_ws.col.Info')} | ${wrong.join('; ')}`;
}

async function tshark(file: string, args: readonly string[]): Promise<string> {
  const running = new Running(peerTool('tshark'), ['-n', '-r', file, ...CHECKSUMS, ...args]);
  return (await running.expectExit(0, 120_000)).stdout;
}
