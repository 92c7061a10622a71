import { connect, createServer } from 'node:net';
import { PacketMemory } from '@strata/packet';
import { sumAligned } from '@strata/wire';
import { connectedPair, heapPerUnit, transfer } from './two-hosts.mjs';

const BYTES = 20e6;
const pair = connectedPair();

/** The kernel's loopback, through Node's streams, with writes of the same size. */
async function kernel(total) {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const done = new Promise((resolve) => {
    server.once('connection', (socket) => {
      let received = 0;
      socket.on('data', (chunk) => {
        received += chunk.length;
        if (received >= total) resolve(socket.destroy());
      });
    });
  });
  const client = connect(server.address().port, '127.0.0.1');
  const chunk = Buffer.alloc(1460, 7);
  let sent = 0;
  const write = () => {
    while (sent < total) {
      sent += chunk.length;
      if (!client.write(chunk)) {
        client.once('drain', write);
        return;
      }
    }
  };
  client.once('connect', write);
  await done;
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
}

const SEGMENTS = 100_000;

/** What no stack in JavaScript can do without: for each segment three copies and two checksums. GB per CPU second. */
function floor() {
  const { bytes, view, words } = new PacketMemory(4096);
  const source = new Uint8Array(1460).fill(7);
  const target = new Uint8Array(1460);
  const arrived = bytes.subarray(2048, 2048 + 1460);
  let best = 0;
  for (let round = 0; round < 25; round++) {
    const before = process.cpuUsage();
    for (let sent = 0; sent < BYTES; sent += 1460) {
      bytes.set(source, 20);
      sumAligned(words, view, 0, 1480);
      bytes.copyWithin(2028, 0, 1480);
      sumAligned(words, view, 2028, 1480);
      target.set(arrived);
    }
    const { user, system } = process.cpuUsage(before);
    best = Math.max(best, BYTES / 1e3 / (user + system));
  }
  return best;
}

export default {
  name: 'TCP bulk, one connection over the loopback bridge, MTU 1500, checksums made and verified',
  unit: 'GB/s',
  amount: BYTES / 1e9,
  warmUp: async () => transfer(pair, 150e6),
  run: async () => transfer(pair, BYTES),
  peer: {
    name: "the kernel's loopback with node:net, 1460-byte writes",
    amount: BYTES / 1e9,
    run: () => kernel(BYTES),
  },
  target: { value: 0.8, text: '≥ 0.8 GB/s' },
  notes: async () => {
    const bytes = heapPerUnit(() => transfer(pair, 1460 * SEGMENTS), SEGMENTS);
    return [
      `heap allocated on the established path: ${bytes.toFixed(2)} B per segment`,
      `three copies and two checksums alone, in JavaScript: ${floor().toFixed(2)} GB per CPU second`,
    ];
  },
};
