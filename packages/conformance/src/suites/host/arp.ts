import {
  DROP_ARP_ADDRESS_LENGTH,
  DROP_ARP_HARDWARE_TYPE,
  DROP_ARP_NOT_FOR_US,
  DROP_ARP_OPERATION,
  DROP_ARP_PROTOCOL_TYPE,
  DROP_ARP_SENDER_ADDRESS,
  DROP_ARP_SENDER_MAC,
  DROP_ARP_SHORT,
  ERROR_HOST_UNREACHABLE,
  NX_SUCCESS,
  SECOND,
} from '@strata/contracts';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';
import { type HostBench, onBench, readArp } from './bench.ts';
import { type ArpFields, address, arpPacket, EVERYBODY, HOST_MAC, OTHER_MAC, PEER_MAC } from './raw.ts';

const ARP = 0x0806;
const AUTO_ENTRY = 'NetX enters the sender of every request it hears (its "auto entry")';
const NETX_TIMES = 'NetX asks every 10 s, 18 times, and forgets nothing by age; its answers are NetX’s own facts';

function claims(bench: HostBench): { claimed: string[]; refused: number } {
  const heard: { claimed: string[]; refused: number } = { claimed: [], refused: 0 };
  const [eth0] = bench.host.ip.interfaces;
  if (eth0 === undefined) throw new Error('no interface');
  bench.host.ip.arp.defence.claim(eth0, address('192.0.2.1').w3, 24, {
    addressClaimed: () => heard.claimed.push('192.0.2.1'),
    addressRefused: () => heard.refused++,
  });
  return heard;
}

function learnsOnlyAsTarget(bench: HostBench, t: Trial): void {
  bench.arp({ sender: '192.0.2.8', senderMac: OTHER_MAC, target: '192.0.2.9' });
  t.equal(bench.knows('192.0.2.8'), null, 'the entry of a stranger who asks a stranger');
  bench.arp({ sender: '192.0.2.8', senderMac: OTHER_MAC });
  t.equal(bench.knows('192.0.2.8'), OTHER_MAC, 'the entry of a stranger who asks us');
  bench.take();
}

/** Senders that no host can be. */
const IMPOSSIBLE: readonly (readonly [string, ArpFields, number])[] = [
  ['broadcast MAC', { senderMac: EVERYBODY }, DROP_ARP_SENDER_MAC],
  ['multicast MAC', { senderMac: [1, 0, 0x5e, 0, 0, 1] }, DROP_ARP_SENDER_MAC],
  ['our MAC', { senderMac: HOST_MAC }, DROP_ARP_SENDER_MAC],
  ['broadcast address', { sender: '192.0.2.255' }, DROP_ARP_SENDER_ADDRESS],
  ['limited broadcast', { sender: '255.255.255.255' }, DROP_ARP_SENDER_ADDRESS],
  ['group address', { sender: '224.0.0.1' }, DROP_ARP_SENDER_ADDRESS],
  ['an answer from no address', { operation: 2, sender: '0.0.0.0' }, DROP_ARP_SENDER_ADDRESS],
];

/** Packets that are not ARP for Ethernet and IPv4. */
const FOREIGN: readonly (readonly [string, ArpFields, number])[] = [
  ['hardware type 6', { hardware: 6 }, DROP_ARP_HARDWARE_TYPE],
  ['protocol type 0x86dd', { protocol: 0x86dd }, DROP_ARP_PROTOCOL_TYPE],
  ['lengths 6 and 16', { lengths: [6, 16] }, DROP_ARP_ADDRESS_LENGTH],
  ['lengths 0 and 4', { lengths: [0, 4] }, DROP_ARP_ADDRESS_LENGTH],
  ['operation 0', { operation: 0 }, DROP_ARP_OPERATION],
  ['operation 3', { operation: 3 }, DROP_ARP_OPERATION],
  ['operation 65535', { operation: 65535 }, DROP_ARP_OPERATION],
];

