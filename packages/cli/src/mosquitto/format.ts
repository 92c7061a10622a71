import { UsageError } from '../errors.ts';
import { formatTime } from './strftime.ts';

/** A message as mosquitto_sub prints it. */
export interface PrintedMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly retain: boolean;
  /** Packet identifier; 0 for QoS 0. */
  readonly messageId: number;
  /** When it was received: microseconds since 1970. */
  readonly time: number;
}

/** A format of `-F`, ready to print. */
export type MessageFormat = readonly FormatPart[];

type FormatPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'time'; readonly letter: string }
  | {
      readonly kind: 'field';
      readonly letter: string;
      readonly width: number;
      readonly most: number | null;
      readonly fill: 'left' | 'zero' | 'right';
    };

const FIELDS = 'ACDEFIJPRSUXjlmpqrtx';
const PADDED = 'ACEFIlmpRStxX';
const LIMITED = 'CIRt';
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\',
  '0': '\0',
  a: '\u0007',
  e: '\u001b',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Reads mosquitto_sub's `-F` format: `%` fields with optional `0`/`-`, width and maximum, `@` times, `\` escapes. */
export function compileFormat(format: string): MessageFormat {
  const parts: FormatPart[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') {
      parts.push({ kind: 'text', text });
      text = '';
    }
  };
  for (let at = 0; at < format.length; at++) {
    const character = format[at];
    if (character === '\\') {
      const letter = format[++at];
      if (letter === undefined || ESCAPES[letter] === undefined) {
        throw new UsageError(
          `-F ${format}`,
          letter === undefined ? 'it ends inside an escape' : `there is no escape \\${letter}`,
        );
      }
      text += ESCAPES[letter];
    } else if (character === '@') {
      const letter = format[++at];
      if (letter === undefined) {
        throw new UsageError(`-F ${format}`, 'it ends inside a time');
      }
      if (letter === '@') {
        text += '@';
      } else {
        flush();
        parts.push({ kind: 'time', letter });
      }
    } else if (character === '%') {
      const specifier = /^%([0-]?)([1-9][0-9]*)?(?:\.([0-9]*))?(.?)/su.exec(format.slice(at)) as RegExpExecArray;
      const [whole, fill, width, most, letter] = specifier;
      if (letter === '') {
        throw new UsageError(`-F ${format}`, 'it ends inside a field');
      }
      at += whole.length - 1;
      if (letter === '%') {
        text += '%';
        continue;
      }
      if (!FIELDS.includes(letter)) {
        throw new UsageError(
          `-F ${format}`,
          `there is no field %${letter}`,
          'the fields are %t %p %x %X %l %q %r %m %I %U %j %J',
        );
      }
      flush();
      parts.push({
        kind: 'field',
        letter,
        width: PADDED.includes(letter) ? Number(width ?? 0) : 0,
        most: LIMITED.includes(letter) && most !== undefined && most !== '' ? Number(most) : null,
        fill: fill === '-' ? 'left' : fill === '0' ? 'zero' : 'right',
      });
    } else {
      text += character;
    }
  }
  flush();
  return parts;
}

/**
 * All that mosquitto_sub prints for a message. One without payload shows with `-F`, or with `-v` as `(null)` on a line of its
 * own, or not at all.
 */
export function printLine(
  message: PrintedMessage,
  style: Parameters<typeof printMessage>[1] & { readonly endOfLine: boolean },
): Uint8Array {
  const end = style.endOfLine ? '\n' : '';
  if (style.format === null && message.payload.length === 0) {
    return Buffer.from(style.verbose && style.endOfLine ? `${message.topic} (null)${end}` : '');
  }
  return Buffer.concat([printMessage(message, style), Buffer.from(end)]);
}

