/**
 * Runs combinations of the matrix (tools/linux-matrix.mjs) one after the other, inside the namespace it was started in. Reads
 * them as JSON lines from standard input and answers each with a line: what was found.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { unlinkSync } from 'node:fs';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { FileSink } from '@strata/pcap-writer/node';
import { PROFILES } from '@strata/stack';
import { analyse } from './analysis.mjs';
import { LINUX, must, OURS, openSite } from './site.mjs';

/** Nothing but a connection that hangs takes longer than this, in seconds. */
const PATIENCE = 180;

function sysctl(name, value) {
  must('sysctl', ['-qw', `net.ipv4.${name}=${value}`]);
}

/** Bytes that no two connections share and that a shifted or repeated segment would spoil. */
function payload(bytes, seed) {
  const data = Buffer.allocUnsafe(bytes);
  let x = (seed * 2654435761) | 1;
  for (let i = 0; i < bytes; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) | 0;
    data[i] = x >>> 24;
  }
  return data;
}

const sha256 = (data) => createHash('sha256').update(data).digest('hex');

/** Reads a connection of ours to its end. */
async function readAll(connection) {
  const hash = createHash('sha256');
  for await (const bytes of connection) hash.update(bytes);
  return hash.digest('hex');
}

/** Reads a connection of Linux's to its end, then ends the other direction. */
async function readSocket(socket) {
  const hash = createHash('sha256');
  socket.on('data', (bytes) => hash.update(bytes));
  await once(socket, 'end');
  socket.end();
  return hash.digest('hex');
}

/** Four transfers at once: each side opens a connection and sends, and opens one and receives. */
async function transfer(device, { bytes, seed }) {
  const up = payload(bytes, seed);
  const down = payload(bytes, seed + 1);
  const send = async (connection) => {
    await connection.send(up);
    await connection.close();
  };
  const receive = async (connection) => {
    const hash = await readAll(connection);
    await connection.close();
    return hash;
  };

  // A lost ARP request keeps SYNs waiting, which then were sent again without having been on the wire.
  for (let i = 0; i < 5; i++) if ((await device.ping(LINUX, { timeoutSeconds: 2 })).status === 0) break;

  const ours = [];
  const weSend = device.listen(1001, (connection) => ours.push(send(connection)));
  const weReceive = device.listen(1002, (connection) => ours.push(receive(connection)));
  const linuxReceives = net.createServer({ allowHalfOpen: true }, (socket) => {
    hashes.push(readSocket(socket));
  });
  const linuxSends = net.createServer({ allowHalfOpen: true }, (socket) => socket.resume().end(down));
  const hashes = [];
  linuxReceives.listen(2001, LINUX);
  linuxSends.listen(2002, LINUX);
  await Promise.all([once(linuxReceives, 'listening'), once(linuxSends, 'listening')]);

  const fromLinux = net.connect({ host: OURS, port: 1001, allowHalfOpen: true });
  const toUs = net.connect({ host: OURS, port: 1002, allowHalfOpen: true }).resume();
  hashes.push(readSocket(fromLinux));
  toUs.end(down);
  const results = await Promise.all([
    device.connect(LINUX, 2001).then(send),
    device.connect(LINUX, 2002).then(receive),
    once(fromLinux, 'close'),
    once(toUs, 'close'),
  ]);
  const sent = await Promise.all(hashes);
  const received = [results[1], ...(await Promise.all(ours)).filter((hash) => hash !== undefined)];
  for (const server of [weSend, weReceive]) server.close();
  linuxReceives.close();
  linuxSends.close();
  const wrong = [
    ...sent.filter((hash) => hash !== sha256(up)).map(() => 'Linux received other bytes than we sent'),
    ...received.filter((hash) => hash !== sha256(down)).map(() => 'we received other bytes than Linux sent'),
  ];
  if (sent.length !== 2 || received.length !== 2) wrong.push(`${sent.length + received.length} of 4 transfers ended`);
  return wrong;
}

async function run(combination) {
  const { loss, delay, reorder, mtu, ecn, timestamps, sack, scaling, profile, seed, pcap } = combination;
  sysctl('tcp_ecn', ecn ? 1 : 0);
  sysctl('tcp_timestamps', timestamps ? 1 : 0);
  sysctl('tcp_sack', sack ? 1 : 0);
  sysctl('tcp_window_scaling', scaling ? 1 : 0);
  sysctl('tcp_no_metrics_save', 1);
  const site = openSite({
    seed,
    profile: PROFILES[profile],
    mtu,
    impairments: { loss, delay, reorder, ce: ecn ? 0.02 : 0 },
    capture: new FileSink(pcap),
  });
  const startedAt = performance.now();
  let wrong;
  try {
    wrong = await site.lab.run(() => deadline(transfer(site.device, combination), PATIENCE), 'the transfers');
  } catch (error) {
    wrong = [error.message];
  }
  const counted = site.device.tcp.counters.retransmitPackets;
  await site.close();
  const seconds = (performance.now() - startedAt) / 1000;
  const found = await analyse(pcap, { ours: OURS, linux: LINUX, delay });
  wrong.push(...found.stalls);
  if (found.retransmitted !== counted) {
    wrong.push(`we counted ${counted} retransmissions, tshark ${found.retransmitted}`);
  }
  if (wrong.length === 0 && !combination.keep) unlinkSync(pcap);
  return { ...combination, seconds, ...found, counted, wrong };
}

function deadline(work, seconds) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not finished after ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

for await (const line of createInterface({ input: process.stdin })) {
  const combination = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify(await run(combination))}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ ...combination, wrong: [error.stack] })}\n`);
  }
}
process.exit();
