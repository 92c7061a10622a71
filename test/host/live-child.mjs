/**
 * A live host on a TAP device, made from the packages alone: a lab on real time whose cable ends in Linux. Its first argument
 * is the capture file. It answers ping, pings Linux once when told `ping` on standard input, and ends with it.
 */
import { createInterface } from 'node:readline';
import { joinPorts, localMac, TapDevice } from '@strata/attach';
import { PacketPool } from '@strata/packet';
import { FileSink } from '@strata/pcap-writer/node';
import { Lab } from '@strata/stack';
import { HostClock } from '@strata/time';

const clock = new HostClock();
const lab = new Lab({ seed: 1, clock, capture: new FileSink(process.argv[2]) });
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
const run = clock.run();

function tell(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

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
