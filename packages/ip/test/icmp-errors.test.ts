import { describe, expect, test } from '@jest/globals';
import {
  DROP_ICMP_CODE,
  DROP_ICMP_ERROR_IGNORED,
  DROP_ICMP_QUOTE,
  DROP_ICMP_QUOTE_NOT_OURS,
  DROP_ICMP_REDIRECT,
  ERROR_HOST_UNREACHABLE,
  ERROR_NETWORK_UNREACHABLE,
  ERROR_PARAMETER_PROBLEM,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROHIBITED,
  ERROR_PROTOCOL_UNREACHABLE,
  ERROR_SOURCE_ROUTE_FAILED,
  ERROR_TIME_EXCEEDED,
  ERROR_TOO_BIG,
  LINK_BROADCAST,
  LINK_MULTICAST,
  LINK_UNICAST,
  type NetworkError,
  SECOND,
  UNHANDLED,
} from '@strata/contracts';
import { modernIpPolicy } from '../src/index.ts';
import { echo, hex, icmp, ipv4, ipWord, text, udp } from './frames.ts';
import { type HostOptions, TestHost } from './host.ts';
import { EXPERIMENT, RecordingTransport } from './transport.ts';

/** A host whose UDP has no sockets. */
function closedHost(options: HostOptions = {}): TestHost {
  const host = new TestHost(options);
  const transport = new RecordingTransport();
  transport.answer = UNHANDLED;
  host.ip.register(17, transport);
  host.ip.register(6, transport);
  host.knowPeer();
  return host;
}

const toClosedPort = (fields: Parameters<typeof ipv4>[0] = {}, data = text('0123456789'.repeat(100))) =>
  ipv4(fields, udp({ ...fields, destinationPort: 9 }, data));

describe('errors we send (RFC 792, RFC 1122 3.2.2)', () => {
  test('a closed port is unreachable; NetX quotes the header and eight octets', () => {
    const host = closedHost();
    const packet = toClosedPort();
    host.injectIp(packet);
    const error = host.next().bytes;
    expect([error[9], error[20], error[21]]).toEqual([1, 3, 3]);
    expect(hex(error.subarray(24, 28))).toBe('00000000');
    expect(error.subarray(28)).toEqual(packet.subarray(0, 28));
    expect(host.ip.icmp.counters.errorsSent).toBe(1);
    host.finish();
  });

  test('a modern host quotes what fits 576 octets, and no padding', () => {
    const host = closedHost({ policy: modernIpPolicy });
    host.injectIp(toClosedPort());
    expect(host.next().bytes).toHaveLength(576);
    const short = toClosedPort({}, text('abc'));
    host.injectIp(Uint8Array.from([...short, 0, 0, 0, 0, 0, 0]));
    expect(host.next().bytes.subarray(28)).toEqual(short);
    host.finish();
  });

  test('options of the offending packet are quoted with its header', () => {
    const host = closedHost();
    const packet = ipv4({ options: [0x94, 4, 0, 0] }, udp({ destinationPort: 9 }, text('abcdefgh')));
    host.injectIp(packet);
    expect(host.next().bytes.subarray(28)).toEqual(packet.subarray(0, 32));
    host.finish();
  });

  test('TCP answers for itself: a segment nobody wants draws no ICMP', () => {
    const host = closedHost();
    host.injectIp(ipv4({ protocol: 6 }, new Uint8Array(20)));
    host.finish();
  });

  const silent: [string, Uint8Array, number][] = [
    ['a broadcast frame', toClosedPort({ destination: '192.0.2.255' }), LINK_BROADCAST],
    ['a broadcast address in a unicast frame', toClosedPort({ destination: '192.0.2.255' }), LINK_UNICAST],
    ['the limited broadcast address', toClosedPort({ destination: '255.255.255.255' }), LINK_BROADCAST],
    ['a multicast address', toClosedPort({ destination: '239.1.1.1' }), LINK_MULTICAST],
    ['a later fragment', toClosedPort({ fragment: 0x0010 }), LINK_UNICAST],
    ['a source without an address', toClosedPort({ source: '0.0.0.0', destination: '255.255.255.255' }), LINK_UNICAST],
    ['a loopback source', toClosedPort({ source: '127.0.0.1' }), LINK_UNICAST],
    ['a multicast source', toClosedPort({ source: '224.0.0.1' }), LINK_UNICAST],
    ['a bad option in an ICMP error', ipv4({ protocol: 1, options: [30, 0] }, icmp({ type: 3 }, [])), LINK_UNICAST],
    ['a bad option in an empty ICMP message', ipv4({ protocol: 1, options: [30, 0] }, []), LINK_UNICAST],
    ['a bad option in a redirect', ipv4({ protocol: 1, options: [30, 0] }, icmp({ type: 5 }, [])), LINK_UNICAST],
    ['a bad option in a fragment', ipv4({ options: [30, 0], fragment: 1 }, text('xxxxxxxx')), LINK_UNICAST],
  ];
  test.each(silent)('never about %s', (_name, packet, cast) => {
    const host = closedHost({ policy: modernIpPolicy });
    host.ip.joinGroup(host.eth0, ipWord('239.1.1.1'));
    host.inject(0x0800, packet, cast);
    expect(host.ip.icmp.counters.errorsSent).toBe(0);
    host.finish();
  });

  test('but about an echo request with a bad option, yes', () => {
    const host = closedHost();
    host.injectIp(ipv4({ protocol: 1, options: [30, 0] }, echo(8, 1, 1, [])));
    expect(host.next().bytes[20]).toBe(12);
    host.finish();
  });

  test('a modern host limits their rate: ten at once, then a hundred a second', () => {
    const host = closedHost({ policy: modernIpPolicy });
    const flood = (count: number) => {
      for (let i = 0; i < count; i++) host.injectIp(toClosedPort({}, text('x')));
      return host.take().length;
    };
    expect(flood(1000)).toBe(10);
    host.advance(10_000);
    expect(flood(1000)).toBe(1);
    host.advance(35_000);
    expect(flood(1000)).toBe(3);
    host.advance(SECOND);
    expect(flood(1000)).toBe(10);
    expect(host.ip.icmp.counters.errorsWithheld).toBe(4000 - 24);
    host.finish();
  });

  test('with an empty pool there is no error and no harm', () => {
    const host = closedHost({ packets: 1 });
    host.injectIp(toClosedPort());
    host.finish();
  });
});

