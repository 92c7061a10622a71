import { describe, expect, test } from '@jest/globals';
import { LAYER_MQTT, LAYER_NAMES, LAYER_TCP } from '@strata/contracts';
import { formatAddress } from '@strata/wire';
import { UsageError } from '../src/errors.ts';
import { seconds, text, wholeNumber } from '../src/flags/arguments.ts';
import { ALL_LAYERS, parseLayers, readCommonFlags, tracesEvent } from '../src/flags/common.ts';
import { describeFaultFlags, readFaultFlags } from '../src/flags/faults.ts';
import { FRAME_PREDICATES } from '../src/flags/frame-predicates.ts';
import { readTapFlags, requireTapFlags } from '../src/flags/tap.ts';

/** The complaint that reading makes, with its hint. */
function complaint(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    const { message, next } = error as UsageError;
    return next === undefined ? message : `${message} | ${next}`;
  }
  throw new Error('nothing was refused');
}

describe('shared flags', () => {
  test('have defaults', () => {
    expect(readCommonFlags({})).toEqual({
      seed: null,
      profile: 'netx',
      quirks: [],
      pcap: null,
      keylog: null,
      tcpProbe: null,
      traceLayers: 0,
      ndjson: false,
    });
  });

  test('are read', () => {
    expect(
      readCommonFlags({
        seed: '42',
        profile: 'Modern',
        quirks: 'netx-6.4',
        pcap: 'x.pcapng',
        trace: 'tcp,mqtt',
        ndjson: true,
      }),
    ).toEqual({
      seed: 42,
      profile: 'modern',
      quirks: ['netx-6.4'],
      pcap: { kind: 'file', path: 'x.pcapng' },
      keylog: null,
      tcpProbe: null,
      traceLayers: (1 << LAYER_TCP) | (1 << LAYER_MQTT),
      ndjson: true,
    });
    expect(readCommonFlags({ pcap: '-' }).pcap).toEqual({ kind: 'stdout' });
  });

  test('the last of several values counts', () => {
    expect(text({ seed: ['1', '2'] }, 'seed')).toBe('2');
    expect(readCommonFlags({ trace: ['tcp', 'arp'] }).traceLayers).toBe(parseLayers('tcp,arp'));
  });

  test('--ndjson alone means every layer', () => {
    expect(readCommonFlags({ ndjson: true }).traceLayers).toBe(ALL_LAYERS);
    expect(parseLayers('all')).toBe(ALL_LAYERS);
    expect(LAYER_NAMES.every((_, layer) => tracesEvent(ALL_LAYERS, layer << 8))).toBe(true);
    expect(tracesEvent(parseLayers('tcp'), (LAYER_MQTT << 8) | 1)).toBe(false);
  });

  test.each([
    [{ seed: '-1' }, '--seed -1: a whole number from 0 to 4294967295 is wanted'],
    [{ seed: 'x' }, '--seed x: a whole number from 0 to 4294967295 is wanted'],
    [{ seed: '4294967296' }, '--seed 4294967296: a whole number from 0 to 4294967295 is wanted'],
    [{ profile: 'lwip' }, '--profile lwip: the profiles are netx and modern'],
    [{ quirks: 'tcp-stale-probe' }, 'there is no quirk "tcp-stale-probe" | did you mean tcp-stale-probe-octet?'],
    [{ trace: 'tcpp' }, '--trace tcpp: there is no layer "tcpp" | did you mean tcp?'],
    [{ trace: 'tcp,' }, '--trace tcp,: a layer name is missing | the layers are'],
    [{ pcap: '' }, '--pcap: the file name is empty | give a file name, or - for stdout'],
  ])('%j is refused', (args, message) => {
    expect(complaint(() => readCommonFlags(args))).toContain(message);
  });

  test('numbers and seconds have bounds', () => {
    expect(wholeNumber({ port: '80' }, 'port', 1, 65535)).toBe(80);
    expect(seconds({ for: '1.5' }, 'for')).toBe(1_500_000);
    expect(seconds({ for: '2s' }, 'for')).toBe(2_000_000);
    expect(complaint(() => seconds({ for: '0' }, 'for'))).toContain('--for 0: a number of seconds');
    expect(complaint(() => wholeNumber({ port: '1e3' }, 'port', 1, 65535))).toContain('--port 1e3');
  });
});

