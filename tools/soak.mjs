/**
 * Runs the stack for long against what networks do to it, and says how to repeat whatever fails.
 *
 *     node tools/soak.mjs                               1,000 seeds of each profile, and 200,000 frames
 *     node tools/soak.mjs --seeds 10000 --from 5000     seeds 5000 .. 14999 of a transfer under faults
 *     node tools/soak.mjs --profile modern              one profile only
 *     node tools/soak.mjs --seed 77 --profile netx --pcap seed77.pcapng
 *                                                       one seed again, with pool audit and a capture that says why
 *     node tools/soak.mjs --frames 5000000 [--from 3]   mutated frames instead, 100,000 for each seed and profile
 *     node tools/soak.mjs --mqtt 4000 [--from 1]        seeds of an MQTT session that breaks at any step, with aedes
 *     node tools/soak.mjs --mosquitto 500 [--from 1]    the same kind of session at a real Mosquitto over TAP, in real time
 *     node tools/soak.mjs --mqtt 1 --from 77 --pcap seed77.pcapng
 *                                                       one of them again, recorded
 *     node tools/soak.mjs --seeds 1000 --family 6       transfers over IPv6
 *     node tools/soak.mjs --ipv4 1000000 [--from 3]     strange IPv4 and ARP packets instead, 100,000 for each seed and profile
 *     node tools/soak.mjs --ipv6 1000000 [--from 3]     strange IPv6 packets instead, 100,000 for each seed and profile
 *
 * A transfer (`transferScenario` of @strata/testkit) is two hosts that send each other data over a link with loss up to 20 %
 * each way, reordering, duplication, corruption, delay and jitter. A session (`mqttSessionScenario`) is a device and a broker
 * that exchange messages of QoS 1 and 2 while the link goes silent, the connection is cut and the device's program dies. Frames (`frameStorm`) are mutated ones thrown at a host.
 * Exit code 0: everything held; 1: something failed; 2: wrong use.
 */
import { parseArgs } from 'node:util';
import { setup } from './setup.mjs';

const NAMES = ['netx', 'modern'];
const FRAMES_PER_SEED = 100_000;

function fail(message) {
  process.stderr.write(`strata: ${message}\n`);
  process.exit(2);
}

function read() {
  try {
    return parseArgs({
      options: {
        seeds: { type: 'string' },
        frames: { type: 'string' },
        ipv4: { type: 'string' },
        ipv6: { type: 'string' },
        family: { type: 'string', default: '4' },
        mqtt: { type: 'string' },
        mosquitto: { type: 'string' },
        from: { type: 'string', default: '1' },
        seed: { type: 'string' },
        profile: { type: 'string' },
        pcap: { type: 'string' },
      },
    }).values;
  } catch (error) {
    return fail(error.message);
  }
}

function whole(name, text) {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) fail(`--${name} takes a whole number, not "${text}"`);
  return value;
}

const options = read();
const names = options.profile === undefined ? NAMES : [options.profile];
for (const name of names) if (!NAMES.includes(name)) fail(`--profile is one of ${NAMES.join(', ')}, not "${name}"`);
const recordsOne = options.mqtt === '1' || (options.seed !== undefined && options.profile !== undefined);
if (options.pcap !== undefined && !recordsOne) {
  fail('--pcap records one run: it needs --seed and --profile, or --mqtt 1 --from SEED');
}

const family = Number(options.family);
if (family !== 4 && family !== 6) fail(`--family is 4 or 6, not "${options.family}"`);

setup();
const { frameStorm, ipv4Storm, ipv6Storm, mqttSessionScenario, transferScenario } = await import(
  '../packages/testkit/dist/index.js'
);
const { PROFILES } = await import('../packages/stack/dist/index.js');
const { FileSink } = await import('../packages/pcap-writer/dist/node.js');

let failed = 0;

/** Runs one scenario; a thrown error is a fault like any other. */
function attempt(run) {
  try {
    return run();
  } catch (error) {
    return { faults: [error instanceof Error ? error.stack : String(error)] };
  }
}

function report(what, faults, replay) {
  if (faults.length === 0) return;
  failed++;
  console.log(`${what} FAILED`);
  for (const fault of faults) console.log(`  ${fault}`);
  console.log(`  again: ${replay}`);
}

function soakTransfers(name, from, count) {
  let lost = 0;
  let retransmissions = 0;
  const began = performance.now();
  for (let seed = from; seed < from + count; seed++) {
    const result = attempt(() => transferScenario(seed, PROFILES[name], { family }));
    if (result.outcome === 'lost') lost++;
    retransmissions += result.retransmissions ?? 0;
    const replay = `node tools/soak.mjs --seed ${seed} --profile ${name} --family ${family} --pcap seed-${seed}.pcapng`;
    report(`transfer, ${name}, seed ${seed}`, result.faults, replay);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `transfers, ${name}: ${count} seeds from ${from}, ${lost} connections lost and told, ` +
      `${retransmissions} retransmissions, ${seconds} s`,
  );
}

