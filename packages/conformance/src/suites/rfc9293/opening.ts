import { type IpAddress, NX_IN_PROGRESS, NX_IP_ADDRESS_ERROR } from '@strata/contracts';
import type { TcpSocket } from '@strata/tcp';
import { parseAddress } from '@strata/wire';
import type { PeerOptions } from '../../suite/peer/peer.ts';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';

const SECOND = 1_000_000;

/** The initial sequence number of a host that opens from `port` after `start` microseconds. */
function isnOf(t: Trial, options: PeerOptions & { readonly peerPort?: number } = {}): number {
  const peer = t.peer(options);
  const c = peer.connection({ peerPort: options.peerPort ?? 4000 });
  const socket = peer.socket();
  socket.bind(5000);
  socket.connect(peer.self.address, c.peerPort);
  peer.settle();
  return c.expect('S', {}).tcp.sequence;
}

function address(text: string): IpAddress {
  return parseAddress(text) as IpAddress;
}

const NOT_CLOCK = 'initial sequence numbers are two random numbers, whatever the clock, addresses and ports';

/** RFC 9293 3.4, 3.5, 3.9.1.1 and 3.9.2.3: opening. */
export const opening: readonly Scenario[] = [
  {
    name: 'initial sequence numbers rise by one every four microseconds',
    covers: ['MUST-8', 'SHLD-1'],
    check(t) {
      const first = isnOf(t, { start: 1000 });
      const later = isnOf(t, { start: 5 * SECOND + 1000 });
      t.equal((later - first) | 0, (5 * SECOND) / 4, 'the rise in five seconds');
    },
    deviations: {
      netx: {
        reason: NOT_CLOCK,
        check(t) {
          t.equal(isnOf(t, { start: 5 * SECOND }), isnOf(t), 'a number drawn later from the same random numbers');
        },
      },
    },
  },
  {
    name: 'initial sequence numbers depend on addresses and ports through a secret that every host has of its own',
    covers: ['MUST-9', 'SHLD-1'],
    check(t) {
      const [one, other] = [isnOf(t, { seed: 1 }), isnOf(t, { seed: 1, peerPort: 4001 })];
      t.ok(one !== other, 'another port gives another number');
      const [elsewhere, otherElsewhere] = [isnOf(t, { seed: 2 }), isnOf(t, { seed: 2, peerPort: 4001 })];
      t.ok(one !== elsewhere, 'another secret gives another number');
      t.ok(((other - one) | 0) !== ((otherElsewhere - elsewhere) | 0), 'the distance between ports is no constant');
    },
    deviations: {
      netx: {
        reason: NOT_CLOCK,
        check(t) {
          t.equal(isnOf(t), isnOf(t, { peerPort: 4001 }), 'the number towards another port');
        },
      },
    },
  },
  {
    name: 'two ends that open to each other end up with one connection',
    covers: ['MUST-10'],
    check(t) {
      const c = t.peer().opening();
      c.emit('S', { seq: 0 });
      c.expect('S.', { seq: 0, ack: 1 });
      t.equal(c.state, 'SYN_RECEIVED', 'the state');
      c.emit('S.', { seq: 0, ack: 1 });
      t.equal(c.state, 'ESTABLISHED', 'the state');
      c.peer.drain();
      c.emit('P.', { seq: 1, ack: 1, len: 5 });
      c.expect('.', { seq: 1, ack: 6, within: SECOND / 2 });
    },
  },
  {
    name: 'a reset sends a passive SYN-RECEIVED back to LISTEN and ends an active one',
    covers: ['MUST-11'],
    check(t) {
      const peer = t.peer();
      const passive = peer.connection();
      peer.listen();
      passive.emit('S', { seq: 0 });
      passive.expect('S.', { ack: 1 });
      passive.emit('R', { seq: 1 });
      t.equal(peer.accepted.length, 0, 'connections that the application heard of');
      peer.passive();
      const active = peer.opening();
      active.emit('S', { seq: 0 });
      active.expect('S.', { ack: 1 });
      active.emit('R', { seq: 1 });
      t.equal(active.state, 'CLOSED', 'the state of the active one');
      t.equal(active.ear.heard.filter((word) => word.startsWith('closed 0x38')).length, 1, 'refusals heard of');
    },
  },
  {
    name: 'listening leaves a connection on the same port alone',
    covers: ['MUST-41'],
    check(t) {
      const peer = t.peer();
      const first = peer.passive({ hostPort: 7 });
      first.send(10);
      first.expect('P.', { len: 10 });
      peer.listen({ port: 8 });
      const second = peer.passive();
      second.emit('P.', { seq: 1, ack: 1, len: 3 });
      second.expect('.', { ack: 4, within: SECOND / 2 });
      first.emit('.', { seq: 1, ack: 11 });
      t.equal(first.state, 'ESTABLISHED', 'the state of the first');
      t.equal(first.own.inspect().flight, 0, 'octets of the first outstanding');
    },
  },
  {
    name: 'a port listens while connections on it are half open',
    covers: ['MUST-42'],
    check(t) {
      const peer = t.peer();
      peer.listen();
      const halves = [peer.connection(), peer.connection(), peer.connection()];
      for (const half of halves) {
        half.emit('S', { seq: 0 });
        half.expect('S.', { ack: 1 });
      }
      peer.passive();
      for (const half of halves) half.emit('.', { seq: 1, ack: 1 });
      t.equal(peer.accepted.length, 4, 'connections accepted');
    },
  },
  {
    name: 'an open may name its local address, active and passive',
    covers: ['MUST-43'],
    ipVersions: [4],
    check(t) {
      const peer = t.peer();
      const own = peer.hostStation.address;
      const socket = peer.socket({ localAddress: own });
      socket.bind(0);
      t.equal(socket.connect(peer.self.address, 99), NX_IN_PROGRESS, 'the status of connect');
      peer.settle();
      t.equal(peer.next()?.source.w3, own.w3, 'the source of the SYN');
      const foreign = peer.socket({ localAddress: address('203.0.113.9') });
      foreign.bind(0);
      t.equal(foreign.connect(peer.self.address, 98), NX_IP_ADDRESS_ERROR, 'the status with an address of nobody');
      peer.settle();
      t.equal(peer.waiting, 0, 'frames sent from it');
    },
  },
  {
    name: 'a server that names a local address hears nothing sent to another',
    covers: ['MUST-43'],
    check(t) {
      const peer = t.peer();
      const elsewhere = t.ipVersion === 4 ? address('192.0.2.77') : address('2001:db8::77');
      const server = peer.host.tcp.listen(9, { localAddress: elsewhere, onConnection: () => {} });
      const c = peer.connection({ hostPort: 9 });
      c.emit('S', { seq: 0 });
      c.expect('R.', { seq: 0, ack: 1 });
      server?.close();
    },
  },
  {
    name: 'the local address comes from IP before the SYN, and stays',
    covers: ['MUST-44', 'MUST-45'],
    check(t) {
      const peer = t.peer();
      const c = peer.opening();
      const { local } = c.own.inspect();
      c.emit('S.', { seq: 0, ack: 1 });
      const sources = [c.expect('.', { seq: 1 }).source];
      c.send(10);
      sources.push(c.expect('P.', { len: 10 }).source);
      c.close(true);
      const last = peer.next();
      if (last !== null) sources.push(last.source);
      const own = peer.hostStation.address;
      for (const source of sources) t.equal([source.w0, source.w3], [own.w0, own.w3], 'the source address');
      t.ok(local !== '', 'the address is known once the SYN is out');
    },
  },
  {
    name: 'opening to a broadcast, multicast, unspecified or unroutable address is refused, and nothing is sent',
    covers: ['MUST-46'],
    check(t) {
      const peer = t.peer();
      const addresses =
        t.ipVersion === 4
          ? ['255.255.255.255', '192.0.2.255', '224.0.0.1', '239.1.2.3', '0.0.0.0', '240.0.0.1']
          : ['ff02::1', 'ff0e::1234', '::'];
      for (const text of addresses) {
        const socket: TcpSocket = peer.socket();
        socket.bind(0);
        t.equal(socket.connect(address(text), 80), NX_IP_ADDRESS_ERROR, `the status of connect to ${text}`);
      }
      peer.settle();
      t.equal(peer.drain().length, 0, 'frames sent');
    },
  },
  {
    name: 'a SYN to a broadcast or multicast address is dropped without an answer',
    covers: ['MUST-57'],
    check(t) {
      const peer = t.peer();
      peer.listen();
      const groups = t.ipVersion === 4 ? ['192.0.2.255', '255.255.255.255', '224.0.0.1'] : ['ff02::1'];
      for (const group of groups) {
        for (const hostPort of [7, 9999]) {
          const c = peer.connection({ hostPort });
          c.emit('S', { seq: 0, to: address(group) });
          c.silence(SECOND);
        }
      }
    },
  },
  {
    name: 'a SYN from a broadcast, multicast, unspecified or the own address is dropped without an answer',
    covers: ['MUST-63'],
    check(t) {
      const peer = t.peer();
      peer.listen();
      const sources =
        t.ipVersion === 4
          ? ['192.0.2.255', '255.255.255.255', '224.0.0.1', '0.0.0.0', '127.0.0.1', '192.0.2.1']
          : ['ff02::1', '::', '::1', '2001:db8::1'];
      for (const source of sources) {
        const c = peer.connection();
        c.emit('S', { seq: 0, from: address(source) });
        c.silence(SECOND);
      }
    },
  },
];
