import { describe, expect, test } from '@jest/globals';
import {
  DROP_ARP_OPERATION,
  DROP_ARP_SHORT,
  DROP_ICMP_SHORT,
  DROP_IPV4_CHECKSUM,
  DROP_IPV4_OPTION,
  DROP_IPV4_SOURCE_ROUTE,
  DROP_UDP_LENGTH,
  DROP_UDP_PORT_ZERO,
  DROP_UDP_SHORT,
} from '@strata/contracts';
import fc from '../../../test/support/laws.ts';
import {
  ARP_LENGTH,
  ArpRepr,
  describeArp,
  describeIcmp,
  describeIpv4,
  describeUdp,
  emitArp,
  emitIcmp,
  emitIpv4,
  emitUdp,
  ICMP_HEADER,
  IcmpRepr,
  IPV4_HEADER,
  Ipv4Repr,
  ipv4AddressSum,
  ipv4HeaderChecksum,
  parseArp,
  parseIcmp,
  parseIpv4,
  parseUdp,
  scanIpv4Options,
  sumBytes,
  UDP_HEADER,
  UdpRepr,
} from '../src/index.ts';

const word16 = fc.integer({ min: 0, max: 0xffff });
const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const octet = fc.integer({ min: 0, max: 255 });

/** Room for one header with a fence of 0xee around it. */
function fenced(length: number): { view: DataView; words: Uint32Array; bytes: Uint8Array; intact: () => boolean } {
  const buffer = new ArrayBuffer(16 + length + 16);
  const bytes = new Uint8Array(buffer).fill(0xee);
  const intact = () => [...bytes.subarray(0, 16), ...bytes.subarray(16 + length)].every((each) => each === 0xee);
  return { view: new DataView(buffer), words: new Uint32Array(buffer), bytes, intact };
}

describe('what is emitted is parsed again, and nothing beside it is touched', () => {
  test('ARP', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2), word16, int32, int32, word16, int32, int32, (operation, a, b, c, d, e, f) => {
        const { view, intact } = fenced(ARP_LENGTH);
        const fields = {
          operation,
          senderMsw: a,
          senderLsw: b,
          senderAddress: c,
          targetMsw: d,
          targetLsw: e,
          targetAddress: f,
        };
        emitArp(view, 16, Object.assign(new ArpRepr(), fields));
        const read = new ArpRepr();
        expect(parseArp(view, 16, ARP_LENGTH, read)).toBe(0);
        expect({ ...read }).toEqual(fields);
        expect(intact()).toBe(true);
      }),
    );
  });

  test('IPv4, with a checksum that sums to all ones', () => {
    fc.assert(
      fc.property(
        octet,
        fc.integer({ min: 20, max: 0xffff }),
        word16,
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 0, max: 0x1fff }),
        octet,
        octet,
        int32,
        int32,
        (
          tos,
          totalLength,
          identification,
          dontFragment,
          moreFragments,
          offset,
          timeToLive,
          protocol,
          source,
          destination,
        ) => {
          const { view, words, intact } = fenced(IPV4_HEADER);
          const fields = {
            headerLength: 20,
            typeOfService: tos,
            totalLength,
            identification,
            dontFragment,
            moreFragments,
            fragmentOffset: offset * 8,
            timeToLive,
            protocol,
            source,
            destination,
          };
          emitIpv4(view, 16, Object.assign(new Ipv4Repr(), fields));
          const read = new Ipv4Repr();
          expect(parseIpv4(words, view, 16, 20, totalLength, true, read)).toBe(0);
          expect({ ...read }).toEqual(fields);
          expect(sumBytes(view, 16, 20)).toBe(0xffff);
          expect(ipv4HeaderChecksum(view, 16)).toBe(view.getUint16(16 + 10));
          expect(intact()).toBe(true);
          const bit = (identification + protocol) % 160;
          view.setUint8(16 + (bit >> 3), view.getUint8(16 + (bit >> 3)) ^ (1 << (bit & 7)));
          expect(parseIpv4(words, view, 16, 20, 0xffff, true, read)).not.toBe(0);
        },
      ),
    );
  });

  test('ICMP and UDP', () => {
    fc.assert(
      fc.property(
        octet,
        octet,
        int32,
        word16,
        fc.integer({ min: 1, max: 0xffff }),
        fc.integer({ min: 8, max: 0xffff }),
        word16,
        (type, code, rest, sourcePort, destinationPort, length, checksum) => {
          const { view, intact } = fenced(ICMP_HEADER);
          emitIcmp(view, 16, Object.assign(new IcmpRepr(), { type, code, rest }));
          const message = new IcmpRepr();
          expect(parseIcmp(view, 16, ICMP_HEADER, message)).toBe(0);
          expect({ ...message }).toEqual({ type, code, rest });
          expect(intact()).toBe(true);
          const fields = { sourcePort, destinationPort, length, checksum };
          emitUdp(view, 16, Object.assign(new UdpRepr(), fields));
          const datagram = new UdpRepr();
          expect(parseUdp(view, 16, UDP_HEADER, length, datagram)).toBe(0);
          expect({ ...datagram }).toEqual(fields);
          expect(intact()).toBe(true);
        },
      ),
    );
  });
});

