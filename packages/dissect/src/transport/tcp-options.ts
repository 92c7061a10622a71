import type { Context } from '../context.ts';
import type { TcpFacts } from '../facts.ts';
import type { Field } from '../field.ts';
import { hexBytes } from '../text.ts';

interface OptionRule {
  readonly name: string;
  readonly reference: string;
  /** The only length allowed, or 0 when it varies. */
  readonly length: number;
}

const RULES: ReadonlyMap<number, OptionRule> = new Map([
  [2, { name: 'Maximum segment size', reference: 'RFC 9293 3.7.1', length: 4 }],
  [3, { name: 'Window scale', reference: 'RFC 7323 2.2', length: 3 }],
  [4, { name: 'SACK permitted', reference: 'RFC 2018 2', length: 2 }],
  [5, { name: 'SACK', reference: 'RFC 2018 3', length: 0 }],
  [8, { name: 'Timestamps', reference: 'RFC 7323 3.2', length: 10 }],
  [19, { name: 'MD5 signature', reference: 'RFC 2385 3.0', length: 18 }],
  [28, { name: 'User timeout', reference: 'RFC 5482 3', length: 4 }],
  [29, { name: 'Authentication', reference: 'RFC 5925 2.2', length: 0 }],
  [30, { name: 'Multipath TCP', reference: 'RFC 8684 3', length: 0 }],
  [34, { name: 'Fast Open cookie', reference: 'RFC 7413 4.1.1', length: 0 }],
  [253, { name: 'Experiment 1', reference: 'RFC 4727 6.3', length: 0 }],
  [254, { name: 'Experiment 2', reference: 'RFC 4727 6.3', length: 0 }],
]);

/** Decodes the options into the tree and into `facts`. */
export function decodeTcpOptions(context: Context, parent: Field, facts: TcpFacts, start: number, end: number): void {
  if (start === end) return;
  const list = parent.add('Options', start, end - start, null, `${end - start} B`, 'RFC 9293 3.1');
  let at = start;
  while (at < end) {
    const kind = context.u8(at);
    if (kind === 0) {
      const rest = list.add('End of options', at, end - at, 0, '');
      for (let i = at; i < end; i++)
        if (context.u8(i) !== 0) rest.problem('unusual', 'the padding behind the options is not zero');
      break;
    }
    if (kind === 1) {
      list.add('No operation', at, 1, 1, '');
      at++;
      continue;
    }
    const length = at + 1 < end ? context.u8(at + 1) : 0;
    if (length < 2 || at + length > end) {
      list.problem('malformed', `option ${kind} has no room for its length ${length}`);
      facts.damaged = true;
      break;
    }
    facts.words += decodeOption(context, list, facts, kind, at, length);
    at += length;
  }
}

function decodeOption(
  context: Context,
  list: Field,
  facts: TcpFacts,
  kind: number,
  at: number,
  length: number,
): string {
  const rule = RULES.get(kind);
  const text = hexBytes(context.bytes, at + 2, at + length);
  const option = list.add(rule?.name ?? `Option ${kind}`, at, length, kind, text, rule?.reference ?? null);
  if (rule !== undefined && rule.length !== 0 && rule.length !== length) {
    option.problem('malformed', `this option is ${rule.length} bytes long, not ${length}`);
    return '';
  }
  const onlyInSyn = kind === 2 || kind === 3 || kind === 4;
  if (onlyInSyn && (facts.flags & 2) === 0) option.problem('unusual', 'this option belongs into a SYN');
  switch (kind) {
    case 2: {
      facts.maximumSegment = context.u16(at + 2);
      option.add('Bytes', at + 2, 2, facts.maximumSegment);
      option.text = `${facts.maximumSegment} B`;
      return ` mss=${facts.maximumSegment}`;
    }
    case 3: {
      const shift = context.u8(at + 2);
      facts.windowShift = Math.min(shift, 14);
      option.add('Shift', at + 2, 1, shift);
      option.text = `× ${2 ** facts.windowShift}`;
      if (shift > 14) option.problem('malformed', 'a shift is at most 14 (RFC 7323 2.3)');
      return ` ws=${shift}`;
    }
    case 4:
      option.text = '';
      return ' sack-ok';
    case 5:
      decodeSack(context, option, facts, at, length);
      return '';
    case 8: {
      const value = context.u32(at + 2);
      const echo = context.u32(at + 6);
      option.add('Value', at + 2, 4, value);
      option.add('Echo reply', at + 6, 4, echo);
      option.text = `${value}, echo ${echo}`;
      return ` ts=${value}/${echo}`;
    }
    case 28: {
      const word = context.u16(at + 2);
      option.text = `${word & 0x7fff} ${(word & 0x8000) !== 0 ? 'min' : 's'}`;
      return '';
    }
    case 34:
      option.text = length === 2 ? 'request' : text;
      if (length > 2 && (length < 6 || length > 18 || length % 2 !== 0))
        option.problem('malformed', 'a cookie has 4 to 16 bytes, an even number');
      return length === 2 ? ' fast-open?' : ' fast-open';
    default:
      return '';
  }
}

function decodeSack(context: Context, option: Field, facts: TcpFacts, at: number, length: number): void {
  if ((length - 2) % 8 !== 0 || length === 2) {
    option.problem('malformed', 'SACK holds blocks of 8 bytes, one at least');
    return;
  }
  const blocks: string[] = [];
  for (let i = at + 2; i + 8 <= at + length; i += 8) {
    const block = `${context.u32(i)}-${context.u32(i + 4)}`;
    blocks.push(block);
    facts.sack.push([context.u32(i), context.u32(i + 4)]);
    const field = option.add('Block', i, 8, block);
    field.add('Left edge', i, 4, context.u32(i));
    field.add('Right edge', i + 4, 4, context.u32(i + 4));
  }
  option.text = blocks.join(', ');
}
