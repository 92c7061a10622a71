import { describe, expect, test } from '@jest/globals';
import { SECOND } from '@strata/contracts';
import {
  DHCP_BOUND,
  DHCP_CHECKING,
  DHCP_DECLINED,
  DHCP_INIT,
  DHCP_REBINDING,
  DHCP_REBOOTING,
  DHCP_RENEWING,
  DHCP_SELECTING,
  DHCP_STATE_NAMES,
  DHCP_STOPPED,
  type DhcpClient,
} from '@strata/dhcp';
import { configureByDhcp, dhcpClientOf, type Host, Lab, NetError } from '@strata/stack';
import { leakGuard } from '@strata/testkit';
import { formatIpv4 } from '@strata/wire';
import { type Answer, leaseOptions, octets, ScriptedServer, type Seen, word } from './support/scripted-server.ts';

const DISCOVER = 1;
const OFFER = 2;
const REQUEST = 3;
const DECLINE = 4;
const ACK = 5;
const NAK = 6;
const RELEASE = 7;

const SERVER = '192.0.2.1';
const GIVEN = '192.0.2.77';
const LEASE = 3600;

interface Site {
  readonly lab: Lab;
  readonly host: Host;
  readonly server: ScriptedServer;
  readonly serverHost: Host;
  readonly client: DhcpClient;
  readonly states: string[];
}

/** A server that gives everybody the same address. */
function generous(seen: Seen): readonly Answer[] {
  const options = leaseOptions(SERVER, LEASE);
  if (seen.type === DISCOVER) return [{ type: OFFER, address: GIVEN, options }];
  if (seen.type === REQUEST) return [{ type: ACK, address: GIVEN, options }];
  return [];
}

function site(answer: (seen: Seen) => readonly Answer[] = generous, seed = 1): Site {
  const lab = new Lab({ seed });
  const [host, serverHost] = [lab.host('host', { audit: true }), lab.host('server', { audit: true })];
  const segment = lab.segment(3, { faults: { delayMicroseconds: 1000 } });
  host.attach(segment.ends[0] as never);
  serverHost.attach(segment.ends[1] as never, { address: `${SERVER}/24` });
  const server = new ScriptedServer(serverHost, answer);
  const client = dhcpClientOf(host);
  const states: string[] = [];
  client.listener = { stateChanged: (_client, state) => states.push(DHCP_STATE_NAMES[state] as string) };
  return { lab, host, server, serverHost, client, states };
}

function addressOf(host: Host): string {
  return formatIpv4(host.ip.interfaces[0]?.address ?? 0);
}

async function end({ lab, server }: Site): Promise<void> {
  server.close();
  await lab.close();
  leakGuard(lab);
}

