import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import * as stack from '@strata/stack';
import * as tcp from '@strata/tcp';
import * as wire from '@strata/wire';
import { SMALL, tables } from '../tools/tcp-tables.mjs';
import { root } from './support/strata.ts';

/** The full tables take half a minute: `node tools/tcp-tables.mjs --check`. */
test('throughput and fairness come out as in docs/tcp/tables; otherwise look at the difference and run tools/tcp-tables.mjs', () => {
  const golden = readFileSync(join(root, 'docs', 'tcp', 'tables', SMALL.file), 'utf8');
  expect(tables(SMALL, { ...stack, ...tcp, ...wire })).toBe(golden);
});
