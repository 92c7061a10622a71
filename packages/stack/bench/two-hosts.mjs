import { NX_SUCCESS, NX_UDP_PACKET } from '@strata/contracts';
import { Lab, modernProfile } from '@strata/stack';
import { parseAddress } from '@strata/wire';

const ON_ONE_LINK = {
  4: [['192.0.2.1/24'], ['192.0.2.2/24']],
  6: [['2001:db8::1/64'], ['2001:db8::2/64']],
};
/** `a`, the router's two interfaces, `b`. */
const WITH_ROUTER = {
  4: [
    ['192.0.2.1/24', '192.0.2.254'],
    ['192.0.2.254/24'],
    ['198.51.100.254/24'],
    ['198.51.100.1/24', '198.51.100.254'],
  ],
  6: [
    ['2001:db8:1::1/64', '2001:db8:1::f'],
    ['2001:db8:1::f/64'],
    ['2001:db8:2::f/64'],
    ['2001:db8:2::1/64', '2001:db8:2::f'],
  ],
};

/**
 * Two hosts `a` and `b` on the loopback bridge, with IPv4 or with `family: 6` IPv6 addresses that are ready; `routed`: on two
 * bridges with a router in between.
 */
export function twoHosts({ profile = modernProfile, packets = 1024, family = 4, routed = false, ...options } = {}) {
  const lab = new Lab({ seed: 1, profile, ...options });
  const addresses = (routed ? WITH_ROUTER : ON_ONE_LINK)[family];
  const bridges = [lab.bridge()];
  const hosts = [lab.host('a', { packets })];
  if (routed) {
    bridges.push(lab.bridge());
    hosts.push(lab.host('router', { packets, forwarding: true }));
  }
  hosts.push(lab.host('b', { packets }));
  const ends = bridges.flatMap(({ a, b }) => [a, b]);
  for (const [i, [address, gateway]] of addresses.entries()) {
    hosts[(i + 1) >> 1].attach(ends[i], { address, gateway });
  }
  lab.clock.runSync({ until: () => hosts.every((host) => !host.ip.ipv6.settling) });
  const other = parseAddress(addresses.at(-1)[0].replace(/\/.*/, ''));
  return { lab, a: hosts[0], b: hosts.at(-1), other };
}

/** Two hosts as {@link twoHosts} makes them, with an established TCP connection from `a` to `b`. */
export function connectedPair({ windowSize = 240 * 1024, ...options } = {}) {
  const { lab, a, b, other } = twoHosts(options);
  const socket = { windowSize };
  let accepted = null;
  b.tcp.listen(7, {
    socket,
    onConnection(connection) {
      accepted = connection;
    },
  });
  const client = a.tcp.open(other, 7, silent(), socket);
  lab.clock.runSync({ until: () => accepted !== null });
  return { lab, client, server: accepted, payload: client.mss };
}

/** A stream listener that does nothing, to override what matters. */
export function silent(overrides = {}) {
  return {
    established() {},
    receivable() {},
    sendable() {},
    peerFinished() {},
    closed() {},
    ...overrides,
  };
}

/**
 * Sends `total` octets to the other end, in packets of a full segment as `net.Socket` of `@strata/sockets` makes them. The other
 * end copies every octet out. Returns when all have arrived.
 */
export function transfer({ lab, client, server, payload }, total) {
  const source = new Uint8Array(payload).map((_, i) => i * 7);
  const target = new Uint8Array(2048);
  let sent = 0;
  let received = 0;
  let held = null;
  const write = () => {
    for (;;) {
      if (held === null) {
        if (sent >= total) return;
        held = client.allocate();
        if (held === null) return;
        held.appendBytes(source, 0, source.length);
      }
      if (client.send(held) !== NX_SUCCESS) return;
      held = null;
      sent += source.length;
    }
  };
  client.listener = silent({ sendable: write });
  server.listener = silent({
    receivable() {
      for (let packet = server.receive(); packet !== null; packet = server.receive()) {
        received += packet.extract(0, target, 0, packet.length);
        packet.release();
      }
    },
  });
  write();
  lab.clock.runSync({ until: () => received >= total });
  return received;
}

/** Two hosts with a UDP socket each, connected to one another; options as for {@link twoHosts}. */
export function datagramPair(options = {}) {
  const { lab, a, b, other } = twoHosts(options);
  const client = a.udp.createSocket();
  const server = b.udp.createSocket();
  client.bind(7000);
  server.bind(7);
  return { lab, a, other, client, server };
}

/** Sends `count` datagrams of 1,000 octets from `a` to `b`, one when another was copied out there. Returns when all have arrived. */
export function datagrams({ lab, a, other, client, server }, count) {
  const source = new Uint8Array(1000).map((_, i) => i * 7);
  const target = new Uint8Array(2048);
  let sent = 0;
  let received = 0;
  const send = () => {
    const packet = a.pool.allocate(NX_UDP_PACKET);
    packet.appendBytes(source, 0, source.length);
    if (client.send(packet, other, 7) !== NX_SUCCESS) throw new Error('a datagram was refused');
    sent++;
  };
  server.listener = {
    receivable() {
      const packet = server.receive();
      packet.extract(0, target, 0, packet.length);
      packet.release();
      received++;
      if (sent < count) send();
    },
    failed() {},
  };
  send();
  lab.clock.runSync({ until: () => received >= count });
}

/**
 * Bytes of heap that `run` allocates for each of its `units`: the least growth of several runs, since in some of them the
 * collector frees more than was allocated.
 */
export function heapPerUnit(run, units) {
  run();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 7; i++) {
    const before = process.memoryUsage().heapUsed;
    run();
    const growth = process.memoryUsage().heapUsed - before;
    if (growth >= 0) least = Math.min(least, growth / units);
  }
  return least;
}