describe('fault flags', () => {
  test('none is no plan', () => {
    expect(readFaultFlags({})).toBeNull();
  });

  test('every flag of the smoltcp family is read', () => {
    const args = {
      loss: '5%',
      delay: '20ms',
      jitter: '5ms',
      duplicate: '1%',
      reorder: '2%',
      corrupt: '0.01',
      rate: '1mbit',
      mtu: '1500',
      outage: ['3s+10s', '20s-21s'],
    };
    expect(readFaultFlags(args)).toMatchObject({
      lossRate: 0.05,
      delayMicroseconds: 20_000,
      jitterMicroseconds: 5_000,
      duplicateRate: 0.01,
      reorderRate: 0.02,
      corruptRate: 0.01,
      rateBitsPerSecond: 1_000_000,
      mtuBytes: 1500,
      outages: [
        { fromMicroseconds: 3e6, toMicroseconds: 13e6 },
        { fromMicroseconds: 20e6, toMicroseconds: 21e6 },
      ],
    });
    expect(describeFaultFlags(args)).toBe(
      'loss 5%, delay 20ms, jitter 5ms, duplicate 1%, reorder 2%, corrupt 0.01, rate 1mbit, mtu 1500, outage 3s+10s, outage 20s-21s',
    );
  });

  test.each([
    [{ loss: '5' }, '--loss 5: it is not a probability'],
    [{ delay: '20' }, '--delay 20: it is not a time'],
    [{ rate: '1mbps' }, '--rate 1mbps: it is not a rate'],
    [{ mtu: '20' }, '--mtu 20: it is not an MTU'],
    [{ outage: '3s' }, '--outage 3s: it is not an outage'],
    [{ 'drop-nth': 'dta:2' }, '--drop-nth dta:2: it is not a choice of frames'],
  ])('%j is refused', (args, message) => {
    expect(complaint(() => readFaultFlags(args))).toContain(message);
  });

  /** An Ethernet frame with an IPv4 TCP segment. */
  function segment(flags: number, data: number, tagged = false): Uint8Array {
    const head = [...new Array(12).fill(2), ...(tagged ? [0x81, 0, 0, 5] : []), 8, 0];
    const total = 40 + data;
    const ip = [0x45, 0, total >> 8, total & 255, 0, 1, 0x40, 0, 128, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
    const tcp = [0, 80, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0];
    return Uint8Array.from([
      ...head,
      ...ip,
      ...tcp,
      ...new Array(data).fill(7),
      ...new Array(data < 6 ? 6 - data : 0).fill(0),
    ]);
  }

  test.each([false, true])('kinds of segments are told apart (tagged: %s)', (tagged) => {
    const kinds = (frame: Uint8Array): string =>
      Object.entries(FRAME_PREDICATES)
        .filter(([name, matches]) => name !== 'any' && name !== 'vlan' && matches(frame, 0, frame.length))
        .map(([name]) => name)
        .sort()
        .join(' ');
    expect(kinds(segment(0x02, 0, tagged))).toBe('ipv4 syn tcp');
    expect(kinds(segment(0x10, 0, tagged))).toBe('ack ipv4 tcp');
    expect(kinds(segment(0x18, 5, tagged))).toBe('data ipv4 tcp');
    expect(kinds(segment(0x11, 0, tagged))).toBe('fin ipv4 tcp');
    expect(kinds(segment(0x14, 0, tagged))).toBe('ipv4 rst tcp');
  });

  test('a predicate never reads outside a short frame', () => {
    const frame = segment(0x18, 5);
    for (let length = 0; length < frame.length; length++) {
      for (const matches of Object.values(FRAME_PREDICATES)) {
        expect(typeof matches(frame.subarray(0, length), 0, length)).toBe('boolean');
      }
    }
    const choice = readFaultFlags({ 'drop-nth': 'data:2' })?.chosen?.[0];
    expect(choice).toMatchObject({ nth: 2, action: 'drop' });
  });
});

describe('TAP flags', () => {
  const host = { tap: 'tap0', address: '192.0.2.2/24' };

  test('without --tap there is no TAP host, and its flags are refused', () => {
    expect(readTapFlags({})).toBeNull();
    expect(complaint(() => readTapFlags({ address: '192.0.2.2/24' }))).toBe(
      '--address: it describes a host on a TAP device | add --tap NAME',
    );
    expect(complaint(() => requireTapFlags({}, 'up'))).toContain('strata up --tap tap0 --address 192.0.2.2/24');
  });

  test('are read', () => {
    const flags = readTapFlags({
      ...host,
      'host-address': '192.0.2.1/24',
      gateway: '192.0.2.1',
      mac: '02:00:5e:00:53:01',
    });
    expect(flags).toMatchObject({ tap: 'tap0', mac: { msw: 0x0200, lsw: 0x5e005301 } });
    expect(formatAddress(flags!.addresses[0]!.address)).toBe('192.0.2.2');
    expect(flags!.addresses[0]!.length).toBe(24);
    expect(formatAddress(flags!.gateways[0]!)).toBe('192.0.2.1');
    expect(readTapFlags({ tap: 'tap0', address: '2001:db8::2/64', gateway: '2001:db8::1' })).not.toBeNull();
    const both = readTapFlags({ tap: 'tap0', address: ['192.0.2.2/24', '2001:db8::2/64'], gateway: 'fe80::1' });
    expect(both?.addresses.map(({ address }) => address.family)).toEqual([4, 6]);
    const automatic = readTapFlags({ tap: 'tap0', dhcp: true, ipv6: true, dns: ['192.0.2.53', '2001:db8::53'] });
    expect(automatic).toMatchObject({ dhcp: true, ipv6: true, addresses: [] });
    expect(automatic?.dns.map(formatAddress)).toEqual(['192.0.2.53', '2001:db8::53']);
  });

  test.each([
    [{ tap: 'tap0' }, '--tap needs --address'],
    [{ ...host, tap: 'a-name-that-is-too-long' }, '1 to 15 characters'],
    [{ ...host, tap: 'a/b' }, '1 to 15 characters'],
    [{ ...host, address: '192.0.2.2' }, 'the prefix length is missing | write it as 192.0.2.2/24'],
    [{ ...host, address: '192.0.2.0/24' }, 'it is the network address'],
    [{ ...host, address: '192.0.2.255/24' }, 'it is the broadcast address'],
    [{ ...host, address: '192.0.2.300/24' }, 'it is not an address with a prefix length'],
    [{ ...host, dhcp: true }, 'an interface has one IPv4 address'],
    [{ ...host, address: ['192.0.2.2/24', '192.0.2.3/24'] }, 'an interface has one IPv4 address'],
    [{ ...host, dns: 'server' }, '--dns server: it is not an IP address'],
    [{ ...host, 'host-address': '198.51.100.1/24' }, 'it is not on the network of --address'],
    [{ ...host, 'host-address': '192.0.2.2/24' }, 'it is the same address as --address'],
    [{ ...host, gateway: '198.51.100.1' }, 'it is not on the network of --address 192.0.2.2/24'],
    [{ ...host, gateway: 'router' }, 'it is not an IP address'],
    [{ ...host, mac: '01:00:5e:00:00:01' }, 'it is a group address'],
    [{ ...host, mac: '02:00' }, 'it is not a MAC address'],
  ])('%j is refused', (args, message) => {
    expect(complaint(() => readTapFlags(args))).toContain(message);
  });
});
