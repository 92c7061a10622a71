import { describe, expect, test } from '@jest/globals';
import {
  DROP_ETHERNET_NO_HEADROOM,
  DROP_ETHERNET_TOO_LONG,
  DROP_ETHERNET_VLAN,
  DROP_LINK_DOWN,
  NX_IP_PACKET,
  NX_IPV4_TCP_PACKET,
  NX_PHYSICAL_HEADER,
  PACKET_RETAINED,
  PACKET_TRANSMITTING,
  TRACE_ETHERNET_DROPPED,
  TRACE_ETHERNET_LINK_CHANGED,
  TRACE_ETHERNET_RECEIVED,
  TRACE_ETHERNET_SENT,
  type TraceRef,
} from '@strata/contracts';
import { EthernetDriver, LoopbackBridge } from '@strata/ethernet';
import { PacketPool } from '@strata/packet';
import { Bench, bytesOf, frameBytes, MAC_A, MAC_B, packetOf, RecordingLinkSink, RecordingSink } from './fixtures.ts';

const GROUP = { msw: 0x0100, lsw: 0x5e000001 };
const PAYLOAD = [0x45, 1, 2, 3];

/** A driver on one end, a sink that sees its frames on the other. */
function setup(options: { vlan?: number; priority?: number; mtu?: number } = {}) {
  const bench = new Bench();
  const pool = bench.pool();
  const bridge = new LoopbackBridge({ time: bench.time });
  const driver = new EthernetDriver({ port: bridge.a, mac: MAC_A, ...options });
  const ip = new RecordingLinkSink(pool);
  driver.attach(ip);
  const far = new RecordingSink(bench, pool);
  bridge.b.attach(far);
  const receive = (bytes: readonly number[]) => {
    bridge.b.send(packetOf(pool, bytes));
    bench.run();
  };
  return { bench, pool, bridge, driver, ip, far, receive };
}

describe('sending', () => {
  test('puts 14 octets in front and copies the rest', () => {
    const { bench, pool, driver, far } = setup();
    driver.send(packetOf(pool, PAYLOAD), 0x0800, MAC_B.msw, MAC_B.lsw);
    bench.run();
    expect(far.frames.map((f) => f.bytes)).toEqual([frameBytes(MAC_B, MAC_A, 0x0800, PAYLOAD)]);
    expect(driver.counters()).toMatchObject({ framesSent: 1, bytesSent: 18 });
    expect(bench.leaks()).toEqual([]);
  });

  test('writes addresses with the upper bit set as they are', () => {
    const { bench, pool, driver, far } = setup();
    driver.send(packetOf(pool, PAYLOAD), 0x0806, 0xffff, -1);
    bench.run();
    expect(far.frames[0]?.bytes.slice(0, 6)).toEqual([255, 255, 255, 255, 255, 255]);
    expect(bench.leaks()).toEqual([]);
  });

  test('sends a chain as one frame', () => {
    const { bench, driver, far } = setup();
    const small = bench.pool(8, 128);
    const payload = Array.from({ length: 700 }, (_, i) => i & 255);
    const packet = packetOf(small, payload, NX_IP_PACKET);
    expect(packet.next).not.toBeNull();
    driver.send(packet, 0x0800, MAC_B.msw, MAC_B.lsw);
    bench.run();
    expect(far.frames.map((f) => f.bytes)).toEqual([frameBytes(MAC_B, MAC_A, 0x0800, payload)]);
    expect(bench.leaks()).toEqual([]);
  });

  test('a retransmission starts from the transport header again, whatever was in front', () => {
    const { bench, pool, driver, far } = setup();
    const packet = packetOf(pool, [...PAYLOAD, 9, 9, 9, 9], NX_IP_PACKET);
    const transport = packet.prepend + 4;
    for (let i = 0; i < 3; i++) {
      packet.state = PACKET_TRANSMITTING;
      packet.transportHeader = transport;
      driver.send(packet, 0x0800, MAC_B.msw, MAC_B.lsw);
      bench.run();
      expect(packet.state).toBe(PACKET_RETAINED);
      expect(packet.prepend).toBe(transport);
      expect(packet.length).toBe(4);
      packet.prepend -= 4;
      packet.length += 4;
    }
    expect(far.frames).toHaveLength(3);
    for (const { bytes } of far.frames)
      expect(bytes).toEqual(frameBytes(MAC_B, MAC_A, 0x0800, [...PAYLOAD, 9, 9, 9, 9]));
    packet.release();
    expect(bench.leaks()).toEqual([]);
  });

  test('a packet longer than the MTU is refused', () => {
    const { bench, pool, driver, far } = setup({ mtu: 576 });
    driver.send(packetOf(pool, new Array(577).fill(1)), 0x0800, MAC_B.msw, MAC_B.lsw);
    driver.send(packetOf(pool, new Array(576).fill(1)), 0x0800, MAC_B.msw, MAC_B.lsw);
    bench.run();
    expect(driver.drops.of(DROP_ETHERNET_TOO_LONG)).toBe(1);
    expect(far.frames.map((f) => f.bytes.length)).toEqual([590]);
    expect(bench.leaks()).toEqual([]);
  });

  test('a packet without room for the header goes out as a copy, or not at all when there is no packet for one', () => {
    const { bench, pool, driver, far } = setup();
    driver.send(packetOf(pool, PAYLOAD, 0), 0x0800, MAC_B.msw, MAC_B.lsw);
    bench.run();
    expect(far.frames.map((f) => f.bytes)).toEqual([frameBytes(MAC_B, MAC_A, 0x0800, PAYLOAD)]);
    const last = packetOf(pool, PAYLOAD, 0);
    const held = [];
    for (let p = pool.allocate(0); p !== null; p = pool.allocate(0)) held.push(p);
    driver.send(last, 0x0800, MAC_B.msw, MAC_B.lsw);
    for (const p of held) p.release();
    bench.run();
    expect(driver.drops.of(DROP_ETHERNET_NO_HEADROOM)).toBe(1);
    expect(far.frames).toHaveLength(1);
    expect(bench.leaks()).toEqual([]);
  });
});

