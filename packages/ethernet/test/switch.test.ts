import { describe, expect, test } from '@jest/globals';
import { type ForwardingEntry, Segment, Switch, type SwitchOptions, type SwitchPortOptions } from '@strata/ethernet';
import fc from '../../../test/support/laws.ts';
import { Bench, frameBytes, packetOf, RecordingSink } from './fixtures.ts';

const mac = (n: number) => ({ msw: 0x0200, lsw: n });
const BROADCAST = { msw: 0xffff, lsw: -1 };
const SECONDS = 1_000_000;

/** A switch whose ports 0.. lead to stations that write down what they hear. */
function setup(ports: readonly SwitchPortOptions[] = [{}, {}, {}], options: Partial<SwitchOptions> = {}) {
  const bench = new Bench();
  const pool = bench.pool(64);
  const middle = new Switch({ time: bench.time, pool: bench.pool(32, 1600), ...options });
  const links = ports.map((_, n) => new Segment({ time: bench.time, name: `link ${n}`, memory: bench.memory }));
  const stations = links.map((link, n) => {
    middle.attach(link.end(1), ports[n]);
    const sink = new RecordingSink(bench, pool);
    link.end(0).attach(sink);
    return sink;
  });
  /** Sends from the station at `port` and returns at which ports it was heard, as octets. */
  const send = (port: number, bytes: readonly number[]) => {
    for (const station of stations) station.frames.length = 0;
    links[port]!.end(0).send(packetOf(pool, bytes));
    bench.run();
    return stations.map((station) => station.frames.map((f) => f.bytes));
  };
  const heard = (port: number, to: { msw: number; lsw: number }, from: { msw: number; lsw: number }, vlan?: number) =>
    send(port, frameBytes(to, from, 0x0800, [1, 2, 3, 4], vlan)).flatMap((frames, n) => frames.map(() => n));
  const wait = (microseconds: number) => {
    const alarm = bench.time.alarm({ nextDeadline: () => Number.POSITIVE_INFINITY, onTime: () => {} });
    alarm.set(bench.time.now + microseconds);
    bench.run();
    alarm.cancel();
  };
  return { bench, middle, links, stations, send, heard, wait };
}

const places = (entries: ForwardingEntry[]) => entries.map((e) => [e.vlan, e.macLsw, e.port]);

