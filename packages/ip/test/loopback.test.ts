import { describe, expect, test } from '@jest/globals';
import { DROP_IPV4_LOOPBACK_POOL, NX_SUCCESS, SECOND, UNHANDLED } from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import { LOOPBACK_INTERFACE } from '../src/index.ts';
import { ipWord, text } from './frames.ts';
import { ScriptedLink, TestHost } from './host.ts';
import { EXPERIMENT, RecordingTransport, sendDatagram } from './transport.ts';

describe('traffic of a host to itself (RFC 1122 3.2.1.3 (g))', () => {
  test.each(['127.0.0.1', '127.8.8.8', '192.0.2.1'])('%s comes back without touching the link', (address) => {
    const host = new TestHost();
    const transport = new RecordingTransport();
    host.ip.register(EXPERIMENT, transport);
    expect(sendDatagram(host, address, 'note')).toBe(NX_SUCCESS);
    expect(transport.received).toEqual([]);
    host.advance(0);
    expect(transport.received).toMatchObject([
      { data: 'note', destination: ipWord(address), toUnicast: true, interfaceIndex: LOOPBACK_INTERFACE },
    ]);
    host.finish();
  });

  test('a transport that answers from inside its accept is not entered again', () => {
    const host = new TestHost();
    let depth = 0;
    let rounds = 0;
    host.ip.register(EXPERIMENT, {
      accept: (packet) => {
        expect(++depth).toBe(1);
        packet.release();
        if (++rounds < 10) sendDatagram(host, '127.0.0.1', 'again');
        depth--;
        return 0;
      },
      networkError: () => {},
    });
    sendDatagram(host, '127.0.0.1', 'begin');
    host.advance(0);
    expect(rounds).toBe(10);
    host.finish();
  });

  test('chained packets come back whole', () => {
    const host = new TestHost({ payloadSize: 256 });
    const transport = new RecordingTransport();
    host.ip.register(EXPERIMENT, transport);
    sendDatagram(host, '127.0.0.1', 'abc'.repeat(400));
    host.advance(0);
    expect(transport.received[0]?.data).toBe('abc'.repeat(400));
    host.finish();
  });

  test('an empty pool loses the packet and says so', () => {
    const host = new TestHost({ packets: 1 });
    sendDatagram(host, '127.0.0.1', 'x');
    host.advance(0);
    expect(host.drops(DROP_IPV4_LOOPBACK_POOL)).toBe(1);
    host.finish();
  });

  test('a host on several links pings each of its addresses from each, and not a frame leaves it', () => {
    const host = new TestHost();
    const link = new ScriptedLink(host.scheduler, '00:11:22:33:44:66');
    host.ip.setAddress(host.ip.attachInterface('eth1', link), ipWord('198.51.100.1'), ipWord('255.255.255.0'));
    const own = ['192.0.2.1', '198.51.100.1', '127.0.0.1'].map((each) => ipv4Address(ipWord(each)));
    const heard: string[] = [];
    for (const remote of own) {
      for (const options of [{}, { interfaceIndex: 0 }, { interfaceIndex: 1 }, ...own.map((local) => ({ local }))]) {
        host.ip.icmp.echo.ping(
          remote,
          text('me'),
          SECOND,
          {
            pinged: (status, response, ping) => {
              heard.push(`${status} ${ping.responder === remote.w3}`);
              response?.release();
            },
          },
          options,
        );
      }
    }
    host.advance(SECOND);
    expect(heard).toEqual(new Array(18).fill(`${NX_SUCCESS} true`));
    expect([host.take(), link.sent]).toEqual([[], []]);
    host.finish();
  });

  test('a host can ping itself, and tells itself of closed protocols', () => {
    const host = new TestHost();
    const heard: number[] = [];
    host.ip.icmp.echo.ping(ipv4Address(ipWord('192.0.2.1')), text('me'), SECOND, {
      pinged: (status, response) => {
        heard.push(status, response?.length ?? -1);
        response?.release();
      },
    });
    host.advance(0);
    expect(heard).toEqual([NX_SUCCESS, 2]);
    const transport = new RecordingTransport();
    transport.answer = UNHANDLED;
    host.ip.register(EXPERIMENT, transport);
    sendDatagram(host, '127.0.0.1', 'closed');
    host.advance(0);
    expect(host.ip.icmp.counters.errorsReceived).toBe(1);
    host.finish();
  });

  test('what claims to come from the loopback network but came from outside is dropped', () => {
    const host = new TestHost();
    const flow = host.ip.openFlow(ipv4Address(ipWord('192.0.2.2')), EXPERIMENT, ipv4Address(0x7f000001));
    expect(flow).toBeNull();
    host.finish();
  });
});
