/**
 * `node tools/tcp-tables.mjs [--check]`: makes the tables of docs/tcp/tables again, or only says whether they still come out the
 * same: throughput of both profiles by loss, round trip and window, and how connections share a bottleneck. Everything happens
 * in virtual time from one seed, so a difference means that the stack behaves differently: look at it, then commit the tables
 * with the change.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, say, setup } from './setup.mjs';

const NX_SUCCESS = 0;
const SECOND = 1_000_000;
const PORT = 7;
const SEED = 1;
/** Octets that the sender's application hands over at a time: full segments over Ethernet. */
const PIECE = 1460;

/** What is measured in full, and what in the tests. */
export const FULL = {
  file: 'full.txt',
  seconds: 20,
  rate: 10_000_000,
  windows: { netx: [2048, 8192, 65_535], modern: [65_535, 1 << 20] },
  roundTrips: [2, 20, 100, 300],
  losses: [0, 0.001, 0.01, 0.03],
  fairness: { seconds: 60, roundTrips: [20, 80] },
};
export const SMALL = {
  file: 'small.txt',
  seconds: 4,
  rate: 5_000_000,
  windows: { netx: [8192], modern: [65_535] },
  roundTrips: [20, 100],
  losses: [0, 0.01],
  fairness: { seconds: 6, roundTrips: [40] },
};

/** All tables of a size, as text. @param stack what `@strata/stack`, `@strata/tcp` and `@strata/wire` export */
export function tables(size, stack) {
  const head = ['Made by node tools/tcp-tables.mjs: labs in virtual time, the same from everywhere.', ''];
  return [...head, ...throughputTable(size, stack), '', ...fairnessTable(size, stack), ''].join('\n');
}

function throughputTable(size, stack) {
  const { seconds, rate, windows, roundTrips, losses } = size;
  const lines = [
    `Throughput of one connection in kbit/s: ${seconds} s of data over a link of ${rate / 1e6} Mbit/s, frames lost at random`,
    'in both directions.',
    '',
    `${'profile'.padEnd(8)}${'window'.padStart(8)}${'loss'.padStart(8)}${roundTrips.map((ms) => `RTT ${ms} ms`.padStart(12)).join('')}`,
  ];
  for (const [name, sizes] of Object.entries(windows)) {
    for (const window of sizes) {
      for (const loss of losses) {
        const cells = roundTrips.map((roundTrip) =>
          throughput(stack, { name, window, loss, roundTrip, seconds, rate }),
        );
        const head = `${name.padEnd(8)}${String(window).padStart(8)}${`${loss * 100} %`.padStart(8)}`;
        lines.push(head + cells.map((cell) => String(cell).padStart(12)).join(''));
      }
    }
  }
  return lines;
}

/** kbit/s of one connection. */
function throughput(stack, { name, window, loss, roundTrip, seconds, rate }) {
  const lab = new stack.Lab({ seed: SEED, profile: stack.PROFILES[name] });
  const faults = { lossRate: loss, delayMicroseconds: roundTrip * 500, rateBitsPerSecond: rate, queueFrames: 200 };
  const bridge = lab.bridge({ faults });
  const [a, b] = [lab.host('a', { packets: 2048 }), lab.host('b', { packets: 2048 })];
  a.attach(bridge.a, { address: '192.0.2.1/24' });
  b.attach(bridge.b, { address: '192.0.2.2/24' });
  const flow = connect(stack, a, b, '192.0.2.2', window);
  advance(lab, seconds * SECOND);
  return Math.round((flow.received * 8) / seconds / 1000);
}

const PAIRS = [
  ['cubic', 'cubic'],
  ['reno', 'reno'],
  ['cubic', 'reno'],
];

