/**
 * Our TCP against Linux's over a TAP device, in every combination of loss, delay, reordering, MTU, ECN, timestamps, SACK and
 * window scaling: four transfers each, two in each direction, compared byte by byte, judged by tshark.
 *
 *     node tools/linux-matrix.mjs                    all combinations (864 of the modern profile, 54 of netx)
 *     node tools/linux-matrix.mjs --sample 12        a sample of 12 in which every pair of neighbouring values occurs
 *     node tools/linux-matrix.mjs --only loss=0.05,mtu=576 [--keep]
 *                                                    those combinations; --keep leaves their captures in .strata/matrix/
 *     node tools/linux-matrix.mjs --jobs 8 --bytes 200000 --json
 *
 * Needs Linux, tshark and the right to make network namespaces; each job has a namespace of its own and leaves nothing
 * behind. Faults come from the emulated cable between the device and our host, so no netem is needed.
 * Exit code 0: all intact; 1: something is wrong, and its capture is kept; 2: wrong use.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { NAMESPACE_ADVICE, namespaceArguments } from './peers.mjs';
import { root, setup } from './setup.mjs';

const AXES = {
  loss: [0, 0.01, 0.05],
  delay: [0, 20, 100],
  reorder: [0, 0.05],
  mtu: [576, 1500, 9000],
  ecn: [false, true],
  timestamps: [false, true],
  sack: [false, true],
  scaling: [false, true],
};

function fail(message) {
  process.stderr.write(`strata: ${message}\n`);
  process.exit(2);
}

function read() {
  try {
    return parseArgs({
      options: {
        sample: { type: 'string' },
        only: { type: 'string', multiple: true },
        jobs: { type: 'string', default: '8' },
        bytes: { type: 'string', default: '100000' },
        keep: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return fail(error.message);
  }
}

function product(axes) {
  return Object.entries(axes).reduce(
    (made, [name, values]) => made.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

function all() {
  const modern = product(AXES).map((one) => ({ ...one, profile: 'modern' }));
  const { ecn: _, timestamps: __, sack: ___, scaling: ____, ...wire } = AXES;
  const netx = product(wire).map((one) => ({
    ...one,
    ecn: true,
    timestamps: true,
    sack: true,
    scaling: true,
    profile: 'netx',
  }));
  return [...modern, ...netx];
}

/** Takes combinations one by one, each time the one that has most pairs of values not seen yet. */
function sample(combinations, wanted) {
  const seen = new Set();
  const taken = [];
  const pairs = (one) => {
    const values = Object.entries(one).map(([name, value]) => `${name}=${value}`);
    return values.flatMap((a, i) => values.slice(i + 1).map((b) => `${a} ${b}`));
  };
  const rest = [...combinations];
  while (taken.length < wanted && rest.length > 0) {
    const gains = rest.map((one) => pairs(one).filter((pair) => !seen.has(pair)).length);
    const [chosen] = rest.splice(gains.indexOf(Math.max(...gains)), 1);
    for (const pair of pairs(chosen)) seen.add(pair);
    taken.push(chosen);
  }
  return taken;
}

function chosen(combinations, conditions) {
  const known = [...Object.keys(AXES), 'profile'];
  for (const condition of conditions.flatMap((text) => text.split(','))) {
    const [name, value] = condition.split('=');
    if (!known.includes(name) || value === undefined) fail(`--only takes NAME=VALUE with one of ${known.join(', ')}`);
    combinations = combinations.filter((one) => String(one[name]) === value);
  }
  return combinations;
}

const options = read();
const jobs = Number(options.jobs);
const bytes = Number(options.bytes);
if (!(jobs >= 1) || !(bytes >= 1)) fail('--jobs and --bytes take a whole number from 1 up');
let combinations = chosen(all(), options.only ?? []);
if (options.sample !== undefined) combinations = sample(combinations, Number(options.sample));
if (combinations.length === 0) fail('no combination is left');

setup();
const way = namespaceArguments();
if (way === null) fail(NAMESPACE_ADVICE);
const folder = join(root, '.strata', 'matrix');
mkdirSync(folder, { recursive: true });

function text({ profile, loss, delay, reorder, mtu, ecn, timestamps, sack, scaling }) {
  const on = (value, name) => (value ? name : `no ${name}`);
  return (
    `${profile}, loss ${loss * 100} %, delay ${delay} ms, reordering ${reorder * 100} %, MTU ${mtu}, ` +
    [on(ecn, 'ECN'), on(timestamps, 'timestamps'), on(sack, 'SACK'), on(scaling, 'scaling')].join(', ')
  );
}

const queue = combinations.map((one, index) => ({
  ...one,
  bytes,
  seed: index + 1,
  keep: options.keep,
  pcap: join(folder, `${index + 1}.pcapng`),
}));
const results = [];

/** One namespace that runs combinations until there are none left. */
function worker() {
  return new Promise((resolve, reject) => {
    const script = 'ip link set lo up && exec "$0" "$1"';
    const program = join(root, 'tools', 'linux-tcp', 'combination.mjs');
    const child = spawn('unshare', [...way, 'sh', '-c', script, process.execPath, program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const next = () => {
      const combination = queue.shift();
      if (combination === undefined) child.stdin.end();
      else child.stdin.write(`${JSON.stringify(combination)}\n`);
    };
    createInterface({ input: child.stdout }).on('line', (line) => {
      const result = JSON.parse(line);
      results.push(result);
      if (options.json) process.stdout.write(`${line}\n`);
      else report(result);
      next();
    });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with exit code ${code}`))));
    next();
  });
}

function report(result) {
  const { seconds = 0, counted = 0, theirs = 0, wrong } = result;
  const head = `${String(results.length).padStart(4)}/${combinations.length}  ${seconds.toFixed(1).padStart(5)} s`;
  const again = `${String(counted).padStart(4)} ours, ${String(theirs).padStart(4)} Linux's again`;
  process.stdout.write(`${head}  ${again}  ${text(result)}\n`);
  for (const line of wrong) process.stdout.write(`        wrong: ${line}\n`);
  if (wrong.length > 0) process.stdout.write(`        capture: ${result.pcap}\n`);
}

await Promise.all(Array.from({ length: Math.min(jobs, combinations.length) }, worker));
const wrong = results.filter((one) => one.wrong.length > 0);
if (!options.json) {
  process.stdout.write(`${results.length - wrong.length} of ${results.length} combinations are right\n`);
}
process.exitCode = wrong.length === 0 ? 0 : 1;
