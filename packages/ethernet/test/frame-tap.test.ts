import { describe, expect, test } from '@jest/globals';
import {
  DROP_LINK_DOWN,
  DROP_LINK_LOSS,
  DROP_LINK_NO_RECEIVER,
  DROP_NO_RECEIVE_PACKET,
  NEVER,
  type Packet,
} from '@strata/contracts';
import {
  FATE_DUPLICATE,
  FATE_LOST,
  FATE_QUEUE_OVERFLOW,
  FATE_SENT,
  FrameIds,
  type FrameTap,
  Segment,
  type SegmentOptions,
  type TappedFrame,
} from '@strata/ethernet';
import { Bench, numberedFrame, numberOf, packetOf, RecordingSink } from './fixtures.ts';

/** Writes down what a tap hears, in order. */
class Notes implements FrameTap {
  readonly lines: unknown[][] = [];
  readonly frames: TappedFrame[] = [];
  readonly octets: number[][] = [];
  ref: unknown = null;

  frame(frame: TappedFrame): void {
    this.frames.push({ ...frame });
    this.octets.push([...frame.bytes.subarray(frame.offset, frame.offset + frame.length)]);
    this.ref = frame.ref;
    this.lines.push(['frame', frame.frameId, frame.fate, frame.reason]);
  }

  delivered(frameId: number, end: number, reason: number): void {
    this.lines.push(['delivered', frameId, end, reason]);
  }
}

function setup(options: Partial<SegmentOptions> = {}) {
  const bench = new Bench();
  const pool = bench.pool();
  const tap = new Notes();
  const segment = new Segment({ time: bench.time, tap, ...options });
  const sinks = segment.ends.slice(1).map((end) => {
    const sink = new RecordingSink(bench, pool);
    end.attach(sink);
    return sink;
  });
  const send = (number: number) => {
    const packet = packetOf(pool, numberedFrame(number));
    segment.end(0).send(packet);
    return packet;
  };
  return { bench, pool, tap, segment, sinks, send };
}