describe('parsers take any octets', () => {
  test('random octets of any length give a reason or a record, never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
        const bytes = new Uint8Array((octets.length + 3) & ~3);
        bytes.set(octets);
        const view = new DataView(bytes.buffer, 0, octets.length);
        const words = new Uint32Array(bytes.buffer);
        parseArp(view, 0, octets.length, new ArpRepr());
        const header = new Ipv4Repr();
        const reason = parseIpv4(words, view, 0, octets.length, octets.length, false, header);
        if (reason === 0) scanIpv4Options(view, 0, header.headerLength);
        parseIcmp(view, 0, octets.length, new IcmpRepr());
        parseUdp(view, 0, octets.length, octets.length, new UdpRepr());
      }),
    );
  });

  test('each says why', () => {
    const view = new DataView(new ArrayBuffer(64));
    const words = new Uint32Array(view.buffer);
    expect(parseArp(view, 0, 27, new ArpRepr())).toBe(DROP_ARP_SHORT);
    emitArp(view, 0, Object.assign(new ArpRepr(), { operation: 3 }));
    expect(parseArp(view, 0, 28, new ArpRepr())).toBe(DROP_ARP_OPERATION);
    expect(parseIcmp(view, 0, 7, new IcmpRepr())).toBe(DROP_ICMP_SHORT);
    expect(parseUdp(view, 0, 7, 7, new UdpRepr())).toBe(DROP_UDP_SHORT);
    emitUdp(view, 0, Object.assign(new UdpRepr(), { destinationPort: 1, length: 9 }));
    expect(parseUdp(view, 0, 8, 8, new UdpRepr())).toBe(DROP_UDP_LENGTH);
    emitUdp(view, 0, Object.assign(new UdpRepr(), { destinationPort: 0, length: 8 }));
    expect(parseUdp(view, 0, 8, 8, new UdpRepr())).toBe(DROP_UDP_PORT_ZERO);
    emitIpv4(view, 0, Object.assign(new Ipv4Repr(), { totalLength: 20 }));
    view.setUint16(10, 1);
    expect(parseIpv4(words, view, 0, 20, 20, true, new Ipv4Repr())).toBe(DROP_IPV4_CHECKSUM);
    expect(parseIpv4(words, view, 0, 20, 20, false, new Ipv4Repr())).toBe(0);
  });

  test('options: the pointer names the octet at fault', () => {
    const scan = (...options: number[]) => {
      const bytes = new Uint8Array(20 + options.length);
      bytes.set(options, 20);
      return scanIpv4Options(new DataView(bytes.buffer), 0, bytes.length);
    };
    expect(scan(1, 1, 0, 99)).toBe(0);
    expect(scan(30, 4, 0, 0)).toBe(0);
    expect(scan(1, 30, 4, 0)).toBe((22 << 8) | DROP_IPV4_OPTION);
    expect(scan(1, 1, 1, 30)).toBe((23 << 8) | DROP_IPV4_OPTION);
    expect(scan(1, 131, 3, 4)).toBe((21 << 8) | DROP_IPV4_SOURCE_ROUTE);
    expect(scan(137, 4, 4, 0)).toBe((20 << 8) | DROP_IPV4_SOURCE_ROUTE);
  });
});

describe('one line for people', () => {
  test('of each header', () => {
    const address = {
      senderAddress: 0xc0000201 | 0,
      targetAddress: 0xc0000202 | 0,
      senderMsw: 0x11,
      senderLsw: 0x22334456,
    };
    const of = (fields: Partial<ArpRepr>) => describeArp(Object.assign(new ArpRepr(), address, fields));
    expect(of({ operation: 1 })).toBe('ARP who has 192.0.2.2? tell 192.0.2.1');
    expect(of({ operation: 2 })).toBe('ARP 192.0.2.1 is at 00:11:22:33:44:56');
    expect(of({ operation: 1, senderAddress: 0 })).toBe('ARP probe for 192.0.2.2');
    expect(of({ operation: 1, targetAddress: address.senderAddress })).toBe('ARP announcement of 192.0.2.1');
    const ip = Object.assign(new Ipv4Repr(), {
      source: 0xc0000201 | 0,
      destination: -1,
      protocol: 17,
      totalLength: 48,
    });
    expect(describeIpv4(ip)).toBe('IPv4 192.0.2.1 -> 255.255.255.255 protocol 17, 48 B, ttl 0, id 0');
    ip.moreFragments = true;
    expect(describeIpv4(ip)).toContain('fragment 0+');
    const message = (type: number, code = 0, rest = 0) =>
      describeIcmp(Object.assign(new IcmpRepr(), { type, code, rest }));
    expect(message(8, 0, 0x00070003)).toBe('ICMP echo request id 7 seq 3');
    expect(message(0, 0, 0x00070003)).toBe('ICMP echo reply id 7 seq 3');
    expect(message(3, 3)).toBe('ICMP port unreachable');
    expect(message(3, 99)).toBe('ICMP unreachable, code 99');
    expect(message(11, 1)).toBe('ICMP reassembly time exceeded');
    expect(message(12, 0, 20 << 24)).toBe('ICMP parameter problem at octet 20');
    expect(message(42, 1)).toBe('ICMP type 42 code 1');
    expect(describeUdp(Object.assign(new UdpRepr(), { sourcePort: 1, destinationPort: 2, length: 12 }))).toBe(
      'UDP 1 -> 2, 4 B',
    );
  });
});

test('the address sum is that of the four words', () => {
  expect(ipv4AddressSum(0xc0000201 | 0, -1)).toBe(0xc000 + 0x0201 + 0xffff + 0xffff);
});
