import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { transform } from 'esbuild';
import { PEERS } from '../tools/peers.mjs';
import { Folder } from './support/folder.ts';
import { Namespace } from './support/namespace.ts';
import { peerSuite } from './support/peers.ts';
import { Running } from './support/process.ts';
import { commandsOf, type Fence, fencesOf, readmePages } from './support/readme.ts';
import { root, strataLauncher } from './support/strata.ts';

const fences = readmePages().flatMap(fencesOf);
/** The lines of the command line's own README are run by that package's tests. */
const shells = fences.filter(({ page, info }) => info === 'sh' && page !== join('packages', 'cli', 'README.md'));
const live = fences.filter(({ info }) => info === 'sh tap');
const examples = fences.filter(({ info }) => info === 'ts' || info === 'js');

/** Milliseconds that a command or an example may take. */
const PATIENCE = 60_000;

/** A line with this checkout's command line in place of the one that npm would find, and tshark for Wireshark's window. */
function runnable(line: string): string {
  return line
    .replace(/\bnpx strata\b/g, `'${process.execPath}' '${strataLauncher}'`)
    .replace(/\bwireshark -k -i -/g, 'tshark -n -r -')
    .replace(/\bwireshark (?=\S+\.pcapng)/g, 'tshark -n -r ');
}

/** The peers that a text names as commands. */
function peersIn(text: string): string[] {
  return PEERS.map(({ command }) => command).filter((command) =>
    new RegExp(`(^|[|;&]\\s*)${command}\\b`, 'm').test(text),
  );
}

describe('the READMEs', () => {
  test('the one of the repository shows commands, live commands and code', () => {
    const infos = fencesOf('README.md').map(({ info }) => info);
    for (const info of ['sh', 'sh tap', 'js']) expect(infos).toContain(info);
  });

  test.each(readmePages())('%s shows something that can be run', (page) => {
    expect(fencesOf(page).filter(({ info }) => /^(sh|js|ts)\b/.test(info))).not.toEqual([]);
  });

  const scripts = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> })
    .scripts;
  const npm = [...shells, ...live].flatMap(commandsOf).filter((line) => line.startsWith('npm '));

  test.each(npm)('%s is a script of the repository', (line) => {
    const [, script] = /^npm (?:run )?([\w:-]+)/.exec(line) ?? [];
    expect(Object.keys(scripts)).toContain(script);
  });
});

/** Runs the lines of blocks in their order, in one folder. Those that need a peer are left out where it is missing. */
describe('commands in the READMEs', () => {
  let folder: Folder;
  beforeAll(() => {
    folder = new Folder();
    for (const name of ['packages', 'captures']) symlinkSync(join(root, name), folder.file(name));
  });
  afterAll(() => folder[Symbol.dispose]());

  for (const fence of shells) {
    for (const line of commandsOf(fence).filter((command) => !command.startsWith('npm '))) {
      const run = async () => {
        await new Running('/bin/sh', ['-c', runnable(line)], { cwd: folder.path }).expectExit(0, PATIENCE);
      };
      const needs = peersIn(runnable(line));
      if (needs.length === 0) test(`${fence.page}:${fence.line} ${line}`, run, PATIENCE);
      else peerSuite(needs, `${fence.page}:${fence.line}`, () => void test(line, run));
    }
  }
});

/** Milliseconds after which a program in the background that prints nothing counts as started. */
const QUIET_START = 6_000;

for (const fence of live) {
  peerSuite(['namespace', ...peersIn(fence.text)], `live commands at ${fence.page}:${fence.line}`, () => {
    test(commandsOf(fence).join(' ; '), async () => {
      using folder = new Folder();
      await using linux = await Namespace.open();
      const background: Running[] = [];
      for (const line of commandsOf(fence)) {
        const [, command = line, ampersand = ''] = /^(.*?)\s*(&?)$/.exec(line) ?? [];
        const words = runnable(command.replace(/^sudo /, ''));
        // The folders of Debian's daemons are not on everybody's PATH.
        const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
        // In the background the program takes the shell's place, and so the signal that ends it.
        const script = ampersand === '' ? words : `exec ${words}`;
        const running = linux.start('/bin/sh', ['-c', script], { cwd: folder.path, env });
        if (ampersand === '') await running.expectExit(0, PATIENCE);
        else {
          background.push(running);
          await running.waitFor(/./, QUIET_START).catch((error: Error) => {
            if (!running.running) throw error;
          });
        }
      }
      for (const running of background.reverse()) {
        running.signalGroup('SIGINT');
        await running.expectExit();
      }
    });
  });
}

