import { NX_NO_RESPONSE, NX_SUCCESS, SECOND, TICK } from '@strata/contracts';
import { parseAddress } from '@strata/wire';
import { emitIcmp } from '../../suite/peer/frame.ts';
import type { Peer } from '../../suite/peer/peer.ts';
import type { Seen } from '../../suite/peer/seen.ts';
import type { Scenario } from '../../suite/suite.ts';
import { NetxBench } from './bench.ts';
import { ping } from './link.ts';

const ARP = 0x0806;
const STRANGER = [2, 0, 0, 0, 0, 9];
const OTHER = [2, 0, 0, 0, 0, 8];

/** An ARP packet in a frame. */
function arp(
  operation: number,
  from: readonly number[],
  sender: string,
  target: string,
  to: readonly number[] = [255, 255, 255, 255, 255, 255],
): Uint8Array {
  const bytes = new Uint8Array(42);
  bytes.set([...to, ...from, 8, 6, 0, 1, 8, 0, 6, 4, 0, operation, ...from]);
  bytes.set(sender.split('.').map(Number), 28);
  if (operation === 2) bytes.set(to, 32);
  bytes.set(target.split('.').map(Number), 38);
  return bytes;
}

function arpFrames(seen: readonly Seen[]): Seen[] {
  return seen.filter(({ etherType }) => etherType === ARP);
}

/** ARP requests that the host sends until something else comes of a ping. */
function asks(peer: Peer, address: string): boolean {
  ping(peer.host, address, 'x');
  peer.settle();
  return arpFrames(peer.drain()).length > 0;
}

