import { netxProfile } from '@strata/stack';
import { connectedPair, heapPerUnit, transfer } from './two-hosts.mjs';

const BYTES = 20e6;
const SEGMENTS = 100_000;
/** A larger window would be slow: with 20 packets in the transmit queue half of it never fills, and the ACK timer decides. */
const pair = connectedPair({ profile: netxProfile, windowSize: 32 * 1024 });

export default {
  name: 'TCP bulk as NetX does it: windows of 32 KB, 20 packets outstanding, an acknowledgment for half a window',
  unit: 'GB/s',
  amount: BYTES / 1e9,
  warmUp: async () => transfer(pair, 150e6),
  run: async () => transfer(pair, BYTES),
  target: { value: 0.8, text: '≥ 0.8 GB/s' },
  notes: async () => {
    const bytes = heapPerUnit(() => transfer(pair, 1460 * SEGMENTS), SEGMENTS);
    return [`heap allocated on the established path: ${bytes.toFixed(2)} B per segment`];
  },
};
