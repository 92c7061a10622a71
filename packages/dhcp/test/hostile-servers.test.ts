import { describe, expect, test } from '@jest/globals';
import { DHCP_BOUND, DHCP_SELECTING, LINK_LOCAL_PREFIX, rfc2131Policy } from '@strata/dhcp';
import { chooseLinkLocal, configureByDhcp, dhcpClientOf, Lab } from '@strata/stack';
import { leakGuard } from '@strata/testkit';
import { SeededRandom } from '@strata/time';
import { formatIpv4 } from '@strata/wire';
import fc from '../../../test/support/laws.ts';
import { decodeReply } from '../src/message.ts';
import { type Answer, leaseOptions, ScriptedServer, type Seen } from './support/scripted-server.ts';

const SERVER = '192.0.2.1';
const GIVEN = '192.0.2.77';

function lab(answer: (seen: Seen) => readonly Answer[], seed = 1) {
  const made = new Lab({ seed });
  const [host, serverHost] = [made.host('host', { audit: true }), made.host('server', { audit: true })];
  const bridge = made.bridge({ faults: { delayMicroseconds: 1000 } });
  host.attach(bridge.a);
  serverHost.attach(bridge.b, { address: `${SERVER}/24` });
  return { lab: made, host, server: new ScriptedServer(serverHost, answer), client: dhcpClientOf(host) };
}

function offer(change: Partial<Answer>): (seen: Seen) => readonly Answer[] {
  return () => [{ type: 2, address: GIVEN, options: leaseOptions(SERVER, 60), ...change }];
}

describe('answers that are none', () => {
  const wrong: Record<string, Partial<Answer>> = {
    'another transaction': { transaction: 1 },
    'another client’s MAC address': { mac: Uint8Array.of(2, 0, 0, 0, 0, 9) },
    'a request instead of a reply': { change: (bytes) => bytes.fill(1, 0, 1) },
    'another hardware type': { change: (bytes) => bytes.fill(6, 1, 2) },
    'another address length': { change: (bytes) => bytes.fill(16, 2, 3) },
    'a wrong cookie': { change: (bytes) => bytes.fill(0, 236, 240) },
    'no options at all': { change: (bytes) => bytes.slice(0, 240) },
    'half a header': { change: (bytes) => bytes.slice(0, 100) },
    'one octet': { change: (bytes) => bytes.slice(0, 1) },
    'an option longer than the message': { change: (bytes) => bytes.slice(0, -3) },
    'a message type of two octets': { options: [[53, 2], ...leaseOptions(SERVER, 60)] },
    'no server': { options: leaseOptions(SERVER, 60).slice(1) },
    'no lease time': { options: leaseOptions(SERVER, 60).filter(([code]) => code !== 51) },
    'a lease of no time': { options: leaseOptions(SERVER, 0) },
    'a lease time of two octets': { options: [leaseOptions(SERVER, 60)[0] as never, [51, 1, 2]] },
    'a mask with holes': { options: [...leaseOptions(SERVER, 60).slice(0, 2), [1, 255, 0, 255, 0]] },
    'no address': { address: '0.0.0.0' },
    'a group as the address': { address: '224.0.0.9' },
    'the loopback as the address': { address: '127.0.0.1' },
    'everybody as the address': { address: '255.255.255.255' },
    'everybody on the network as the address': { address: '192.0.2.255' },
    'the network as the address': { address: '192.0.2.0' },
  };

  test.each(Object.entries(wrong))('%s: counted and ignored', async (_name, change) => {
    const made = lab(offer(change));
    made.client.start();
    await made.lab.runFor(1);
    expect(made.client.state).toBe(DHCP_SELECTING);
    expect(made.client.counters.ignored).toBe(1);
    expect(made.server.types).toEqual([1]);
    made.server.close();
    await made.lab.close();
    leakGuard(made.lab);
  });

  test('any octets decode to a reply or to nothing, without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        decodeReply(bytes);
        const framed = new Uint8Array(240 + bytes.length);
        framed.set([2, 1, 6]);
        new DataView(framed.buffer).setUint32(236, 0x63825363);
        framed.set(bytes, 240);
        const reply = decodeReply(framed);
        expect(reply === null || reply.options.size <= 256).toBe(true);
      }),
      { numRuns: 25_000 },
    );
  });

  test('mutated offers and acknowledgments, 800 of them, neither hurt nor leak', async () => {
    const random = new SeededRandom(7);
    let sent = 0;
    const mutate = (bytes: Uint8Array): Uint8Array => {
      const changed = bytes.slice(0, random.below(4) === 0 ? random.below(bytes.length + 1) : bytes.length);
      for (let i = random.below(6); i > 0 && changed.length > 0; i--) {
        // Mostly in the options, where the structure is.
        const from = changed.length > 240 && random.below(3) > 0 ? 240 : 0;
        changed[from + random.below(changed.length - from)] = random.below(256);
      }
      return changed;
    };
    const made = lab((seen) => {
      const options = leaseOptions(SERVER, 3600);
      const type = seen.type === 1 ? 2 : 5;
      return Array.from({ length: 4 }, () => {
        sent++;
        return { type, address: GIVEN, options, change: mutate };
      });
    });
    made.client.start();
    while (sent < 800) {
      await made.lab.runFor(100);
      if (made.client.state === DHCP_BOUND) made.client.release();
      made.client.stop();
      made.client.start();
    }
    made.client.stop();
    made.server.close();
    await made.lab.close();
    leakGuard(made.lab);
    expect(made.client.counters.ignored).toBeGreaterThan(200);
  });
});

