import { SECOND } from '@strata/contracts';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';
import { type HostBench, onBench } from './bench.ts';
import { advertiseRouter, icmpOf, introduce, macFor, post, solicit, sourceLink } from './nd-frames.ts';
import {
  address,
  arpPacket,
  EVERYBODY,
  HOST_6,
  HOST_MAC,
  icmp4,
  icmp6,
  ip4,
  ip6,
  octets,
  PEER_6,
  text,
  udp,
  word16,
} from './raw.ts';

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const ARP = 0x0806;
const RARP = 0x8035;
const IGMP = 2;
const ALL_HOSTS_MAC = [1, 0, 0x5e, 0, 0, 1];
const BOTH = { ipv6: ['2001:db8::1/64'] };

/** A scenario after which the host must be as it was: nothing kept, and answering in both families. */
function unharmed(body: (bench: HostBench, t: Trial) => void): (t: Trial) => void {
  return onBench(BOTH, (bench, t) => {
    const own = bench.host.ip.interfaces[0]?.address;
    body(bench, t);
    bench.advance(200 * SECOND);
    bench.take();
    t.equal(bench.host.ip.interfaces[0]?.address, own, 'the address of the host');
    bench.introduce();
    introduce(bench);
    t.equal(bench.host.pool.available, bench.host.pool.total, 'packets free');
    bench.echo();
    t.equal(bench.one('an echo reply').payload[0], 0, 'type of the reply');
    bench.ip6(58, icmp6(128, 0, [0, 1, 0, 1]), { source: PEER_6, destination: HOST_6 });
    t.equal(icmpOf(bench.one('an ICMPv6 echo reply'))?.type, 129, 'type of the reply in IPv6');
    bench.take();
  });
}

/** Frames of every kind that the host takes. */
function frames(): (readonly [type: number, bytes: readonly number[], to: readonly number[]])[] {
  const neighbor = icmp6(135, 0, [0, 0, 0, 0, ...octets(HOST_6), ...sourceLink()]);
  return [
    [ARP, arpPacket(), EVERYBODY],
    [IPV4, ip4(1, icmp4(8, 0, [0, 1, 0, 1], text('ping'))), HOST_MAC],
    [IPV4, ip4(17, udp(text('data'), { destinationPort: 9 }), { options: [7, 7, 4, 0, 0, 0, 0] }), HOST_MAC],
    [IPV4, ip4(IGMP, igmp(0x11, 100), { destination: '224.0.0.1', ttl: 1 }), ALL_HOSTS_MAC],
    [IPV4, ip4(1, icmp4(8, 0, [0, 1, 0, 1], text('in pieces')).slice(0, 16), { fragment: 0x2000 }), HOST_MAC],
    [IPV6, ip6(58, icmp6(128, 0, [0, 1, 0, 1, ...text('ping')])), HOST_MAC],
    [IPV6, ip6(58, neighbor, { hopLimit: 255 }), HOST_MAC],
    [IPV6, ip6(0, [58, 0, 5, 2, 0, 0, 1, 0, ...icmp6(128, 0, [0, 1, 0, 1])]), HOST_MAC],
  ];
}

function igmp(type: number, code: number, group = '0.0.0.0', more: readonly number[] = []): number[] {
  const message = icmp4(type, code, octets(group), more);
  return message;
}

