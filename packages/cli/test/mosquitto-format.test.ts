import { describe, expect, test } from '@jest/globals';
import { UsageError } from '../src/errors.ts';
import { compileFormat, NotJson, type PrintedMessage, printLine, printMessage } from '../src/mosquitto/format.ts';
import { formatTime } from '../src/mosquitto/strftime.ts';

const message: PrintedMessage = {
  topic: 'sensor/temp',
  payload: Buffer.from('Hi {"a":1}'),
  qos: 1,
  retain: true,
  messageId: 1,
  time: 1_795_358_610_553_172,
};
const print = (format: string, pretty = false): string =>
  Buffer.from(printMessage(message, { format: compileFormat(format), verbose: false, pretty })).toString();

/** What mosquitto_sub 2.0.11 printed for the same message. */
describe('-F prints what mosquitto_sub prints', () => {
  test.each([
    [
      '%t|%q|%r|%l|%x|%X|%m|%10.3t|%%|@@|\\t|\\\\|',
      'sensor/temp|1|1|10|4869207b2261223a317d|4869207B2261223A317D|1|       sen|%|@|\t|\\|',
    ],
    [
      '%05l|%-5l|%5l|%-20x|%20x|%020p|%20p|%-20p|%030t|%-15t|',
      '00010|10   |   10|4869207b2261223a317d|4869207b2261223a317d|0000000000Hi {"a":1}|          Hi {"a":1}|Hi {"a":1}          |                   sensor/temp|sensor/temp    |',
    ],
    ['%5q', '1'],
    ['%.3t|%.p|', 'sen|Hi {"a":1}|'],
    ['x\\ny\\0z\\e[0m\\a\\v\\r', 'x\ny\0z\u001b[0m\u0007\v\r'],
    ['%A|%C|%D|%E|%F|%P|%R|%S|', '||||||||'],
    ['%05m|%m|%5m', '00001|1|    1'],
    ['@s.@N', '1795358610.553172000'],
    ['%U', '1795358610.553172000'],
  ])('%s', (format, text) => expect(print(format)).toBe(text));

  test('%j', () => {
    const { tst, ...rest } = JSON.parse(print('%j'));
    expect(tst).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.553172Z[+-]\d{4}$/);
    expect(rest).toEqual({ topic: 'sensor/temp', qos: 1, retain: 1, payloadlen: 10, mid: 1, payload: 'Hi {"a":1}' });
    expect(print('%j', true)).toContain('\n\t"topic"');
  });

  test('%J needs a payload that is JSON', () => {
    expect(() => print('%J')).toThrow(NotJson);
    const json = { ...message, payload: Buffer.from('{"a":1}') };
    const text = Buffer.from(
      printMessage(json, { format: compileFormat('%J'), verbose: false, pretty: false }),
    ).toString();
    expect(JSON.parse(text).payload).toEqual({ a: 1 });
  });

  test('--pretty has tabs before members and values, and arrays on one line', () => {
    const nested = { ...message, payload: Buffer.from('{"a":[1, "ü",{}],"b":{"c":null}}') };
    const format = compileFormat('%J');
    expect(Buffer.from(printMessage(nested, { format, verbose: false, pretty: true })).toString()).toMatch(
      /^\{\n\t"tst":\t"[^"]+",\n\t"topic":\t"sensor\/temp",\n\t"qos":\t1,\n\t"retain":\t1,\n\t"payloadlen":\t\d+,\n\t"mid":\t1,\n\t"payload":\t\{\n\t\t"a":\t\[1, "ü", \{\n\t\t\}\],\n\t\t"b":\t\{\n\t\t\t"c":\tnull\n\t\t\}\n\t\}\n\}$/,
    );
  });

  test.each([
    ['%', 'it ends inside a field'],
    ['%5', 'it ends inside a field'],
    ['@', 'it ends inside a time'],
    ['\\', 'it ends inside an escape'],
    ['%Z', 'there is no field %Z'],
    ['%q%', 'it ends inside a field'],
    ['%-05l', 'there is no field %0'],
    ['\\x', 'there is no escape \\x'],
  ])('%s is refused', (format, message) => {
    expect(() => compileFormat(format)).toThrow(UsageError);
    expect(() => compileFormat(format)).toThrow(message);
  });

  test('without a format: the payload as it is, with -v after its topic', () => {
    const bytes = { ...message, payload: Uint8Array.of(0, 255, 10) };
    expect([...printMessage(bytes, { format: null, verbose: false, pretty: false })]).toEqual([0, 255, 10]);
    expect(Buffer.from(printMessage(message, { format: null, verbose: true, pretty: false })).toString()).toBe(
      'sensor/temp Hi {"a":1}',
    );
  });
});

describe('@ times', () => {
  test('follow strftime in the local zone', () => {
    const date = new Date(1_795_358_610_553);
    const two = (value: number): string => String(value).padStart(2, '0');
    expect(formatTime('F', message.time)).toBe(
      `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    );
    expect(formatTime('T', message.time)).toBe(
      `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`,
    );
    expect(formatTime('z', message.time)).toMatch(/^[+-]\d{4}$/);
    expect(formatTime('j', Date.UTC(2025, 11, 31, 12) * 1000)).toBe('365');
    expect(formatTime('?', message.time)).toBe('%?');
  });
});

test('a message without payload shows with -v as (null), and with nothing else but -F', () => {
  const empty = { ...message, payload: new Uint8Array(0) };
  const line = (of: PrintedMessage, verbose: boolean, endOfLine: boolean, format: string | null = null) => {
    const style = { format: format === null ? null : compileFormat(format), verbose, endOfLine, pretty: false };
    return Buffer.from(printLine(of, style)).toString();
  };
  expect(line(empty, true, true)).toBe(`${message.topic} (null)\n`);
  expect(line(empty, true, false)).toBe('');
  expect(line(empty, false, true)).toBe('');
  expect(line(empty, false, true, '[%p]')).toBe('[]\n');
  expect(line(message, false, true)).toBe(`${Buffer.from(message.payload).toString()}\n`);
  expect(line(message, true, false)).toBe(`${message.topic} ${Buffer.from(message.payload).toString()}`);
});
