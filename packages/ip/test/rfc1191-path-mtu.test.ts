import { describe, expect, test } from '@jest/globals';
import { ERROR_TOO_BIG, NX_OVERFLOW, NX_SUCCESS, SECOND } from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import { type IpFlow, modernIpPolicy, netxIpPolicy, plateauBelow } from '../src/index.ts';
import { icmp, ipv4, ipWord } from './frames.ts';
import { TestHost } from './host.ts';
import { EXPERIMENT, RecordingTransport } from './transport.ts';

const FAR = '198.51.100.9';
const ROUTER = '192.0.2.254';

interface World {
  readonly host: TestHost;
  readonly transport: RecordingTransport & { confirms?: () => boolean };
  readonly flow: IpFlow;
}

function world(policy = modernIpPolicy): World {
  const host = new TestHost({ policy, packets: 128 });
  host.ip.enableFragments();
  const transport: World['transport'] = new RecordingTransport();
  host.ip.register(EXPERIMENT, transport);
  host.ip.setGateway(ipWord(ROUTER));
  host.knowPeer(ROUTER);
  const flow = host.ip.openFlow(ipv4Address(ipWord(FAR)), EXPERIMENT, null) as IpFlow;
  flow.dontFragment = true;
  return { host, transport, flow };
}

function send({ host, flow }: World, length: number): number {
  const packet = host.pool.allocate(64);
  if (packet === null) throw new Error('the pool is empty');
  packet.appendBytes(new Uint8Array(length - 20), 0, length - 20);
  const status = host.ip.send(packet, flow);
  if (status !== NX_SUCCESS) packet.release();
  return status;
}

/** The router says that a packet is too big for its next link. */
function fragmentationNeeded(quoted: Uint8Array, mtu: number): Uint8Array {
  const error = icmp({ type: 3, code: 4, rest: [0, 0, mtu >> 8, mtu & 255] }, quoted.subarray(0, 28));
  return ipv4({ protocol: 1, source: ROUTER }, error);
}

/** Sends a packet of 1500 octets and has the router refuse it. */
function refuse(here: World, mtu: number): void {
  expect(send(here, 1500)).toBe(NX_SUCCESS);
  here.host.injectIp(fragmentationNeeded(here.host.next().bytes, mtu));
}

describe('the MTU of a path (RFC 1191)', () => {
  test('the router’s word lowers it, the flow follows, the transport is told', () => {
    const here = world();
    refuse(here, 1006);
    expect(here.host.ip.paths.mtuOf(here.flow.remote)).toBe(1006);
    expect(here.transport.errors).toMatchObject([{ kind: ERROR_TOO_BIG }]);
    expect(send(here, 1007)).toBe(NX_OVERFLOW);
    expect(here.flow.mtu).toBe(1006);
    expect(send(here, 1006)).toBe(NX_SUCCESS);
    expect(here.host.next().bytes[6]).toBe(0x40);
    here.host.finish();
  });

  test('a datagram that may be fragmented is cut to the path, not to the link', () => {
    const here = world();
    refuse(here, 1006);
    here.flow.dontFragment = false;
    expect(send(here, 1500)).toBe(NX_SUCCESS);
    expect(here.host.take().map(({ bytes }) => bytes.length)).toEqual([1004, 516]);
    here.host.finish();
  });

  test('it is forgotten after ten minutes, and then the link decides again', () => {
    const here = world();
    refuse(here, 1006);
    here.host.advance(600 * SECOND - 1);
    expect(here.host.ip.paths.size).toBe(1);
    here.host.advance(1);
    expect(here.host.ip.paths.size).toBe(0);
    here.host.knowPeer(ROUTER);
    expect(send(here, 1500)).toBe(NX_SUCCESS);
    here.host.take();
    here.host.finish();
  });

  test('nothing that arrives raises it', () => {
    const here = world();
    refuse(here, 1006);
    expect(send(here, 1006)).toBe(NX_SUCCESS);
    const quoted = here.host.next().bytes;
    here.host.injectIp(fragmentationNeeded(quoted, 1400));
    expect(here.host.ip.icmp.counters.pathMtuRefused).toBe(1);
    expect(here.host.ip.paths.mtuOf(here.flow.remote)).toBe(1006);
    here.host.finish();
  });

  test.each([
    [1500, 1492],
    [1492, 1006],
    [1006, 508],
    [65535, 32000],
    [296, 68],
    [68, 68],
  ])('a router that does not say its MTU: below %i comes %i (RFC 1191 7.1)', (length, next) => {
    expect(plateauBelow(length)).toBe(next);
  });

  test('an MTU of 0 means the next plateau below the quoted length', () => {
    const here = world();
    refuse(here, 0);
    expect(here.host.ip.paths.mtuOf(here.flow.remote)).toBe(1492);
    here.host.finish();
  });

  test.each([1, 67, 1500, 1600])('an MTU of %i is no reason: below 68, or the packet would have fitted', (mtu) => {
    const here = world();
    refuse(here, mtu);
    expect(here.host.ip.icmp.counters.pathMtuRefused).toBe(1);
    expect(here.host.ip.paths.size).toBe(0);
    here.host.finish();
  });

  test('below 552 the path is not followed down: its packets may be fragmented on the way', () => {
    const here = world();
    refuse(here, 68);
    expect(here.host.ip.paths.mtuOf(here.flow.remote)).toBe(552);
    expect(send(here, 552)).toBe(NX_SUCCESS);
    expect(here.host.next().bytes[6]).toBe(0);
    here.host.finish();
  });

  test('a transport that does not know the quoted packet has the last word (RFC 5927)', () => {
    const here = world();
    here.transport.confirms = () => false;
    refuse(here, 1006);
    expect(here.host.ip.icmp.counters.pathMtuRefused).toBe(1);
    expect(here.host.ip.paths.size).toBe(0);
    here.host.finish();
  });

  test('at most 256 paths are remembered; the oldest goes and is counted', () => {
    const here = world();
    for (let i = 0; i < 300; i++) {
      here.host.ip.paths.lower(ipv4Address(ipWord('198.51.100.0') + i), 1000, 1500);
    }
    expect(here.host.ip.paths.size).toBe(256);
    expect(here.host.ip.counters.pathMtuEvictions).toBe(44);
    here.host.finish();
  });

  test('NetX does not listen to ICMP errors', () => {
    const here = world(netxIpPolicy);
    refuse(here, 1006);
    expect(here.host.ip.paths.size).toBe(0);
    here.host.finish();
  });
});
