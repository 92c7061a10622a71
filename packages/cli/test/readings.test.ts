import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { UserError } from '../src/errors.ts';
import { DEFAULT_READINGS, parseReadings, readReadings } from '../src/readings.ts';

function complaint(csv: string): string {
  try {
    parseReadings(csv, 'plant.csv');
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    const { message, next } = error as UserError;
    return next === undefined ? message : `${message} | ${next}`;
  }
  throw new Error('nothing was refused');
}

describe('readings', () => {
  test('the data set that comes along has 24 to 40 plausible readings', () => {
    const readings = readReadings(DEFAULT_READINGS, '/');
    expect(readings.length).toBeGreaterThanOrEqual(24);
    expect(readings.length).toBeLessThanOrEqual(40);
    expect(readings.every((reading) => reading.topic.startsWith('plant/7/') && reading.time !== null)).toBe(true);
    expect(readings[0]).toEqual({ line: 2, time: '2025-03-18T06:00:00Z', topic: 'plant/7/temp', payload: '21.3 °C' });
    expect(readings.map((reading) => reading.time)).toEqual(readings.map((reading) => reading.time).sort());
  });

  test('columns may come in any order and case, time and unit may be missing, blanks and empty lines do not matter', () => {
    const csv = '\ufeffValue , Topic\n\n 1 , a/b \n"2, about","c ""d"""\n';
    expect(parseReadings(csv, 'x')).toEqual([
      { line: 3, time: null, topic: 'a/b', payload: '1' },
      { line: 4, time: null, topic: 'c "d"', payload: '2, about' },
    ]);
  });

  test.each([
    ['', 'plant.csv has no readings'],
    ['topic,value\n', 'plant.csv has no readings'],
    ['topik,value\na,1\n', 'plant.csv line 1: there is no column "topic" | rename "topik" to "topic"'],
    ['a,b\n', 'plant.csv line 1: there is no column "topic" | the first line names the columns: time,topic,value,unit'],
    ['topic,value,value\na,1,2\n', 'plant.csv line 1: there are two columns "value"'],
    ['topic,value\na,1\nb\n', 'plant.csv line 3: '],
    ['topic,value\na,1\nb,2,3\n', 'plant.csv line 3: '],
    ['topic,value\na,1\n,2\n', 'plant.csv line 3: the topic is empty'],
    ['topic,value\na,\n', 'plant.csv line 2: the value is empty'],
    ['topic,value\na/#,1\n', 'plant.csv line 2: "a/#" is no topic to publish on | topics have no + and #'],
    ['topic,value\na,"1\n', 'plant.csv line '],
    [`topic,value\na,${'x'.repeat(1025)}\n`, 'plant.csv line 2: the value is 1025 bytes long; 1024 is the most'],
  ])('%j is refused', (csv, message) => {
    expect(complaint(csv)).toContain(message);
    expect(complaint(csv)).not.toMatch(/undefined|\n/);
  });

  test('a file that cannot be read is named', () => {
    const directory = mkdtempSync(join(tmpdir(), 'strata-readings-'));
    try {
      writeFileSync(join(directory, 'r.csv'), 'topic,value\nt,1\n');
      expect(readReadings('r.csv', directory)).toHaveLength(1);
      expect(() => readReadings('none.csv', directory)).toThrow('cannot read none.csv: there is no such file');
      expect(() => readReadings('.', directory)).toThrow('cannot read .: it is a directory');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
