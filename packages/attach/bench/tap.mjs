/**
 * Frames a second through a TAP device, each way, with nothing above it: the ceiling for everything that runs over TAP.
 * `node packages/attach/bench/tap.mjs [SECONDS]` makes a network namespace for itself.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { localMac, TapDevice } from '@strata/attach';
import { PacketPool } from '@strata/packet';
import { SeededRandom } from '@strata/time';

const INSIDE = 'STRATA_BENCH_NAMESPACE';
const seconds = Number(process.argv[2] ?? 1);

if (process.env[INSIDE] === undefined) {
  const way = process.getuid?.() === 0 ? '-n' : '-Urn';
  const args = [way, process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const result = spawnSync('unshare', args, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
  process.exit(result.status ?? 1);
}

const pool = new PacketPool({ name: 'bench', payloadSize: 1568, packets: 256 });
const tap = TapDevice.open({
  name: 'bench0',
  mac: localMac(new SeededRandom('bench')),
  hostAddresses: ['192.0.2.1/24'],
});
tap.attach({
  receivePool: pool,
  accept(frame) {
    frame.release();
  },
  linkChanged() {},
});

function report(name, frames, octets, from) {
  const elapsed = Number(process.hrtime.bigint() - from) / 1e9;
  const rate = frames / elapsed;
  console.log(
    `${name.padEnd(34)} ${Math.round(rate / 1000)
      .toString()
      .padStart(6)} k frames/s ` +
      `${(1e6 / rate).toFixed(2).padStart(7)} µs each ${((rate * octets) / 1e6).toFixed(0).padStart(6)} MB/s`,
  );
}

/** Frames to Linux, which has no use for their EtherType, so this is the cost of the way there. */
function toLinux(octets) {
  const filler = new Uint8Array(octets);
  const { msw, lsw } = tap.host.mac;
  new DataView(filler.buffer).setUint16(0, msw);
  new DataView(filler.buffer).setInt32(2, lsw);
  new DataView(filler.buffer).setUint16(12, 0x88b5);
  const from = process.hrtime.bigint();
  const end = from + BigInt(seconds * 1e9);
  let frames = 0;
  while (process.hrtime.bigint() < end) {
    for (let i = 0; i < 100; i++, frames++) {
      const frame = pool.allocate(16);
      frame.appendBytes(filler, 0, octets);
      tap.send(frame);
    }
  }
  report(`to Linux, ${octets} B`, frames, octets, from);
}

/** Frames from Linux: another process sends UDP datagrams to an address behind the device as fast as it can. */
async function fromLinux(octets) {
  const { macMsw, macLsw } = tap.properties;
  const mac = Buffer.alloc(6);
  mac.writeUInt16BE(macMsw, 0);
  mac.writeInt32BE(macLsw, 2);
  const lladdr = mac.toString('hex').match(/../g).join(':');
  execFileSync('ip', ['neighbour', 'replace', '192.0.2.2', 'lladdr', lladdr, 'dev', 'bench0', 'nud', 'permanent']);
  const script = `
    const socket = require('dgram').createSocket('udp4');
    const data = Buffer.alloc(${octets - 42});
    socket.connect(9, '192.0.2.2', () => {
      const more = () => { for (let i = 0; i < 64; i++) socket.send(data); setImmediate(more); };
      more();
    });`;
  const sender = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { counters } = tap;
  const before = counters.framesReceived;
  const bursts = counters.bursts;
  const used = process.cpuUsage();
  const from = process.hrtime.bigint();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const frames = counters.framesReceived - before;
  report(`from Linux, ${octets} B`, frames, octets, from);
  const { user, system } = process.cpuUsage(used);
  console.log(
    `  ${((user + system) / frames).toFixed(2)} µs of processor time a frame, ` +
      `${(frames / (counters.bursts - bursts)).toFixed(1)} frames a burst`,
  );
  sender.kill();
}

for (const octets of [60, 1514]) toLinux(octets);
for (const octets of [60, 1514]) await fromLinux(octets);
tap.close();
