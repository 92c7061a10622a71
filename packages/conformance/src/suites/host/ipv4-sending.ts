import { DROP_IPV4_LINK_CAST, NX_IP_ADDRESS_ERROR, NX_SUCCESS, SECOND } from '@strata/contracts';
import { ipv4Mask } from '@strata/wire';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';
import { type HostBench, onBench } from './bench.ts';
import { address, EVERYBODY, icmp4, OTHER_MAC, PEER_MAC, text, udp } from './raw.ts';

const DEAF = 'NetX counts ICMP errors and ignores them';

function learnsPathMtu(bench: HostBench, t: Trial): void {
  const { host } = bench;
  host.ip.setGateway(address('192.0.2.2').w3);
  const socket = bench.socket(5000);
  socket.dontFragment = true;
  const far = address('198.51.100.9');
  socket.connect(far, 9);
  bench.send(socket, '198.51.100.9', 9, new Array(1400).fill(1));
  const sent = bench.one('a datagram');
  t.equal(sent.fragment, 0x4000, 'flags of the datagram');
  const quote = Array.from(sent.packet.subarray(0, 28));
  const refuse = (mtu: number, about: number[] = quote) => bench.ip(1, icmp4(3, 4, [0, 0, mtu >> 8, mtu & 255], about));
  refuse(67);
  t.equal(host.ip.paths.mtuOf(far), 0, 'the MTU after a report of 67');
  const strange = quote.slice();
  strange[21] = 99;
  refuse(1000, strange);
  t.equal(host.ip.paths.mtuOf(far), 0, 'the MTU after an error about a port that sends nothing');
  refuse(1000);
  t.equal(host.ip.paths.mtuOf(far), 1000, 'the MTU after the router’s word');
  refuse(1200);
  t.equal(host.ip.paths.mtuOf(far), 1000, 'the MTU after a larger one was told');
  t.ok(bench.send(socket, '198.51.100.9', 9, new Array(1400).fill(1)) !== NX_SUCCESS, 'what is too long is refused');
  t.equal(bench.send(socket, '198.51.100.9', 9, new Array(972).fill(1)), NX_SUCCESS, 'what fits is sent');
  t.equal(bench.one('a datagram that fits').packet.length, 1000, 'its length');
  bench.advance(600 * SECOND);
  t.equal(host.ip.paths.mtuOf(far), 0, 'the MTU after ten minutes');
  bench.take();
}

