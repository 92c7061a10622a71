/**
 * `npm run bench [-- NAME…] [--json]`: runs the benchmarks whose file name contains one of the names, all by default.
 *
 * A case is a file `packages/<package>/bench/*.bench.mjs` with a default export {@link Case}. Each case and its peer run in
 * turn in one process, after a warm-up, and the medians are compared, because ratios survive a machine whose speed drifts.
 */
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Bench } from 'tinybench';
import { root, setup } from './setup.mjs';

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} unit of what one round achieves per second: "GB/s", "msg/s"
 * @property {number} amount how many units one round is
 * @property {() => Promise<unknown>} run one round
 * @property {{ name: string, amount: number, run: () => Promise<unknown> }} [peer] what it is compared with
 * @property {{ value: number, text: string }} [target]
 * @property {() => Promise<string[]>} [notes] lines to print below, such as a heap measurement
 * @property {() => Promise<void>} [close]
 */

const ROUNDS = 7;

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

/** Runs rounds of the contestants in turn, the first for warming up, and returns each one's rates per second, sorted. */
async function measure(contestants) {
  const rates = contestants.map(() => []);
  for (let round = 0; round <= ROUNDS; round++) {
    const bench = new Bench({ iterations: 1, time: 0, warmup: false });
    for (const contestant of contestants) bench.add(contestant.name, contestant.run);
    await bench.run();
    for (const [i, task] of bench.tasks.entries()) {
      if (task.result.error) throw task.result.error;
      if (round > 0) rates[i].push(contestants[i].amount / (task.result.latency.mean / 1000));
    }
  }
  return rates.map((values) => values.sort((a, b) => a - b));
}

const show = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3));

setup();
const files = findCases();
if (files.length === 0) {
  process.stderr.write(`strata: no benchmark is called ${names.join(' or ')}\n`);
  process.exit(2);
}
const report = [];
if (!json)
  console.log(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model}; medians of ${ROUNDS} rounds\n`);
for (const file of files) {
  const { default: one } = await import(pathToFileURL(file).href);
  const contestants = [one, ...(one.peer ? [one.peer] : [])];
  const [ours, theirs] = await measure(contestants);
  const middle = (values) => values[values.length >> 1];
  const entry = {
    name: one.name,
    unit: one.unit,
    median: middle(ours),
    minimum: ours[0],
    maximum: ours.at(-1),
    ...(one.peer && { peer: one.peer.name, peerMedian: middle(theirs), ratio: middle(ours) / middle(theirs) }),
    ...(one.target && { target: one.target.text, reached: middle(ours) >= one.target.value }),
    notes: (await one.notes?.()) ?? [],
  };
  await one.close?.();
  report.push(entry);
  if (json) continue;
  console.log(entry.name);
  console.log(`  ${show(entry.median)} ${entry.unit}   (${show(entry.minimum)} … ${show(entry.maximum)})`);
  if (entry.peer) console.log(`  ${entry.ratio.toFixed(2)} × ${entry.peer} (${show(entry.peerMedian)} ${entry.unit})`);
  if (entry.target) console.log(`  target ${entry.target}: ${entry.reached ? 'reached' : 'not reached'}`);
  for (const note of entry.notes) console.log(`  ${note}`);
}
if (json) console.log(JSON.stringify(report, null, 2));
process.exit(0);
