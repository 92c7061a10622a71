/** `npm start [-- ARGUMENTS]`: sets the checkout up when needed, then runs `strata demo`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, setup } from './setup.mjs';

setup();
const cli = join(root, 'packages', 'cli', 'bin', 'strata.mjs');
const result = spawnSync(process.execPath, [cli, 'demo', ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(result.status ?? 1);
