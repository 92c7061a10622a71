import { connect, createServer } from 'node:net';
import { connectedPair, heapPerUnit, silent } from './two-hosts.mjs';

const ROUNDS = 20_000;
const pair = connectedPair();
const byte = new Uint8Array([1]);
const NX_SUCCESS = 0;

function send(socket) {
  const packet = socket.allocate();
  packet.appendBytes(byte, 0, 1);
  if (socket.send(packet) !== NX_SUCCESS) throw new Error('the window is closed for one octet');
}

function drain(socket) {
  for (let packet = socket.receive(); packet !== null; packet = socket.receive()) packet.release();
}

/** One octet there, one octet back, again and again. */
function pingPong(rounds) {
  const { lab, client, server } = pair;
  let answered = 0;
  server.listener = silent({
    receivable() {
      drain(server);
      send(server);
    },
  });
  client.listener = silent({
    receivable() {
      drain(client);
      if (++answered < rounds) send(client);
    },
  });
  send(client);
  lab.clock.runSync({ until: () => answered >= rounds });
}

async function kernelPingPong(rounds) {
  const server = createServer((socket) => socket.setNoDelay(true).on('data', (chunk) => socket.write(chunk)));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connect(server.address().port, '127.0.0.1').setNoDelay(true);
  await new Promise((resolve) => {
    let answered = 0;
    client.on('data', () => (++answered < rounds ? client.write(byte) : resolve()));
    client.once('connect', () => client.write(byte));
  });
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
}

export default {
  name: 'TCP request and response, one octet each way',
  unit: 'round trips/s',
  amount: ROUNDS,
  run: async () => pingPong(ROUNDS),
  notes: async () => [`heap: ${heapPerUnit(() => pingPong(ROUNDS), ROUNDS).toFixed(2)} B per round trip`],
  peer: { name: "the kernel's loopback with node:net", amount: ROUNDS, run: () => kernelPingPong(ROUNDS) },
};
