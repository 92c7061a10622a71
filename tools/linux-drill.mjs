/**
 * Plays scripts of the packetdrill language against Linux itself: the same parser and the same comparison as `strata drill`,
 * but the host under test is the kernel of this machine, in real time, behind a TUN device in a namespace of its own.
 *
 *     node tools/linux-drill.mjs packages/conformance/scripts/handshake    our scripts judged by Linux
 *     node tools/linux-drill.mjs one.pkt --jobs 1 --longest 3600
 *
 *     --jobs N        scripts at the same time (default 6): they wait most of the time, but each wants the processor at once
 *     --tries N       how often a script may fail before it has failed (default 3): a machine that is busy is late
 *     --longest S     leaves out scripts that take longer than so many seconds on our own stack (default 100)
 *     --ip-version V  ipv4, ipv6 or ipv4-mapped-ipv6
 *     --tolerance-usecs N
 *                     by how much times may be off (default 4000): more for a machine that is busy
 *     --strict        compares PSH and the layout of a SYN's options too
 *     --json          one line of JSON per script
 *
 * A script that says `--profile=modern` asks for what the RFCs recommend where Linux does otherwise, and is marked so.
 * Needs Linux and the right to make network namespaces. Exit code 0: all passed; 1: some did not; 2: wrong use.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { NAMESPACE_ADVICE, namespaceArguments } from './peers.mjs';
import { root, setup } from './setup.mjs';

function fail(message) {
  process.stderr.write(`strata: ${message}\n`);
  process.exit(2);
}

function read() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        jobs: { type: 'string', default: '6' },
        tries: { type: 'string', default: '3' },
        longest: { type: 'string', default: '100' },
        'ip-version': { type: 'string' },
        'tolerance-usecs': { type: 'string' },
        strict: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return fail(error.message);
  }
}

function scriptsIn(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => {
      const inside = join(path, name);
      return statSync(inside).isDirectory() || name.endsWith('.pkt') ? scriptsIn(inside) : [];
    });
}

const { values: options, positionals } = read();
if (positionals.length === 0) fail('name scripts, or folders of scripts');
const [jobs, tries, longest] = [options.jobs, options.tries, options.longest].map(Number);
if (!(jobs >= 1) || !(tries >= 1) || !(longest > 0)) fail('--jobs, --tries and --longest take numbers from 1 up');
setup();
const way = namespaceArguments();
if (way === null) fail(NAMESPACE_ADVICE);
const { runDrill } = await import('@strata/conformance');

const scriptOptions = ['ip-version', 'tolerance-usecs']
  .filter((name) => options[name] !== undefined)
  .map((name) => ({ name: name.replace('-', '_'), value: options[name] }));
const files = positionals.flatMap((path) => scriptsIn(resolve(path)));
const results = [];

/** A process that runs scripts one after the other, and another one when it has ended. */
class Player {
  constructor() {
    this.child = null;
    this.lines = null;
  }

  async play(file) {
    if (this.child === null) this.begin();
    const name = relative(process.cwd(), file);
    this.child.stdin.write(`${JSON.stringify({ file, name, strict: options.strict, scriptOptions })}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${name}: the process that runs it has ended`);
    return JSON.parse(value);
  }

  begin() {
    const program = join(root, 'tools', 'linux-drill', 'script.mjs');
    const child = spawn('unshare', [...way, process.execPath, program], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.on('error', () => {});
    child.on('exit', () => {
      if (this.child === child) this.child = null;
    });
    this.child = child;
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  end() {
    this.child?.stdin.end();
  }
}

async function judge(file, player) {
  const source = readFileSync(file, 'utf8');
  const ours = runDrill(source, { scriptOptions });
  if (ours.duration > longest * 1e6) {
    return { verdict: 'unsupported', text: '', reasons: [`it takes ${Math.round(ours.duration / 1e6)} s`], tries: 0 };
  }
  let result = null;
  let tried = 0;
  while (tried < tries && (result === null || result.verdict === 'fail')) {
    result = await player.play(file).catch((error) => ({ verdict: 'fail', text: `\n  ${error.message}`, reasons: [] }));
    tried++;
  }
  return { ...result, tries: tried, ours: ours.verdict, modern: /^\s*--profile=modern/m.test(source) };
}

async function worker(queue) {
  const player = new Player();
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const result = { ...(await judge(file, player)), name: relative(process.cwd(), file) };
    results.push(result);
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else report(result);
  }
  player.end();
}

function report({ name, verdict, reasons, text, modern, tries: tried }) {
  const aside = [modern ? 'asks for the modern profile' : '', tried > 1 && verdict === 'pass' ? `try ${tried}` : ''];
  const remarks = aside.filter((one) => one !== '').join(', ');
  process.stdout.write(`${verdict.toUpperCase().padEnd(12)}${name}${remarks === '' ? '' : ` (${remarks})`}\n`);
  for (const reason of reasons) process.stdout.write(`  ${reason}\n`);
  if (verdict === 'fail') process.stdout.write(`${text.split('\n').slice(1).join('\n')}\n`);
}

const queue = [...files];
await Promise.all(Array.from({ length: Math.min(jobs, files.length) }, () => worker(queue)));
const count = (verdict) => results.filter((one) => one.verdict === verdict).length;
if (!options.json) {
  process.stdout.write(`${count('pass')} passed, ${count('fail')} failed, ${count('unsupported')} left out\n`);
}
process.exitCode = count('fail') === 0 ? 0 : 1;
