import { NX_IP_PACKET, NX_PHYSICAL_HEADER } from '@strata/contracts';
import { EthernetDriver, LoopbackBridge } from '@strata/ethernet';
import { PacketMemory, PacketPool } from '@strata/packet';
import { Scheduler } from '@strata/time';

/** Frames per round, in bursts as a TCP window makes them. */
const FRAMES = 200_000;
const BURST = 16;
const PAYLOAD = 1500;

/** From one driver through a link to another: what every frame costs below IP. */
function path(faults) {
  const time = new Scheduler();
  const memory = new PacketMemory(8 << 20);
  const pool = new PacketPool({ name: 'bench', payloadSize: 1568, packets: 4 * BURST, memory });
  const bridge = new LoopbackBridge({ time, memory, faults });
  const sender = new EthernetDriver({ port: bridge.a, mac: { msw: 0x0200, lsw: 1 } });
  const receiver = new EthernetDriver({ port: bridge.b, mac: { msw: 0x0200, lsw: 2 } });
  const sink = { receivePool: pool, accept: (packet) => packet.release(), linkChanged: () => {} };
  sender.attach(sink);
  receiver.attach(sink);
  return () => {
    for (let sent = 0; sent < FRAMES; sent += BURST) {
      for (let i = 0; i < BURST; i++) {
        const packet = pool.allocate(NX_IP_PACKET);
        packet.prepend = packet.dataStart + NX_PHYSICAL_HEADER;
        packet.append = packet.prepend + PAYLOAD;
        packet.length = PAYLOAD;
        sender.send(packet, 0x0800, 0x0200, 2);
      }
      while (time.step(Number.MAX_SAFE_INTEGER));
    }
    if (pool.available !== pool.total) throw new Error('packets are missing');
  };
}

/** Bytes of heap that one frame allocates, collector kept out by the smallness of the run. */
function heapPerFrame(run) {
  run();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const before = process.memoryUsage().heapUsed;
    run();
    const grown = process.memoryUsage().heapUsed - before;
    if (grown >= 0) least = Math.min(least, grown / FRAMES);
  }
  return least;
}

const plain = path(null);
const delayed = path({ delayMicroseconds: 50 });

export default {
  name: 'frames of 1514 B, driver to driver',
  unit: 'frames/s',
  amount: FRAMES,
  run: async () => plain(),
  notes: async () => {
    const lines = [`heap: ${heapPerFrame(plain).toFixed(2)} B per frame`];
    const started = process.hrtime.bigint();
    delayed();
    const nanoseconds = Number(process.hrtime.bigint() - started) / FRAMES;
    lines.push(
      `with a delay (two copies): ${nanoseconds.toFixed(0)} ns and ${heapPerFrame(delayed).toFixed(2)} B of heap per frame`,
    );
    return lines;
  },
};
