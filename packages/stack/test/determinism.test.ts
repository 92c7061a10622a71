import { expect, test } from '@jest/globals';
import { SECOND } from '@strata/contracts';
import { MemorySink } from '@strata/pcap-writer';
import { Lab, modernProfile, netxProfile, type Profile } from '@strata/stack';
import { doubleRun, firstDifference } from '@strata/testkit';

/** Everything a link can do to a frame. */
const FAULTS = {
  lossRate: 0.05,
  delayMicroseconds: 20_000,
  jitterMicroseconds: 5_000,
  duplicateRate: 0.01,
  reorderRate: 0.02,
  corruptRate: 0.01,
};

const MESSAGE = new Uint8Array(60_000).map((_, i) => (i * 31) >> 3);

/** Two hosts on a switch: pings, a datagram, and a stream that goes both ways, with promises and all. */
async function lab(profile: Profile, seed: number): Promise<Uint8Array> {
  const sink = new MemorySink();
  const made = new Lab({ seed, profile, capture: sink });
  const [a, b] = [made.host('a'), made.host('b')];
  const middle = made.switch();
  a.attach(made.plug(middle, { faults: FAULTS }), { address: '192.0.2.1/24' });
  b.attach(made.plug(middle, { faults: FAULTS }), { address: '192.0.2.2/24' });
  b.listen(7, async (connection) => {
    for await (const bytes of connection) await connection.send(bytes);
    await connection.close();
  });
  const datagrams = b.udp.createSocket();
  datagrams.bind(5000);
  await made.run(async () => {
    for (let i = 0; i < 5; i++) await a.ping('192.0.2.2');
    const connection = await a.connect('192.0.2.2', 7);
    const sending = connection.send(MESSAGE);
    let received = 0;
    while (received < MESSAGE.length) received += (await connection.receive())?.length ?? Number.POSITIVE_INFINITY;
    await sending;
    await connection.close();
    expect(received).toBe(MESSAGE.length);
  });
  expect(made.now).toBeGreaterThan(SECOND);
  await made.close();
  return sink.bytes();
}

test.each([netxProfile, modernProfile])(
  'the same seed gives the same capture octet for octet, whatever the faults, and another seed another ($name)',
  async (profile) => {
    const first = await doubleRun(42, (seed) => lab(profile, seed));
    expect(first.length).toBeGreaterThan(MESSAGE.length);
    expect(firstDifference(first, await lab(profile, 43))).toBeGreaterThanOrEqual(0);
  },
  60_000,
);
