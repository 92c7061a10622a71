import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Packages that touch the machine by design; every other one must also run in a browser (docs/architecture.md). */
const machinePackages = new Set(['attach', 'sockets', 'testkit', 'cli']);

/** Entry points for Node of packages that also run in a browser. */
const nodeFiles = /^((pcap-writer|dns|mqtt)\/node\.ts|tls\/engine-node|mqtt\/store-node\/)/;

const browserPackages = readdirSync(join(root, 'packages')).filter((name) => !machinePackages.has(name));

/** Bundles packages for a browser from their built entry points; an import of a Node module makes esbuild fail. */
async function bundle(packages: readonly string[]): Promise<string> {
  const result = await build({
    stdin: {
      contents: packages.map((name, i) => `export * as p${i} from './packages/${name}/dist/index.js';`).join('\n'),
      resolveDir: root,
    },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'strata',
    write: false,
    logLevel: 'silent',
  });
  return result.outputFiles[0]?.text ?? '';
}

test('there is something to bundle', () => {
  expect(browserPackages).toContain('tcp');
  expect(browserPackages).toContain('stack');
});

test.each(browserPackages)('@strata/%s bundles for a browser without any Node module', async (name) => {
  expect((await bundle([name])).length).toBeGreaterThan(0);
});

test('a package that needs Node is refused, so this check can fail', async () => {
  await expect(bundle(['attach'])).rejects.toThrow(/node:/);
});

test('the bundle loads where there is no process, Buffer or require', async () => {
  const code = await bundle(browserPackages);
  const page = vm.createContext({ TextEncoder, TextDecoder, performance, setTimeout, clearTimeout, MessageChannel });
  vm.runInContext(code, page);
  expect(vm.runInContext('typeof process + typeof Buffer + typeof require', page)).toBe('undefinedundefinedundefined');
  expect(vm.runInContext('Object.keys(strata).length', page)).toBe(browserPackages.length);
});

test('package sources name no Node global', () => {
  const offenders: string[] = [];
  for (const name of browserPackages) {
    const folder = join(root, 'packages', name, 'src');
    for (const file of readdirSync(folder, { recursive: true }) as string[]) {
      if (!file.endsWith('.ts') || nodeFiles.test(`${name}/${file}`)) continue;
      const text = readFileSync(join(folder, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
      if (/\b(process\.|Buffer\.|require\()/.test(text)) offenders.push(`${name}/${file}`);
    }
  }
  expect(offenders).toEqual([]);
});