describe('getting a lease (RFC 2131 3.1)', () => {
  test('DISCOVER, OFFER, REQUEST, ACK, a look with ARP, and the address is used', async () => {
    const made = site();
    const lease = await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60 }));
    expect(formatIpv4(lease.address)).toBe(GIVEN);
    expect(lease).toMatchObject({
      prefixLength: 24,
      leaseSeconds: LEASE,
      renewalSeconds: 1800,
      rebindingSeconds: 3150,
    });
    expect(addressOf(made.host)).toBe(GIVEN);
    expect(formatIpv4(made.host.ip.routes.gateway.address)).toBe(SERVER);
    expect(made.host.nameServers.map(({ w3 }) => formatIpv4(w3))).toEqual([SERVER]);
    expect(made.server.types).toEqual([DISCOVER, REQUEST]);
    const answered = await made.lab.run(() => made.host.ping(SERVER));
    expect(answered.status).toBe(0);
    await end(made);
  });

  test('messages to servers are as RFC 2131 table 5 has them', async () => {
    const made = site();
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60 }));
    const [discover, request] = made.server.seen as [Seen, Seen];
    for (const message of [discover, request]) {
      expect(message).toMatchObject({
        source: '0.0.0.0',
        destination: '255.255.255.255',
        clientAddress: '0.0.0.0',
        broadcast: false,
      });
      expect(message.length).toBeGreaterThanOrEqual(300);
      expect(message.options.get(55)).toEqual(expect.arrayContaining([1, 3, 6, 51, 58, 59]));
    }
    expect(discover.options.has(50)).toBe(false);
    expect(discover.options.has(54)).toBe(false);
    expect(request.options.get(50)).toEqual(octets(GIVEN));
    expect(request.options.get(54)).toEqual(octets(SERVER));
    expect(request.transaction).toBe(discover.transaction);
    expect(request.seconds).toBe(discover.seconds);
    await end(made);
  });

  test('a host name and a client identifier are sent when there are some', async () => {
    const made = site();
    made.client.hostName = 'strata-7';
    made.client.clientId = Uint8Array.of(0, 1, 2, 3);
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60 }));
    for (const message of made.server.seen) {
      expect(String.fromCharCode(...(message.options.get(12) ?? []))).toBe('strata-7');
      expect(message.options.get(61)).toEqual([0, 1, 2, 3]);
    }
    await end(made);
  });

  test('unanswered DISCOVERs are repeated after 4, 8, 16, 32, 64, 64 s, give or take one (4.1)', async () => {
    const made = site(() => []);
    made.client.start();
    await made.lab.runFor(200);
    const times = made.server.seen.map(({ at }) => at / SECOND);
    const waits = times.slice(1).map((time, i) => time - (times[i] as number));
    expect(waits).toHaveLength(6);
    for (const [i, wait] of [4, 8, 16, 32, 64, 64].entries()) {
      expect(Math.abs((waits[i] as number) - wait)).toBeLessThanOrEqual(1);
    }
    expect(new Set(made.server.seen.map(({ transaction }) => transaction)).size).toBe(1);
    expect(made.server.seen[3]?.seconds).toBe(Math.floor((times[3] as number) - (times[0] as number)));
    await end(made);
  });

  test('the first usable of several offers is taken', async () => {
    const made = site((seen) => {
      const options = leaseOptions(SERVER, LEASE);
      if (seen.type === REQUEST) return [{ type: ACK, address: GIVEN, options }];
      return [
        { type: OFFER, address: '192.0.2.50', options: [[54, ...octets(SERVER)]] },
        { type: OFFER, address: '127.0.0.1', options },
        { type: OFFER, address: GIVEN, options },
        { type: OFFER, address: '192.0.2.78', options },
      ];
    });
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60 }));
    expect(addressOf(made.host)).toBe(GIVEN);
    expect(made.server.types).toEqual([DISCOVER, REQUEST]);
    await end(made);
  });

  test('unanswered REQUESTs end in INIT, and all begins again with another transaction', async () => {
    const made = site((seen) =>
      seen.type === DISCOVER ? [{ type: OFFER, address: GIVEN, options: leaseOptions(SERVER, LEASE) }] : [],
    );
    made.client.start();
    await made.lab.runFor(70);
    expect(made.server.types.slice(0, 6)).toEqual([DISCOVER, REQUEST, REQUEST, REQUEST, REQUEST, DISCOVER]);
    expect(made.server.seen[5]?.transaction).not.toBe(made.server.seen[0]?.transaction);
    await end(made);
  });

  test('a NAK begins again at once; one by another server is nobody’s business', async () => {
    let refusals = 0;
    const made = site((seen) => {
      if (seen.type !== REQUEST || refusals++ > 0) return generous(seen);
      return [
        { type: NAK, options: [[54, 192, 0, 2, 9]] },
        { type: NAK, options: [[54, ...octets(SERVER)]] },
      ];
    });
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60 }));
    expect(made.server.types).toEqual([DISCOVER, REQUEST, DISCOVER, REQUEST]);
    expect(made.client.counters).toMatchObject({ naksReceived: 2, ignored: 1 });
    await end(made);
  });

  test('an address that somebody has is declined, and asked for again after ten seconds (3.1, 5)', async () => {
    let given = '192.0.2.66';
    const made = site((seen) => {
      if (seen.type === DECLINE) given = GIVEN;
      return generous(seen).map((answer) => ({ ...answer, address: given }));
    });
    const squatter = made.lab.host('squatter');
    squatter.attach(made.lab.links[0]?.ends[2] as never, { address: '192.0.2.66/24' });
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 120 }));
    expect(made.server.types).toEqual([DISCOVER, REQUEST, DECLINE, DISCOVER, REQUEST]);
    const decline = made.server.seen[2] as Seen;
    expect(decline).toMatchObject({ source: '0.0.0.0', clientAddress: '0.0.0.0', destination: '255.255.255.255' });
    expect(decline.options.get(50)).toEqual(octets('192.0.2.66'));
    expect(decline.options.get(54)).toEqual(octets(SERVER));
    expect((made.server.seen[3] as Seen).at - decline.at).toBeGreaterThanOrEqual(10 * SECOND);
    expect(made.states).toContain(DHCP_STATE_NAMES[DHCP_DECLINED]);
    expect(addressOf(made.host)).toBe(GIVEN);
    await end(made);
  });

  test('DECLINE and RELEASE say neither how long it took nor that the answer be broadcast (table 5)', async () => {
    let discovers = 0;
    const made = site((seen) => {
      if (seen.type === DISCOVER && ++discovers < 3) return [];
      const address = discovers < 4 ? '192.0.2.66' : GIVEN;
      return generous(seen).map((answer) => ({ ...answer, address }));
    });
    const squatter = made.lab.host('squatter');
    squatter.attach(made.lab.links[0]?.ends[2] as never, { address: '192.0.2.66/24' });
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 120 }));
    made.client.release();
    await made.lab.runFor(2);
    const request = made.server.seen.find(({ type }) => type === REQUEST) as Seen;
    expect(request.seconds).toBeGreaterThan(5);
    const last = made.server.seen.filter(({ type }) => type === DECLINE || type === RELEASE);
    expect(last.map(({ type, seconds, broadcast }) => [type, seconds, broadcast])).toEqual([
      [DECLINE, 0, false],
      [RELEASE, 0, false],
    ]);
    for (const { options } of last)
      expect([...options.keys()].filter((code) => [55, 57, 12].includes(code))).toEqual([]);
    await end(made);
  });

  test('stopped while it looks whether the address is free, it takes none', async () => {
    const made = site();
    made.client.listener = {
      stateChanged: (client, state) => {
        if (state === DHCP_CHECKING) client.stop();
      },
    };
    made.client.start();
    await made.lab.runFor(30);
    expect([addressOf(made.host), made.client.state, made.server.types]).toEqual([
      '0.0.0.0',
      DHCP_STOPPED,
      [DISCOVER, REQUEST],
    ]);
    await end(made);
  });

  test('a client identifier of more than 255 octets goes on in a second option (RFC 3396)', async () => {
    const made = site();
    made.client.clientId = Uint8Array.from({ length: 300 }, (_, i) => i & 255);
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60 }));
    // This server reads single options only, and sees the last of the two.
    expect((made.server.seen[0] as Seen).options.get(61)).toEqual(
      Array.from({ length: 45 }, (_, i) => (255 + i) & 255),
    );
    expect((made.server.seen[0] as Seen).options.get(55)).toBeDefined();
    await end(made);
  });

  test('no server: the wait ends with a reason, and nothing goes on', async () => {
    const made = site(() => []);
    const error = await made.lab
      .run(() => configureByDhcp(made.host, { timeoutSeconds: 5 }))
      .then(
        () => null,
        (reason: unknown) => reason,
      );
    expect(error).toBeInstanceOf(NetError);
    expect((error as NetError).message).toContain('no DHCP server gave an address');
    expect(made.client.state).toBe(DHCP_STOPPED);
    const before = made.server.seen.length;
    await made.lab.runFor(100);
    expect(made.server.seen).toHaveLength(before);
    await end(made);
  });
});