describe('learning', () => {
  test('an unknown destination is flooded, a known one is not', () => {
    const { bench, middle, heard } = setup();
    expect(heard(0, mac(2), mac(1))).toEqual([1, 2]);
    expect(heard(1, mac(1), mac(2))).toEqual([0]);
    expect(heard(0, mac(2), mac(1))).toEqual([1]);
    expect(places(middle.entries())).toEqual([
      [1, 1, 0],
      [1, 2, 1],
    ]);
    expect(bench.leaks()).toEqual([]);
  });

  test('frames go through untouched', () => {
    const { send } = setup();
    const frame = frameBytes(
      mac(9),
      mac(1),
      0x88b5,
      Array.from({ length: 1500 }, (_, i) => i & 255),
    );
    expect(send(0, frame)).toEqual([[], [frame], [frame]]);
  });

  test('broadcast and multicast are flooded and never learned', () => {
    const { bench, middle, heard } = setup();
    expect(heard(0, BROADCAST, mac(1))).toEqual([1, 2]);
    expect(heard(2, { msw: 0x0100, lsw: 0x5e000001 }, mac(3))).toEqual([0, 1]);
    expect(heard(1, mac(1), BROADCAST)).toEqual([]);
    expect(middle.counters()[1]?.drops).toEqual({ 'ethernet-group-source': 1 });
    expect(middle.entries()).toHaveLength(2);
    expect(bench.leaks()).toEqual([]);
  });

  test('an address that moves is found at its new port', () => {
    const { middle, heard } = setup();
    heard(0, BROADCAST, mac(1));
    heard(2, BROADCAST, mac(1));
    expect(heard(1, mac(1), mac(2))).toEqual([2]);
    expect(places(middle.entries())).toEqual([
      [1, 1, 2],
      [1, 2, 1],
    ]);
  });

  test('a destination behind the port it came from is filtered', () => {
    const { bench, middle, heard } = setup();
    heard(0, BROADCAST, mac(1));
    expect(heard(0, mac(1), mac(2))).toEqual([]);
    expect(middle.counters()[0]?.drops).toEqual({ 'switch-filtered': 1 });
    expect(bench.leaks()).toEqual([]);
  });

  test('reserved group addresses go no further', () => {
    const { heard } = setup();
    for (const last of [0x00, 0x02, 0x0e, 0x0f])
      expect(heard(0, { msw: 0x0180, lsw: 0xc2000000 | last | 0 }, mac(1))).toEqual([]);
    expect(heard(0, { msw: 0x0180, lsw: 0xc2000010 | 0 }, mac(1))).toEqual([1, 2]);
  });

  test('what was not heard for the ageing time is forgotten, what was heard lives on', () => {
    const { bench, middle, heard, wait } = setup(undefined, { ageingMicroseconds: 10 * SECONDS });
    heard(0, BROADCAST, mac(1));
    heard(1, BROADCAST, mac(2));
    wait(6 * SECONDS);
    heard(1, BROADCAST, mac(2));
    wait(4 * SECONDS - 1);
    expect(middle.entries().map((e) => [e.macLsw, e.ageMicroseconds])).toEqual([
      [1, 10 * SECONDS - 1],
      [2, 4 * SECONDS - 1],
    ]);
    expect(heard(2, mac(1), mac(3))).toEqual([0]);
    wait(1);
    expect(heard(2, mac(1), mac(3))).toEqual([0, 1]);
    expect(heard(2, mac(2), mac(3))).toEqual([1]);
    expect(places(middle.entries())).toEqual([
      [1, 2, 1],
      [1, 3, 2],
    ]);
    expect(bench.leaks()).toEqual([]);
  });

  test('a full table learns nothing new until something in it has aged', () => {
    const { middle, heard, wait } = setup(undefined, { tableSize: 2, ageingMicroseconds: 10 * SECONDS });
    heard(0, BROADCAST, mac(1));
    wait(5 * SECONDS);
    heard(1, BROADCAST, mac(2));
    heard(2, BROADCAST, mac(3));
    expect(heard(0, mac(3), mac(1))).toEqual([1, 2]);
    wait(10 * SECONDS);
    heard(2, BROADCAST, mac(3));
    expect(places(middle.entries())).toEqual([[1, 3, 2]]);
  });

  test('a pulled cable forgets its addresses and gets no frames', () => {
    const { bench, middle, links, heard } = setup();
    heard(0, BROADCAST, mac(1));
    heard(1, BROADCAST, mac(2));
    links[1]!.setUp(false);
    expect(places(middle.entries())).toEqual([[1, 1, 0]]);
    expect(heard(0, mac(2), mac(1))).toEqual([2]);
    links[1]!.setUp(true);
    expect(heard(0, mac(2), mac(1))).toEqual([1, 2]);
    middle.clear();
    expect(middle.entries()).toEqual([]);
    expect(bench.leaks()).toEqual([]);
  });

  test('a switch with an empty pool loses frames and leaks nothing', () => {
    const bench = new Bench();
    const { middle, heard } = setup(undefined, { pool: bench.pool(1, 1600) });
    expect(heard(0, BROADCAST, mac(1))).toEqual([2]);
    expect(middle.counters()[0]?.drops).toEqual({ 'no-receive-packet': 1 });
    expect(bench.leaks()).toEqual([]);
  });
});

