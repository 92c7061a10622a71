import { describe, expect, test } from '@jest/globals';
import { NX_NO_RESPONSE, NX_NOT_SUCCESSFUL, NX_SUCCESS, NX_UDP_PACKET, type Packet, SECOND } from '@strata/contracts';
import { VlanTrunk } from '@strata/ethernet';
import { ipv4Address, parseAddress } from '@strata/wire';
import { type Host, Lab, modernProfile, netxProfile } from '../src/index.ts';

const word = (text: string) => parseAddress(text)?.w3 as number;

/** Two hosts with two routers between them; the link in the middle takes packets of `mtu` octets. */
function twoHops(mtu = 1500, profile = modernProfile): { lab: Lab; near: Host; far: Host; routers: Host[] } {
  const lab = new Lab({ profile, seed: 'two hops' });
  const [left, middle, right] = [lab.bridge(), lab.bridge({ mtu }), lab.bridge()];
  const near = lab.host('near', {
    interfaces: [{ port: left.a, address: '192.0.2.2/24', addresses: ['2001:db8:1::2/64'], gateway: '192.0.2.1' }],
    routes: [{ to: '2001:db8::/32', via: '2001:db8:1::1' }],
  });
  const first = lab.host('first router', {
    forwarding: true,
    interfaces: [
      { port: left.b, address: '192.0.2.1/24', addresses: ['2001:db8:1::1/64'] },
      { port: middle.a, address: '203.0.113.1/24', addresses: ['2001:db8:2::1/64'] },
    ],
    routes: [
      { to: '198.51.100.0/24', via: '203.0.113.2' },
      { to: '2001:db8:3::/64', via: '2001:db8:2::2' },
    ],
  });
  const second = lab.host('second router', {
    forwarding: true,
    interfaces: [
      { port: middle.b, address: '203.0.113.2/24', addresses: ['2001:db8:2::2/64'] },
      { port: right.a, address: '198.51.100.1/24', addresses: ['2001:db8:3::1/64'] },
    ],
    routes: [
      { to: '192.0.2.0/24', via: '203.0.113.1' },
      { to: '2001:db8:1::/64', via: '2001:db8:2::1' },
    ],
  });
  const far = lab.host('far', {
    interfaces: [
      { port: right.b, address: '198.51.100.2/24', addresses: ['2001:db8:3::2/64'], gateway: '198.51.100.1' },
    ],
    routes: [{ to: '2001:db8::/32', via: '2001:db8:3::1' }],
  });
  return { lab, near, far, routers: [first, second] };
}

async function settle(lab: Lab, hosts: readonly Host[]): Promise<void> {
  await lab.run(() => Promise.all(hosts.map((host) => host.settled())));
}

async function end(lab: Lab): Promise<void> {
  await lab.runFor(120);
  expect(lab.outstanding()).toBe(0);
  await lab.close();
}

describe.each([
  ['IPv4', '198.51.100.2'],
  ['IPv6', '2001:db8:3::2'],
])('a lab with two routers, %s', (_, address) => {
  test.each([netxProfile, modernProfile])('a ping crosses them, two hops fewer ($name)', async (profile) => {
    const { lab, near, far, routers } = twoHops(1500, profile);
    await settle(lab, [near, far, ...routers]);
    const result = await lab.run(() => near.ping(address));
    expect([result.status, result.from]).toEqual([NX_SUCCESS, address]);
    const start = address.includes(':') ? (profile === netxProfile ? 255 : 64) : profile.ip.defaultTimeToLive;
    expect(result.timeToLive).toBe(start - 2);
    await end(lab);
  });

  test('a ping of 20,000 octets is cut and put together both ways, over a link of 1280 in the middle', async () => {
    const { lab, near, far, routers } = twoHops(1280);
    await settle(lab, [near, far, ...routers]);
    let result = await lab.run(() => near.ping(address, { bytes: 20_000 }));
    // IPv6 learns the path by losing: routers do not cut.
    for (let i = 0; i < 3 && result.status !== NX_SUCCESS; i++) {
      result = await lab.run(() => near.ping(address, { bytes: 20_000 }));
    }
    expect([result.status, result.bytes]).toEqual([NX_SUCCESS, 20_000]);
    await end(lab);
  });

  test('TCP finds the MTU of the path and delivers everything', async () => {
    const { lab, near, far, routers } = twoHops(1280);
    await settle(lab, [near, far, ...routers]);
    let received = 0;
    far.listen(7, (connection) => {
      void (async () => {
        for (let data = await connection.receive(); data !== null; data = await connection.receive())
          received += data.length;
        await connection.close();
      })();
    });
    await lab.run(async () => {
      const connection = await near.connect(address, 7);
      await connection.send(new Uint8Array(200_000));
      await connection.close();
    });
    await lab.runFor(5);
    expect(received).toBe(200_000);
    await end(lab);
  });

  test('time to live 1 and 2 end at the first and the second router, who say so', async () => {
    const { lab, near, far, routers } = twoHops();
    await settle(lab, [near, far, ...routers]);
    const remote = parseAddress(address) as NonNullable<ReturnType<typeof parseAddress>>;
    for (const timeToLive of [1, 2, 3]) {
      const status = await lab.run(
        () =>
          new Promise<number>((resolve) => {
            const listener = {
              pinged: (result: number, response: Packet | null) => {
                response?.release();
                near.touch();
                resolve(result);
              },
            };
            near.ip.icmp.echo.ping(remote, new Uint8Array(8), SECOND, listener, { timeToLive });
          }),
      );
      expect(status).toBe(timeToLive === 3 ? NX_SUCCESS : NX_NOT_SUCCESSFUL);
    }
    await end(lab);
  });
});

