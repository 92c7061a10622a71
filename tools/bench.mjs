/**
 * `npm run bench [-- NAME…] [--json]`: runs the benchmarks whose file name contains one of the names, all by default.
 *
 * A case is a file `packages/<package>/bench/*.bench.mjs` with a default export {@link Case}. Each case has a process of its
 * own, so that none runs code that another has shaped. In it the case and its peer run in turn, after a warm-up, and the
 * medians are compared, because ratios survive a machine whose speed drifts. Beside the rate per second stands the best rate per second of processor time, which a busy machine spoils less.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Bench } from 'tinybench';
import { root, setup } from './setup.mjs';

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} unit of what one round achieves per second: "GB/s", "msg/s"
 * @property {number} amount how many units one round is
 * @property {() => Promise<unknown>} run one round
 * @property {() => Promise<unknown>} [warmUp] more than one round of warming up, when rounds are short
 * @property {{ name: string, amount: number, run: () => Promise<unknown> }} [peer] what it is compared with
 * @property {{ value: number, text: string }} [target]
 * @property {() => Promise<string[]>} [notes] lines to print below, such as a heap measurement
 * @property {() => Promise<void>} [close]
 */

const ROUNDS = 25;

const flags = process.argv.slice(2);
const json = flags.includes('--json');
const names = flags.filter((flag) => !flag.startsWith('-'));

function findCases() {
  const files = [];
  for (const name of readdirSync(join(root, 'packages'))) {
    const folder = join(root, 'packages', name, 'bench');
    try {
      for (const file of readdirSync(folder)) if (file.endsWith('.bench.mjs')) files.push(join(folder, file));
    } catch {
      // A package without benchmarks.
    }
  }
  return files.filter((file) => names.length === 0 || names.some((name) => file.includes(name))).sort();
}

/** Runs rounds of the contestants in turn. Returns each one's rates, sorted, and its best rate per second of processor time. */
async function measure(contestants) {
  const results = contestants.map(() => ({ rates: [], perProcessorSecond: 0 }));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, { name, amount, run }] of contestants.entries()) {
      const bench = new Bench({ iterations: 1, time: 0, warmup: false, throws: true });
      bench.add(name, run);
      const before = process.cpuUsage();
      await bench.run();
      const { user, system } = process.cpuUsage(before);
      if (round === 0) continue;
      const result = results[i];
      result.rates.push(amount / (bench.tasks[0].result.latency.mean / 1000));
      result.perProcessorSecond = Math.max(result.perProcessorSecond, amount / ((user + system) / 1e6));
    }
  }
  for (const { rates } of results) rates.sort((a, b) => a - b);
  return results;
}

const middle = ({ rates }) => rates[rates.length >> 1];

/** Measures one case. */
async function report(file) {
  const { default: one } = await import(pathToFileURL(file).href);
  await one.warmUp?.();
  const [ours, theirs] = await measure([one, ...(one.peer ? [one.peer] : [])]);
  const notes = (await one.notes?.()) ?? [];
  await one.close?.();
  return {
    name: one.name,
    unit: one.unit,
    median: middle(ours),
    minimum: ours.rates[0],
    maximum: ours.rates.at(-1),
    perProcessorSecond: ours.perProcessorSecond,
    ...(one.peer && {
      peer: one.peer.name,
      peerMedian: middle(theirs),
      peerPerProcessorSecond: theirs.perProcessorSecond,
      ratio: middle(ours) / middle(theirs),
    }),
    ...(one.target && {
      target: one.target.text,
      reached: middle(ours) >= one.target.value,
      roundsReached: ours.rates.filter((rate) => rate >= one.target.value).length,
    }),
    notes,
  };
}

/** Measures one case in a process of its own. */
function reportApart(file) {
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--case', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (child.status !== 0) throw new Error(`the benchmark ${file} failed (exit code ${child.status ?? child.signal})`);
  return JSON.parse(child.stdout);
}

const show = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3));

function print(entry) {
  const spread = `${show(entry.minimum)} … ${show(entry.maximum)}`;
  console.log(entry.name);
  console.log(`  ${show(entry.median)} ${entry.unit}   (${spread}; ${show(entry.perProcessorSecond)} per CPU second)`);
  if (entry.peer) {
    const its = `${show(entry.peerMedian)} ${entry.unit}; ${show(entry.peerPerProcessorSecond)} per CPU second`;
    console.log(`  ${entry.ratio.toFixed(2)} × ${entry.peer} (${its})`);
  }
  if (entry.target) {
    const verdict = entry.reached ? 'reached' : 'not reached';
    console.log(
      `  target ${entry.target}: ${verdict} by the median, reached in ${entry.roundsReached} of ${ROUNDS} rounds`,
    );
  }
  for (const note of entry.notes) console.log(`  ${note}`);
}

if (flags[0] === '--case') {
  process.stdout.write(JSON.stringify(await report(flags[1])), () => process.exit(0));
} else {
  setup();
  const files = findCases();
  if (files.length === 0) {
    process.stderr.write(`strata: no benchmark is called ${names.join(' or ')}\n`);
    process.exit(2);
  }
  if (!json) {
    console.log(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model}; medians of ${ROUNDS} rounds\n`);
  }
  const entries = [];
  for (const file of files) {
    const entry = reportApart(file);
    entries.push(entry);
    if (!json) print(entry);
  }
  if (json) console.log(JSON.stringify(entries, null, 2));
}