describe('802.1Q', () => {
  test('every frame out carries the tag', () => {
    const { bench, pool, driver, far } = setup({ vlan: 7, priority: 5 });
    driver.send(packetOf(pool, PAYLOAD, 20), 0x0800, MAC_B.msw, MAC_B.lsw);
    bench.run();
    expect(far.frames[0]?.bytes).toEqual(frameBytes(MAC_B, MAC_A, 0x0800, PAYLOAD, 7 | (5 << 13)));
    expect(bench.leaks()).toEqual([]);
  });

  test("a packet with NetX's own head-room is tagged too, and stays where it is when kept", () => {
    const { bench, pool, driver, far } = setup({ vlan: 7 });
    const packet = packetOf(pool, PAYLOAD, NX_PHYSICAL_HEADER);
    packet.transportHeader = packet.prepend;
    const before = packet.prepend;
    packet.state = PACKET_TRANSMITTING;
    driver.send(packet, 0x0800, MAC_B.msw, MAC_B.lsw);
    bench.run();
    expect(far.frames[0]?.bytes).toEqual(frameBytes(MAC_B, MAC_A, 0x0800, PAYLOAD, 7));
    // What is said of a kept packet from now on is about its next frame.
    expect(packet.frameId).toBe(0);
    expect([packet.state, packet.prepend, ...bytesOf(packet)]).toEqual([PACKET_RETAINED, before, ...PAYLOAD]);
    packet.release();
    expect(bench.leaks()).toEqual([]);
    expect(NX_IPV4_TCP_PACKET - 40).toBe(NX_PHYSICAL_HEADER);
  });

  const cases: [string, number | undefined, number | undefined, boolean][] = [
    ['its own tag, tagged driver', 7, 7, true],
    ['another tag, tagged driver', 7, 8, false],
    ['no tag, tagged driver', 7, undefined, false],
    ['a priority tag, tagged driver', 7, 0, false],
    ['no tag, untagged driver', undefined, undefined, true],
    ['a priority tag, untagged driver', undefined, 0, true],
    ['a tag, untagged driver', undefined, 7, false],
  ];
  test.each(cases)('accepts only its VLAN: %s', (_name, own, tag, accepted) => {
    const { bench, driver, ip, receive } = setup(own === undefined ? {} : { vlan: own });
    receive(frameBytes(MAC_A, MAC_B, 0x0800, PAYLOAD, tag));
    expect(ip.packets.map((p) => p.bytes)).toEqual(accepted ? [PAYLOAD] : []);
    expect(driver.drops.of(DROP_ETHERNET_VLAN)).toBe(accepted ? 0 : 1);
    expect(bench.leaks()).toEqual([]);
  });

  test('a truncated tag is a short frame', () => {
    const { bench, driver, ip, receive } = setup({ vlan: 7 });
    receive(frameBytes(MAC_A, MAC_B, 0x0800, [], 7).slice(0, 17));
    expect(ip.packets).toEqual([]);
    expect(driver.counters().drops).toEqual({ 'ethernet-short': 1 });
    expect(bench.leaks()).toEqual([]);
  });

  test('identifiers, addresses and MTUs out of their range are refused', () => {
    const bridge = new LoopbackBridge({ time: new Bench().time });
    for (const vlan of [0, 4095, 1.5]) {
      expect(() => new EthernetDriver({ port: bridge.a, mac: MAC_A, vlan })).toThrow(/1\.\.4094/);
    }
    expect(() => new EthernetDriver({ port: bridge.a, mac: GROUP })).toThrow(/group address/);
    expect(() => new EthernetDriver({ port: bridge.a })).toThrow(/zero/);
    expect(() => new EthernetDriver({ port: bridge.a, mac: MAC_A, mtu: 9000 })).toThrow(/68\.\.1500/);
  });
});