describe('a UDP socket and the path', () => {
  test('a datagram that must not be cut draws an error, the next one of the right size arrives', async () => {
    const { lab, near, far } = twoHops(1300);
    const kinds: number[] = [];
    const socket = near.udp.createSocket({
      dontFragment: true,
      listener: { receivable: () => {}, failed: (_socket, kind) => kinds.push(kind) },
    });
    socket.bind(5000);
    socket.connect(ipv4Address(word('198.51.100.2')), 6000);
    const sink = far.udp.createSocket();
    sink.bind(6000);
    const send = (bytes: number) => {
      const packet = near.pool.allocate(NX_UDP_PACKET) as Packet;
      packet.appendBytes(new Uint8Array(bytes), 0, bytes);
      const status = socket.send(packet, ipv4Address(word('198.51.100.2')), 6000);
      if (status !== NX_SUCCESS) packet.release();
      return status;
    };
    expect(send(1400)).toBe(NX_SUCCESS);
    await lab.runFor(1);
    expect([kinds.length, near.ip.paths.mtuOf(ipv4Address(word('198.51.100.2')))]).toEqual([1, 1300]);
    expect(send(1400)).not.toBe(NX_SUCCESS);
    expect(send(1272)).toBe(NX_SUCCESS);
    await lab.runFor(1);
    expect(sink.queued).toBe(1);
    sink.unbind();
    socket.unbind();
    await end(lab);
  });
});

describe('VLANs', () => {
  test('one cable, two networks and an untagged one: a router on a stick joins them, a host hears only its own', async () => {
    const lab = new Lab({ profile: modernProfile });
    const segment = lab.segment(4);
    const [router, office, plant, plain] = segment.ends as [never, never, never, never];
    const trunk = new VlanTrunk(router);
    lab.host('router', {
      forwarding: true,
      interfaces: [
        { port: trunk.vlan(10), vlan: 10, address: '192.0.2.1/24' },
        { port: trunk.vlan(20), vlan: 20, address: '198.51.100.1/24' },
        { port: trunk.untagged, address: '203.0.113.1/24' },
      ],
    });
    const a = lab.host('office', {
      interfaces: [{ port: office, vlan: 10, address: '192.0.2.2/24', gateway: '192.0.2.1' }],
    });
    const b = lab.host('plant', {
      interfaces: [{ port: plant, vlan: 20, address: '198.51.100.2/24', gateway: '198.51.100.1' }],
    });
    const c = lab.host('plain', { interfaces: [{ port: plain, address: '203.0.113.2/24' }] });
    expect((await lab.run(() => a.ping('198.51.100.2'))).status).toBe(NX_SUCCESS);
    expect((await lab.run(() => a.ping('198.51.100.2', { bytes: 1472 }))).status).toBe(NX_SUCCESS);
    expect((await lab.run(() => c.ping('203.0.113.1'))).status).toBe(NX_SUCCESS);
    // Without the router's tag nobody of VLAN 10 hears VLAN 20.
    b.ip.setAddress(b.ip.interfaces[0] as never, word('192.0.2.3'), word('255.255.255.0'));
    expect((await lab.run(() => a.ping('192.0.2.3'))).status).not.toBe(NX_SUCCESS);
    await end(lab);
  });

  test('identifiers out of range are refused', () => {
    const lab = new Lab();
    const trunk = new VlanTrunk(lab.bridge().a);
    for (const identifier of [0, 4095, -1, 1.5]) expect(() => trunk.vlan(identifier)).toThrow(RangeError);
  });
});

test('without a router a packet for another network goes nowhere', async () => {
  const { lab, near, routers } = twoHops();
  (routers[0] as Host).ip.forwarding = false;
  const result = await lab.run(() => near.ping('198.51.100.2'));
  expect(result.status).toBe(NX_NO_RESPONSE);
  await end(lab);
});
