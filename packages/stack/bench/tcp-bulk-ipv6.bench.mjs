import { connectedPair, heapPerUnit, transfer } from './two-hosts.mjs';

const BYTES = 20e6;
const SEGMENTS = 100_000;
const pair = connectedPair({ family: 6 });

export default {
  name: 'TCP bulk over IPv6, one connection over the loopback bridge, MTU 1500, checksums made and verified',
  unit: 'GB/s',
  amount: BYTES / 1e9,
  warmUp: async () => transfer(pair, 150e6),
  run: async () => transfer(pair, BYTES),
  notes: async () => {
    const bytes = heapPerUnit(() => transfer(pair, pair.payload * SEGMENTS), SEGMENTS);
    return [`heap allocated on the established path: ${bytes.toFixed(2)} B per segment`];
  },
};
