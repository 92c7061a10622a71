import { describe, expect, test } from '@jest/globals';
import fc from '../../../test/support/laws.ts';
import { editDistance, nearest } from '../src/nearest.ts';
import {
  formatBitRate,
  formatBytes,
  formatCount,
  formatDuration,
  formatNumberOf,
  formatShare,
  formatTimestamp,
} from '../src/terminal/format.ts';
import { formatHostSummaries } from '../src/terminal/summary.ts';
import { displayWidth, formatTable, wrap } from '../src/terminal/table.ts';
import { recorder } from './recorder.ts';

describe('where output goes', () => {
  test('at a terminal, data and notes share stdout', () => {
    const { terminal, stdout, stderr } = recorder({ tty: true });
    terminal.data('data');
    terminal.note('note');
    expect([stdout(), stderr()]).toEqual(['data\nnote\n', '']);
  });

  test('in a pipe, stdout has nothing but data', () => {
    const { terminal, stdout, stderr } = recorder();
    terminal.data('data');
    terminal.note('note');
    expect([stdout(), stderr()]).toEqual(['data\n', 'note\n']);
  });

  test('with a capture on stdout, stdout has nothing but the capture', () => {
    const { terminal, stdout, stderr } = recorder({ tty: true });
    terminal.giveStdoutToCapture();
    terminal.data('data');
    terminal.note('note');
    terminal.capture(Uint8Array.of(10));
    expect([stdout(), stderr()]).toEqual(['\n', 'data\nnote\n']);
  });

  test('a pipe is 100 columns wide unless COLUMNS says otherwise', () => {
    const width = (COLUMNS: string) => recorder({ environment: { COLUMNS } }).terminal.columns;
    expect([recorder().terminal.columns, width('80'), width('0'), width('x'), width('')]).toEqual([
      100, 80, 100, 100, 100,
    ]);
  });

  test('colour appears at a terminal only, and not with NO_COLOR', () => {
    expect(recorder({ tty: true }).terminal.paintData('red', 'x')).toBe('\u001b[31mx\u001b[39m');
    expect(recorder().terminal.paintData('red', 'x')).toBe('x');
    expect(recorder({ tty: true, environment: { NO_COLOR: '1' } }).terminal.paintData('red', 'x')).toBe('x');
    expect(recorder({ tty: true, environment: { NO_COLOR: '' } }).terminal.paintData('red', 'x')).not.toBe('x');
    expect(recorder({ tty: true, environment: { TERM: 'dumb' } }).terminal.paintData('red', 'x')).toBe('x');
  });
});

describe('numbers for people', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [1460, '1.46 kB'],
    [99_960, '100 kB'],
    [999_999, '1.00 MB'],
    [1e8, '100 MB'],
    [2.5e9, '2.50 GB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test.each([
    [0, '0 µs'],
    [999, '999 µs'],
    [1500, '1.50 ms'],
    [20_000, '20.0 ms'],
    [999_499, '999 ms'],
    [2e6, '2.00 s'],
    [65e6, '1 min 05 s'],
    [3_725e6, '1 h 02 min'],
    [-5, '-5 µs'],
  ])('%d microseconds are %s', (time, text) => expect(formatDuration(time)).toBe(text));

  test('counts, shares, rates and moments', () => {
    expect(formatCount(1_048_576)).toBe('1,048,576');
    expect([formatNumberOf(1, 'frame'), formatNumberOf(2, 'frame'), formatNumberOf(0, 'entry', 'entries')]).toEqual([
      '1 frame',
      '2 frames',
      '0 entries',
    ]);
    expect([
      formatShare(5, 100),
      formatShare(1, 3000),
      formatShare(0, 0),
      formatShare(0, 9),
      formatShare(50, 100),
    ]).toEqual(['5.0 %', '0.03 %', '-', '0 %', '50 %']);
    expect([formatBitRate(125_000, 1e6), formatBitRate(1, 1e6), formatBitRate(1, 0)]).toEqual([
      '1.00 Mbit/s',
      '8 bit/s',
      '-',
    ]);
    expect(formatTimestamp(12_000_345)).toBe('12.000345');
  });
});

describe('tables', () => {
  test('line up their columns and have no trailing blanks', () => {
    const columns = [{ heading: 'name' }, { heading: 'n', align: 'right' }, { heading: 'note' }] as const;
    expect(
      formatTable(columns, [
        ['a', '1'],
        ['long', '100', 'x'],
      ]),
    ).toEqual(['name    n  note', 'a       1', 'long  100  x']);
  });

  test('colour takes no width', () => {
    expect(displayWidth('\u001b[31mred\u001b[39m')).toBe(3);
  });

  test('wrapping loses no word and keeps the width', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,12}$/)), fc.integer({ min: 14, max: 60 }), (words, width) => {
        const lines = wrap(words.join(' '), width, 2);
        expect(
          lines
            .join(' ')
            .split(/\s+/)
            .filter((word) => word !== ''),
        ).toEqual(words);
        expect(lines.every((line) => line.length <= width && line.startsWith('  '))).toBe(true);
      }),
    );
  });

  test('hosts are summed up in one line each', () => {
    const host = {
      name: 'device',
      framesSent: 74,
      framesReceived: 70,
      bytesSent: 6000,
      bytesReceived: 5900,
      retransmissions: 2,
      dropped: 0,
      messagesSent: 32,
      messagesReceived: 32,
      poolTotal: 512,
      poolLowWater: 498,
      leaks: 0,
    };
    const lines = formatHostSummaries([
      host,
      { ...host, name: 'broker', messagesSent: undefined, messagesReceived: undefined },
    ]);
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^device +74 \/ 70 +6\.00 kB \/ 5\.90 kB +2 +0 +32 \/ 32 +498 \/ 512 +0$/);
    expect(lines[2]).toMatch(/^broker .* - +498/);
    const narrow = formatHostSummaries([host, { ...host, name: 'broker' }], 80);
    expect(narrow[0]).toMatch(/^host +device +broker$/);
    expect(narrow[1]).toMatch(/^frames out\/in +74 \/ 70 +74 \/ 70$/);
    expect(narrow).toHaveLength(8);
  });
});

describe('suggestions', () => {
  test('a distance counts inserted, deleted, replaced and swapped letters', () => {
    expect([
      editDistance('', 'abc'),
      editDistance('demo', 'dmeo'),
      editDistance('ping', 'pong'),
      editDistance('a', 'a'),
    ]).toEqual([3, 1, 1, 0]);
  });

  test('a distance is symmetric and 0 only for the same word', () => {
    const word = fc.stringMatching(/^[abc]{0,6}$/);
    fc.assert(
      fc.property(word, word, (one, other) => {
        expect(editDistance(one, other)).toBe(editDistance(other, one));
        expect(editDistance(one, other) === 0).toBe(one === other);
      }),
    );
  });

  test('only near words are suggested, nearest first', () => {
    expect(nearest('LOSS', ['delay', 'loss', 'los'])).toEqual(['loss', 'los']);
    expect(nearest('frobnicate', ['demo', 'up'])).toEqual([]);
  });
});
