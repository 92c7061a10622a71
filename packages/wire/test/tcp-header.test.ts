import { expect, test } from '@jest/globals';
import fc from '../../../test/support/laws.ts';
import {
  checkTcp,
  describeTcp,
  describeTcpFlags,
  emitTcp,
  parseTcp,
  TCP_HEADER_BAD_OFFSET,
  TCP_HEADER_GOOD,
  TCP_HEADER_SHORT,
  TcpHeader,
  tcpAcknowledgment,
  tcpDestinationPort,
  tcpFlags,
  tcpHeaderLength,
  tcpSequence,
  tcpSourcePort,
  tcpWindow,
} from '../src/tcp.ts';

const view = (bytes: number[]) => new DataView(new Uint8Array(bytes).buffer);
const HEAD = [0x23, 0xa3, 0x00, 0x50, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 1];

test('what emit writes, the getters and parse read', () => {
  const port = fc.nat(65535);
  const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
  fc.assert(
    fc.property(
      port,
      port,
      int32,
      int32,
      fc.integer({ min: 5, max: 15 }),
      fc.nat(511),
      port,
      port,
      (sp, dp, seq, ack, words, flags, window, urgent) => {
        const at = 8;
        const v = new DataView(new ArrayBuffer(80));
        emitTcp(v, at, sp, dp, seq, ack, words * 4, flags, window, urgent);
        expect(checkTcp(v, at, 60)).toBe(TCP_HEADER_GOOD);
        expect([tcpSourcePort(v, at), tcpDestinationPort(v, at), tcpSequence(v, at), tcpAcknowledgment(v, at)]).toEqual(
          [sp, dp, seq, ack],
        );
        expect([tcpHeaderLength(v, at), tcpFlags(v, at), tcpWindow(v, at)]).toEqual([words * 4, flags, window]);
        const header = new TcpHeader();
        parseTcp(header, v, at, 72);
        expect(header).toMatchObject({
          sourcePort: sp,
          destinationPort: dp,
          sequence: seq,
          acknowledgment: ack,
          flags,
          window,
          urgentPointer: urgent,
        });
        expect(header.payloadLength).toBe(72 - words * 4);
        expect(header.sequenceLength).toBe(header.payloadLength + (flags & 1) + ((flags >> 1) & 1));
      },
    ),
  );
});

test('check judges lengths', () => {
  expect(checkTcp(view([...HEAD, 0x50, 0, 0, 0, 0, 0, 0]), 0, 19)).toBe(TCP_HEADER_SHORT);
  expect(checkTcp(view([...HEAD, 0x40, 0, 0, 0, 0, 0, 0, 0]), 0, 20)).toBe(TCP_HEADER_BAD_OFFSET);
  expect(checkTcp(view([...HEAD, 0x60, 0, 0, 0, 0, 0, 0, 0]), 0, 20)).toBe(TCP_HEADER_BAD_OFFSET);
});

test('all options are read in one pass, at any alignment', () => {
  const options = [
    1, 2, 4, 5, 0xb4, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff, 5, 10, 0, 0, 0, 1, 0, 0, 0, 5, 253, 3,
    1, 1, 1, 0,
  ];
  const bytes = [...HEAD, 0xe0, 0x12, 0x20, 0, 0, 0, 0, 0, ...options];
  const header = new TcpHeader();
  parseTcp(header, view(bytes), 0, bytes.length);
  expect(header).toMatchObject({
    mss: 1460,
    windowScale: 7,
    sackPermitted: true,
    timestampValue: 9,
    timestampEcho: -1,
    sackCount: 1,
    badOption: false,
  });
  expect([...header.sackEdges.subarray(0, 2)]).toEqual([1, 5]);
  expect(describeTcp(header)).toBe(
    'S. 4294967294:4294967294(0) ack 1 win 8192 <mss 1460,wscale 7,sackOK,TS val 9 ecr 4294967295,sack 1:5>',
  );
  parseTcp(header, view([...HEAD, 0x50, 0x10, 0, 0, 0, 0, 0, 0]), 0, 20);
  expect(header).toMatchObject({ mss: -1, windowScale: -1, sackPermitted: false, hasTimestamps: false, sackCount: 0 });
});

test('any 40 octets of options are read without leaving them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 40, maxLength: 40 }), (options) => {
      const header = new TcpHeader();
      parseTcp(header, view([...HEAD, 0xf0, 0x10, 0, 0, 0, 0, 0, 0, ...options]), 0, 60);
      expect(header.sackCount).toBeLessThanOrEqual(4);
    }),
  );
});

test.each([
  ['length 0', [2, 0, 0, 0]],
  ['length 1', [3, 1, 0, 0]],
  ['behind the end', [2, 5, 5, 5]],
  ['no length', [1, 1, 1, 99]],
])('an option with an illegal length is reported: %s', (_name, options) => {
  const header = new TcpHeader();
  parseTcp(header, view([...HEAD, 0x60, 0x10, 0, 0, 0, 0, 0, 0, ...options]), 0, 24);
  expect(header.badOption).toBe(true);
});

test('flags are written as packetdrill does', () => {
  expect([0x12, 0x18, 0x11, 0x04, 0x14, 0xc2, 0].map(describeTcpFlags)).toEqual([
    'S.',
    'P.',
    'F.',
    'R',
    'R.',
    'SEW',
    'none',
  ]);
});
