#!/usr/bin/env node
import { existsSync, readdirSync, statSync } from 'node:fs';

/** When `file` was written, in milliseconds; 0 when there is none. */
const writtenAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** In a checkout, the bundle may be older than what `tsc -b` has built since. */
function isCurrent(bundle) {
  const packages = new URL('../../', import.meta.url);
  return readdirSync(packages).every(
    (name) => writtenAt(new URL(`${name}/dist/.tsbuildinfo`, packages)) <= writtenAt(bundle),
  );
}

const bundle = new URL('../bundle/main.js', import.meta.url);
const built = new URL('../dist/main.js', import.meta.url);
const program = existsSync(bundle) && isCurrent(bundle) ? bundle : built;
if (existsSync(program)) {
  const { main } = await import(program.href);
  await main();
} else {
  process.stderr.write('strata: not built yet; run npm run setup first\n');
  process.exitCode = 1;
}
