/**
 * Hosts of one lab on TAP devices in a network namespace, for `ip.test.ts`. The arguments are JSON: devices
 * (`{ name, addresses, mtu }`, addresses being Linux's) and hosts (`{ name, forwarding, interfaces: [{ tap, address, … }], routes }`).
 * Obeys lines on standard input: `ping HOST ADDRESS BYTES`, `join HOST GROUP`, `leave HOST GROUP`, `send HOST ADDRESS PORT BYTES`,
 * `bulk HOST ADDRESS PORT BYTES`, and answers each with a line of JSON.
 */
import { createInterface } from 'node:readline';
import { joinPorts, localMac, TapDevice } from '@strata/attach';
import { NX_UDP_PACKET } from '@strata/contracts';
import { PacketPool } from '@strata/packet';
import { FileSink } from '@strata/pcap-writer/node';
import { Lab, modernProfile } from '@strata/stack';
import { HostClock } from '@strata/time';
import { parseAddress } from '@strata/wire';

const { devices, hosts, capture } = JSON.parse(process.argv[2]);
const clock = new HostClock();
const lab = new Lab({ seed: 1, clock, profile: modernProfile, ...(capture ? { capture: new FileSink(capture) } : {}) });
const cables = new Map();
const attached = devices.map(({ name, addresses, mtu }) => {
  const cable = lab.bridge({ name, ...(mtu === undefined ? {} : { mtu }) });
  const pool = new PacketPool({ name: `${name} pool`, payloadSize: 1568, packets: 256, memory: lab.memory });
  const tap = TapDevice.open({
    name,
    mac: localMac(lab.random.fork(name)),
    hostAddresses: addresses,
    ...(mtu === undefined ? {} : { mtu }),
    wake: () => clock.poke(),
  });
  const joint = joinPorts(cable.b, tap, pool, (up) => cable.setUp(up));
  cables.set(name, cable.a);
  return { tap, joint, pool };
});
for (const { name, interfaces, ...rest } of hosts) {
  const ports = interfaces.map(({ tap, ...options }) => ({ port: cables.get(tap), ...options }));
  const host = lab.host(name, { ...rest, packets: 1024, interfaces: ports });
  const sink = host.udp.createSocket({ name: 'sink', queueMaximum: 1000 });
  sink.listener = {
    receivable(socket) {
      const packet = socket.receive();
      if (packet !== null) tell({ host: name, datagram: packet.length });
      packet?.release();
    },
    failed() {},
  };
  sink.bind(9);
  host.listen(9, async (connection) => {
    let count = 0;
    for await (const octets of connection) count += octets.length;
    await connection.close();
    finished(count);
  });
}

function tell(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** Told of the end of the next stream that a host has received. */
let finished = () => {};

const sockets = new Map();
function socketOf(host) {
  let socket = sockets.get(host);
  if (socket === undefined) {
    socket = host.udp.createSocket();
    socket.bind(0);
    sockets.set(host, socket);
  }
  return socket;
}

const commands = {
  async ping(host, address, bytes) {
    const {
      status,
      bytes: back,
      timeToLive,
      from,
    } = await host.ping(address, { bytes: Number(bytes), timeoutSeconds: 5 });
    tell({ pinged: status, bytes: back, timeToLive, from });
  },
  join: (host, group) => tell({ joined: socketOf(host).joinGroup(parseAddress(group)) }),
  leave: (host, group) => tell({ left: socketOf(host).leaveGroup(parseAddress(group)) }),
  send(host, address, port, bytes) {
    const packet = host.pool.allocate(NX_UDP_PACKET);
    packet.appendBytes(new Uint8Array(Number(bytes)), 0, Number(bytes));
    const status = socketOf(host).send(packet, parseAddress(address), Number(port));
    if (status !== 0) packet.release();
    tell({ sent: status });
  },
  async bulk(host, address, port, bytes) {
    const end = new Promise((resolve) => {
      finished = resolve;
    });
    const connection = await host.connect(address, Number(port));
    await connection.send(new Uint8Array(Number(bytes)));
    await connection.close();
    tell({ bulk: address, received: await end, pathMtu: host.ip.paths.mtuOf(parseAddress(address)) });
  },
};

const run = clock.run();
const lines = createInterface({ input: process.stdin });
lines.on('line', async (line) => {
  const [command, name, ...words] = line.split(' ');
  try {
    await commands[command](lab.hosts.get(name), ...words);
  } catch (error) {
    tell({ failed: String(error) });
  }
  clock.poke();
});
lines.on('close', async () => {
  clock.stop();
  await run;
  for (const { joint, tap } of attached) {
    joint.separate();
    tap.close();
  }
  const held = [...lab.hosts.values()].map(({ ip }) => ip.reassembly.packetsHeld);
  await lab.close();
  tell({ ended: true, held });
});
await Promise.all([...lab.hosts.values()].map((host) => host.settled()));
tell({ ready: true });