describe('keeping a lease (RFC 2131 4.4.5)', () => {
  async function bound(answer?: (seen: Seen) => readonly Answer[]): Promise<Site> {
    const made = site(answer);
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60 }));
    return made;
  }

  test('at T1 the server is asked, by its own address, and the lease goes on from then', async () => {
    const made = await bound();
    const before = made.client.lease?.obtainedAt ?? 0;
    await made.lab.runFor(1810);
    const renewal = made.server.seen[2] as Seen;
    expect(renewal).toMatchObject({ type: REQUEST, clientAddress: GIVEN, source: GIVEN, destination: SERVER });
    expect(renewal.options.has(50)).toBe(false);
    expect(renewal.options.has(54)).toBe(false);
    expect((renewal.at - before) / SECOND).toBeCloseTo(1800, 0);
    expect(made.client.state).toBe(DHCP_BOUND);
    expect(made.client.lease?.obtainedAt).toBeGreaterThan(before + 1799 * SECOND);
    await end(made);
  });

  test('a silent server is asked again after half of what is left, then everybody, and then the lease is over', async () => {
    const made = await bound();
    made.server.answer = () => [];
    const start = made.client.lease?.obtainedAt ?? 0;
    await made.lab.runFor(3585);
    const asked = made.server.seen.slice(2);
    const seconds = asked.map(({ at }) => Math.round((at - start) / SECOND));
    expect(seconds).toEqual([1800, 2475, 2813, 2981, 3066, 3126, 3150, 3375, 3488, 3548]);
    expect(asked.slice(0, 6).every(({ destination }) => destination === SERVER)).toBe(true);
    expect(asked.slice(6).every(({ destination }) => destination === '255.255.255.255')).toBe(true);
    expect(made.states).toEqual(
      expect.arrayContaining([DHCP_STATE_NAMES[DHCP_RENEWING], DHCP_STATE_NAMES[DHCP_REBINDING]]),
    );
    expect(addressOf(made.host)).toBe(GIVEN);
    await made.lab.runFor(20);
    expect(made.client.counters.expired).toBe(1);
    expect(made.client.lease).toBeNull();
    expect(addressOf(made.host)).toBe('0.0.0.0');
    expect(made.host.nameServers).toEqual([]);
    expect(made.server.seen.at(-1)?.type).toBe(DISCOVER);
    await end(made);
  });

  test('a NAK while renewing takes the address away at once', async () => {
    const made = await bound();
    made.server.answer = (seen) => (seen.type === REQUEST ? [{ type: NAK, options: [[54, ...octets(SERVER)]] }] : []);
    await made.lab.runFor(1801);
    expect(made.client.state === DHCP_INIT || made.client.state === DHCP_SELECTING).toBe(true);
    expect(addressOf(made.host)).toBe('0.0.0.0');
    await end(made);
  });

  test('T1 and T2 of the server are used, and nonsense is not', async () => {
    const times = (t1: number, t2: number) => (seen: Seen) =>
      generous(seen).map((answer) => ({
        ...answer,
        options: [...(answer.options ?? []), [58, ...word(t1)] as const, [59, ...word(t2)] as const],
      }));
    const good = await bound(times(100, 200));
    expect(good.client.lease).toMatchObject({ renewalSeconds: 100, rebindingSeconds: 200 });
    await end(good);
    for (const [t1, t2] of [
      [200, 100],
      [100, LEASE],
      [0xffffffff, 0xffffffff],
    ] as const) {
      const bad = await bound(times(t1, t2));
      expect(bad.client.lease).toMatchObject({ renewalSeconds: 1800, rebindingSeconds: 3150 });
      await end(bad);
    }
  });

  test('a lease without end is never renewed', async () => {
    const made = await bound((seen) =>
      generous(seen).map((answer) => ({ ...answer, options: leaseOptions(SERVER, 0xffffffff) })),
    );
    expect(made.client.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    await end(made);
  });

  test('a link that was gone and is back: the lease is asked for again while it is used (3.7)', async () => {
    const made = await bound();
    const flap = async (address = GIVEN) => {
      made.host.drivers[0]?.setEnabled(false);
      await made.lab.runFor(10);
      made.host.drivers[0]?.setEnabled(true);
      expect([made.client.state, addressOf(made.host)]).toEqual([DHCP_REBOOTING, address]);
    };
    await flap();
    await made.lab.runFor(20);
    const asked = made.server.seen.at(-1) as Seen;
    expect([asked.type, asked.clientAddress, asked.options.get(50), asked.options.get(54)]).toEqual([
      REQUEST,
      '0.0.0.0',
      octets(GIVEN),
      undefined,
    ]);
    expect([made.client.state, made.client.counters.leases]).toEqual([DHCP_BOUND, 2]);
    // On another network the server refuses it, and gives one that fits.
    const elsewhere = '192.0.2.99';
    made.server.answer = (seen) =>
      seen.type === REQUEST && seen.options.get(50)?.join('.') === GIVEN
        ? [{ type: NAK, options: [[54, ...octets(SERVER)]] }]
        : generous(seen).map((answer) => ({ ...answer, address: elsewhere }));
    await flap();
    await made.lab.runFor(30);
    expect([made.client.state, addressOf(made.host)]).toEqual([DHCP_BOUND, elsewhere]);
    // Without any server the rest of the lease is used.
    made.server.answer = () => [];
    await flap(elsewhere);
    await made.lab.runFor(120);
    expect([made.client.state, addressOf(made.host)]).toEqual([DHCP_BOUND, elsewhere]);
    await end(made);
  });

  test('an interface that goes takes its client along; the next one in its place has one of its own', async () => {
    const made = await bound();
    const [gone] = made.host.ip.interfaces;
    made.host.detach(gone as never);
    const before = made.server.seen.length;
    await made.lab.runFor(2 * LEASE);
    expect([made.client.state, made.server.seen.length]).toEqual([DHCP_STOPPED, before]);
    made.host.attach(made.lab.links[0]?.ends[2] as never);
    expect(dhcpClientOf(made.host)).not.toBe(made.client);
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60 }));
    expect([addressOf(made.host), gone?.address]).toEqual([GIVEN, 0]);
    await end(made);
  });

  test('release tells the server and takes the address away', async () => {
    const made = await bound();
    expect(made.client.release()).toBe(0);
    await made.lab.runFor(2);
    const release = made.server.seen.at(-1) as Seen;
    expect(release).toMatchObject({ type: RELEASE, clientAddress: GIVEN, source: GIVEN, destination: SERVER });
    expect(release.options.get(54)).toEqual(octets(SERVER));
    expect(addressOf(made.host)).toBe('0.0.0.0');
    expect(made.client.state).toBe(DHCP_STOPPED);
    expect(made.client.release()).not.toBe(0);
    await end(made);
  });
});