/** What is sent: identifications, the MTU of paths, routes and gateways (items 18 to 20). */
export const sendingScenarios: readonly Scenario[] = [
  {
    name: 'datagrams that may be fragmented have identifications that do not repeat soon',
    covers: ['IPv4-18'],
    check: onBench({}, (bench, t) => {
      const socket = bench.socket(5000);
      const ids = new Set<number>();
      for (let i = 0; i < 500; i++) {
        bench.send(socket, '192.0.2.2', 9, [1]);
        for (const { identification } of bench.take()) ids.add(identification);
      }
      t.equal(ids.size, 500, 'different identifications');
    }),
  },
  {
    name: 'what is sent to one peer says nothing of what is sent to others',
    covers: ['IPv4-18'],
    check: onBench({}, (bench, t) => {
      idleScan(bench, t, false);
    }),
    deviations: {
      netx: {
        reason: 'NetX counts identifications for the whole instance unless NX_ENABLE_IP_ID_RANDOMIZATION',
        check: onBench({}, (bench, t) => {
          idleScan(bench, t, true);
        }),
      },
    },
  },
  {
    name: 'the MTU of a path is lowered by believable errors, respected, and forgotten after ten minutes',
    covers: ['IPv4-19'],
    check: onBench({}, learnsPathMtu),
    deviations: {
      netx: {
        reason: DEAF,
        check: onBench({}, (bench, t) => {
          bench.host.ip.setGateway(address('192.0.2.2').w3);
          const socket = bench.socket(5000);
          socket.dontFragment = true;
          bench.send(socket, '198.51.100.9', 9, new Array(1400).fill(1));
          const quote = Array.from(bench.one('a datagram').packet.subarray(0, 28));
          bench.ip(1, icmp4(3, 4, [0, 0, 3, 0xe8], quote));
          t.equal(bench.host.ip.paths.size, 0, 'paths known');
        }),
      },
    },
  },
  {
    name: 'a frame to everybody or to a group with a packet to us alone draws no reaction',
    covers: ['IPv4-20'],
    check: onBench({}, (bench, t) => {
      bench.echo(text('x'), {}, EVERYBODY);
      bench.ip(17, udp(text('x'), { destinationPort: 9 }), {}, EVERYBODY);
      bench.silence('the frame went to everybody');
      t.equal(bench.drops(DROP_IPV4_LINK_CAST), 2, 'drops');
    }),
  },
  {
    name: 'the longest route wins, a gateway must be on a link, and without a route nothing is sent',
    covers: ['IPv4-20'],
    check: onBench({}, (bench, t) => {
      const { ip } = bench.host;
      t.equal(ip.setGateway(address('203.0.113.1').w3), NX_IP_ADDRESS_ERROR, 'a gateway on no link');
      const socket = bench.socket(5000);
      t.equal(bench.send(socket, '198.51.100.9', 9, [1]), NX_IP_ADDRESS_ERROR, 'a destination without a route');
      bench.arp({ sender: '192.0.2.3', senderMac: OTHER_MAC });
      bench.take();
      ip.setGateway(address('192.0.2.2').w3);
      ip.addRoute(address('198.51.100.0').w3, ipv4Mask(24), address('192.0.2.2').w3);
      ip.addRoute(address('198.51.100.128').w3, ipv4Mask(25), address('192.0.2.3').w3);
      const hops = ['203.0.113.9', '198.51.100.9', '198.51.100.200'].map((to) => {
        bench.send(socket, to, 9, [1]);
        return bench.one('a datagram').to;
      });
      t.equal(hops, [PEER_MAC, PEER_MAC, OTHER_MAC], 'first hops');
    }),
  },
  {
    name: 'a gateway that does not answer gives way to another',
    covers: ['IPv4-20'],
    check: onBench({}, (bench, t) => {
      t.equal(anotherGateway(bench, 10), PEER_MAC, 'the first hop');
    }),
    deviations: {
      netx: {
        reason: 'NetX has one gateway, and asks for it for three minutes before it gives up',
        check: onBench({}, (bench, t) => {
          t.equal(anotherGateway(bench, 10), [], 'the first hop after ten seconds');
          t.equal(anotherGateway(bench, 200), PEER_MAC, 'the first hop after it was given up');
        }),
      },
    },
  },
];

/** Where a datagram goes when the first gateway has not answered for so long. */
function anotherGateway(bench: HostBench, seconds: number): readonly number[] {
  const { ip } = bench.host;
  for (const each of ['192.0.2.99', '192.0.2.2']) ip.addGateway(address(each).w3);
  const socket = bench.host.udp.createSocket();
  socket.bind(0);
  bench.send(socket, '198.51.100.9', 9, [1]);
  bench.advance(seconds * SECOND);
  bench.introduce();
  bench.send(socket, '198.51.100.9', 9, [1]);
  socket.unbind();
  return bench.take().find(({ protocol }) => protocol === 17)?.to ?? [];
}

function idleScan(bench: HostBench, t: Trial, visible: boolean): void {
  bench.arp({ sender: '192.0.2.3', senderMac: OTHER_MAC });
  bench.take();
  const probe = () => {
    bench.echo();
    return bench.one('an echo reply').identification;
  };
  const socket = bench.socket(5000);
  const first = probe();
  for (let i = 0; i < 10; i++) bench.send(socket, '192.0.2.3', 9, [1]);
  bench.take();
  const step = (probe() - first) & 0xffff;
  t.equal(step > 1, visible, 'an observer sees the traffic with others');
}
