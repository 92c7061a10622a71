import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { drawings } from '../tools/tcp-plots.mjs';
import { root } from './support/strata.ts';

const folder = join(root, 'docs', 'tcp');

describe('what docs/tcp draws from the running stack is current', () => {
  test.each(drawings())('$file', ({ file, text }) => {
    const same = readFileSync(join(folder, file), 'utf8') === text;
    expect(same ? 'unchanged' : 'different: run node tools/tcp-plots.mjs, look at the change, commit it').toBe(
      'unchanged',
    );
  });
});

test('every drawing is on a page, and every page is in the table', () => {
  const files = readdirSync(folder);
  const pages = files.filter((file) => file.endsWith('.md'));
  const text = pages.map((page) => readFileSync(join(folder, page), 'utf8')).join('\n');
  for (const file of files) {
    if (file !== 'README.md') expect(text).toContain(`(${file})`);
  }
});
