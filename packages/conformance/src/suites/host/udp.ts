import {
  DROP_UDP_CHECKSUM,
  DROP_UDP_CHECKSUM_ZERO,
  DROP_UDP_LENGTH,
  DROP_UDP_QUEUE_FULL,
  DROP_UDP_SHORT,
  ERROR_PORT_UNREACHABLE,
  NX_NOT_ENABLED,
  NX_SUCCESS,
} from '@strata/contracts';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';
import { HostBench, onBench } from './bench.ts';
import { address, EVERYBODY, HOST_6, icmp4, PEER_6, text, udp } from './raw.ts';

const SIX = { ipv6: ['2001:db8::1/64'] };
const sixFields = { source: PEER_6, destination: HOST_6 };

function broadcastNeedsPermission(bench: HostBench, t: Trial): void {
  const socket = bench.socket(5000);
  t.equal(bench.send(socket, '192.0.2.255', 9, [1]), NX_NOT_ENABLED, 'the status without permission');
  socket.broadcast = true;
  t.equal(bench.send(socket, '192.0.2.255', 9, [1]), NX_SUCCESS, 'the status with it');
  t.equal(bench.one('a broadcast').to, EVERYBODY, 'where it goes');
}

function errorsMatch(bench: HostBench, t: Trial): void {
  const kinds: string[] = [];
  const ear = (name: string) => ({
    receivable: () => {},
    failed: (_socket: unknown, kind: number) => kinds.push(`${name} ${kind}`),
  });
  const [a, b] = [bench.socket(5001, ear('a')), bench.socket(5002, ear('b'))];
  a.connect(address('192.0.2.2'), 9);
  bench.send(a, '192.0.2.2', 9, [1]);
  bench.send(b, '192.0.2.2', 9, [1]);
  const [first, second] = bench.take();
  if (first === undefined || second === undefined) t.fail('the host did not send');
  bench.ip(1, icmp4(3, 3, [0, 0, 0, 0], first.packet.subarray(0, 28)));
  bench.ip(1, icmp4(3, 3, [0, 0, 0, 0], second.packet.subarray(0, 28)));
  const forged = Array.from(first.packet.subarray(0, 28));
  forged[23] = 77;
  bench.ip(1, icmp4(3, 3, [0, 0, 0, 0], forged));
  t.equal(kinds, [`a ${ERROR_PORT_UNREACHABLE}`], 'errors heard');
}

