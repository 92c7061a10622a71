/**
 * Our CUBIC beside Linux's own, over the same emulated link: the same sender's task, the same receiver (Linux), the same
 * delay and the same seeds for loss. Prints what each carried, and the ratio.
 *
 *     node tools/linux-cubic.mjs                        1 % loss and 50 ms round trip, 60 s, five seeds
 *     node tools/linux-cubic.mjs --loss 0.5% --rtt 100 --seconds 30 --seeds 3
 *
 * Runs in real time, in network namespaces of its own; needs Linux and the right to make those.
 * Exit code 0: the median ratio is within 15 %; 1: it is not; 2: wrong use.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NAMESPACE_ADVICE, namespaceArguments } from './peers.mjs';
import { root, setup } from './setup.mjs';

const TOLERANCE = 0.15;

function fail(message) {
  process.stderr.write(`strata: ${message}\n`);
  process.exit(2);
}

function read() {
  try {
    return parseArgs({
      options: {
        loss: { type: 'string', default: '1%' },
        rtt: { type: 'string', default: '50' },
        seconds: { type: 'string', default: '60' },
        seeds: { type: 'string', default: '5' },
      },
    }).values;
  } catch (error) {
    return fail(error.message);
  }
}

const options = read();
const loss = Number.parseFloat(options.loss) / 100;
const [roundTrip, seconds, seeds] = [options.rtt, options.seconds, options.seeds].map(Number);
if (!(loss >= 0 && loss < 1) || !(roundTrip > 0) || !(seconds > 0) || !(seeds >= 1)) fail('a number is out of range');
setup();
const way = namespaceArguments();
if (way === null) fail(NAMESPACE_ADVICE);

/** One transfer in a namespace of its own; resolves with bits per second. */
function carry(sender, seed) {
  return new Promise((resolve, reject) => {
    const work = JSON.stringify({ sender, seed, loss, delay: roundTrip / 2, seconds });
    const program = join(root, 'tools', 'linux-tcp', 'carry.mjs');
    const script = 'ip link set lo up && exec "$0" "$1" "$2"';
    const child = spawn('unshare', [...way, 'sh', '-c', script, process.execPath, program, work], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (data) => {
      printed += data;
    });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve(Number(printed)) : reject(new Error(`a run ended with ${code}`))));
  });
}

const megabits = (rate) => (rate / 1e6).toFixed(2).padStart(8);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

process.stdout.write(`CUBIC, loss ${options.loss} each way, round trip ${roundTrip} ms, ${seconds} s, Mbit/s\n`);
process.stdout.write(' seed    Linux   Strata   ratio\n');
const rows = [];
for (let seed = 1; seed <= seeds; seed++) {
  const [linux, strata] = await Promise.all([carry('linux', seed), carry('strata', seed)]);
  rows.push({ linux, strata });
  process.stdout.write(
    `${String(seed).padStart(5)} ${megabits(linux)} ${megabits(strata)}   ${(strata / linux).toFixed(2)}\n`,
  );
}
const [linux, strata] = [median(rows.map((row) => row.linux)), median(rows.map((row) => row.strata))];
const ratio = strata / linux;
process.stdout.write(`median${megabits(linux)} ${megabits(strata)}   ${ratio.toFixed(2)}\n`);
process.exitCode = Math.abs(ratio - 1) <= TOLERANCE ? 0 : 1;
