/**
 * `node tools/captures.mjs [--check]`: makes the golden captures of `captures/` again with the commands that its README names, or
 * only says which of them no longer come out the same. A lab repeats itself, so a difference means that the stack behaves
 * differently: look at it, then commit the new capture with the change.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, say, setup } from './setup.mjs';

/** Reads the table of captures/README.md: file and command of each row. */
export function goldenCaptures() {
  const text = readFileSync(join(root, 'captures', 'README.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(\S+\.pcapng)` \| `npx strata ([^`]+)` \|/gm)];
  return rows.map(([, file, command]) => ({ file, words: command.split(' ') }));
}

/** Runs one row's command and puts the capture at `path`. */
export function makeCapture(words, path) {
  const cli = join(root, 'packages', 'cli', 'bin', 'strata.mjs');
  const result = spawnSync(process.execPath, [cli, ...words, '--pcap', path], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`strata ${words.join(' ')} failed:\n${result.stderr}`);
}

function main() {
  setup();
  const check = process.argv.includes('--check');
  const folder = mkdtempSync(join(tmpdir(), 'strata-captures-'));
  let different = 0;
  for (const { file, words } of goldenCaptures()) {
    const golden = join(root, 'captures', file);
    const made = check ? join(folder, file) : golden;
    makeCapture(words, made);
    if (check && !readFileSync(made).equals(readFileSync(golden))) {
      different++;
      say(`captures/${file} comes out differently now: npx strata ${words.join(' ')}`);
    }
  }
  rmSync(folder, { recursive: true });
  process.exit(different === 0 ? 0 : 1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