/** Address resolution (items 1 to 10). */
export const arpScenarios: readonly Scenario[] = [
  {
    name: 'a request for our address is answered to the asker, one for another address is not',
    covers: ['ARP-1'],
    check: onBench({}, (bench, t) => {
      bench.arp({ senderMac: OTHER_MAC, sender: '192.0.2.3' });
      const reply = bench.one('an ARP reply');
      t.equal(reply.to, OTHER_MAC, 'where the reply goes');
      const wanted = arpPacket({
        operation: 2,
        senderMac: HOST_MAC,
        sender: '192.0.2.1',
        targetMac: OTHER_MAC,
        target: '192.0.2.3',
      });
      t.equal(readArp(reply).octets.slice(0, 28), wanted, 'the reply');
      bench.arp({ target: '192.0.2.77' });
      bench.silence('another address was asked for');
      t.equal(bench.drops(DROP_ARP_NOT_FOR_US), 1, 'drops');
    }),
  },
  {
    name: 'any packet of a sender in the table brings it up to date',
    covers: ['ARP-2'],
    check: onBench({}, (bench, t) => {
      bench.arp({ senderMac: OTHER_MAC, target: '192.0.2.200' });
      t.equal(bench.knows('192.0.2.2'), OTHER_MAC, 'the address after a request for somebody else');
      bench.arp({ operation: 2, senderMac: PEER_MAC, targetMac: HOST_MAC });
      t.equal(bench.knows('192.0.2.2'), PEER_MAC, 'the address after a reply');
    }),
  },
  {
    name: 'a sender that is not in the table is entered only when we are the target',
    covers: ['ARP-2'],
    check: onBench({}, learnsOnlyAsTarget),
    deviations: {
      netx: {
        reason: AUTO_ENTRY,
        check: onBench({}, (bench, t) => {
          bench.arp({ sender: '192.0.2.8', senderMac: OTHER_MAC, target: '192.0.2.9' });
          t.equal(bench.knows('192.0.2.8'), OTHER_MAC, 'the entry');
        }),
      },
    },
  },
  {
    name: 'packets of other hardware, protocols, lengths and operations are dropped',
    covers: ['ARP-3'],
    check: onBench({}, (bench, t) => {
      for (const [what, fields, reason] of FOREIGN) {
        const before = bench.drops(reason);
        bench.arp({ ...fields, sender: '192.0.2.50' });
        t.equal(bench.drops(reason) - before, 1, `drops for ${what}`);
        t.equal(bench.knows('192.0.2.50'), null, `the entry after ${what}`);
      }
      bench.silence('all of it was foreign');
    }),
  },
  {
    name: 'a frame of any length below that of an ARP packet is dropped',
    covers: ['ARP-3'],
    check: onBench({}, (bench, t) => {
      for (let length = 0; length < 28; length++) bench.frame(ARP, arpPacket().slice(0, length), EVERYBODY);
      t.equal(bench.drops(DROP_ARP_SHORT), 28, 'drops');
      bench.silence('nothing was whole');
    }),
  },
  {
    name: 'an answer that nobody asked for makes no entry, and a probe none either',
    covers: ['ARP-4'],
    check: onBench({}, (bench, t) => {
      bench.arp({ operation: 2, sender: '192.0.2.8', senderMac: OTHER_MAC, targetMac: HOST_MAC });
      t.equal(bench.knows('192.0.2.8'), null, 'the entry after an unasked answer');
      bench.arp({ sender: '0.0.0.0', senderMac: OTHER_MAC });
      t.equal(bench.knows('0.0.0.0'), null, 'the entry after a probe');
      const reply = bench.one('an answer to the probe');
      t.equal(readArp(reply).operation, 2, 'its operation');
    }),
  },
  {
    name: 'no packet overwrites a static entry',
    covers: ['ARP-4'],
    check: onBench({}, (bench, t) => {
      bench.host.ip.arp.createStaticEntry(address('192.0.2.8').w3, 0x0200, 8);
      bench.arp({ sender: '192.0.2.8', senderMac: OTHER_MAC });
      bench.arp({ operation: 2, sender: '192.0.2.8', senderMac: OTHER_MAC, targetMac: HOST_MAC });
      t.equal(bench.knows('192.0.2.8'), [2, 0, 0, 0, 0, 8], 'the entry');
      bench.take();
    }),
  },
  {
    name: 'senders that no host can be are dropped',
    covers: ['ARP-5'],
    check: onBench({}, (bench, t) => {
      for (const [what, fields, reason] of IMPOSSIBLE) {
        const before = bench.drops(reason);
        bench.arp({ sender: '192.0.2.60', senderMac: OTHER_MAC, ...fields });
        t.equal(bench.drops(reason) - before, 1, `drops for ${what}`);
      }
      t.equal(bench.knows('192.0.2.60'), null, 'the entry');
      bench.silence('nobody can have sent that');
    }),
  },
  {
    name: 'an entry that nobody refreshes is forgotten',
    covers: ['ARP-6'],
    check: onBench({}, (bench, t) => {
      bench.advance(120 * SECOND);
      t.equal(bench.knows('192.0.2.2'), null, 'the entry after two minutes');
    }),
    deviations: {
      netx: {
        reason: 'NX_ARP_EXPIRATION_RATE is 0: entries stay until their room is needed',
        check: onBench({}, (bench, t) => {
          bench.advance(3600 * SECOND);
          t.equal(bench.knows('192.0.2.2'), PEER_MAC, 'the entry after an hour');
        }),
      },
    },
  },
  {
    name: 'requests for one address are a second apart at least, however much is sent to it',
    covers: ['ARP-6'],
    check: onBench({}, (bench, t) => {
      const socket = bench.socket(5000);
      const times: number[] = [];
      for (let i = 0; i < 100; i++) {
        bench.send(socket, '192.0.2.99', 9, [i]);
        for (const seen of bench.take()) if (seen.etherType === ARP) times.push(seen.time);
        bench.advance(SECOND / 20);
      }
      t.ok(times.length >= 1, 'there was a request');
      for (let i = 1; i < times.length; i++) {
        t.between((times[i] as number) - (times[i - 1] as number), SECOND, 3600 * SECOND, 'time between requests');
      }
    }),
  },
  {
    name: 'the newest packet to an address in resolution is kept and sent when the answer comes',
    covers: ['ARP-6'],
    check: onBench({}, (bench, t) => {
      const socket = bench.socket(5000);
      for (let i = 0; i < 9; i++) t.equal(bench.send(socket, '192.0.2.8', 9, [i]), NX_SUCCESS, 'the status');
      bench.take();
      bench.arp({ operation: 2, sender: '192.0.2.8', senderMac: OTHER_MAC, targetMac: HOST_MAC, target: '192.0.2.1' });
      const sent = bench.take();
      t.ok(sent.length >= 1 && sent.length <= 9, 'packets were kept, but not all');
      t.equal(sent.at(-1)?.payload[8], 8, 'the last octet of the last packet');
      t.equal(sent.at(-1)?.to, OTHER_MAC, 'where it goes');
    }),
  },
  {
    name: 'three probes, a wait, two announcements, in the times of RFC 5227; then the address is in use',
    covers: ['ARP-7'],
    check: onBench({ address: null }, (bench, t) => {
      const start = bench.now;
      const heard = claims(bench);
      bench.advance(10 * SECOND);
      const seen = bench.take().map((each) => ({ ...readArp(each), at: each.time - start }));
      t.equal(
        seen.map(({ operation, sender, target }) => `${operation} ${sender} ${target}`),
        [
          ...Array.from({ length: 3 }, () => '1 0.0.0.0 192.0.2.1'),
          ...Array.from({ length: 2 }, () => '1 192.0.2.1 192.0.2.1'),
        ],
        'probes and announcements',
      );
      const [a, b, c, d, e] = seen.map(({ at }) => at) as [number, number, number, number, number];
      t.between(a, 0, SECOND, 'the first delay');
      t.between(b - a, SECOND, 2 * SECOND, 'the first space');
      t.between(c - b, SECOND, 2 * SECOND, 'the second space');
      t.equal([d - c, e - d], [2 * SECOND, 2 * SECOND], 'wait, and space of announcements');
      t.equal(heard.claimed, ['192.0.2.1'], 'what the application is told');
    }),
  },
  {
    name: 'a packet from the address, or somebody else’s probe for it, refuses it',
    covers: ['ARP-8'],
    check(t) {
      for (const conflict of [
        { sender: '192.0.2.1', senderMac: OTHER_MAC, target: '192.0.2.9' },
        { sender: '0.0.0.0', senderMac: OTHER_MAC, target: '192.0.2.1' },
      ]) {
        onBench({ address: null }, (bench) => {
          const heard = claims(bench);
          bench.advance(SECOND);
          bench.arp(conflict);
          bench.advance(20 * SECOND);
          t.equal([heard.claimed, heard.refused], [[], 1], 'what the application is told');
          t.equal(bench.host.ip.interfaces[0]?.address, 0, 'the address of the interface');
        })(t);
      }
    },
  },
  {
    name: 'after ten conflicts there is one attempt a minute at most',
    covers: ['ARP-8'],
    check: onBench({ address: null }, (bench, t) => {
      for (let i = 0; i < 10; i++) {
        claims(bench);
        bench.advance(SECOND);
        bench.arp({ sender: '192.0.2.1', senderMac: OTHER_MAC, target: '192.0.2.9' });
        bench.advance(0);
      }
      bench.take();
      claims(bench);
      bench.advance(59 * SECOND);
      bench.silence('the minute is not over');
      bench.advance(10 * SECOND);
      t.ok(bench.take().length > 0, 'probes come after the minute');
    }),
  },
  {
    name: 'an address in use is defended once in ten seconds, and the application is told every time',
    covers: ['ARP-9'],
    check: onBench({}, (bench, t) => {
      let told = 0;
      bench.host.ip.arp.defence.listener = { addressConflict: () => told++ };
      const conflict = () => bench.arp({ sender: '192.0.2.1', senderMac: OTHER_MAC, target: '192.0.2.9' });
      conflict();
      const defence = readArp(bench.one('the defence'));
      t.equal([defence.operation, defence.sender, defence.target], [1, '192.0.2.1', '192.0.2.1'], 'the defence');
      bench.advance(9 * SECOND);
      bench.take();
      conflict();
      bench.silence('it was defended nine seconds ago');
      bench.advance(2 * SECOND);
      conflict();
      t.equal(bench.take().length, 1, 'defences after ten seconds');
      bench.advance(0);
      t.equal(told, 3, 'what the application is told');
      t.equal(bench.knows('192.0.2.1'), null, 'an entry for our own address');
    }),
  },
  {
    name: 'packets to addresses that nobody answers for are bounded and given back',
    covers: ['ARP-10'],
    check: onBench({ packets: 64 }, (bench, t) => {
      const socket = bench.socket(5000);
      for (let i = 0; i < 500; i++) {
        bench.send(socket, `192.0.2.${3 + (i % 240)}`, 9, [i]);
        bench.take();
      }
      t.ok(bench.host.pool.available >= 32, 'half of the pool is free while hundreds of addresses are asked for');
      bench.advance(3600 * SECOND);
      bench.take();
      t.equal(bench.host.pool.available, bench.host.pool.total, 'packets free when all was given up');
    }),
  },
  {
    name: 'a flood of askers leaves the peer in use in the table',
    covers: ['ARP-10'],
    check: onBench({}, (bench, t) => {
      const socket = bench.socket(5000);
      for (let i = 0; i < 1000; i++) {
        if (i % 10 === 0) bench.send(socket, '192.0.2.2', 9, [1]);
        const mac = [2, 9, 9, 9, i >> 8, i & 255];
        bench.arp({ sender: `192.0.2.${3 + (i % 250)}`, senderMac: mac });
        bench.take();
      }
      t.equal(bench.knows('192.0.2.2'), PEER_MAC, 'the entry of the peer');
      t.ok(bench.host.ip.arp.cache.dynamicEntries <= bench.host.ip.arp.cache.size, 'the table is within its bound');
    }),
  },
  {
    name: 'a socket hears that its peer’s address cannot be resolved',
    covers: ['ARP-10'],
    check: onBench({}, (bench, t) => {
      const kinds: number[] = [];
      const socket = bench.socket(5000, { receivable: () => {}, failed: (_socket, kind) => kinds.push(kind) });
      socket.connect(address('192.0.2.99'), 9);
      bench.send(socket, '192.0.2.99', 9, [1]);
      bench.advance(10 * SECOND);
      t.equal(kinds, [ERROR_HOST_UNREACHABLE], 'errors');
      bench.take();
    }),
    deviations: {
      netx: {
        reason: NETX_TIMES,
        check: onBench({}, (bench, t) => {
          const kinds: number[] = [];
          const socket = bench.socket(5000, { receivable: () => {}, failed: (_socket, kind) => kinds.push(kind) });
          socket.connect(address('192.0.2.99'), 9);
          bench.send(socket, '192.0.2.99', 9, [1]);
          bench.advance(300 * SECOND);
          t.equal(kinds, [], 'errors');
          bench.take();
        }),
      },
    },
  },
];
