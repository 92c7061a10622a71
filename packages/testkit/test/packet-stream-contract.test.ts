import { describe, test } from '@jest/globals';
import { modernProfile, netxProfile } from '@strata/stack';
import { TLS_1_2, TLS_1_3 } from '@strata/tls';
import { type MakePair, PACKET_STREAM_CONTRACT, tcpPair, tlsPair } from '../src/index.ts';

const STREAMS: readonly (readonly [name: string, make: MakePair])[] = [
  ['TCP, netx', () => tcpPair(netxProfile)],
  ['TCP, modern', () => tcpPair(modernProfile)],
  ['TCP over IPv6, netx', () => tcpPair(netxProfile, 6)],
  ['TCP over IPv6, modern', () => tcpPair(modernProfile, 6)],
  ['TLS 1.2 over TCP, netx', () => tlsPair(netxProfile, TLS_1_2)],
  ['TLS 1.3 over TCP, modern', () => tlsPair(modernProfile, TLS_1_3)],
];

describe.each(STREAMS)('%s', (_name, make) => {
  test.each(PACKET_STREAM_CONTRACT)('$name', ({ check }) => check(make));
});
