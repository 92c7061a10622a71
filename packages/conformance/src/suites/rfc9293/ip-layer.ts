import { type IpAddress, NX_NOT_CONNECTED } from '@strata/contracts';
import { parseAddress } from '@strata/wire';
import type { Connection } from '../../suite/peer/connection.ts';
import { mss } from '../../suite/peer/options.ts';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';

const SECOND = 1_000_000;
const HALF_SECOND = 500_000;

/** "Destination unreachable" and its codes by meaning, for both versions of IP. */
function unreachable(t: Trial, meaning: 'network' | 'host' | 'protocol' | 'port'): readonly [number, number] {
  if (t.ipVersion === 4) return [3, { network: 0, host: 1, protocol: 2, port: 3 }[meaning]];
  return meaning === 'protocol' ? [4, 1] : [1, { network: 0, host: 3, port: 4 }[meaning]];
}

/** A connection with a segment outstanding, and the packet that carried it. */
function outstanding(t: Trial): { c: Connection; packet: Uint8Array } {
  const c = t.peer().active();
  c.send(10);
  return { c, packet: c.expect('P.', { len: 10 }).packet };
}

function address(text: string): IpAddress {
  return parseAddress(text) as IpAddress;
}

const DEAF = 'ICMP errors are counted and ignored';
const SOURCE_ROUTES =
  'source routes are neither sent nor followed: datagrams with one are dropped (RFC 7126 4.3 and 4.4; RFC 5095)';

