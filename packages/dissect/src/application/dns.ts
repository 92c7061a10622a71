import type { Context } from '../context.ts';
import { decodeUtf8, hex, quote } from '../text.ts';

const TYPES: ReadonlyMap<number, string> = new Map([
  [1, 'A'],
  [2, 'NS'],
  [5, 'CNAME'],
  [6, 'SOA'],
  [12, 'PTR'],
  [15, 'MX'],
  [16, 'TXT'],
  [28, 'AAAA'],
  [33, 'SRV'],
  [255, 'ANY'],
]);

const RESPONSE_CODES: readonly string[] = [
  'no error',
  'format error',
  'server failure',
  'no such name',
  'not implemented',
  'refused',
];

/** The type of a record: `SRV`. */
export function dnsTypeName(type: number): string {
  return TYPES.get(type) ?? `type ${type}`;
}

/** The response code of an answer: `no such name`. */
export function dnsCodeName(code: number): string {
  return RESPONSE_CODES[code] ?? `code ${code}`;
}

/** Header and first question; answers are counted, not taken apart. */
export function decodeDns(context: Context, start: number, end: number): void {
  const layer = context.layer('dns', 'DNS', start, end, 'RFC 1035 4.1.1');
  if (!context.holds(layer, 12)) return;
  const flags = context.u16(start + 2);
  const response = (flags & 0x8000) !== 0;
  const code = flags & 15;
  layer.add('Identification', start, 2, context.u16(start), hex(context.u16(start), 4));
  layer.add('Response', start + 2, 1, response);
  layer.add('Operation', start + 2, 1, (flags >>> 11) & 15);
  layer.add('Truncated', start + 2, 1, (flags & 0x200) !== 0);
  layer.add('Response code', start + 3, 1, code, RESPONSE_CODES[code] ?? String(code));
  for (const [index, name] of ['Questions', 'Answers', 'Authorities', 'Additional'].entries()) {
    layer.add(name, start + 4 + 2 * index, 2, context.u16(start + 4 + 2 * index));
  }
  layer.summary = `DNS ${response ? 'response' : 'query'} ${hex(context.u16(start), 4)}`;
  if (context.u16(start + 4) > 0) {
    const question = readQuestion(context, start + 12, end);
    if (question === null) layer.problem('malformed', 'the question does not fit the message');
    else {
      layer.add('Question', start + 12, question.end - start - 12, question.text, question.text, 'RFC 1035 4.1.2');
      layer.summary += ` ${question.text}`;
    }
  }
  if (response)
    layer.summary += code === 0 ? `, ${context.u16(start + 6)} answers` : `, ${RESPONSE_CODES[code] ?? `code ${code}`}`;
  layer.text = layer.summary.replace(/^DNS /, '');
}

function readQuestion(context: Context, start: number, end: number): { text: string; end: number } | null {
  const labels: string[] = [];
  let at = start;
  for (;;) {
    if (at >= end) return null;
    const length = context.u8(at);
    if (length === 0) break;
    // A pointer has nothing to point back to in the first question.
    if (length > 63 || at + 1 + length > end) return null;
    labels.push(quote(decodeUtf8(context.bytes, at + 1, at + 1 + length).text).slice(1, -1));
    at += 1 + length;
  }
  if (at + 5 > end) return null;
  const type = context.u16(at + 1);
  return { text: `${TYPES.get(type) ?? `type ${type}`} ${labels.length === 0 ? '.' : labels.join('.')}`, end: at + 5 };
}
