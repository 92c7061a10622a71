/**
 * MQTT sessions that break, against a real Mosquitto over a TAP device. Runs in a network namespace of its own, which
 * `tools/soak.mjs --mosquitto N` and `test/host/mosquitto-sessions.test.ts` make:
 *
 *     node tools/mosquitto-sessions.mjs --runs 12 --from 1 [--kill]
 *
 * All runs share one process, one emulated host and one link; several go on at once. In each, a client and an ordinary
 * client on Linux (MQTT.js) exchange messages of QoS 1 and 2 through the broker, while at steps of the protocol chosen by the
 * seed the connection is reset, the link goes dead and the connection with it, or the client's program dies and starts anew
 * with its store. QoS 2 must arrive exactly once and in order, QoS 1 at least once and first in order. With `--kill`, the broker
 * is then killed with SIGKILL and started again, twice. Prints a line of JSON.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import mqtt from 'mqtt';
import { joinPorts, localMac, TapDevice } from '../packages/attach/dist/index.js';
import { PacketPool } from '../packages/packet/dist/index.js';
import { Lab, modernProfile } from '../packages/stack/dist/index.js';
import { judgeDelivery, MqttSessionDriver, numbered, topicOf } from '../packages/testkit/dist/index.js';
import { HostClock, SeededRandom } from '../packages/time/dist/index.js';

const TOGETHER = 6;
const PATIENCE = 30_000;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '12' },
    from: { type: 'string', default: '1' },
    kill: { type: 'boolean', default: false },
  },
});

/** A Mosquitto that can be killed and started again with what it had saved. */
class Broker {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'strata-mosquitto-'));
    this.file = join(this.folder, 'mosquitto.conf');
    const lines = ['listener 1883', 'allow_anonymous true', 'user root', 'log_type none', 'max_inflight_messages 0'];
    const saving = [
      'persistence true',
      `persistence_location ${this.folder}/`,
      'autosave_on_changes true',
      'autosave_interval 1',
    ];
    writeFileSync(this.file, [...lines, ...saving, ''].join('\n'));
  }

  async start() {
    this.child = spawn('mosquitto', ['-c', this.file], { stdio: 'ignore' });
    for (let tries = 0; tries < 200; tries++) {
      const probe = await connectOnce({ clientId: 'probe' }).catch(() => null);
      if (probe !== null) {
        await probe.endAsync();
        return;
      }
      await pause(25);
    }
    throw new Error('mosquitto does not answer');
  }

  async kill(signal = 'SIGKILL') {
    const over = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    await over;
  }

  async close() {
    await this.kill('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function connectOnce(options) {
  return mqtt.connectAsync('mqtt://127.0.0.1:1883', { reconnectPeriod: 0, connectTimeout: 1000, ...options }, false);
}

/** A live host on a TAP device. */
function openSite() {
  const clock = new HostClock();
  const lab = new Lab({ clock, seed: Date.now() % 2 ** 31, profile: modernProfile });
  const cable = lab.bridge();
  const device = lab.host('device', { packets: 1024 });
  device.attach(cable.a, { address: '192.0.2.2/24' });
  const tap = TapDevice.open({
    name: 'tap0',
    mac: localMac(lab.random.fork('tap0')),
    hostAddresses: ['192.0.2.1/24'],
    wake: () => clock.poke(),
  });
  const pool = new PacketPool({ name: 'tap pool', payloadSize: 1568, packets: 512, memory: lab.memory });
  const joint = joinPorts(cable.b, tap, pool, (up) => cable.setUp(up));
  return {
    lab,
    device,
    cable,
    async close() {
      joint.separate();
      tap.close();
      await lab.close();
    },
  };
}

async function until(what, condition) {
  for (let waited = 0; !condition(); waited += 5) {
    if (waited >= PATIENCE) throw new Error(`${what}: not after ${PATIENCE / 1000} s`);
    await pause(5);
  }
}

/** One session with its breaks. */
async function session(site, linux, seed, tally) {
  const random = new SeededRandom(`mosquitto session ${seed}`);
  const { device, cable } = site;
  const clientId = `dev${seed}`;
  const uplinks = numbered(random, 4 + random.below(8));
  const downlinks = numbered(random, 4 + random.below(8));
  const arrived = [];
  const failures = [];
  linux.listeners.set(clientId, (qos, number) => arrived.push({ qos, number }));
  let breaks = 1 + random.below(3);
  let next = 1 + random.below(30);
  let steps = 0;
  let driver = null;
  const breakSomething = () => {
    const kind = random.below(4);
    tally.breaks++;
    if (kind === 0) driver.cut();
    else {
      // The other side hears nothing of it: what was on its way is lost, and so is the RST.
      cable.setFaults({ lossRate: 1 });
      if (kind === 3) driver.crash();
      else driver.cut();
      const heal = 20 + random.below(60);
      tally.cut++;
      setTimeout(() => {
        tally.cut--;
        if (tally.cut === 0) cable.setFaults(tally.usual);
        site.lab.clock.poke();
      }, heal);
    }
    next = steps + 1 + random.below(25);
  };
  // Each trace event of the client is a step: the break comes right behind it.
  const events = [];
  const tracer = {
    event(...event) {
      events.push(`${(device.time.now / 1000).toFixed(1)} ${event.slice(0, 5).join(' ')}`);
      steps++;
      if (steps !== next || breaks === 0 || driver === null) return;
      breaks--;
      device.time.defer({ run: breakSomething });
    },
  };
  driver = new MqttSessionDriver(device, {
    clientId,
    connector: device.connector('192.0.2.1', 1883),
    random: random.fork('reconnect'),
    uplinks,
    inFlightMaximum: random.below(4),
    keepAliveSeconds: 0,
    tracer,
  });
  const touch = (work) => {
    work();
    site.lab.clock.poke();
  };
  try {
    touch(() => driver.start());
    await until('subscribing', () => driver.subscribed);
    for (const { qos, number } of downlinks) {
      await linux.client.publishAsync(topicOf('down', clientId, qos), String(number), { qos });
    }
    const came = (list) => new Set(list.map(({ qos, number }) => `${qos}/${number}`)).size;
    await until(
      'the messages of both directions',
      () => driver.isDone && came(driver.received) === downlinks.length && came(arrived) === uplinks.length,
    );
    await pause(20);
  } catch (error) {
    failures.push(`${error.message}: ${JSON.stringify(driver.client.inspect())}`);
  }
  const { violations } = driver.client.counters;
  if (failures.length > 0 && process.env.STRATA_DEBUG) process.stderr.write(`${events.join('\n')}\n`);
  if (violations > 0) failures.push(`${violations} violations: ${driver.client.failure().explanation}`);
  failures.push(...driver.faults);
  failures.push(
    ...judgeDelivery('to the broker', arrived, uplinks),
    ...judgeDelivery('to the device', driver.received, downlinks),
  );
  tally.messages += uplinks.length + downlinks.length;
  tally.crashes += driver.crashes;
  tally.duplicates += arrived.length + driver.received.length - uplinks.length - downlinks.length;
  linux.listeners.delete(clientId);
  touch(() => driver.stop());
  return failures.map((failure) => `run ${seed}: ${failure}`);
}

async function openLinux() {
  const listeners = new Map();
  const client = await connectOnce({ clientId: 'linux' });
  client.on('message', (topic, payload, packet) => {
    const [, clientId] = topic.split('/');
    listeners.get(clientId)?.(packet.qos, Number(payload));
  });
  await client.subscribeAsync('up/#', { qos: 2 });
  return { client, listeners };
}

/** The broker dies with a session whose client is away, and with one whose messages it has not taken. */
async function killed(site, broker) {
  const failures = [];
  const { device } = site;
  const random = new SeededRandom('killed');
  const make = (clientId, uplinks) =>
    new MqttSessionDriver(device, {
      clientId,
      connector: device.connector('192.0.2.1', 1883),
      random: random.fork(clientId),
      uplinks,
      inFlightMaximum: 0,
      keepAliveSeconds: 5,
      tracer: null,
    });
  const poke = () => site.lab.clock.poke();
  const downlinks = numbered(random, 8);
  const away = make('away', []);
  away.start();
  poke();
  await until('subscribing', () => away.subscribed);
  away.client.disconnect();
  poke();
  await until('leaving', () => away.client.state === 1);
  let linux = await openLinux();
  for (const { qos, number } of downlinks) {
    await linux.client.publishAsync(topicOf('down', 'away', qos), String(number), { qos });
  }
  // Mosquitto writes what it keeps once a second.
  await pause(1500);
  await linux.client.endAsync(true);
  await broker.kill();
  await broker.start();
  away.start();
  poke();
  await until('what the broker had kept', () => away.received.length >= downlinks.length).catch((e) =>
    failures.push(e.message),
  );
  await pause(50);
  failures.push(...judgeDelivery('after SIGKILL, to the device', away.received, downlinks));
  away.stop();

  linux = await openLinux();
  const uplinks = numbered(random, 8);
  const plan = [];
  const busy = make('busy', plan);
  const arrived = [];
  const note = (qos, number) => arrived.push({ qos, number });
  linux.listeners.set('busy', note);
  busy.start();
  poke();
  await until('subscribing', () => busy.subscribed);
  // What the broker has acknowledged and not yet written is lost with it: the client cannot know. So it acknowledges nothing.
  broker.child.kill('SIGSTOP');
  plan.push(...uplinks);
  busy.work();
  poke();
  await pause(100);
  // The client is kept away until somebody listens to what it has to say.
  site.cable.setFaults({ lossRate: 1 });
  await linux.client.endAsync(true).catch(() => {});
  await broker.kill();
  await broker.start();
  linux = await openLinux();
  linux.listeners.set('busy', note);
  site.cable.setFaults(null);
  poke();
  await until('what the client had kept', () => busy.isDone).catch((error) => failures.push(error.message));
  await pause(100);
  failures.push(...judgeDelivery('after SIGKILL, to the broker', arrived, uplinks));
  busy.stop();
  poke();
  await linux.client.endAsync(true);
  return failures;
}

const broker = new Broker();
await broker.start();
const site = openSite();
const failures = [];
const runs = Number(values.runs);
const from = Number(values.from);
const usual = { delayMicroseconds: 500, jitterMicroseconds: 400, lossRate: 0.01, reorderRate: 0.01 };
const tally = { messages: 0, breaks: 0, crashes: 0, duplicates: 0, cut: 0, usual };
site.cable.setFaults(usual);
const running = site.lab.clock.run({ until: Number.POSITIVE_INFINITY });
running.catch((error) => failures.push(error.stack));
const began = performance.now();
const linux = await openLinux();
let seed = from;
const lane = async () => {
  while (seed < from + runs) failures.push(...(await session(site, linux, seed++, tally)));
};
await Promise.all(Array.from({ length: TOGETHER }, lane));
await linux.client.endAsync(true);
site.cable.setFaults(null);
const milliseconds = Math.round(performance.now() - began);
if (values.kill) failures.push(...(await killed(site, broker)));
await pause(100);
await site.close();
await broker.close();
const { cut, usual: _usual, ...sums } = tally;
process.stdout.write(`${JSON.stringify({ runs, ...sums, milliseconds, failures })}\n`);
process.exit(failures.length > 0 ? 1 : 0);
