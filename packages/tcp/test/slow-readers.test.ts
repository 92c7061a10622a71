import { expect, test } from '@jest/globals';
import { NEVER, SECOND } from '@strata/contracts';
import { SeededRandom } from '@strata/time';
import { modernTcpProfile, netxTcpProfile, type TcpProfile } from '../src/index.ts';
import { Application, Pair } from './support/lossy.ts';

/**
 * Both ends send and shut down, and read late, in small windows: probes, window updates and FINs in every order. Everything
 * must arrive and both ends must close; afterwards the wire is silent.
 */
function play(seed: number, profile: TcpProfile, other: TcpProfile): void {
  const random = new SeededRandom(`reader ${seed}`);
  const loss = (seed % 3) / 10;
  const pair = new Pair(seed, profile, { loss, duplicate: 0.05, reorder: 0.1, delay: 1 + (seed % 5) * 20_000 }, other);
  const window = () => 1 + random.below(seed % 2 === 0 ? 40 : 3000);
  const total = seed % 2 === 0 ? 150 : 6000;
  const size = (n: number) => 1 + ((n * 31 + seed) % (seed % 2 === 0 ? 3 : 700));
  const everyone: Application[] = [];
  pair.b.tcp.listen(7, {
    socket: { windowSize: window() },
    onConnection: (socket) => everyone.push(new Application(socket, total, 2, 1, size, true)),
  });
  const socket = pair.a.tcp.createSocket({ deleteWhenClosed: true, windowSize: window() });
  socket.bind(0);
  everyone.push(new Application(socket, total, 1, 2, size, true));
  socket.connect(pair.b.address, 7);
  let next = 0;
  const alarm = pair.time.alarm({
    nextDeadline: () => next,
    onTime: (now) => {
      next = now + 1000 * (1 + random.below(3000));
      const who = everyone[random.below(everyone.length)];
      who?.drain();
      if (random.below(4) === 0) for (const one of everyone) one.drain();
    },
  });
  alarm.set(next);
  const done = pair.runUntil(
    () => everyone.length === 2 && everyone.every((one) => one.closedWith >= 0),
    20_000 * SECOND,
  );
  const note = JSON.stringify({
    seed,
    ends: everyone.map((one) => [one.sent, one.receivedCount, one.socket.inspect()]),
  });
  if (!done) throw new Error(`stalled: ${note}`);
  for (const one of everyone) {
    if (one.mismatch >= 0) throw new Error(`octet ${one.mismatch} is wrong: ${note}`);
    if (one.closedWith !== 0 || one.receivedCount !== total) throw new Error(`short: ${note}`);
  }
  next = NEVER;
  pair.run(pair.time.now + 30 * SECOND);
  const { segments } = pair;
  pair.run(pair.time.now + 1000 * SECOND);
  if (pair.segments !== segments) throw new Error(`${pair.segments - segments} segments after the end: ${note}`);
  for (const { pool } of [pair.a, pair.b]) {
    if (pool.available !== pool.total) throw new Error(`${pool.total - pool.available} packets leaked: ${note}`);
  }
}

const patient: TcpProfile = { ...netxTcpProfile, maximumRetries: 100, maximumSynRetries: 100 };
const mixes: [string, TcpProfile, TcpProfile][] = [
  ['netx to netx', patient, patient],
  ['modern to modern', modernTcpProfile, modernTcpProfile],
  ['netx to modern', patient, modernTcpProfile],
];

test.each(mixes)(
  '%s: readers that are late, in windows of a few octets, get everything and both ends close',
  (_name, one, other) => {
    for (let seed = 0; seed < 30; seed++) expect(() => play(seed, one, other)).not.toThrow();
    // Both ends probe each other at once.
    expect(() => play(87, one, other)).not.toThrow();
  },
);