describe('starting with an earlier lease (RFC 2131 3.2)', () => {
  async function earlier() {
    const made = site();
    const lease = await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60 }));
    await end(made);
    return JSON.parse(JSON.stringify(lease)) as typeof lease;
  }

  test('the address is asked for at once, without a server’s name', async () => {
    const saved = await earlier();
    const made = site();
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60, saved }));
    expect(made.server.types).toEqual([REQUEST]);
    const request = made.server.seen[0] as Seen;
    expect(request.options.get(50)).toEqual(octets(GIVEN));
    expect(request.options.has(54)).toBe(false);
    expect(request).toMatchObject({ clientAddress: '0.0.0.0', destination: '255.255.255.255' });
    expect(made.states[0]).toBe(DHCP_STATE_NAMES[DHCP_REBOOTING]);
    await end(made);
  });

  test('a server that knows better refuses it', async () => {
    const saved = await earlier();
    let first = true;
    const made = site((seen) => {
      if (!first) return generous(seen);
      first = false;
      return [{ type: NAK, options: [[54, ...octets(SERVER)]] }];
    });
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60, saved }));
    expect(made.server.types).toEqual([REQUEST, DISCOVER, REQUEST]);
    await end(made);
  });

  test('without any server the rest of the lease is used', async () => {
    const saved = await earlier();
    const made = site(() => []);
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 200, saved }));
    expect(addressOf(made.host)).toBe(GIVEN);
    expect(made.server.types).toEqual([REQUEST, REQUEST, REQUEST, REQUEST]);
    await end(made);
  });
});

