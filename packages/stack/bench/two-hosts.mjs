import { Lab, modernProfile } from '@strata/stack';
import { parseAddress } from '@strata/wire';

/** Two hosts on the loopback bridge, with an established TCP connection from `a` to `b`, over IPv4 or with `family: 6` over IPv6. */
export function connectedPair({
  profile = modernProfile,
  windowSize = 240 * 1024,
  packets = 1024,
  family = 4,
  ...options
} = {}) {
  const lab = new Lab({ seed: 1, profile, ...options });
  const bridge = lab.bridge();
  const [a, b] = [lab.host('a', { packets }), lab.host('b', { packets })];
  const [own, other, length] = family === 6 ? ['2001:db8::1', '2001:db8::2', 64] : ['192.0.2.1', '192.0.2.2', 24];
  a.attach(bridge.a, { address: `${own}/${length}` });
  b.attach(bridge.b, { address: `${other}/${length}` });
  lab.clock.runSync({ until: () => !a.ip.ipv6.settling && !b.ip.ipv6.settling });
  const socket = { windowSize };
  let accepted = null;
  b.tcp.listen(7, {
    socket,
    onConnection(connection) {
      accepted = connection;
    },
  });
  const client = a.tcp.open(parseAddress(other), 7, silent(), socket);
  lab.clock.runSync({ until: () => accepted !== null });
  return { lab, client, server: accepted, payload: family === 6 ? 1440 : 1460 };
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

const NX_SUCCESS = 0;

/** Sends `total` octets from `source` to the other end, which copies every octet out. Returns when all have arrived. */
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