describe('code in the READMEs', () => {
  let folder: Folder;
  beforeAll(() => {
    folder = new Folder();
    for (const name of ['node_modules', 'packages']) symlinkSync(join(root, name), folder.file(name));
    folder.write('package.json', '{ "type": "module" }');
  });
  afterAll(() => folder[Symbol.dispose]());

  const nameOf = (fence: Fence) => `${fence.page.replace(/\W/g, '-')}-${fence.line}`;

  async function run(fence: Fence, code: string): Promise<void> {
    const file = folder.write(`${nameOf(fence)}.mjs`, code);
    await new Running(process.execPath, [file], { cwd: folder.path }).expectExit(0, PATIENCE);
  }

  test.each(examples.filter(({ info }) => info === 'js'))(
    '$page:$line runs',
    (fence) => run(fence, fence.text),
    PATIENCE,
  );

  /** What the compiler says about each example, which is a module of its own. */
  async function check(sources: ReadonlyMap<Fence, string>): Promise<Map<Fence, { code: number; text: string }[]>> {
    const files = [...sources].map(([fence, code]) => folder.write(`${nameOf(fence)}.ts`, `${code}\nexport {};\n`));
    const compilerOptions = {
      ...{
        strict: true,
        noImplicitAny: false,
        noEmit: true,
        skipLibCheck: true,
        target: 'es2022',
        lib: ['es2023', 'esnext.disposable'],
      },
      ...{ module: 'nodenext', moduleResolution: 'nodenext', types: ['node'] },
    };
    const project = folder.write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
    const tsc = new Running(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project], {
      cwd: folder.path,
    });
    const { stdout, stderr } = await tsc.exit();
    const complaints = new Map([...sources.keys()].map((fence) => [fence, [] as { code: number; text: string }[]]));
    for (const line of `${stdout}${stderr}`.split('\n')) {
      const [, file, row, code, text] = /^(\S+)\.ts\((\d+),\d+\): error TS(\d+): (.*)$/.exec(line) ?? [];
      const fence = [...sources.keys()].find((candidate) => nameOf(candidate) === file);
      if (fence !== undefined) {
        const place = `${fence.page}:${fence.line + Number(row) - 1}`;
        complaints.get(fence)?.push({ code: Number(code), text: `${place} ${text}` });
      } else if (/error TS/.test(line)) throw new Error(line);
    }
    return complaints;
  }

  /** "Cannot find name", the same with a suggestion, and the same for a shorthand property. */
  const UNKNOWN_NAME = [2304, 2552, 18004];

  test('TypeScript fits the packages as they are', async () => {
    const typed = examples.filter(({ info }) => info === 'ts');
    const plain = new Map(typed.map((fence) => [fence, fence.text]));
    // A fragment may speak of things at hand, such as `pool`; a class or a constant has to be imported.
    const atHand = new Map<Fence, string[]>();
    for (const [fence, complaints] of await check(plain)) {
      const names = complaints.flatMap(({ code, text }) => {
        const [, name] = /'([a-z]\w*)'/.exec(text) ?? [];
        return UNKNOWN_NAME.includes(code) && name !== undefined ? [name] : [];
      });
      atHand.set(fence, [...new Set(names)]);
    }
    const complete = typed.map((fence): [Fence, string] => {
      const declarations = (atHand.get(fence) ?? []).map((name) => `declare const ${name}: any;`).join(' ');
      return [fence, `${fence.text}${declarations}`];
    });
    const complaints = [...(await check(new Map(complete))).values()].flat().map(({ text }) => text);
    expect(complaints).toEqual([]);
    // What needs nothing else is run. A TAP device is something else.
    for (const fence of typed) {
      if (atHand.get(fence)?.length !== 0 || fence.text.includes('TapDevice')) continue;
      await run(fence, (await transform(fence.text, { loader: 'ts', format: 'esm', target: 'node20' })).code);
    }
  }, 120_000);
});