describe('link state', () => {
  test('a pulled cable loses what is on its way, refuses what is sent, and tells IP once', () => {
    const { bench, pool, bridge, driver, ip, far } = setup();
    driver.send(packetOf(pool, PAYLOAD), 0x0800, MAC_B.msw, MAC_B.lsw);
    bridge.setUp(false);
    bridge.setUp(false);
    expect(driver.properties.up).toBe(false);
    driver.send(packetOf(pool, PAYLOAD), 0x0800, MAC_B.msw, MAC_B.lsw);
    bench.run();
    expect(far.frames).toEqual([]);
    expect(driver.drops.of(DROP_LINK_DOWN)).toBe(1);
    expect(bridge.b.count().missed).toEqual({ 'link-down': 1 });
    bridge.setUp(true);
    driver.send(packetOf(pool, PAYLOAD), 0x0800, MAC_B.msw, MAC_B.lsw);
    bench.run();
    expect(far.frames).toHaveLength(1);
    expect(ip.changes).toEqual([false, true]);
    expect(far.changes).toEqual([false, true]);
    expect(bench.leaks()).toEqual([]);
  });

  test('a disabled interface neither sends nor receives, whatever the cable does', () => {
    const { bench, pool, bridge, driver, ip, far, receive } = setup();
    driver.setEnabled(false);
    bridge.setUp(false);
    bridge.setUp(true);
    receive(frameBytes(MAC_A, MAC_B, 0x0800, PAYLOAD));
    driver.send(packetOf(pool, PAYLOAD), 0x0800, MAC_B.msw, MAC_B.lsw);
    bench.run();
    expect([ip.packets, far.frames]).toEqual([[], []]);
    expect(driver.drops.of(DROP_LINK_DOWN)).toBe(2);
    driver.setEnabled(true);
    receive(frameBytes(MAC_A, MAC_B, 0x0800, PAYLOAD));
    expect(ip.packets).toHaveLength(1);
    expect(ip.changes).toEqual([false, true]);
    expect(bench.leaks()).toEqual([]);
  });

  test('a detached driver lets frames go by', () => {
    const { bench, driver, ip, receive } = setup();
    driver.detach();
    receive(frameBytes(MAC_A, MAC_B, 0x0800, PAYLOAD));
    expect(ip.packets).toEqual([]);
    expect(bench.leaks()).toEqual([]);
  });
});

test('each frame sent, received and dropped is traced, with the packet concerned', () => {
  const { bench, pool, bridge, driver, receive } = setup();
  const events: [number, number, number, number][] = [];
  driver.tracer = {
    event: (id: number, a: number, b: number, _c: number, _d: number, ref: TraceRef | null) =>
      events.push([id, a, b, ref?.frameId ?? -1]),
  };
  driver.send(packetOf(pool, PAYLOAD), 0x0800, MAC_B.msw, MAC_B.lsw);
  receive(frameBytes(MAC_A, MAC_B, 0x0806, PAYLOAD));
  receive(frameBytes(MAC_A, MAC_B, 0x0806, PAYLOAD, 9));
  bridge.setUp(false);
  expect(events).toEqual([
    [TRACE_ETHERNET_SENT, 0x0800, 18, 0],
    [TRACE_ETHERNET_RECEIVED, 0x0806, 18, 2],
    [TRACE_ETHERNET_DROPPED, DROP_ETHERNET_VLAN, 22, 3],
    [TRACE_ETHERNET_LINK_CHANGED, 0, 0, -1],
  ]);
  expect(bench.leaks()).toEqual([]);
});

test('frames of a foreign memory are carried as well', () => {
  const { bench, driver, far } = setup();
  const foreign = new PacketPool({ name: 'foreign', payloadSize: 256, packets: 2 });
  driver.send(packetOf(foreign, PAYLOAD), 0x0800, MAC_B.msw, MAC_B.lsw);
  bench.run();
  expect(far.frames.map((f) => f.bytes)).toEqual([frameBytes(MAC_B, MAC_A, 0x0800, PAYLOAD)]);
  expect(foreign.available).toBe(2);
  expect(bench.leaks()).toEqual([]);
});