/** What mosquitto_sub prints for a message, without the end of line. The payload's bytes are kept as they are. */
export function printMessage(
  message: PrintedMessage,
  style: { readonly format: MessageFormat | null; readonly verbose: boolean; readonly pretty: boolean },
): Uint8Array {
  if (style.format !== null) {
    return Buffer.concat(style.format.map((part) => printPart(part, message, style.pretty)));
  }
  return style.verbose ? Buffer.concat([Buffer.from(`${message.topic} `), message.payload]) : message.payload;
}

function printPart(part: FormatPart, message: PrintedMessage, pretty: boolean): Uint8Array {
  switch (part.kind) {
    case 'text':
      return Buffer.from(part.text);
    case 'time':
      return Buffer.from(formatTime(part.letter, message.time));
    case 'field':
      return printField(part, message, pretty);
  }
}

function printField(part: FormatPart & { kind: 'field' }, message: PrintedMessage, pretty: boolean): Uint8Array {
  let bytes = fieldBytes(part.letter, message, pretty);
  if (part.most !== null) {
    bytes = bytes.subarray(0, part.most);
  }
  const missing = part.width - bytes.length;
  if (missing <= 0) {
    return bytes;
  }
  const zero = part.fill === 'zero' && part.letter !== 't';
  const padding = Buffer.alloc(missing, zero ? '0' : ' ');
  return Buffer.concat(part.fill === 'left' ? [bytes, padding] : [padding, bytes]);
}

function fieldBytes(letter: string, message: PrintedMessage, pretty: boolean): Uint8Array {
  const { payload } = message;
  switch (letter) {
    case 't':
      return Buffer.from(message.topic);
    case 'p':
      return payload;
    case 'x':
      return Buffer.from(Buffer.from(payload).toString('hex'));
    case 'X':
      return Buffer.from(Buffer.from(payload).toString('hex').toUpperCase());
    case 'l':
      return Buffer.from(String(payload.length));
    case 'q':
      return Buffer.from(String(message.qos));
    case 'r':
      return Buffer.from(message.retain ? '1' : '0');
    case 'm':
      return Buffer.from(String(message.messageId));
    case 'I':
      return Buffer.from(formatTime('I8601', message.time));
    case 'U':
      return Buffer.from(`${formatTime('s', message.time)}.${formatTime('N', message.time)}`);
    case 'j':
    case 'J':
      return Buffer.from(printJson(message, letter === 'J', pretty));
    default:
      return Buffer.alloc(0);
  }
}

function printJson(message: PrintedMessage, payloadIsJson: boolean, pretty: boolean): string {
  const text = Buffer.from(message.payload).toString();
  let payload: unknown = text;
  if (payloadIsJson) {
    try {
      payload = JSON.parse(text);
    } catch {
      throw new NotJson(message.topic);
    }
  }
  const record = {
    tst: formatTime('tst', message.time),
    topic: message.topic,
    qos: message.qos,
    retain: message.retain ? 1 : 0,
    payloadlen: message.payload.length,
    ...(message.qos > 0 ? { mid: message.messageId } : {}),
    payload,
  };
  return pretty ? prettyJson(record, 1) : JSON.stringify(record);
}

/** JSON over several lines in the layout of mosquitto_sub: tabs, also before values, and arrays on one line. */
function prettyJson(value: unknown, depth: number): string {
  if (Array.isArray(value)) {
    return `[${value.map((item) => prettyJson(item, depth)).join(', ')}]`;
  }
  if (typeof value !== 'object' || value === null) {
    return JSON.stringify(value);
  }
  const indent = '\t'.repeat(depth);
  const members = Object.entries(value).map(
    ([key, member]) => `${indent}${JSON.stringify(key)}:\t${prettyJson(member, depth + 1)}`,
  );
  return `{\n${members.join(',\n')}${members.length > 0 ? '\n' : ''}${indent.slice(1)}}`;
}

/** `-F %J` met a payload that is not JSON; the message is skipped with a complaint. */
export class NotJson extends Error {
  override readonly name: string = 'NotJson';

  constructor(topic: string) {
    super(`the payload is not valid JSON on topic ${topic}`);
  }
}