/** Item "vulnerability classes", as far as it concerns what is below TCP. */
export const robustScenarios: readonly Scenario[] = [
  {
    name: 'tunnels whose inner lengths lie, in one piece and in fragments, do no harm',
    covers: ['CVE-V1'],
    check: unharmed((bench) => {
      for (const protocol of [4, 41]) {
        for (const total of [0, 19, 20, 60, 65535]) {
          const inner =
            protocol === 4 ? ip4(17, udp([1, 2, 3]), { total }) : ip6(17, udp([1]), { payloadLength: total });
          bench.ip(protocol, [...inner, ...new Array(64).fill(0)]);
          const padded = [...inner, ...new Array(96).fill(0)].slice(0, 96);
          bench.ip(protocol, padded.slice(0, 48), { fragment: 0x2000, id: total });
          bench.ip(protocol, padded.slice(48), { fragment: 6, id: total });
        }
      }
    }),
  },
  {
    name: 'the same fragment over and over, and then none, is kept once and given back',
    covers: ['CVE-V8'],
    check: unharmed((bench, t) => {
      for (let i = 0; i < 200; i++) {
        bench.ip(1, icmp4(8, 0, [0, 1, 0, 1], new Array(56).fill(1)), { fragment: 0x2000, id: 5 });
        bench.ip6(44, [58, 0, 0, 1, 0, 0, 0, 5, ...icmp6(128, 0, [0, 1, 0, 1, ...new Array(48).fill(1)])], {});
      }
      t.equal(bench.host.ip.reassembly.packetsHeld, 2, 'packets that wait');
    }),
  },
  {
    name: 'broken source routes in packets that draw errors are not read beyond their end',
    covers: ['CVE-U1'],
    check: unharmed((bench) => {
      for (const type of [131, 137]) {
        for (let length = 0; length < 42; length++) {
          for (const pointer of [0, 3, 4, 39, 255]) {
            const body = [type, length, pointer, ...new Array(Math.max(0, Math.min(length, 39) - 3)).fill(9)];
            bench.ip(17, udp([1], { destinationPort: 9 }), { options: body.slice(0, 40) });
          }
        }
        bench.take();
      }
    }),
  },
  {
    name: 'an answer of RARP that nobody asked for gives no address',
    covers: ['CVE-U4'],
    check: unharmed((bench) => {
      const answer = arpPacket({ operation: 4, targetMac: HOST_MAC, target: '192.0.2.99' });
      for (let length = 0; length <= 28; length++) bench.frame(RARP, answer.slice(0, length));
      bench.silence('nobody asked');
    }),
  },
  {
    name: 'IGMP of every type and length, with and without options, with records that are not there',
    covers: ['CVE-U6'],
    check: unharmed((bench) => {
      const socket = bench.socket(5000);
      socket.joinGroup(address('239.1.1.1'));
      for (const type of [0, 0x11, 0x12, 0x13, 0x16, 0x17, 0x22, 0xff]) {
        for (const code of [0, 1, 127, 128, 255]) {
          const message = igmp(type, code, '239.1.1.1', [0xff, 0xff, 0xff, 0xff]);
          for (let length = 0; length <= message.length; length++) {
            const options = length % 2 === 0 ? [] : [0x94, 4, 0, 0];
            const fields = { destination: '224.0.0.1', ttl: 1, options };
            bench.ip(IGMP, message.slice(0, length), fields, ALL_HOSTS_MAC);
          }
        }
      }
      socket.unbind();
    }),
  },
  {
    name: 'ICMP and ICMPv6 of every type and of every length up to 64 octets',
    covers: ['CVE-N2'],
    check: unharmed((bench) => {
      for (let type = 0; type < 256; type++) {
        for (const length of [0, 1, 4, 7, 8, 9, 16, 24, 28, 36, 40, 63, 64]) {
          const data = new Array(Math.max(0, length - 8)).fill(0x45);
          const four = icmp4(type, 0, [0, 0, 0, 0], data).slice(0, length);
          const six = icmp6(type, 0, new Array(Math.max(0, length - 4)).fill(0x60)).slice(0, length);
          bench.ip(1, four);
          bench.ip6(58, six, { hopLimit: 255 });
        }
        bench.take();
      }
    }),
  },
  {
    name: 'options of Neighbor Discovery that run past the end, by every octet',
    covers: ['CVE-N5'],
    check: unharmed((bench) => {
      for (let length = 0; length < 256; length += 3) {
        for (const type of [1, 2, 3, 4, 5, 14, 24, 25, 31, 200]) {
          const option = [type, length, 64, 0xc0, 0, 0, 0, 1];
          advertiseRouter(bench, option, { lifetime: 0 });
          solicit(bench, HOST_6, {}, option);
          post(bench, 136, [0, 0, 0, 0, ...octets(PEER_6), ...option]);
          post(bench, 137, [0, 0, 0, 0, ...octets(PEER_6), ...octets(PEER_6), ...option], {
            source: 'fe80::ff:fe00:2',
          });
        }
        bench.take();
      }
    }),
  },
  {
    name: 'fragments that add up to more than 65,535 octets in every way',
    covers: ['CVE-N6'],
    check: unharmed((bench) => {
      for (const offset of [8184, 8185, 8188, 8190, 8191]) {
        for (const length of [8, 32, 64, 1480]) {
          bench.ip(1, new Array(length).fill(0), { fragment: offset, id: offset });
          bench.ip(1, new Array(length).fill(0), { fragment: 0x2000 | offset, id: offset });
          const six = [58, 0, ...word16(offset << 3), 0, 0, ...word16(offset), ...new Array(length).fill(0)];
          bench.ip6(44, six);
          bench.take();
        }
      }
    }),
  },
  {
    name: 'every frame cut off at every octet, and with every bit turned',
    covers: ['CVE-N9'],
    check: unharmed((bench) => {
      for (const [type, bytes, to] of frames()) {
        for (let length = 0; length < bytes.length; length++) bench.frame(type, bytes.slice(0, length), to);
        for (let bit = 0; bit < bytes.length * 8; bit++) {
          const turned = bytes.slice();
          turned[bit >> 3] = (turned[bit >> 3] as number) ^ (1 << (bit & 7));
          bench.frame(type, turned, to);
        }
        bench.take();
      }
      for (const target of ['ff02::1', HOST_6]) bench.frame(IPV6, [], macFor(target));
    }),
  },
];