describe('VLANs', () => {
  const ports: SwitchPortOptions[] = [
    { vlan: 10 },
    { vlan: 20 },
    { vlan: 10 },
    { vlan: null, tagged: 'all' },
    { vlan: 1, tagged: [20] },
  ];

  test('frames stay in their VLAN; trunks carry them with a tag', () => {
    const { bench, middle, send } = setup(ports);
    const plain = frameBytes(BROADCAST, mac(1), 0x0800, [1, 2, 3, 4]);
    const tagged = (vlan: number) => frameBytes(BROADCAST, mac(1), 0x0800, [1, 2, 3, 4], vlan);
    expect(send(0, plain)).toEqual([[], [], [plain], [tagged(10)], []]);
    expect(send(1, plain)).toEqual([[], [], [], [tagged(20)], [tagged(20)]]);
    expect(send(3, tagged(20))).toEqual([[], [plain], [], [], [tagged(20)]]);
    expect(send(4, plain)).toEqual([[], [], [], [tagged(1)], []]);
    expect(send(3, tagged(10))).toEqual([[plain], [], [plain], [], []]);
    expect(places(middle.entries())).toEqual([
      [1, 1, 4],
      [10, 1, 3],
      [20, 1, 3],
    ]);
    expect(bench.leaks()).toEqual([]);
  });

  test('a priority passes a trunk, and a priority tag counts as none', () => {
    const { send } = setup([{ vlan: 10 }, { tagged: [10] }, { tagged: 'all' }]);
    const high = frameBytes(BROADCAST, mac(1), 0x0800, [1], 10 | (6 << 13));
    expect(send(1, high)).toEqual([[frameBytes(BROADCAST, mac(1), 0x0800, [1])], [], [high]]);
    expect(send(0, frameBytes(BROADCAST, mac(1), 0x0800, [1], 6 << 13))).toEqual([[], [high], [high]]);
  });

  test('a tag the port does not carry, or no tag where one is needed, is dropped', () => {
    const { bench, middle, heard } = setup(ports);
    expect(heard(0, BROADCAST, mac(1), 20)).toEqual([]);
    expect(heard(3, BROADCAST, mac(1))).toEqual([]);
    expect(heard(3, BROADCAST, mac(1), 4095)).toEqual([]);
    expect(middle.counters().map((c) => c.drops['ethernet-vlan'] ?? 0)).toEqual([1, 0, 0, 2, 0]);
    expect(bench.leaks()).toEqual([]);
  });

  test('the same address may be at different ports in different VLANs', () => {
    const { heard } = setup(ports);
    heard(0, BROADCAST, mac(1));
    heard(1, BROADCAST, mac(1));
    expect(heard(2, mac(1), mac(2))).toEqual([0]);
    expect(heard(3, mac(1), mac(3), 20)).toEqual([1]);
  });

  test('an identifier outside 1..4094 is refused', () => {
    const { middle, links } = setup();
    expect(() => middle.attach(links[0]!.end(1), { vlan: 4095 })).toThrow(/1\.\.4094/);
    expect(() => middle.attach(links[0]!.end(1), { tagged: [0] })).toThrow(/1\.\.4094/);
  });
});

test('after any traffic the table is what was last heard of each address, and nothing leaks', () => {
  const move = fc.record({ port: fc.nat(2), from: fc.integer({ min: 1, max: 6 }), to: fc.integer({ min: 1, max: 6 }) });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      const { bench, middle, heard } = setup();
      const model = new Map<number, number>();
      for (const { port, from, to } of moves) {
        model.set(from, port);
        const at = model.get(to);
        const expected = at === undefined ? [0, 1, 2].filter((n) => n !== port) : at === port ? [] : [at];
        expect(heard(port, mac(to), mac(from))).toEqual(expected);
      }
      expect(new Map(middle.entries().map((e) => [e.macLsw, e.port]))).toEqual(model);
      expect(bench.leaks()).toEqual([]);
    }),
    { numRuns: 50 },
  );
});
