/**
 * Puts the built command line into a few files, packages/cli/bundle/, so that `strata` starts in half the time
 * (docs/decisions/0007-bundled-command-line.md). Run by the set-up after each build that changed something.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = join(root, 'packages');
const folder = join(packages, 'cli', 'bundle');
const main = join(folder, 'main.js');

/** When the compiler last wrote anything. */
function builtAt() {
  let latest = 0;
  for (const name of readdirSync(packages)) {
    const information = join(packages, name, 'dist', '.tsbuildinfo');
    if (existsSync(information)) latest = Math.max(latest, statSync(information).mtimeMs);
  }
  return latest;
}

export async function bundle() {
  if (existsSync(main) && statSync(main).mtimeMs >= builtAt()) return;
  const { build } = await import('esbuild');
  rmSync(folder, { recursive: true, force: true });
  await build({
    entryPoints: [join(packages, 'cli', 'dist', 'main.js')],
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: true,
    external: ['koffi'],
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);",
    },
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundle();
}
