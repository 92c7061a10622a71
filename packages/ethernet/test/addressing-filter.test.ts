import { describe, expect, test } from '@jest/globals';
import {
  DROP_ETHERNET_GROUP_SOURCE,
  DROP_ETHERNET_NOT_FOR_US,
  DROP_ETHERNET_OWN_SOURCE,
  DROP_ETHERNET_SHORT,
  DROP_ETHERNET_TOO_LONG,
  LINK_BROADCAST,
  LINK_MULTICAST,
  LINK_UNICAST,
} from '@strata/contracts';
import { EthernetDriver, LoopbackBridge } from '@strata/ethernet';
import { Bench, frameBytes, MAC_A, MAC_B, packetOf, RecordingLinkSink } from './fixtures.ts';

const BROADCAST = { msw: 0xffff, lsw: -1 };
const GROUP = { msw: 0x0100, lsw: 0x5e000001 };
const OTHER = { msw: 0x0200, lsw: 0x77 };
const PAYLOAD = [0x45, 1, 2, 3];

function setup(options: { promiscuous?: boolean } = {}) {
  const bench = new Bench();
  const pool = bench.pool();
  const bridge = new LoopbackBridge({ time: bench.time, mtu: 1514 });
  const driver = new EthernetDriver({ port: bridge.b, mac: MAC_B, mtu: 1500, ...options });
  const sink = new RecordingLinkSink(pool);
  driver.attach(sink);
  const receive = (bytes: readonly number[]) => {
    bridge.a.send(packetOf(pool, bytes));
    bench.run();
  };
  return { bench, driver, sink, receive };
}

describe('which frames are for this interface', () => {
  const cases: [string, number[], { promiscuous?: boolean; join?: boolean }, { cast?: number; drop?: number }][] = [
    ['its own address', frameBytes(MAC_B, MAC_A, 0x800, PAYLOAD), {}, { cast: LINK_UNICAST }],
    ['broadcast', frameBytes(BROADCAST, MAC_A, 0x806, PAYLOAD), {}, { cast: LINK_BROADCAST }],
    ['a joined group', frameBytes(GROUP, MAC_A, 0x800, PAYLOAD), { join: true }, { cast: LINK_MULTICAST }],
    ['a group it did not join', frameBytes(GROUP, MAC_A, 0x800, PAYLOAD), {}, { drop: DROP_ETHERNET_NOT_FOR_US }],
    ['somebody else', frameBytes(OTHER, MAC_A, 0x800, PAYLOAD), {}, { drop: DROP_ETHERNET_NOT_FOR_US }],
    [
      'somebody else, promiscuous',
      frameBytes(OTHER, MAC_A, 0x800, PAYLOAD),
      { promiscuous: true },
      { cast: LINK_UNICAST },
    ],
    [
      'any group, promiscuous',
      frameBytes(GROUP, MAC_A, 0x800, PAYLOAD),
      { promiscuous: true },
      { cast: LINK_MULTICAST },
    ],
    ['itself from itself', frameBytes(MAC_B, MAC_B, 0x800, PAYLOAD), {}, { drop: DROP_ETHERNET_OWN_SOURCE }],
    ['it from a group', frameBytes(MAC_B, GROUP, 0x800, PAYLOAD), {}, { drop: DROP_ETHERNET_GROUP_SOURCE }],
    ['it with an unknown type', frameBytes(MAC_B, MAC_A, 0x88b5, PAYLOAD), {}, { cast: LINK_UNICAST }],
    ['it without payload', frameBytes(MAC_B, MAC_A, 0x800), {}, { cast: LINK_UNICAST }],
    ['nobody: 13 octets', frameBytes(MAC_B, MAC_A, 0x800).slice(0, 13), {}, { drop: DROP_ETHERNET_SHORT }],
    ['nobody: no octets', [], {}, { drop: DROP_ETHERNET_SHORT }],
    ['it, as long as the MTU', frameBytes(MAC_B, MAC_A, 0x800, new Array(1500).fill(1)), {}, { cast: LINK_UNICAST }],
    [
      'it, longer than the MTU',
      frameBytes(MAC_B, MAC_A, 0x800, new Array(1501).fill(1)),
      {},
      { drop: DROP_ETHERNET_TOO_LONG },
    ],
  ];

  test.each(cases)('a frame to %s', (_name, bytes, options, expected) => {
    const { bench, driver, sink, receive } = setup(options);
    if (options.join) driver.joinGroup(GROUP.msw, GROUP.lsw);
    receive(bytes);
    if (expected.cast !== undefined) {
      expect(sink.packets).toEqual([
        {
          bytes: bytes.slice(14),
          etherType: (bytes[12]! << 8) | bytes[13]!,
          cast: expected.cast,
          sourceMsw: MAC_A.msw,
          sourceLsw: MAC_A.lsw,
        },
      ]);
      expect(driver.drops.total).toBe(0);
      expect(driver.counters()).toMatchObject({ framesReceived: 1, bytesReceived: bytes.length });
    } else {
      expect(sink.packets).toEqual([]);
      expect(driver.drops.of(expected.drop!)).toBe(1);
      expect(driver.drops.total).toBe(1);
    }
    expect(bench.leaks()).toEqual([]);
  });

  test('joins of a group are counted: it is left when the last member leaves', () => {
    const { bench, driver, sink, receive } = setup();
    const frame = frameBytes(GROUP, MAC_A, 0x800, PAYLOAD);
    driver.leaveGroup(GROUP.msw, GROUP.lsw);
    driver.joinGroup(GROUP.msw, GROUP.lsw);
    driver.joinGroup(GROUP.msw, GROUP.lsw);
    driver.leaveGroup(GROUP.msw, GROUP.lsw);
    receive(frame);
    expect(sink.packets).toHaveLength(1);
    driver.leaveGroup(GROUP.msw, GROUP.lsw);
    receive(frame);
    expect(sink.packets).toHaveLength(1);
    expect(driver.drops.of(DROP_ETHERNET_NOT_FOR_US)).toBe(1);
    expect(bench.leaks()).toEqual([]);
  });
});
