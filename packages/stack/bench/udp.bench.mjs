import { datagramPair, datagrams, heapPerUnit } from './two-hosts.mjs';

const COUNT = 20_000;
const pair = datagramPair();

export default {
  name: 'UDP datagrams of 1,000 octets on the loopback bridge, checksums made and verified',
  unit: 'datagrams/s',
  amount: COUNT,
  warmUp: async () => datagrams(pair, 100_000),
  run: async () => datagrams(pair, COUNT),
  notes: async () => [`heap: ${heapPerUnit(() => datagrams(pair, COUNT), COUNT).toFixed(2)} B per datagram`],
};
