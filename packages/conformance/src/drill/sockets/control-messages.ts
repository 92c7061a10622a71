import type { Expression } from '../ast.ts';
import { formatExpression } from '../format.ts';
import { field, numberOf } from './values.ts';

/** What a kernel puts beside received data: a number, or the fields of a structure. */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: number | Readonly<Record<string, number>>;
}

/** What differs between the control messages that a script expects and those that came; null: nothing. */
export function compareControls(expected: Expression | undefined, actual: readonly ControlMessage[]): string | null {
  if (expected?.kind !== 'list') return null;
  if (expected.items.length !== actual.length) {
    return `recvmsg() gave ${actual.length} control messages, not ${expected.items.length}`;
  }
  for (const [i, item] of expected.items.entries()) {
    const complaint = compareControl(item, actual[i] as ControlMessage);
    if (complaint !== null) return complaint;
  }
  return null;
}

function compareControl(expected: Expression, actual: ControlMessage): string | null {
  const data = field(expected, 'cmsg_data');
  const pairs: [string, number | null, number | undefined][] = [
    ['cmsg_level', numberOf(field(expected, 'cmsg_level')), actual.level],
    ['cmsg_type', numberOf(field(expected, 'cmsg_type')), actual.type],
  ];
  if (data?.kind === 'struct' && typeof actual.data !== 'number') {
    for (const { name, value } of data.fields) {
      if (name !== null) pairs.push([name, numberOf(value), actual.data[name]]);
    }
  } else if (data !== undefined && data.kind !== 'any') {
    if (data.kind === 'struct' || typeof actual.data !== 'number') return `cmsg_data is not ${formatExpression(data)}`;
    pairs.push(['cmsg_data', numberOf(data), actual.data]);
  }
  for (const [name, wanted, got] of pairs) {
    if (wanted !== null && wanted !== got) return `${name} is ${got ?? 'absent'}, not ${wanted}`;
  }
  return null;
}
