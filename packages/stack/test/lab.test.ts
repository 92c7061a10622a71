import { describe, expect, test } from '@jest/globals';
import { NX_NO_RESPONSE, NX_NOT_CONNECTED, NX_PORT_UNAVAILABLE, NX_SUCCESS, SECOND } from '@strata/contracts';
import { type Host, Lab, modernProfile, NetError, netxProfile, type Profile } from '@strata/stack';
import { isAtRest, leakGuard } from '@strata/testkit';

interface Pair {
  readonly lab: Lab;
  readonly a: Host;
  readonly b: Host;
}

function pair(profile: Profile = netxProfile): Pair {
  const lab = new Lab({ seed: 1, profile });
  const [a, b] = [lab.host('a', { audit: true }), lab.host('b', { audit: true })];
  const bridge = lab.bridge({ faults: { delayMicroseconds: 1000 } });
  a.attach(bridge.a, { address: '192.0.2.1/24' });
  b.attach(bridge.b, { address: '192.0.2.2/24' });
  return { lab, a, b };
}

/** Nothing is left, and nothing will happen any more. */
async function settle(lab: Lab): Promise<void> {
  await lab.runUntilIdle();
  expect(isAtRest(lab)).toBe(true);
  await lab.close();
  leakGuard(lab);
}

async function rejection(promise: Promise<unknown>): Promise<NetError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(NetError);
  return error as NetError;
}

describe('a lab', () => {
  test('a ping takes as long as the link, and address resolution once', async () => {
    const { lab, a } = pair();
    const first = await lab.run(() => a.ping('192.0.2.2', { bytes: 100 }));
    expect(first).toMatchObject({ status: NX_SUCCESS, bytes: 100, from: '192.0.2.2', roundTrip: 4000 });
    const second = await lab.run(() => a.ping('192.0.2.2'));
    expect(second.roundTrip).toBe(2000);
    await settle(lab);
  });

  test('steps show one frame each: request, answer, echo, reply', async () => {
    const { lab, a } = pair();
    const moments: number[] = [];
    const ping = a.ping('192.0.2.2');
    while (moments.length < 4 && lab.step()) moments.push(lab.now);
    expect(moments).toEqual([1000, 2000, 3000, 4000]);
    await lab.run(() => ping);
    await settle(lab);
  });

  test('runs until a condition holds', async () => {
    const { lab, a, b } = pair();
    const ping = a.ping('192.0.2.2');
    expect(await lab.runUntil(() => b.ip.icmp.counters.pingsAnswered > 0)).toBe('until');
    expect(lab.now).toBe(3000);
    await lab.run(() => ping);
    await settle(lab);
  });

  test('a ping that nobody answers ends after its time, in virtual time', async () => {
    const { lab, a } = pair();
    const result = await lab.run(() => a.ping('192.0.2.99', { timeoutSeconds: 3 }));
    expect(result).toMatchObject({ status: NX_NO_RESPONSE, from: null });
    expect(lab.now).toBe(3 * SECOND);
    await settle(lab);
  });

  test.each([netxProfile, modernProfile])(
    'a stream carries octets both ways and ends in order ($name)',
    async (profile) => {
      const { lab, a, b } = pair(profile);
      const data = new Uint8Array(100_000).map((_, i) => i * 13);
      b.listen(7, async (connection) => {
        for await (const bytes of connection) await connection.send(bytes);
        await connection.close();
      });
      await lab.run(async () => {
        await using connection = await a.connect('192.0.2.2', 7);
        const received: number[] = [];
        const sent = connection.send(data);
        while (received.length < data.length) received.push(...((await connection.receive()) ?? []));
        await sent;
        expect(Uint8Array.from(received)).toEqual(data);
      });
      await settle(lab);
    },
  );

  test('what is sent at once goes out in full segments, also where each packet is a segment of its own', async () => {
    const { lab, a, b } = pair();
    const segments = 4;
    b.listen(7, async (connection) => {
      for await (const _ of connection);
      await connection.close();
    });
    const connection = await lab.run(() => a.connect('192.0.2.2', 7));
    await lab.runUntilIdle();
    const before = b.tcp.counters.packetsReceived;
    await lab.run(() => connection.send(new Uint8Array(segments * 1460)));
    await lab.runUntilIdle();
    expect(b.tcp.counters.bytesReceived).toBe(segments * 1460);
    expect(b.tcp.counters.packetsReceived - before).toBe(segments);
    await lab.run(() => connection.close());
    await settle(lab);
  });

  test('whoever cannot connect learns why', async () => {
    const { lab, a, b } = pair();
    await lab.run(async () => {
      const refused = await rejection(a.connect('192.0.2.2', 9));
      expect(refused.status).toBe(NX_NOT_CONNECTED);
      expect(refused.message).toContain('192.0.2.2:9');
      const nowhere = await rejection(a.connect('198.51.100.1', 9));
      expect(nowhere.message).toContain('no route');
      expect(await rejection(a.connect('nonsense', 9))).toMatchObject({
        message: expect.stringContaining('"nonsense"'),
      });
    });
    b.listen(7, () => {});
    expect(() => b.listen(7, () => {})).toThrow(expect.objectContaining({ status: NX_PORT_UNAVAILABLE }));
    await settle(lab);
  });

  test('a wait with a limit ends at that moment, one with a signal at once', async () => {
    const { lab, a, b } = pair();
    b.listen(7, () => {});
    await lab.run(async () => {
      const connection = await a.connect('192.0.2.2', 7);
      const began = lab.now;
      await rejection(connection.receive({ timeoutSeconds: 2 }));
      expect(lab.now - began).toBe(2 * SECOND);
      const stop = new AbortController();
      const waiting = rejection(connection.receive({ signal: stop.signal }));
      stop.abort();
      await waiting;
      expect(lab.now - began).toBe(2 * SECOND);
      connection.abort();
    });
    await settle(lab);
  });

  test('hosts on one switch reach each other and only whom they mean', async () => {
    const lab = new Lab({ seed: 3 });
    const middle = lab.switch();
    const hosts = ['a', 'b', 'c'].map((name, i) => {
      const host = lab.host(name);
      host.attach(lab.plug(middle), { address: `192.0.2.${i + 1}/24` });
      return host;
    });
    const [a, , c] = hosts as [Host, Host, Host];
    expect((await lab.run(() => a.ping('192.0.2.3'))).from).toBe('192.0.2.3');
    const heard = c.ip.counters.totalPacketsReceived;
    expect((await lab.run(() => a.ping('192.0.2.2'))).from).toBe('192.0.2.2');
    expect(c.ip.counters.totalPacketsReceived).toBe(heard);
    await lab.runFor(1);
    await lab.close();
    leakGuard(lab);
  });

  test('names of hosts are taken once, and text that is no address is shown what one looks like', () => {
    const { lab, a } = pair();
    expect(() => lab.host('a')).toThrow(/has a host "a" already/);
    const bridge = lab.bridge();
    expect(() => a.attach(bridge.a, { address: '192.0.2' })).toThrow(/looks like 192\.0\.2\.1\/24/);
  });
});