describe('errors we receive (RFC 1122 3.2.2)', () => {
  /** What a packet of ours looks like to the router that quotes it. */
  const ours = (fields: Parameters<typeof ipv4>[0] = {}) =>
    ipv4(
      { source: '192.0.2.1', destination: '198.51.100.7', protocol: EXPERIMENT, ...fields },
      [0x10, 0x20, 0x30, 0x40, 0x80, 0x99, 0xaa, 0xbb],
    );
  const error = (
    type: number,
    code: number,
    quote: ArrayLike<number>,
    rest: [number, number, number, number] = [0, 0, 0, 0],
  ) => ipv4({ protocol: 1, source: '192.0.2.254' }, icmp({ type, code, rest }, quote));

  function listeningHost(): [TestHost, NetworkError[]] {
    const host = new TestHost({ policy: modernIpPolicy });
    const heard: NetworkError[] = [];
    host.ip.register(EXPERIMENT, { accept: () => UNHANDLED, networkError: (each) => heard.push({ ...each }) });
    return [host, heard];
  }

  test.each([
    [3, 0, ERROR_NETWORK_UNREACHABLE],
    [3, 1, ERROR_HOST_UNREACHABLE],
    [3, 2, ERROR_PROTOCOL_UNREACHABLE],
    [3, 3, ERROR_PORT_UNREACHABLE],
    [3, 4, ERROR_TOO_BIG],
    [3, 5, ERROR_SOURCE_ROUTE_FAILED],
    [3, 10, ERROR_PROHIBITED],
    [3, 13, ERROR_PROHIBITED],
    [11, 0, ERROR_TIME_EXCEEDED],
    [11, 1, ERROR_TIME_EXCEEDED],
    [12, 0, ERROR_PARAMETER_PROBLEM],
  ])('type %i code %i reaches the transport as kind %i', (type, code, kind) => {
    const [host, heard] = listeningHost();
    host.injectIp(error(type, code, ours(), [0, 0, 0x05, 0x14]));
    expect(heard).toEqual([
      {
        family: 4,
        kind,
        type,
        code,
        mtu: kind === ERROR_TOO_BIG ? 1300 : 0,
        local: { family: 4, w0: 0, w1: 0, w2: 0, w3: ipWord('192.0.2.1') },
        remote: { family: 4, w0: 0, w1: 0, w2: 0, w3: ipWord('198.51.100.7') },
        protocol: EXPERIMENT,
        localPort: 0x1020,
        remotePort: 0x3040,
        sequence: 0x8099aabb | 0,
      },
    ]);
    host.finish();
  });

  test('quotes with options are read behind them; a cut-off quote of 8 octets is enough', () => {
    const [host, heard] = listeningHost();
    host.injectIp(error(3, 1, ours({ options: [1, 1, 1, 0], totalLength: 1500 })));
    expect(heard[0]).toMatchObject({ localPort: 0x1020 });
    host.finish();
  });

  const unusable: [string, Uint8Array, number][] = [
    ['no quote', error(3, 1, []), DROP_ICMP_QUOTE],
    ['a quote of 27 octets', error(3, 1, ours().subarray(0, 27)), DROP_ICMP_QUOTE],
    ['a quote of another version', error(3, 1, ours({ version: 6 })), DROP_ICMP_QUOTE],
    ['a quote with a header of 60', error(3, 1, ours({ headerWords: 15 })), DROP_ICMP_QUOTE],
    ['a quote of a later fragment', error(3, 1, ours({ fragment: 5 })), DROP_ICMP_QUOTE],
    ['a quote of a packet of others', error(3, 1, ours({ source: '192.0.2.3' })), DROP_ICMP_QUOTE_NOT_OURS],
    ['a code that does not exist', error(3, 77, ours()), DROP_ICMP_CODE],
    ['source quench (RFC 6633)', error(4, 0, ours()), DROP_ICMP_CODE],
    ['a redirect without a gateway in use', error(5, 1, ours(), [192, 0, 2, 66]), DROP_ICMP_REDIRECT],
  ];
  test.each(unusable)('%s is dropped', (_name, packet, reason) => {
    const [host, heard] = listeningHost();
    host.injectIp(packet);
    expect(heard).toEqual([]);
    expect(host.drops(reason)).toBe(1);
    host.finish();
  });

  test('an error about a protocol without transport is harmless', () => {
    const [host] = listeningHost();
    host.injectIp(error(3, 1, ours({ protocol: 99 })));
    host.finish();
  });

  test('NetX ignores them all and counts them as unhandled', () => {
    const host = new TestHost();
    const transport = new RecordingTransport();
    host.ip.register(EXPERIMENT, transport);
    host.injectIp(error(3, 1, ours()));
    host.injectIp(error(11, 0, ours()));
    expect(transport.errors).toEqual([]);
    expect(host.drops(DROP_ICMP_ERROR_IGNORED)).toBe(2);
    expect(host.ip.icmp.counters.unhandledMessages).toBe(2);
    host.finish();
  });
});