/** RFC 9293 3.8.2, 3.9.1.8, 3.9.1.9 and 3.9.2: what TCP asks of IP, and hears from it. */
export const ipLayer: readonly Scenario[] = [
  {
    name: 'soft ICMP errors are reported to the application, and the connection goes on',
    covers: ['MUST-47', 'SHLD-25', 'MUST-56'],
    check(t) {
      const { c, packet } = outstanding(t);
      let told = 0;
      c.own.notifications.trouble = () => told++;
      c.peer.icmpError(...unreachable(t, 'host'), packet);
      t.equal(told, 1, 'reports');
      t.ok(c.own.softError !== 0, 'the error can be read');
      c.emit('.', { seq: 1, ack: 11 });
      t.equal(c.state, 'ESTABLISHED', 'the state');
    },
    deviations: {
      netx: {
        reason: DEAF,
        check(t) {
          const { c, packet } = outstanding(t);
          let told = 0;
          c.own.notifications.trouble = () => told++;
          c.peer.icmpError(...unreachable(t, 'host'), packet);
          t.equal(told, 0, 'reports');
          t.equal(c.state, 'ESTABLISHED', 'the state');
        },
      },
    },
  },
  {
    name: 'an application that does not want reports of errors gets none',
    covers: ['SHLD-20'],
    check(t) {
      const { c, packet } = outstanding(t);
      let told = 0;
      c.own.notifications.trouble = () => told++;
      c.own.notifications.trouble = null;
      c.peer.icmpError(...unreachable(t, 'host'), packet);
      t.equal(told, 0, 'reports');
      t.equal(c.state, 'ESTABLISHED', 'the state');
    },
  },
  {
    name: 'an ICMP error acts on the connection that it quotes, and on no other',
    covers: ['MUST-54'],
    check(t) {
      const peer = t.peer();
      const [c, other] = [peer.opening(), peer.opening()];
      const syn = c.frame('S', {}).slice(14);
      t.ok(syn.length > 0, 'there is a packet to quote');
      peer.advance(3 * SECOND);
      const again = peer.drain().find(({ tcp }) => tcp?.destinationPort === c.peerPort);
      if (again === undefined) return t.fail('the SYN did not go again');
      peer.icmpError(...unreachable(t, 'port'), again.packet);
      t.equal(c.state, 'CLOSED', 'the state of the connection that the error is about');
      t.equal(other.state, 'SYN_SENT', 'the state of the other');
    },
    deviations: {
      netx: {
        reason: DEAF,
        check(t) {
          const peer = t.peer();
          const c = peer.opening();
          peer.advance(2 * SECOND);
          peer.icmpError(...unreachable(t, 'port'), (peer.drain()[0] as { packet: Uint8Array }).packet);
          t.equal(c.state, 'SYN_SENT', 'the state');
        },
      },
    },
  },
  {
    name: 'an ICMP error whose quoted sequence number is not outstanding is not believed',
    covers: ['MUST-54'],
    check(t) {
      const { c, packet } = outstanding(t);
      const forged = packet.slice();
      const at = t.ipVersion === 4 ? 24 : 44;
      new DataView(forged.buffer).setInt32(at, (c.hostIss + 1_000_000) | 0);
      c.peer.icmpError(...unreachable(t, 'host'), forged);
      t.equal(c.own.softError, 0, 'the error noted');
    },
  },
  {
    name: 'Source Quench is ignored: nothing is sent, no window shrinks',
    covers: ['MUST-55'],
    ipVersions: [4],
    check(t) {
      const { c, packet } = outstanding(t);
      const { cwnd } = c.own.inspect();
      c.peer.icmpError(4, 0, packet);
      c.silence();
      t.equal(c.own.inspect().cwnd, cwnd, 'the congestion window');
      t.equal(c.state, 'ESTABLISHED', 'the state');
    },
  },
  {
    name: 'no soft ICMP error aborts, neither an open connection nor one that is being opened',
    covers: ['MUST-56'],
    check(t) {
      const soft =
        t.ipVersion === 4
          ? [
              [3, 0],
              [3, 1],
              [3, 5],
              [11, 0],
              [11, 1],
              [12, 0],
            ]
          : [
              [1, 0],
              [1, 3],
              [3, 0],
              [3, 1],
            ];
      const { c, packet } = outstanding(t);
      const half = c.peer.opening();
      c.peer.advance(2 * SECOND);
      const syn = c.peer.drain().find(({ tcp }) => tcp?.destinationPort === half.peerPort);
      for (const [type, code] of soft as [number, number][]) {
        c.peer.icmpError(type, code, packet);
        if (syn !== undefined) c.peer.icmpError(type, code, syn.packet);
        t.equal(c.state, 'ESTABLISHED', `the state after type ${type} code ${code}`);
        t.equal(half.state, 'SYN_SENT', `the state of the one being opened after type ${type} code ${code}`);
      }
    },
  },
  {
    name: 'a hard ICMP error ends a connection that is being opened; an open one only notes it (RFC 5461 4.1)',
    covers: ['SHLD-26', 'MUST-54'],
    check(t) {
      for (const meaning of ['protocol', 'port'] as const) {
        const peer = t.peer();
        const c = peer.opening();
        peer.advance(3 * SECOND);
        peer.icmpError(...unreachable(t, meaning), (peer.drain()[0] as { packet: Uint8Array }).packet);
        t.equal(c.state, 'CLOSED', `the state after "${meaning} unreachable"`);
        t.equal(c.ear.heard.at(-1), `closed 0x${NX_NOT_CONNECTED.toString(16)}`, 'what the application hears');
        const { c: open, packet } = outstanding(t);
        open.peer.icmpError(...unreachable(t, meaning), packet);
        t.equal(open.state, 'ESTABLISHED', 'the state of an open connection');
        t.ok(open.own.softError !== 0, 'the error can be read');
      }
    },
    deviations: {
      netx: {
        reason: DEAF,
        check(t) {
          const peer = t.peer();
          const c = peer.opening();
          peer.advance(3 * SECOND);
          peer.icmpError(...unreachable(t, 'protocol'), (peer.drain()[0] as { packet: Uint8Array }).packet);
          t.equal(c.state, 'SYN_SENT', 'the state');
          const { c: open, packet } = outstanding(t);
          open.peer.icmpError(...unreachable(t, 'protocol'), packet);
          t.equal(
            [open.state, open.own.softError],
            ['ESTABLISHED', 0],
            'the state and the error of an open connection',
          );
        },
      },
    },
  },
  {
    name: 'the application chooses the Differentiated Services field, and it goes to IP as it is',
    covers: ['MUST-48', 'SHLD-22'],
    check(t) {
      for (const typeOfService of [0x28, 0xb8, 0xfc]) {
        const c = t.peer().active({ socket: { typeOfService } });
        c.send(10);
        t.equal(c.expect('P.', { len: 10 }).tos & 0xfc, typeOfService, 'the field of a segment with data');
        c.emit('P.', { seq: 1, ack: 11, len: 1 });
        t.equal(
          c.expect('.', { ack: 2, within: HALF_SECOND }).tos & 0xfc,
          typeOfService,
          'the field of an acknowledgment',
        );
      }
      const c = t.peer().passive({ socket: { typeOfService: 0x48 } });
      c.send(10);
      t.equal(c.expect('P.', { len: 10 }).tos & 0xfc, 0x48, 'the field on an accepted connection');
    },
  },
  {
    name: 'the application changes the Differentiated Services field of an open connection',
    covers: ['SHLD-21', 'SHLD-22'],
    check(t) {
      const c = t.peer().active();
      c.send(10);
      t.equal(c.expect('P.', { len: 10 }).tos & 0xfc, 0, 'the field at first');
      c.emit('.', { seq: 1, ack: 11 });
      c.own.setTypeOfService(0xb8);
      c.send(10);
      t.equal(c.expect('P.', { len: 10 }).tos & 0xfc, 0xb8, 'the field after the change');
    },
  },
  {
    name: 'the TTL or Hop Limit of segments can be set, and has a default',
    covers: ['MUST-49'],
    check(t) {
      const peer = t.peer();
      // NetX: over IPv6 one Hop Limit holds for all of the host's segments.
      if (t.is('netx') && t.ipVersion === 6) peer.host.ip.ipv6.set({ hopLimit: 7 });
      const c = peer.active({ socket: { timeToLive: 7 } });
      c.send(10);
      t.equal(c.expect('P.', { len: 10 }).ttl, 7, 'the one set');
      const plain = t.peer().active();
      plain.send(10);
      const { ttl } = plain.expect('P.', { len: 10 });
      t.equal(ttl, t.is('modern') ? 64 : t.ipVersion === 4 ? 128 : 255, 'the default');
    },
  },
  {
    name: 'IP options that nobody acts on are passed over',
    covers: ['MUST-50'],
    ipVersions: [4],
    check(t) {
      const peer = t.peer();
      const c = peer.passive();
      const options = [
        [1, 1, 1, 0],
        [68, 8, 5, 0, 0, 0, 0, 0],
        [7, 7, 4, 0, 0, 0, 0, 0],
        [148, 4, 0, 0],
        [222, 4, 1, 2],
      ];
      options.forEach((ipOptions, i) => {
        c.emit('P.', { seq: 1 + i, ack: 1, len: 1, ipOptions });
      });
      c.peer.advance(HALF_SECOND);
      t.equal(c.read().length, options.length, 'octets read');
    },
  },
  {
    name: 'a datagram with a source route is dropped, so that there is none to follow or to keep',
    covers: ['MUST-53', 'SHLD-24', 'MUST-51', 'MUST-52'],
    notApplicable: { all: SOURCE_ROUTES },
    ipVersions: [4],
    check() {},
  },
  {
    name: 'a SYN with a source route opens nothing, and the rest of the world may still connect',
    covers: ['MUST-50'],
    ipVersions: [4],
    check(t) {
      const peer = t.peer();
      peer.listen();
      const route = address('192.0.2.254').w3;
      const octets = [route >>> 24, (route >>> 16) & 255, (route >>> 8) & 255, route & 255];
      for (const kind of [131, 137]) {
        const c = peer.connection();
        c.emit('S', { seq: 0, ipOptions: [1, kind, 7, 8, ...octets] });
        c.silence(SECOND);
      }
      peer.passive();
    },
  },
  {
    name: 'ECN is negotiated, congestion is echoed until it was heard of, and an echo slows the sender down',
    covers: ['SHLD-8'],
    check(t) {
      const peer = t.peer();
      peer.listen();
      const c = peer.connection();
      c.emit('SEW', { seq: 0, options: mss(1000) });
      c.expect('SE.', { seq: 0, ack: 1 });
      c.emit('.', { seq: 1, ack: 1 });
      const [socket] = peer.accepted;
      if (socket === undefined) return t.fail('the host did not accept the connection');
      c.socket = socket;
      c.send(1000);
      t.equal(c.expect('P.', { len: 1000 }).tos & 3, 2, 'the ECN field of data');
      c.emit('P.', { seq: 1, ack: 1001, len: 10, tos: 3 });
      c.expect('E.', { ack: 11, within: HALF_SECOND });
      c.emit('PW.', { seq: 11, ack: 1001, len: 10, tos: 2 });
      c.expect('.', { ack: 21, within: HALF_SECOND });
      for (let i = 0; i < 4; i++) c.send(1000);
      peer.drain();
      const { cwnd } = c.own.inspect();
      c.emit('E.', { seq: 21, ack: 2001 });
      t.ok(c.own.inspect().cwnd < cwnd, 'the congestion window shrinks');
      c.send(1000);
      c.emit('.', { seq: 21, ack: 5001 });
      const next = peer.drain().filter(({ tcp }) => tcp !== null && tcp.data.length > 0);
      t.ok(
        next.some(({ tcp }) => ((tcp?.flags ?? 0) & 128) !== 0),
        'CWR answers the echo',
      );
    },
    deviations: {
      netx: {
        reason: 'it knows nothing of ECN',
        check(t) {
          const peer = t.peer();
          peer.listen();
          const c = peer.connection();
          c.emit('SEW', { seq: 0, options: [2, 4, 5, 0xb4] });
          c.expect('S.', { seq: 0, ack: 1 });
          c.emit('.', { seq: 1, ack: 1 });
          c.emit('P.', { seq: 1, ack: 1, len: 10, tos: 3 });
          t.equal(c.expect('.', { ack: 11, within: HALF_SECOND }).tos & 3, 0, 'the ECN field');
        },
      },
    },
  },
];
