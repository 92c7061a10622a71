import { expect, test } from '@jest/globals';
import { SECOND } from '@strata/contracts';
import { SeededRandom } from '@strata/time';
import {
  immediateReduction,
  modernTcpProfile,
  netxTcpProfile,
  proportionalReduction,
  rackDetection,
  sackThresholdDetection,
  type TcpProfile,
  tcpOptions,
} from '../src/index.ts';
import { Application, Pair } from './support/lossy.ts';

type Act = 'finish' | 'abort' | 'close' | 'server aborts';

/** Two applications send to each other over a bad wire until both are done or one of them ends it; returns how it ended. */
function play(seed: number, profile: TcpProfile, peer: TcpProfile, act: Act): string {
  const level = (seed % 21) / 100;
  const faults = { loss: level, duplicate: 0.05, reorder: 0.2, corrupt: level / 4, delay: 1 + (seed % 7) * 3000 };
  const pair = new Pair(seed, profile, faults, peer);
  const { a, b } = pair;
  const bytes = 12_000;
  const size = (n: number) => 1 + ((n * 7919 + seed * 31) % 1400);
  const servers: Application[] = [];
  b.tcp.listen(7, {
    socket: { windowSize: 1000 + seed * 13 },
    onConnection: (socket) => servers.push(new Application(socket, bytes, 2, 1, size)),
  });
  const socket = a.tcp.createSocket({ deleteWhenClosed: true, windowSize: 500 + seed * 50 });
  socket.bind(0);
  const client = new Application(socket, bytes, 1, 2, size);
  socket.connect(b.address, 7);
  if (act !== 'finish') pair.run((seed % 50) * 20_000);
  if (act === 'abort') socket.disconnect(true);
  if (act === 'close') socket.disconnect(false);
  if (act === 'server aborts') servers[0]?.socket.disconnect(true);
  const everyone = () => [client, ...servers];
  const finished = pair.runUntil(() => everyone().every((one) => one.closedWith >= 0), 50_000 * SECOND);
  const note = () =>
    JSON.stringify({ seed, act, ends: everyone().map((one) => [one.receivedCount, one.socket.inspect()]) });
  // A reset that is lost leaves the other end open for ever when it has nothing to say; everything else must end.
  if (!finished && act === 'finish') throw new Error(`stalled: ${note()}`);
  for (const one of everyone()) {
    if (one.mismatch >= 0) throw new Error(`octet ${one.mismatch} is wrong: ${note()}`);
    if (act === 'finish' && one.closedWith === 0 && one.receivedCount !== bytes) throw new Error(`short: ${note()}`);
  }
  pair.run(pair.time.now + 600 * SECOND);
  for (const one of everyone()) {
    one.drain();
    if (!finished) one.socket.destroy();
  }
  for (const { pool } of [a, b]) {
    if (pool.available !== pool.total) throw new Error(`${pool.total - pool.available} packets leaked: ${note()}`);
    if (pool.invalidReleases > 0) throw new Error(`a packet was released twice: ${note()}`);
  }
  return client.closedWith === 0 ? 'ok' : 'lost';
}

/** NetX gives up after ten seconds; a peer whose timeouts double may be silent for longer on such a wire. */
const patient: TcpProfile = { ...netxTcpProfile, maximumRetries: 100 };
const mixes: [string, TcpProfile, TcpProfile][] = [
  ['netx to netx', netxTcpProfile, netxTcpProfile],
  ['modern to modern', modernTcpProfile, modernTcpProfile],
  ['netx to modern', patient, modernTcpProfile],
];

test.each(mixes)(
  '%s: what arrives is always a prefix of what was sent, however either side ends it',
  (_name, profile, peer) => {
    for (let seed = 0; seed < 21; seed++) {
      expect(play(seed, profile, peer, 'finish')).toBe('ok');
      for (const act of ['abort', 'close', 'server aborts'] as const) play(seed * 7 + 1, profile, peer, act);
    }
  },
);

/** A current host of which the bits of `choice` switch off SACK, timestamps, window scaling, or one of the recovery's parts. */
function variant(choice: number): TcpProfile {
  const off = (bit: number) => (choice & bit) !== 0;
  return {
    ...modernTcpProfile,
    options: tcpOptions({ sack: !off(1), timestamps: !off(2), windowScale: !off(4) }),
    reportDuplicates: !off(8),
    lossPolicies: {
      ...modernTcpProfile.lossPolicies,
      detection: off(16) ? sackThresholdDetection : rackDetection,
      reduction: off(32) ? immediateReduction : proportionalReduction,
      tailLossProbe: !off(64),
      frto: !off(128),
      undo: !off(256),
    },
  };
}

test('the same with any of the options and of the parts of recovery switched off at either end', () => {
  const random = new SeededRandom('variants');
  for (let seed = 0; seed < 24; seed++) {
    const [a, b] = [random.below(512), random.below(512)];
    const name = `seed ${seed}, variants ${a} and ${b}: `;
    expect(name + play(seed, variant(a), variant(b), 'finish')).toBe(`${name}ok`);
    for (const act of ['abort', 'close', 'server aborts'] as const) play(seed * 5 + 3, variant(a), variant(b), act);
  }
});
