import { expect, test } from '@jest/globals';
import { NX_DISCONNECT_FAILED, SECOND } from '@strata/contracts';
import type { TcpSocket } from '@strata/tcp';
import { Lab, modernProfile, netxProfile, type Profile, type StreamConnection } from '../src/index.ts';

/** A client that closes, with a wait, towards a server that never does. */
async function play(profile: Profile, timeoutSeconds: number) {
  const lab = new Lab({ seed: 1, profile });
  const [a, b] = [lab.host('a'), lab.host('b')];
  const bridge = lab.bridge();
  a.attach(bridge.a, { address: '192.0.2.1/24' });
  b.attach(bridge.b, { address: '192.0.2.2/24' });
  const accepted: StreamConnection[] = [];
  const server = b.listen(7, (connection) => accepted.push(connection));
  const begun = lab.now;
  const client = await lab.run(() => a.connect('192.0.2.2', 7));
  const status = await lab.run(() =>
    client.close({ timeoutSeconds }).then(
      () => 0,
      (error) => error.status,
    ),
  );
  const waited = lab.now - begun;
  await lab.runFor(1);
  const states = [client, ...accepted].map(({ packets }) => (packets as TcpSocket).inspect().state);
  for (const connection of accepted) connection.abort();
  await lab.runFor(1);
  server.close();
  expect(lab.outstanding()).toBe(0);
  await lab.close();
  return { status, waited, states };
}

test('with NetX it fails after the wait, and ends here without a word', async () => {
  const { status, waited, states } = await play(netxProfile, 5);
  expect([status, states]).toEqual([NX_DISCONNECT_FAILED, ['CLOSED', 'CLOSE_WAIT']]);
  expect(waited).toBe(5 * SECOND);
});

test('a modern host tells the peer', async () => {
  const { status, states } = await play(modernProfile, 5);
  expect([status, states]).toEqual([NX_DISCONNECT_FAILED, ['CLOSED', 'CLOSED']]);
});

test('without a wait it goes on by itself', async () => {
  const { status, states } = await play(netxProfile, 0);
  expect(status).toBe(NX_DISCONNECT_FAILED);
  expect(states).not.toContain('CLOSED');
});