describe('what servers say', () => {
  async function leaseWith(options: readonly (readonly [number, ...number[]])[], more: Partial<Answer> = {}) {
    const made = site((seen) =>
      generous(seen).map((answer) => ({ ...answer, ...more, options: [...(answer.options ?? []), ...options] })),
    );
    const lease = await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60 }));
    await end(made);
    return { lease, host: made.host };
  }

  test.each([
    [1400, 1400],
    [576, 576],
    [575, 1500],
    [9000, 1500],
    [0, 1500],
  ])('an MTU of %i octets makes one of %i, and the lease takes it away again', async (said, used) => {
    const made = site((seen) =>
      generous(seen).map((answer) => ({
        ...answer,
        options: [...(answer.options ?? []), [26, said >> 8, said & 255]],
      })),
    );
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60 }));
    expect(made.host.ip.interfaces[0]?.mtu).toBe(used);
    made.client.release();
    await made.lab.runFor(2);
    expect(made.host.ip.interfaces[0]?.mtu).toBe(1500);
    await end(made);
  });

  test('when the first router does not answer the next one is used, and a renewal leaves it so (RFC 1122 3.3.1.4)', async () => {
    const routers = [3, ...octets('192.0.2.9'), ...octets(SERVER)] as const;
    const made = site((seen) =>
      generous(seen).map((answer) => ({
        ...answer,
        options: [...(answer.options ?? []).filter(([code]) => code !== 3), routers],
      })),
    );
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60 }));
    const { gateway } = made.host.ip.routes;
    expect(formatIpv4(gateway.address)).toBe('192.0.2.9');
    await made.lab.run(() => made.host.ping('198.51.100.1', { timeoutSeconds: 1 }));
    await made.lab.runFor(300);
    expect(formatIpv4(gateway.address)).toBe(SERVER);
    await made.lab.runFor(LEASE / 2);
    expect([made.client.counters.leases, formatIpv4(gateway.address)]).toEqual([2, SERVER]);
    await end(made);
  });

  test('classless routes take the place of the router (RFC 3442)', async () => {
    const made = site((seen) =>
      generous(seen).map((answer) => ({
        ...answer,
        options: [...(answer.options ?? []), [121, 24, 198, 51, 100, 192, 0, 2, 3, 0, 192, 0, 2, 4] as const],
      })),
    );
    await made.lab.run(() => configureByDhcp(made.host, { timeoutSeconds: 60 }));
    expect(formatIpv4(made.host.ip.routes.gateway.address)).toBe('192.0.2.4');
    expect(made.client.lease?.routes).toHaveLength(2);
    made.client.release();
    await made.lab.runFor(2);
    expect(formatIpv4(made.host.ip.routes.gateway.address)).toBe('0.0.0.0');
    await end(made);
  });

  test('parts of one option are put together (RFC 3396), options in other fields are read (RFC 2132 9.3)', async () => {
    const split = await leaseWith([
      [15, ...Buffer.from('exam')],
      [15, ...Buffer.from('ple.org')],
    ]);
    expect(split.lease.domainName).toBe('example.org');
    const overloaded = await leaseWith([[52, 3]], {
      file: [15, 4, ...Buffer.from('lab.'), 255],
      serverName: [15, 3, ...Buffer.from('org'), 255],
    });
    expect(overloaded.lease.domainName).toBe('lab.org');
  });

  test('text that would disturb a terminal is cleaned', async () => {
    const { lease } = await leaseWith([[15, 0x1b, 0x5b, 0x41, 0x62, 0x0a]]);
    expect(lease.domainName).toBe('[Ab');
  });
});
