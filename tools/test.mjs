/**
 * `npm test [-- JEST ARGUMENTS]`: sets the checkout up when needed, then runs every check: formatting and lint (Biome), the
 * layer rules (dependency-cruiser), the types of the tests, and all tests (jest). With arguments, only jest runs, with them.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensurePeers } from './peers.mjs';
import { root, run, say, setup, tool } from './setup.mjs';

setup();
await ensurePeers();

const jestArguments = process.argv.slice(2);
if (jestArguments.length === 0) {
  say('formatting and lint');
  run('biome', tool('biome'), ['check', '.']);
  say('layer rules');
  run('dependency-cruiser', tool('depcruise'), ['--config', '.dependency-cruiser.cjs', 'packages']);
  say('types of the tests');
  run('the type check of the tests', tool('tsc'), ['-p', 'tsconfig.test.json']);
}
say('tests');
const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
const result = spawnSync(
  process.execPath,
  ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, '--maxWorkers=2', ...jestArguments],
  { cwd: root, stdio: 'inherit' },
);
process.exit(result.status ?? 1);
