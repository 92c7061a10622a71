import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { scripts } from '../../../tools/tcp-states.mjs';

const ROOT = fileURLToPath(new URL('../scripts/states', import.meta.url));

test('the scripts of states are those of tools/tcp-states.mjs', () => {
  const present = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.pkt'));
  expect(present.sort()).toEqual([...scripts().keys()].sort());
  const others = [...scripts()].filter(([name, text]) => readFileSync(join(ROOT, name), 'utf8') !== text);
  expect(others.map(([name]) => name)).toEqual([]);
});
