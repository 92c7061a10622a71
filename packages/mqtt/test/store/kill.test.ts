import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { SeededRandom } from '@strata/time';

const child = fileURLToPath(new URL('commit-until-killed.mjs', import.meta.url));

/** Runs the child until it has printed so many lines, kills it, and returns all it printed. */
function killedAfter(file: string, lines: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [child, file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    let errors = '';
    running.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    running.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.split('\n').length > lines) running.kill('SIGKILL');
    });
    running.on('close', (_code, signal) => {
      if (signal === 'SIGKILL') resolve(text.split('\n').slice(0, -1));
      else reject(new Error(errors));
    });
  });
}

test('a program killed again and again in the middle of its commits loses none that it was told of', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'strata-mqtt-kill-'));
  const random = new SeededRandom('kill');
  try {
    let told = 0;
    for (let round = 0; round < 8; round++) {
      const [opened, ...numbers] = await killedAfter(join(folder, 'session'), 2 + random.below(60));
      const kept = (opened as string).split(' ').slice(1).filter(Boolean);
      if (told > 0) {
        // What it was told of, or the one that was being committed.
        expect(kept).toHaveLength(1);
        const [key, size] = (kept[0] as string).split(':').map(Number) as [number, number];
        expect([told, told + 1]).toContain(key);
        expect(size).toBe(key % 300);
      }
      told = Math.max(told, Number((kept[0] ?? '0:').split(':')[0]), ...numbers.map(Number));
    }
    expect(told).toBeGreaterThan(50);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
