import { describe, expect, test } from '@jest/globals';
import { DROP_REASONS, LINK_BROADCAST, LINK_MULTICAST, LINK_UNICAST, SECOND, UNHANDLED } from '@strata/contracts';
import { SeededRandom } from '@strata/time';
import { modernIpPolicy, netxIpPolicy } from '../src/index.ts';
import { ARP, arp, echo, IPV4, icmp, internetChecksum, ipv4, ipWord, text, udp } from './frames.ts';
import { TestHost } from './host.ts';
import { RecordingTransport } from './transport.ts';

const CASES = 4000;

const ours = ipv4({ source: '192.0.2.1', destination: '192.0.2.2' }, udp({ source: '192.0.2.1' }, text('sent by us')));
const seeds: readonly (readonly [number, Uint8Array])[] = [
  [ARP, arp({})],
  [ARP, arp({ operation: 2, targetMac: '00:11:22:33:44:56' })],
  [ARP, arp({ sender: '0.0.0.0' })],
  [IPV4, ipv4({ protocol: 1 }, echo(8, 77, 3, text('abcdefghijklmnopqrstuvw')))],
  [IPV4, ipv4({ protocol: 1 }, echo(0, 0x0201, 0, text('abcdefghijklmnopqrstuvw')))],
  [IPV4, ipv4({ protocol: 1 }, icmp({ type: 3, code: 3 }, ours))],
  [IPV4, ipv4({ protocol: 1 }, icmp({ type: 11, code: 0 }, ours))],
  [IPV4, ipv4({ protocol: 1 }, icmp({ type: 12, code: 0, rest: [20, 0, 0, 0] }, ours))],
  [IPV4, ipv4({ protocol: 1 }, icmp({ type: 5, code: 1, rest: [192, 0, 2, 9] }, ours))],
  [IPV4, ipv4({}, udp({}, text('to an open port')))],
  [IPV4, ipv4({ options: [7, 7, 4, 1, 2, 3, 4, 1, 0x94, 4, 0, 0] }, udp({}, text('with options')))],
  [IPV4, ipv4({ destination: '192.0.2.255' }, udp({ destination: '192.0.2.255' }, text('to everybody')))],
  [IPV4, ipv4({ fragment: 0x2000 }, text('a first fragment'))],
  [IPV4, ipv4({ protocol: 6 }, new Uint8Array(40))],
  [IPV4, ipv4({ protocol: 47 }, new Uint8Array(30))],
];

/** One valid packet, damaged: bits, lengths, cuts, growth, random octets; then perhaps with its checksums repaired. */
function mutate(random: SeededRandom, etherType: number, valid: Uint8Array): Uint8Array {
  let bytes = Uint8Array.from(valid);
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(Math.max(1, bytes.length));
    switch (random.below(6)) {
      case 0:
        if (bytes.length > 0) bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
        break;
      case 1:
        if (bytes.length > 0) bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)] as number;
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      case 3:
        bytes = Uint8Array.from([...bytes, ...Array.from({ length: random.below(64) }, () => random.below(256))]);
        break;
      case 4:
        if (etherType === IPV4 && bytes.length > 3) {
          const total = [0, 19, 20, bytes.length - 1, bytes.length, bytes.length + 1, 65535][random.below(7)] as number;
          bytes[2] = total >>> 8;
          bytes[3] = total & 255;
        }
        break;
      default:
        if (bytes.length > 0) bytes[at] = random.below(256);
    }
  }
  if (etherType === IPV4 && bytes.length >= 20 && random.below(4) !== 0) repair(bytes);
  return bytes;
}

function repair(bytes: Uint8Array): void {
  const headerLength = Math.min(((bytes[0] as number) & 15) * 4, bytes.length);
  if (headerLength < 20) return;
  bytes[10] = 0;
  bytes[11] = 0;
  const sum = internetChecksum(bytes.subarray(0, headerLength));
  bytes[10] = sum >>> 8;
  bytes[11] = sum & 255;
  if (bytes[9] === 1 && bytes.length >= headerLength + 8) {
    const message = bytes.subarray(headerLength);
    message[2] = 0;
    message[3] = 0;
    const inner = internetChecksum(message);
    message[2] = inner >>> 8;
    message[3] = inner & 255;
  }
}

describe('damaged packets do no damage', () => {
  test.each([
    ['netx', netxIpPolicy, 'one'],
    ['modern', modernIpPolicy, 'two'],
  ] as const)('%s: nothing is thrown, nothing leaks, everything dropped has a reason', (_name, policy, seed) => {
    const host = new TestHost({ policy });
    const random = new SeededRandom(seed);
    const transport = new RecordingTransport();
    transport.answer = UNHANDLED;
    for (const protocol of [6, 17]) host.ip.register(protocol, transport);
    host.ip.joinGroup(host.eth0, ipWord('239.1.1.1'));
    let pings = 0;
    for (let i = 0; i < CASES; i++) {
      const [etherType, valid] = seeds[random.below(seeds.length)] as readonly [number, Uint8Array];
      const cast = [LINK_UNICAST, LINK_UNICAST, LINK_MULTICAST, LINK_BROADCAST][random.below(4)] as number;
      host.inject(etherType, mutate(random, etherType, valid), cast);
      transport.received.length = 0;
      if (i % 500 === 0) {
        const heard = {
          pinged: (_status: number, response: { release(): number } | null) => {
            pings++;
            response?.release();
          },
        };
        host.ip.icmp.echo.ping({ family: 4, w0: 0, w1: 0, w2: 0, w3: ipWord('192.0.2.2') }, text('hi'), SECOND, heard);
      }
      host.advance(random.below(20_000));
      host.take();
      // Only what waits for an address, four packets each at most, may be out.
      const waiting = host.ip.arp.cache.all.reduce((sum, entry) => sum + entry.waiting, 0);
      expect(host.pool.total - host.pool.available).toBe(waiting);
    }
    host.advance(1000 * SECOND);
    host.take();
    expect(pings).toBe(CASES / 500);
    const known = new Set(DROP_REASONS.map(([reason]) => reason));
    host.ip.counters.drops.forEach((count, reason) => {
      if (count > 0) expect(known).toContain(reason);
    });
    // Still alive.
    host.injectArp(arp({}));
    host.injectIp(ipv4({ protocol: 1 }, echo(8, 1, 1, text('still there?'))));
    expect(host.take()).toHaveLength(2);
    host.finish();
  });
});