/** ARP, ICMP and IP. */
export const linkFacts: readonly Scenario[] = [
  {
    name: 'an address that nobody answers for is asked for nineteen times, ten seconds apart, then its packets are dropped',
    covers: ['arp-retries'],
    check(t) {
      const peer = t.peer({ answers: false });
      peer.advance(10 * TICK);
      ping(peer.host, '192.0.2.77', 'hello');
      const times: number[] = [];
      for (let i = 0; i < 400; i++) {
        peer.advance(SECOND);
        for (const { time } of arpFrames(peer.drain())) times.push(Math.round(time / TICK));
      }
      t.equal(times, [10, ...Array.from({ length: 18 }, (_, i) => 1000 * (i + 1))], 'the ticks of the requests');
      t.equal(peer.host.pool.available, peer.host.pool.total, 'packets of the pool that are free');
    },
  },
  {
    name: 'four packets wait for an address, the oldest goes: SYNs that go again pile up there',
    covers: ['arp-queue'],
    check(t) {
      const peer = t.peer({ answers: false });
      const socket = peer.socket();
      socket.bind(0);
      socket.connect(parseAddress('192.0.2.77') ?? peer.self.address, 80);
      peer.advance(9 * SECOND);
      t.equal(peer.host.pool.total - peer.host.pool.available, 4, 'packets held');
      peer.advance(10 * SECOND);
      t.equal(socket.inspect().state, 'CLOSED', 'the state');
      peer.host.ip.arp.deleteEntry((parseAddress('192.0.2.77') ?? peer.self.address).w3);
    },
  },
  {
    name: 'an entry never expires',
    covers: ['arp-expiry'],
    check(t) {
      const peer = t.peer({ answers: false });
      peer.deliver(arp(1, STRANGER, '192.0.2.9', '192.0.2.1'));
      peer.drain();
      peer.advance(24 * 3600 * SECOND);
      t.equal(asks(peer, '192.0.2.9'), false, 'whether a day later the address is asked for');
    },
  },
  {
    name: 'a request between others makes an entry, and any ARP packet refreshes one',
    covers: ['arp-auto-entry'],
    check(t) {
      const peer = t.peer({ answers: false });
      peer.deliver(arp(1, STRANGER, '192.0.2.9', '192.0.2.8'));
      t.equal(arpFrames(peer.drain()).length, 0, 'answers to a request for somebody else');
      t.equal(asks(peer, '192.0.2.9'), false, 'whether the sender has to be asked for');
      peer.deliver(arp(1, OTHER, '192.0.2.9', '192.0.2.8'));
      ping(peer.host, '192.0.2.9', 'x');
      peer.settle();
      t.equal([...(peer.next()?.bytes.subarray(0, 6) ?? [])], OTHER, 'the link address after it has moved');
    },
  },
  {
    name: 'a host that uses our address is answered with a request of our own, once in ten seconds',
    covers: ['arp-defence'],
    check(t) {
      const peer = t.peer({ answers: false });
      peer.advance(20 * SECOND);
      peer.deliver(arp(1, STRANGER, '192.0.2.1', '192.0.2.1'));
      const [defence, ...rest] = arpFrames(peer.drain());
      t.equal(rest.length, 0, 'further answers');
      const bytes = defence?.bytes ?? new Uint8Array(42);
      t.equal([...bytes.subarray(0, 6)], [255, 255, 255, 255, 255, 255], 'who it is sent to');
      t.equal(
        [bytes[21], ...bytes.subarray(28, 32), ...bytes.subarray(38, 42)],
        [1, 192, 0, 2, 1, 192, 0, 2, 1],
        'operation and addresses',
      );
      peer.advance(5 * SECOND);
      peer.deliver(arp(1, STRANGER, '192.0.2.1', '192.0.2.1'));
      t.equal(arpFrames(peer.drain()).length, 0, 'answers five seconds later');
      peer.advance(6 * SECOND);
      peer.deliver(arp(1, STRANGER, '192.0.2.1', '192.0.2.1'));
      t.equal(arpFrames(peer.drain()).length, 1, 'answers eleven seconds later');
    },
  },
  {
    name: 'a ping of 3000 octets goes unanswered until fragments are enabled',
    covers: ['fragments'],
    check(t) {
      const bench = new NetxBench(t);
      const text = 'x'.repeat(3000);
      for (const host of [bench.a, bench.b]) host.ip.disableFragments();
      bench.until(10);
      const before = ping(bench.a, '192.168.100.2', text);
      bench.until(200);
      t.equal(before.status, NX_NO_RESPONSE, 'the status without fragments');
      for (const host of [bench.a, bench.b]) host.ip.enableFragments();
      const after = ping(bench.a, '192.168.100.2', text);
      bench.until(300);
      t.equal([after.status, after.length], [NX_SUCCESS, 3000], 'the status with fragments, and the length');
      bench.end();
    },
  },
  {
    name: 'a ping carries the low half of the own address for an identifier, and is matched by its sequence number alone',
    covers: ['ping'],
    check(t) {
      const peer = t.peer();
      const first = ping(peer.host, '192.0.2.2', 'ab');
      peer.settle();
      const request = peer.next();
      const view = new DataView(request?.payload.slice().buffer ?? new ArrayBuffer(8));
      t.equal([view.getUint8(0), view.getUint16(4), view.getUint16(6)], [8, 0x0201, 0], 'type, identifier and number');
      const reply = emitIcmp(peer.self.address, peer.hostStation.address, 0, 0, 0x77770000, [1, 2, 3]);
      peer.deliver(peer.ipFrame(1, reply, {}, peer.self.address, peer.hostStation.address));
      t.equal(
        [first.status, first.length],
        [NX_SUCCESS, 3],
        'the status and the length after an answer of another identifier',
      );
      ping(peer.host, '192.0.2.2', 'ab');
      peer.settle();
      t.equal(peer.next()?.payload[7], 1, 'the next sequence number');
    },
  },
  {
    name: 'an echo request is answered with its own octets; other ICMP messages are passed over',
    covers: ['icmp-inbound'],
    check(t) {
      const peer = t.peer();
      const data = Array.from({ length: 100 }, (_, i) => i);
      const send = (type: number, code: number) => {
        const message = emitIcmp(peer.self.address, peer.hostStation.address, type, code, 0x12340005, data);
        peer.deliver(peer.ipFrame(1, message, {}, peer.self.address, peer.hostStation.address));
      };
      send(8, 0);
      const reply = peer.next();
      t.equal([reply?.payload[0], reply?.ttl, reply?.identification], [0, 128, 1], 'type, TTL and identification');
      t.equal([...(reply?.payload.subarray(4) ?? [])], [0x12, 0x34, 0, 5, ...data], 'identifier, number and data');
      for (const type of [0, 4, 5, 13, 15, 17]) send(type, 0);
      peer.advance(SECOND);
      t.equal(peer.drain().length, 0, 'answers to other messages');
    },
  },
];
