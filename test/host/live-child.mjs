/**
 * A live host on a TAP device, made from the packages alone: a lab on real time whose cable ends in Linux. Its first argument
 * is the capture file, or `-` for none. It answers ping and serves echo (7), discard (9) and source (19: as many octets as
 * the peer asks for in a line); it obeys the words `ping` and `idle` on standard input, and ends with it.
 */
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { joinPorts, localMac, TapDevice } from '@strata/attach';
import { PacketPool } from '@strata/packet';
import { FileSink } from '@strata/pcap-writer/node';
import { Lab } from '@strata/stack';
import { HostClock } from '@strata/time';

const [captureFile] = process.argv.slice(2);
const clock = new HostClock();
const lab = new Lab({ seed: 1, clock, ...(captureFile === '-' ? {} : { capture: new FileSink(captureFile) }) });
const cable = lab.bridge({ name: 'tap0' });
const pool = new PacketPool({ name: 'tap0 pool', payloadSize: 1568, packets: 128, memory: lab.memory });
const tap = TapDevice.open({
  name: 'tap0',
  mac: localMac(lab.random.fork('tap0')),
  hostAddresses: ['192.0.2.1/24'],
  wake: () => clock.poke(),
});
const joint = joinPorts(cable.b, tap, pool, (up) => cable.setUp(up));
const host = lab.host('device');
host.attach(cable.a, { address: '192.0.2.2/24' });

function tell(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** Serves each connection of a port; how a connection ended is told. */
function serve(port, session) {
  host.listen(port, async (connection) => {
    try {
      const result = await session(connection);
      await connection.close();
      tell({ port, ...result });
    } catch (error) {
      tell({ port, failed: String(error) });
    }
  });
}

serve(7, async (connection) => {
  for await (const octets of connection) await connection.send(octets);
  return {};
});
serve(9, async (connection) => {
  const hash = createHash('sha256');
  let count = 0;
  for await (const octets of connection) {
    hash.update(octets);
    count += octets.length;
  }
  return { count, hash: hash.digest('hex') };
});
serve(19, async (connection) => {
  const hash = createHash('sha256');
  let left = Number(Buffer.from(await connection.receive()).toString());
  const octets = Buffer.alloc(65536);
  for (let i = 0; left > 0; i++) {
    octets.writeUInt32BE(i, 0);
    const part = octets.subarray(0, Math.min(left, octets.length));
    await connection.send(part);
    hash.update(part);
    left -= part.length;
  }
  return { hash: hash.digest('hex') };
});

const run = clock.run();
const commands = createInterface({ input: process.stdin });
commands.on('line', async (line) => {
  if (line === 'ping') {
    const result = await host.ping('192.0.2.1', { timeoutSeconds: 5 });
    tell({ pinged: result.status, from: result.from, roundTrip: result.roundTrip });
  } else if (line === 'idle') {
    const before = process.cpuUsage();
    setTimeout(() => {
      const { user, system } = process.cpuUsage(before);
      tell({ idle: user + system });
    }, 1000);
  }
});
commands.on('close', async () => {
  clock.stop();
  await run;
  joint.separate();
  tap.close();
  await lab.close();
  tell({ outstanding: lab.outstanding() + pool.total - pool.available, counters: tap.counters });
});
tell({ ready: true });