test('a host that has no address gets answers that are sent to its new one, or to everybody when it asks so', async () => {
  expect(rfc2131Policy.broadcast).toBe(false);
  const made = lab((seen) =>
    seen.type === 1 || seen.type === 3
      ? [{ type: seen.type === 1 ? 2 : 5, address: GIVEN, options: leaseOptions(SERVER, 60) }]
      : [],
  );
  await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 20 }));
  expect(made.client.state).toBe(DHCP_BOUND);
  made.server.close();
  await made.lab.close();
});

describe('link-local addresses (RFC 3927)', () => {
  function pair(seed: number) {
    const made = new Lab({ seed });
    const bridge = made.bridge({ faults: { delayMicroseconds: 1000 } });
    const [a, b] = [made.host('a'), made.host('b')];
    a.attach(bridge.a, { mac: '02:00:00:00:00:01' });
    b.attach(bridge.b, { mac: '02:00:00:00:00:02' });
    return { lab: made, a, b };
  }

  test('are chosen within the range, announced, and good for talking', async () => {
    const { lab: made, a, b } = pair(1);
    const [one, other] = [chooseLinkLocal(a), chooseLinkLocal(b)];
    await made.runFor(15);
    for (const { address } of [one, other]) {
      expect(formatIpv4(address)).toMatch(/^169\.254\.(?!0\.|255\.)/);
    }
    expect(one.address).not.toBe(other.address);
    expect((await made.run(() => a.ping(formatIpv4(other.address)))).status).toBe(0);
    await made.close();
  });

  test('come back to the same host, and another one is taken when somebody has it', async () => {
    const first = pair(1);
    const wanted = chooseLinkLocal(first.a);
    await first.lab.runFor(15);
    const again = pair(1);
    again.b.ip.setAddress(again.b.ip.interfaces[0] as never, wanted.address, -1 << (32 - LINK_LOCAL_PREFIX));
    const chosen = chooseLinkLocal(again.a);
    await again.lab.runFor(30);
    expect(chosen.conflicts).toBe(1);
    expect(formatIpv4(chosen.address)).toMatch(/^169\.254\./);
    expect(chosen.address).not.toBe(wanted.address);
    await first.lab.close();
    await again.lab.close();
  });

  test('are looked for on an interface until it goes, and what another one has then stays', async () => {
    const { lab: made, a } = pair(1);
    const [gone] = a.ip.interfaces;
    const chosen = chooseLinkLocal(a);
    await made.runFor(15);
    const other = a.attach(made.bridge().a, { address: '192.0.2.5/24' });
    a.ip.setMtu(other, 1400);
    a.ip.setGateway(0xc0000201 | 0);
    a.nameServers.push({ family: 4, w0: 0, w1: 0, w2: 0, w3: 0xc0000203 | 0 });
    a.detach(gone as never);
    expect(chosen.address).toBe(0);
    chosen.stop();
    await made.runFor(30);
    expect([chosen.address, other.mtu, a.nameServers.length]).toEqual([0, 1400, 1]);
    expect(a.ip.routes.gateway.address).toBe(0xc0000201 | 0);
    await made.close();
  });

  test('one that somebody else insists on is given up for another (2.5)', async () => {
    const { lab: made, a, b } = pair(1);
    const chosen = chooseLinkLocal(a);
    await made.runFor(15);
    const first = chosen.address;
    for (let i = 0; i < 2; i++) {
      b.ip.arp.sendRequest(b.ip.interfaces[0] as never, first, first, 1);
      await made.runFor(1);
    }
    expect(a.ip.interfaces[0]?.address).toBe(0);
    await made.runFor(15);
    expect(formatIpv4(chosen.address)).toMatch(/^169\.254\./);
    expect([chosen.address === first, a.ip.interfaces[0]?.address]).toEqual([false, chosen.address]);
    await made.close();
  });
});
