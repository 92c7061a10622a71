import { LoopbackBridge, Segment, Switch } from '@strata/ethernet';
import { PacketMemory, PacketPool } from '@strata/packet';
import { Scheduler } from '@strata/time';
import { linkPortContract } from './link-port-contract.ts';

const settle = (time: Scheduler) => () => {
  while (time.step(Number.MAX_SAFE_INTEGER));
};

linkPortContract('an end of a loopback bridge', () => {
  const time = new Scheduler();
  const bridge = new LoopbackBridge({ time });
  return { a: bridge.a, b: bridge.b, settle: settle(time) };
});

linkPortContract('an end of a segment with delay, jitter and a rate', () => {
  const time = new Scheduler();
  const segment = new Segment({
    time,
    faults: { delayMicroseconds: 20_000, jitterMicroseconds: 5_000, rateBitsPerSecond: 10_000_000 },
  });
  return { a: segment.end(0), b: segment.end(1), settle: settle(time) };
});

linkPortContract('an end of a shared medium', () => {
  const time = new Scheduler();
  const segment = new Segment({ time, ends: 3, memory: new PacketMemory(1 << 20) });
  return { a: segment.end(0), b: segment.end(2), settle: settle(time) };
});

linkPortContract('an end of a cable to a switch', () => {
  const time = new Scheduler();
  const pool = new PacketPool({ name: 'switch', payloadSize: 1600, packets: 32 });
  const middle = new Switch({ time, pool });
  const left = new Segment({ time, name: 'left' });
  const right = new Segment({ time, name: 'right' });
  middle.attach(left.end(1));
  middle.attach(right.end(1));
  return { a: left.end(0), b: right.end(0), settle: settle(time) };
});
