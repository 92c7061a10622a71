import { fileURLToPath } from 'node:url';
import { CsvError, parse } from 'csv-parse/sync';
import { dataFile } from './data.ts';
import { UserError } from './errors.ts';
import { readText } from './files.ts';
import { isPublishTopic } from './mosquitto/topic.ts';
import { nearest } from './nearest.ts';

/** One reading of a sensor: one MQTT message. */
export interface Reading {
  /** Line of the file it stands on, from 1. */
  readonly line: number;
  /** When it was taken, as the file has it; null when the file has no such column. */
  readonly time: string | null;
  readonly topic: string;
  /** The payload: the value, with its unit when there is one. */
  readonly payload: string;
}

/** The readings that `strata demo` publishes when it is given no others. */
export const DEFAULT_READINGS: string = fileURLToPath(dataFile('plant-readings.csv'));

const REQUIRED = ['topic', 'value'] as const;
const COLUMNS = ['time', 'topic', 'value', 'unit'];
/** Keeps one message within one packet of the default pool (NetX sends no chained packets over MQTT). */
const LONGEST_PAYLOAD = 1024;

interface Row {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

/** Reads a file of readings. @throws UserError that names the file, the line and what is wrong with it */
export function readReadings(path: string, directory: string): readonly Reading[] {
  return parseReadings(readText(directory, path), path);
}

/**
 * Reads comma-separated readings: a first line with the names `topic` and `value` and, if wanted, `time` and `unit`, in any
 * order, then one reading per line.
 * @param name what the text is called in complaints
 */
export function parseReadings(text: string, name: string): readonly Reading[] {
  let rows: readonly Row[];
  try {
    rows = parse(text, {
      bom: true,
      columns: (header: string[]) => checkHeader(header, name),
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as readonly Row[];
  } catch (error) {
    if (error instanceof CsvError) {
      const line = (error as CsvError & { lines?: number }).lines;
      throw wrong(name, line ?? 1, error.message.replace(/\s+at line \d+.*$|\s+on line \d+.*$/s, ''));
    }
    throw error;
  }
  if (rows.length === 0) {
    throw new UserError({
      what: `${name} has no readings`,
      why: 'there is nothing after the line of names',
      next: EXAMPLE,
    });
  }
  return rows.map(({ record, info }) => readRow(record, info.lines, name));
}

const EXAMPLE = 'a reading looks like: 2025-03-18T06:00:00Z,plant/7/temp,21.3,°C';

function wrong(name: string, line: number, why: string, next?: string): UserError {
  return new UserError({ what: `${name} line ${line}`, why, next });
}

function checkHeader(header: readonly string[], name: string): string[] {
  const names = header.map((cell) => cell.trim().toLowerCase());
  for (const required of REQUIRED) {
    if (!names.includes(required)) {
      const [meant] = nearest(required, header, 1);
      throw wrong(
        name,
        1,
        `there is no column "${required}"`,
        meant === undefined
          ? `the first line names the columns: ${COLUMNS.join(',')}`
          : `rename "${meant}" to "${required}"`,
      );
    }
  }
  const twice = names.find((cell, index) => names.indexOf(cell) !== index);
  if (twice !== undefined) {
    throw wrong(name, 1, `there are two columns "${twice}"`);
  }
  return names;
}

function readRow(record: Readonly<Record<string, string>>, line: number, name: string): Reading {
  const { topic, value, unit = '', time } = record;
  if (topic === '') {
    throw wrong(name, line, 'the topic is empty');
  }
  if (!isPublishTopic(topic)) {
    throw wrong(name, line, `"${topic}" is no topic to publish on`, 'topics have no + and #');
  }
  if (value === '') {
    throw wrong(name, line, 'the value is empty');
  }
  const payload = unit === '' ? value : `${value} ${unit}`;
  if (Buffer.byteLength(payload) > LONGEST_PAYLOAD) {
    throw wrong(name, line, `the value is ${Buffer.byteLength(payload)} bytes long; ${LONGEST_PAYLOAD} is the most`);
  }
  return { line, time: time === undefined || time === '' ? null : time, topic, payload };
}
