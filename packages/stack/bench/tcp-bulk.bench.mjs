import { connect, createServer } from 'node:net';
import { connectedPair, heapPerUnit, transfer } from './two-hosts.mjs';

const BYTES = 60e6;
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

export default {
  name: 'TCP bulk, one connection over the loopback bridge, MTU 1500, checksums made and verified',
  unit: 'GB/s',
  amount: BYTES / 1e9,
  run: async () => transfer(pair, BYTES),
  peer: {
    name: "the kernel's loopback with node:net, 1460-byte writes",
    amount: BYTES / 1e9,
    run: () => kernel(BYTES),
  },
  target: { value: 0.8, text: '≥ 0.8 GB/s' },
  notes: async () => {
    const bytes = heapPerUnit(() => transfer(pair, 1460 * SEGMENTS), SEGMENTS);
    return [`heap allocated on the established path: ${bytes.toFixed(2)} B per segment`];
  },
};