/** UDP (items 38 to 40). */
export const udpScenarios: readonly Scenario[] = [
  {
    name: 'a datagram is delivered with a right checksum, and in IPv4 with none; with a wrong one it is dropped',
    covers: ['UDP-38'],
    check: onBench({}, (bench, t) => {
      const socket = bench.socket(5000);
      bench.ip(17, udp(text('right')));
      bench.ip(17, udp(text('none'), { checksum: 0 }));
      bench.ip(17, udp(text('wrong'), { checksum: 0x1111 }));
      t.equal(bench.received(socket), ['right', 'none'], 'what is received');
      t.equal(bench.drops(DROP_UDP_CHECKSUM), 1, 'drops');
      bench.silence('nothing was sent to a closed port');
    }),
  },
  {
    name: 'over IPv6 a datagram without checksum is dropped, and so is one for other addresses',
    covers: ['UDP-38'],
    check: onBench(SIX, (bench, t) => {
      const socket = bench.socket(5000);
      bench.ip6(17, udp(text('right'), sixFields));
      bench.ip6(17, udp(text('none'), { ...sixFields, checksum: 0 }));
      bench.ip6(17, udp(text('other'), { ...sixFields, source: '2001:db8::3' }));
      t.equal(bench.received(socket), ['right'], 'what is received');
      t.equal(
        [DROP_UDP_CHECKSUM_ZERO, DROP_UDP_CHECKSUM].map((reason) => bench.drops(reason)),
        [1, 1],
        'drops',
      );
    }),
  },
  {
    name: 'a checksum that comes out as 0 is sent as 0xffff',
    covers: ['UDP-38'],
    check: onBench({}, (bench, t) => {
      const socket = bench.socket(5000);
      bench.send(socket, '192.0.2.2', 4000, [0, 0]);
      const checksum = Array.from(bench.one('a datagram').payload.subarray(6, 8));
      // Data that is the checksum of no data makes the sum 0xffff, and the checksum 0.
      bench.send(socket, '192.0.2.2', 4000, checksum);
      t.equal(Array.from(bench.one('a datagram').payload.subarray(6, 8)), [255, 255], 'the checksum');
    }),
  },
  {
    name: 'lengths below 8 and beyond the packet are dropped, a shorter one cuts the datagram',
    covers: ['UDP-38'],
    check: onBench({}, (bench, t) => {
      const socket = bench.socket(5000);
      for (let length = 0; length < 8; length++) bench.ip(17, udp(text('data'), { length, checksum: 0 }));
      bench.ip(17, udp(text('data'), { length: 13, checksum: 0 }));
      bench.ip(17, udp(text('data'), { length: 10, checksum: 0 }));
      for (let length = 0; length < 8; length++) bench.ip(17, udp([]).slice(0, length));
      t.equal(bench.received(socket), ['da'], 'what is received');
      t.equal(
        [DROP_UDP_LENGTH, DROP_UDP_SHORT].map((reason) => bench.drops(reason)),
        [9, 8],
        'drops',
      );
    }),
  },
  {
    name: 'a closed port is unreachable for one sender, not for a group; source port 0 is nothing special',
    covers: ['UDP-39'],
    check: onBench({}, (bench, t) => {
      bench.ip(17, udp([1], { destinationPort: 9 }));
      const error = HostBench.error(bench.one('port unreachable'));
      t.equal([error.type, error.code], [3, 3], 'type and code');
      const destination = '192.0.2.255';
      bench.ip(17, udp([1], { destinationPort: 9, destination }), { destination }, EVERYBODY);
      bench.silence('the datagram went to everybody');
      const socket = bench.socket(5000);
      bench.ip(17, udp(text('x'), { sourcePort: 0 }));
      t.equal(bench.received(socket), ['x'], 'what comes from port 0');
    }),
  },
  {
    name: 'an error reaches the connected socket that it quotes, and nobody else',
    covers: ['UDP-39'],
    check: onBench({}, errorsMatch),
    deviations: {
      netx: {
        reason: 'NetX counts ICMP errors and ignores them',
        check: onBench({}, (bench, t) => {
          let heard = 0;
          const socket = bench.socket(5001, { receivable: () => {}, failed: () => heard++ });
          socket.connect(address('192.0.2.2'), 9);
          bench.send(socket, '192.0.2.2', 9, [1]);
          bench.ip(1, icmp4(3, 3, [0, 0, 0, 0], bench.one('a datagram').packet.subarray(0, 28)));
          t.equal(heard, 0, 'errors heard');
        }),
      },
    },
  },
  {
    name: 'broadcast needs permission',
    covers: ['UDP-39'],
    check: onBench({}, broadcastNeedsPermission),
    deviations: {
      netx: {
        reason: 'any NX_UDP_SOCKET may send to broadcast addresses',
        check: onBench({}, (bench, t) => {
          t.equal(bench.send(bench.socket(5000), '192.0.2.255', 9, [1]), NX_SUCCESS, 'the status');
          t.equal(bench.one('a broadcast').to, EVERYBODY, 'where it goes');
        }),
      },
    },
  },
  {
    name: 'a full queue drops the newest, and counts it',
    covers: ['UDP-40'],
    check: onBench({}, (bench, t) => {
      const socket = bench.socket(5000);
      socket.queueMaximum = 2;
      for (const each of ['a', 'b', 'c', 'd']) bench.ip(17, udp(text(each)));
      t.equal(bench.received(socket), ['a', 'b'], 'what is received');
      t.equal([bench.drops(DROP_UDP_QUEUE_FULL), socket.info.receivePacketsDropped], [2, 2], 'drops');
    }),
    deviations: {
      netx: {
        reason: 'a full queue of an NX_UDP_SOCKET loses its oldest datagram (NetX Duo UG 4, nx_udp_socket_create)',
        check: onBench({}, (bench, t) => {
          const socket = bench.socket(5000);
          socket.queueMaximum = 2;
          for (const each of ['a', 'b', 'c', 'd']) bench.ip(17, udp(text(each)));
          t.equal(bench.received(socket), ['c', 'd'], 'what is received');
          t.equal(socket.info.receivePacketsDropped, 2, 'drops');
        }),
      },
    },
  },
  {
    name: 'a large datagram is cut; one that must not be cut is refused or dropped, never sent',
    covers: ['UDP-40'],
    check: onBench({}, (bench, t) => {
      const socket = bench.socket(5000);
      t.equal(bench.send(socket, '192.0.2.2', 9, new Array(4000).fill(1)), NX_SUCCESS, 'the status');
      t.equal(
        bench.take().map(({ packet }) => packet.length),
        [1500, 1500, 1068],
        'lengths of fragments',
      );
      socket.dontFragment = true;
      bench.send(socket, '192.0.2.2', 9, new Array(4000).fill(1));
      bench.silence('it must not be cut');
    }),
  },
  {
    name: 'ports that the host chooses are spread over the dynamic range',
    covers: ['UDP-40'],
    check: onBench({}, (bench, t) => {
      const ports: number[] = [];
      for (let i = 0; i < 400; i++) {
        const socket = bench.host.udp.createSocket();
        if (socket.bind(0) !== NX_SUCCESS) return t.fail('there is no port');
        ports.push(socket.port);
        socket.unbind();
      }
      t.ok(
        ports.every((port) => port >= 0xc000),
        'all are of the dynamic range',
      );
      t.ok(new Set(ports).size > 350, 'they differ');
      const upper = ports.filter((port) => port >= 0xe000).length;
      t.between(upper, 140, 260, 'ports of the upper half of the range');
      const steps = ports.filter((port, i) => i > 0 && port === (ports[i - 1] as number) + 1).length;
      t.ok(steps < 10, 'they do not follow each other');
    }),
  },
  {
    name: 'what is sent to our own address comes back without touching the link',
    covers: ['UDP-40'],
    check: onBench({}, (bench, t) => {
      const [a, b] = [bench.socket(5001), bench.socket(5002)];
      bench.send(a, '192.0.2.1', 5002, text('to myself'));
      bench.advance(0);
      t.equal(bench.received(b), ['to myself'], 'what is received');
      bench.silence('it was for ourselves');
    }),
  },
];