function fairnessTable(size, stack) {
  const { seconds, roundTrips } = size.fairness;
  const { rate } = size;
  const lines = [
    `Two connections of the modern profile share a link of ${rate / 1e6} Mbit/s whose queue holds one bandwidth-delay product;`,
    `the second begins a second later. kbit/s of each in the second half of ${seconds} s, and Jain's index (1: equal shares).`,
    '',
    `${'first'.padEnd(8)}${'second'.padEnd(8)}${'RTT'.padStart(8)}${'first'.padStart(10)}${'second'.padStart(10)}${'index'.padStart(8)}`,
  ];
  for (const roundTrip of roundTrips) {
    for (const pair of PAIRS) {
      const [one, other] = share(stack, { pair, roundTrip, seconds, rate });
      const index = (one + other) ** 2 / (2 * (one ** 2 + other ** 2));
      const head = `${pair[0].padEnd(8)}${pair[1].padEnd(8)}${`${roundTrip} ms`.padStart(8)}`;
      lines.push(`${head}${String(one).padStart(10)}${String(other).padStart(10)}${index.toFixed(3).padStart(8)}`);
    }
  }
  return lines;
}

/** kbit/s of two connections through one bottleneck, in the second half of the time. */
function share(stack, { pair, roundTrip, seconds, rate }) {
  const lab = new stack.Lab({ seed: SEED, profile: stack.PROFILES.modern });
  const hub = lab.switch('hub');
  const product = Math.ceil((rate * roundTrip) / 1000 / 8);
  const bottleneck = {
    delayMicroseconds: roundTrip * 500,
    rateBitsPerSecond: rate,
    queueBytes: Math.max(product, 4 * PIECE),
    queueFrames: 10_000,
  };
  const receiver = lab.host('receiver', { packets: 4096 });
  receiver.attach(lab.plug(hub, { faults: bottleneck }), { address: '192.0.2.1/24' });
  const flows = pair.map((controller, i) => {
    const tcp = { ...stack.PROFILES.modern.tcp, congestion: stack.CONGESTION_CONTROLLERS[controller] };
    const profile = { ...stack.PROFILES.modern, tcp };
    const host = lab.host(`sender ${i + 1}`, { profile, packets: 2048 });
    host.attach(lab.plug(hub), { address: `192.0.2.${i + 2}/24` });
    if (i > 0) advance(lab, SECOND);
    return connect(stack, host, receiver, '192.0.2.1', 1 << 20, PORT + i);
  });
  advance(lab, (seconds * SECOND) / 2 - lab.now);
  const before = flows.map(({ received }) => received);
  advance(lab, (seconds * SECOND) / 2);
  return flows.map(({ received }, i) => Math.round(((received - before[i]) * 8 * 2) / seconds / 1000));
}

/** A connection over which `source` sends for ever; the octets that the other end has read. */
function connect(stack, source, target, address, windowSize, port = PORT) {
  const flow = { received: 0 };
  const silent = { established() {}, receivable() {}, sendable() {}, peerFinished() {}, closed() {} };
  const data = new Uint8Array(PIECE).fill(0x61);
  target.tcp.listen(port, {
    socket: { windowSize },
    onConnection(socket) {
      socket.listener = {
        ...silent,
        receivable() {
          for (let packet = socket.receive(); packet !== null; packet = socket.receive()) {
            flow.received += packet.length;
            packet.release();
          }
        },
      };
    },
  });
  let held = null;
  const write = () => {
    for (;;) {
      if (held === null) {
        held = client.allocate();
        if (held === null) return;
        held.appendBytes(data, 0, PIECE);
      }
      if (client.send(held) !== NX_SUCCESS) return;
      held = null;
    }
  };
  const listener = { ...silent, established: write, sendable: write };
  const client = source.tcp.open(stack.parseAddress(address), port, listener, {
    windowSize: Math.min(windowSize, 65_535),
  });
  return flow;
}

function advance(lab, microseconds) {
  const { scheduler } = lab.clock;
  const end = lab.now + microseconds;
  while (scheduler.step(end));
  scheduler.advanceTo(end);
}

async function main() {
  setup();
  const stack = {
    ...(await import('@strata/stack')),
    ...(await import('@strata/tcp')),
    ...(await import('@strata/wire')),
  };
  const check = process.argv.includes('--check');
  const folder = join(root, 'docs', 'tcp', 'tables');
  mkdirSync(folder, { recursive: true });
  let different = 0;
  for (const size of [SMALL, FULL]) {
    const path = join(folder, size.file);
    const text = tables(size, stack);
    if (!check) writeFileSync(path, text);
    else if (readFileSync(path, 'utf8') !== text) {
      different++;
      say(`docs/tcp/tables/${size.file} comes out differently now`);
    }
  }
  process.exit(different === 0 ? 0 : 1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