function soakFrames(name, from, count) {
  const drops = new Map();
  let taken = 0;
  const began = performance.now();
  for (let seed = from, left = count; left > 0; seed++, left -= FRAMES_PER_SEED) {
    const frames = Math.min(left, FRAMES_PER_SEED);
    const result = attempt(() => frameStorm(seed, PROFILES[name], { frames }));
    taken += result.taken ?? 0;
    for (const [reason, times] of Object.entries(result.drops ?? {})) {
      drops.set(reason, (drops.get(reason) ?? 0) + times);
    }
    const replay = `node tools/soak.mjs --frames ${frames} --from ${seed} --profile ${name}`;
    report(`frames, ${name}, seed ${seed}`, result.faults, replay);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`frames, ${name}: ${count} thrown from seed ${from} on, ${taken} taken, ${seconds} s; dropped for`);
  for (const [reason, times] of [...drops].sort((a, b) => b[1] - a[1]))
    console.log(`${String(times).padStart(10)} ${reason}`);
}

async function soakMqtt(from, count) {
  const { netOf } = await import('../packages/sockets/dist/index.js');
  const { aedesBroker } = await import('./aedes-broker.mjs');
  const startBroker = aedesBroker(netOf);
  const sums = { uplinks: 0, downlinks: 0, cuts: 0, crashes: 0, reconnects: 0, duplicates: 0 };
  const began = performance.now();
  for (let seed = from; seed < from + count; seed++) {
    const capture = options.pcap === undefined ? {} : { capture: new FileSink(options.pcap) };
    let result;
    try {
      result = await mqttSessionScenario(seed, { startBroker, ...capture });
    } catch (error) {
      result = { faults: [error.stack] };
    }
    for (const name of Object.keys(sums)) sums[name] += result[name] ?? 0;
    const again = `node tools/soak.mjs --mqtt 1 --from ${seed} --pcap seed-${seed}.pcapng`;
    report(`MQTT session, seed ${seed}`, result.faults, again);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `MQTT sessions: ${count} seeds from ${from}, ${sums.uplinks} messages up and ${sums.downlinks} down, ${sums.cuts} cuts, ` +
      `${sums.crashes} deaths of the program, ${sums.reconnects} connections, ${sums.duplicates} QoS 1 messages again, ${seconds} s`,
  );
}

function soakStrange(version, storm, name, from, count) {
  let answers = 0;
  const began = performance.now();
  for (let seed = from, left = count; left > 0; seed++, left -= FRAMES_PER_SEED) {
    const packets = Math.min(left, FRAMES_PER_SEED);
    const result = attempt(() => storm(seed, PROFILES[name], { packets }));
    answers += result.answers ?? 0;
    const replay = `node tools/soak.mjs --ipv${version} ${packets} --from ${seed} --profile ${name}`;
    report(`IPv${version}, ${name}, seed ${seed}`, result.faults, replay);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`IPv${version}, ${name}: ${count} packets from seed ${from} on, ${answers} answers, ${seconds} s`);
}

/** Sessions at a real Mosquitto, in a network namespace of their own. Returns the exit code. */
async function soakMosquitto(first, count) {
  const { spawnSync } = await import('node:child_process');
  const { fileURLToPath } = await import('node:url');
  const { NAMESPACE_ADVICE, namespaceArguments } = await import('./peers.mjs');
  const way = namespaceArguments();
  if (way === null) return fail(NAMESPACE_ADVICE);
  const sessions = fileURLToPath(new URL('mosquitto-sessions.mjs', import.meta.url));
  const script = 'ip link set lo up && exec "$@"';
  const command = [process.execPath, sessions, '--runs', String(count), '--from', String(first), '--kill'];
  const { status, stdout } = spawnSync('unshare', [...way, 'sh', '-c', script, 'sh', ...command], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const result = JSON.parse(stdout);
  for (const failure of result.failures) console.log(failure);
  console.log(
    `sessions at Mosquitto: ${result.runs} runs from ${first}, ${result.messages} messages, ${result.breaks} breaks, ` +
      `${result.crashes} deaths of the program, ${result.duplicates} QoS 1 messages again, ${result.failures.length} failures, ` +
      `${(result.milliseconds / 1000).toFixed(1)} s; the broker killed twice`,
  );
  return status ?? 1;
}

/** One transfer, audited and recorded. */
function replay(name, seed) {
  const capture = options.pcap === undefined ? undefined : new FileSink(options.pcap);
  const result = attempt(() =>
    transferScenario(seed, PROFILES[name], { family, audit: true, ...(capture && { capture }) }),
  );
  console.log(JSON.stringify(result, null, 2));
  if (result.faults.length > 0) failed++;
  if (capture !== undefined) console.log(`capture: ${options.pcap}`);
}

const from = whole('from', options.from);
if (options.mosquitto !== undefined) process.exit(await soakMosquitto(from, whole('mosquitto', options.mosquitto)));
if (options.mqtt !== undefined) {
  await soakMqtt(from, whole('mqtt', options.mqtt));
  process.exit(failed > 0 ? 1 : 0);
}
for (const name of names) {
  if (options.seed !== undefined) replay(name, whole('seed', options.seed));
  else if (options.ipv4 !== undefined) soakStrange(4, ipv4Storm, name, from, whole('ipv4', options.ipv4));
  else if (options.ipv6 !== undefined) soakStrange(6, ipv6Storm, name, from, whole('ipv6', options.ipv6));
  else if (options.frames !== undefined) soakFrames(name, from, whole('frames', options.frames));
  else {
    soakTransfers(name, from, whole('seeds', options.seeds ?? '1000'));
    if (options.seeds === undefined) soakFrames(name, from, 100_000);
  }
}
process.exit(failed > 0 ? 1 : 0);