describe('a tap', () => {
  test('hears a frame when it is sent and when its receiver is done with it', () => {
    for (const faults of [null, { delayMicroseconds: 30 }]) {
      const { bench, tap, sinks, send } = setup({ faults });
      const packet: Packet = send(5);
      expect(tap.lines).toEqual([['frame', 1, FATE_SENT, 0]]);
      expect(tap.octets).toEqual([numberedFrame(5)]);
      expect(tap.frames[0]).toMatchObject({
        from: 0,
        time: 0,
        arrival: faults === null ? 0 : 30,
        deliveries: 1,
        original: 0,
      });
      expect(tap.ref).toBe(packet);
      expect(packet.frameId).toBe(1);
      bench.run();
      expect(tap.lines[1]).toEqual(['delivered', 1, 1, 0]);
      expect(sinks[0]!.frames[0]!.frameId).toBe(1);
      expect(bench.leaks()).toEqual([]);
    }
  });

  test('hears lost frames too, with their bytes and why, and no delivery', () => {
    const { bench, tap, send } = setup({ faults: { lossRate: 1 } });
    send(9);
    bench.run();
    expect(tap.lines).toEqual([['frame', 1, FATE_LOST, DROP_LINK_LOSS]]);
    expect(tap.frames[0]).toMatchObject({ arrival: NEVER, deliveries: 0 });
    expect(numberOf(tap.octets[0]!)).toBe(9);
  });

  test('hears of a full queue and of a cable that is out', () => {
    const { bench, tap, segment, send } = setup({ faults: { rateBitsPerSecond: 1000, queueFrames: 1 } });
    send(1);
    send(2);
    segment.setUp(false);
    send(3);
    expect(tap.lines.map((line) => line.slice(0, 3))).toEqual([
      ['frame', 1, FATE_SENT],
      ['frame', 2, FATE_QUEUE_OVERFLOW],
      ['delivered', 1, 1],
      ['frame', 3, FATE_LOST],
    ]);
    expect(tap.lines[2]?.[3]).toBe(DROP_LINK_DOWN);
    expect(tap.lines[3]?.[3]).toBe(DROP_LINK_DOWN);
    expect(bench.leaks()).toEqual([]);
  });

  test('hears a duplicate as a frame of its own that names the first', () => {
    const { bench, tap, send } = setup({ faults: { duplicateRate: 1 } });
    send(1);
    bench.run();
    expect(tap.lines).toEqual([
      ['frame', 1, FATE_SENT, 0],
      ['frame', 2, FATE_DUPLICATE, 0],
      ['delivered', 1, 1, 0],
      ['delivered', 2, 1, 0],
    ]);
    expect(tap.frames[1]?.original).toBe(1);
  });

  test('sees a corrupted frame as it travels', () => {
    const { bench, tap, sinks, send } = setup({ faults: { corruptRate: 1 } });
    send(1);
    bench.run();
    expect(tap.octets[0]).toEqual(sinks[0]!.frames[0]!.bytes);
    expect(tap.octets[0]).not.toEqual(numberedFrame(1));
  });

  test('is told when the receiver had no packet, before or after the way', () => {
    for (const faults of [null, { delayMicroseconds: 30 }]) {
      const { bench, pool, tap, segment, send } = setup({ faults });
      const packet = packetOf(pool, numberedFrame(1));
      const held: Packet[] = [];
      for (let p = pool.allocate(0); p !== null; p = pool.allocate(0)) held.push(p);
      segment.end(1).attach({ receivePool: bench.pool(0), accept: () => {}, linkChanged: () => {} });
      segment.end(0).send(packet);
      bench.run();
      expect(tap.lines).toEqual(
        faults === null
          ? [['frame', 1, FATE_LOST, DROP_NO_RECEIVE_PACKET]]
          : [
              ['frame', 1, FATE_SENT, 0],
              ['delivered', 1, 1, DROP_NO_RECEIVE_PACKET],
            ],
      );
      for (const p of held) p.release();
      segment.end(1).attach(null);
      send(2);
      bench.run();
      expect(tap.lines.at(-1)?.at(-1)).toBe(DROP_LINK_NO_RECEIVER);
      expect(bench.leaks()).toEqual([]);
    }
  });

  test('sees a chained packet in one piece', () => {
    const { bench, tap, segment } = setup();
    const small = bench.pool(8, 128);
    const octets = numberedFrame(1, 400);
    segment.end(0).send(packetOf(small, octets));
    bench.run();
    expect(tap.octets).toEqual([octets]);
    segment.end(1).attach(new RecordingSink(bench, bench.pool(8, 128)));
    segment.end(0).send(packetOf(small, octets));
    bench.run();
    expect(tap.octets).toEqual([octets, octets]);
    expect(bench.leaks()).toEqual([]);
  });

  test('on a shared medium hears one frame and each delivery', () => {
    const { bench, tap, sinks, send } = setup({ ends: 4 });
    send(1);
    bench.run();
    expect(tap.frames[0]?.deliveries).toBe(3);
    expect(tap.lines.slice(1)).toEqual([1, 2, 3].map((end) => ['delivered', 1, end, 0]));
    expect(sinks.map((sink) => sink.frames.length)).toEqual([1, 1, 1]);
    expect(bench.leaks()).toEqual([]);
  });

  test('changes nothing: with it and without it the same frames arrive at the same time', () => {
    for (const faults of [null, { lossRate: 0.3, delayMicroseconds: 10, duplicateRate: 0.2, reorderRate: 0.2 }]) {
      const runs = [true, false].map((tapped) => {
        const { bench, segment, sinks, send } = setup({ faults });
        if (!tapped) segment.tap = null;
        for (let i = 0; i < 60; i++) {
          send(i);
          if (i % 5 === 0) bench.run();
        }
        bench.run();
        expect(bench.leaks()).toEqual([]);
        return sinks[0]!.frames;
      });
      expect(runs[0]).toEqual(runs[1]);
    }
  });
});

test('links that share frame numbers never give one twice', () => {
  const bench = new Bench();
  const pool = bench.pool();
  const frameIds = new FrameIds();
  const links = [1, 2].map(
    (n) => new Segment({ time: bench.time, name: String(n), frameIds, faults: { duplicateRate: 0.5 } }),
  );
  const sinks = links.map((link) => {
    const sink = new RecordingSink(bench, pool);
    link.end(1).attach(sink);
    return sink;
  });
  for (let i = 0; i < 40; i++) {
    links[i & 1]!.end(0).send(packetOf(pool, numberedFrame(i)));
    bench.run();
  }
  const ids = sinks.flatMap((sink) => sink.frames.map((f) => f.frameId));
  expect(new Set(ids).size).toBe(ids.length);
  expect(Math.max(...ids)).toBe(frameIds.last);
});

test('a closed segment gives every packet back and takes no more', () => {
  const { bench, segment, sinks, send } = setup();
  send(1);
  send(2);
  segment.close();
  send(3);
  bench.run();
  expect(sinks[0]!.frames).toEqual([]);
  expect(bench.leaks()).toEqual([]);
  expect(bench.time.nextTime()).toBe(NEVER);
});

test('more frames in flight than allowed are lost as a queue overflow', () => {
  const { bench, segment, sinks, send } = setup({ faults: { delayMicroseconds: 1000 }, maximumInFlight: 4 });
  for (let i = 0; i < 6; i++) send(i);
  expect(segment.end(0).count()).toMatchObject({ inFlight: 4, lost: { 'link-queue-overflow': 2 } });
  bench.run();
  expect(sinks[0]!.frames).toHaveLength(4);
  expect(bench.leaks()).toEqual([]);
});
