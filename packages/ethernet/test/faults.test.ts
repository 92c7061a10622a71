import { describe, expect, test } from '@jest/globals';
import { NEVER } from '@strata/contracts';
import {
  FATE_CORRUPTED,
  FATE_DUPLICATE,
  FATE_LOST,
  FATE_NAMES,
  FATE_OUTAGE,
  FATE_REORDERED,
  type FaultPlan,
  HOOK_DELAY,
  HOOK_DROP,
  HOOK_DUPLICATE,
  HOOK_PASS,
  Segment,
  type TappedFrame,
} from '@strata/ethernet';
import { SeededRandom } from '@strata/time';
import fc from '../../../test/support/laws.ts';
import { Bench, numberedFrame, numberOf, packetOf, RecordingSink } from './fixtures.ts';

interface Fate {
  readonly number: number;
  readonly fate: string;
  readonly time: number;
  readonly arrival: number;
  readonly bytes: number[];
}

/** Sends `count` numbered frames, one every `gap` microseconds, and returns what the tap and the receiver saw. */
function transfer(
  plan: FaultPlan,
  count: number,
  options: { seed?: number | string; gap?: number; length?: number } = {},
) {
  const bench = new Bench();
  const pool = bench.pool(64);
  const fates: Fate[] = [];
  let sent = 0;
  const segment = new Segment({
    time: bench.time,
    memory: bench.memory,
    random: new SeededRandom(options.seed ?? 1),
    tap: {
      frame: (frame: TappedFrame) => {
        const bytes = [...frame.bytes.subarray(frame.offset, frame.offset + frame.length)];
        const { fate, time, arrival } = frame;
        fates.push({ number: sent - 1, fate: FATE_NAMES[fate]!, time, arrival, bytes });
      },
      delivered: () => {},
    },
  });
  segment.end(0).setFaults(plan);
  const sink = new RecordingSink(bench, pool);
  segment.end(1).attach(sink);
  const gap = options.gap ?? 1;
  const sender = bench.time.alarm({
    nextDeadline: () => (sent < count ? sent * gap : NEVER),
    onTime: () => segment.end(0).send(packetOf(pool, numberedFrame(sent++, options.length))),
  });
  bench.run();
  sender.cancel();
  expect(bench.leaks()).toEqual([]);
  const counters = segment.end(0).count();
  const lost = Object.values(counters.lost).reduce((sum, n) => sum + n, 0);
  const missed = Object.values(segment.end(1).count().missed).reduce((sum, n) => sum + n, 0);
  // Every frame is delivered, lost or missed, exactly once.
  expect(counters.framesOut + counters.duplicated).toBe(sink.frames.length + lost + missed);
  expect(counters.inFlight).toBe(0);
  return { fates, received: sink.frames, numbers: sink.frames.map((f) => numberOf(f.bytes)), counters };
}

const count = (fates: Fate[], fate: string) => fates.filter((f) => f.fate === fate).length;
const which = (fates: Fate[], fate: string) => fates.filter((f) => f.fate === fate).map((f) => f.number);

describe('chance', () => {
  test('Bernoulli loss takes its share of frames', () => {
    const { fates, counters } = transfer({ lossRate: 0.2 }, 5000);
    // Five standard deviations of a binomial distribution around 1000.
    expect(Math.abs(count(fates, FATE_NAMES[FATE_LOST]!) - 1000)).toBeLessThan(5 * Math.sqrt(5000 * 0.2 * 0.8));
    expect(counters.lost).toEqual({ 'link-loss': count(fates, 'lost') });
  });

  test('a rate of 0 loses nothing and a rate of 1 everything', () => {
    expect(transfer({ lossRate: 0 }, 200).numbers).toHaveLength(200);
    expect(transfer({ lossRate: 1 }, 200).numbers).toHaveLength(0);
  });

  test('Gilbert-Elliott loses in bursts of the length asked for', () => {
    const { fates } = transfer({ gilbertElliott: { goodToBad: 0.02, badToGood: 0.25 } }, 20_000);
    const bursts: number[] = [];
    let run = 0;
    for (const { fate } of fates) {
      if (fate === 'lost') run++;
      else if (run > 0) {
        bursts.push(run);
        run = 0;
      }
    }
    const mean = bursts.reduce((sum, n) => sum + n, 0) / bursts.length;
    expect(mean).toBeGreaterThan(3.4);
    expect(mean).toBeLessThan(4.6);
    // In the long run bad for goodToBad / (goodToBad + badToGood) of the time: 0.074.
    expect(count(fates, 'lost') / 20_000).toBeGreaterThan(0.06);
    expect(count(fates, 'lost') / 20_000).toBeLessThan(0.09);
  });

  test('duplicates have the bytes of the frame they repeat and follow it', () => {
    const { fates, received, numbers } = transfer({ duplicateRate: 0.1, corruptRate: 0.1 }, 1000);
    const doubled = which(fates, FATE_NAMES[FATE_DUPLICATE]!);
    expect(doubled.length).toBeGreaterThan(50);
    expect(received).toHaveLength(1000 + doubled.length);
    for (let i = 1; i < received.length; i++) {
      if (numbers[i] === numbers[i - 1]) expect(received[i]!.bytes).toEqual(received[i - 1]!.bytes);
    }
    expect(new Set(received.map((f) => f.frameId)).size).toBe(received.length);
  });

  test('a corrupted frame differs in 1 to n bits, no other frame does', () => {
    const { fates, received } = transfer({ corruptRate: 0.3, corruptBits: 5 }, 1000);
    const seen = new Map<number, number>();
    for (let i = 0; i < 1000; i++) {
      const clean = numberedFrame(i);
      const flipped = clean.reduce((sum, octet, at) => sum + bits(octet ^ received[i]!.bytes[at]!), 0);
      expect(flipped > 0).toBe(fates[i]!.fate === FATE_NAMES[FATE_CORRUPTED]);
      seen.set(flipped, (seen.get(flipped) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('flipped bits lie anywhere in the frame', () => {
    const places = new Set<number>();
    const { received } = transfer({ corruptRate: 1 }, 4000, { length: 18 });
    received.forEach((frame, i) => {
      const clean = numberedFrame(i, 18);
      clean.forEach((octet, at) => {
        if (octet !== frame.bytes[at]) places.add(at * 8 + Math.clz32(octet ^ frame.bytes[at]!) - 24);
      });
    });
    expect(places.size).toBe(18 * 8);
  });

  test('reordering changes the order and loses nothing', () => {
    const { fates, numbers } = transfer({ reorderRate: 0.05 }, 2000, { gap: 100 });
    expect(which(fates, FATE_NAMES[FATE_REORDERED]!).length).toBeGreaterThan(60);
    expect(numbers.every((n, i) => i === 0 || n > numbers[i - 1]!)).toBe(false);
    expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 2000 }, (_, i) => i));
    const kept = numbers.filter((n) => fates[n]!.fate === 'sent');
    expect(kept.every((n, i) => i === 0 || n > kept[i - 1]!)).toBe(true);
  });

  test('the same seed gives the same fates, another seed others', () => {
    const plan: FaultPlan = {
      lossRate: 0.05,
      delayMicroseconds: 20_000,
      jitterMicroseconds: 5_000,
      duplicateRate: 0.01,
      reorderRate: 0.02,
      corruptRate: 0.01,
    };
    const first = transfer(plan, 1000, { seed: 7 });
    expect(transfer(plan, 1000, { seed: 7 })).toEqual(first);
    expect(transfer(plan, 1000, { seed: 8 }).fates).not.toEqual(first.fates);
  });

  test('turning one fault on does not change what another does', () => {
    const all: FaultPlan = {
      lossRate: 0.1,
      gilbertElliott: { goodToBad: 0.01, badToGood: 0.3 },
      jitterMicroseconds: 300,
      duplicateRate: 0.1,
      reorderRate: 0.1,
      corruptRate: 0.1,
      corruptBits: 3,
    };
    const together = transfer(all, 1500).fates;
    const alive = new Set(together.filter((f) => f.fate !== 'lost').map((f) => f.number));
    const onlyLoss = transfer({ lossRate: 0.1 }, 1500).fates;
    for (const n of which(onlyLoss, 'lost')) expect(alive.has(n)).toBe(false);
    const onlyDuplicates = transfer({ duplicateRate: 0.1 }, 1500).fates;
    expect(which(together, 'duplicate')).toEqual(which(onlyDuplicates, 'duplicate').filter((n) => alive.has(n)));
    const onlyCorrupt = transfer({ corruptRate: 0.1, corruptBits: 3 }, 1500).fates;
    const damaged = which(together, 'corrupted');
    expect(damaged).toEqual(which(onlyCorrupt, 'corrupted').filter((n) => alive.has(n)));
    const damage = (fates: Fate[]) =>
      new Map(fates.filter((f) => f.fate === 'corrupted').map((f) => [f.number, f.bytes]));
    const alone = damage(onlyCorrupt);
    for (const [n, bytes] of damage(together)) expect(bytes).toEqual(alone.get(n));
  });

  test('the two directions of a cable, and two cables of different name, draw differently', () => {
    const bench = new Bench();
    const pool = bench.pool(64);
    const lost: number[][] = [];
    for (const name of ['left', 'right']) {
      const segment = new Segment({ time: bench.time, name, random: new SeededRandom(3), faults: { lossRate: 0.5 } });
      for (const [from, to] of [
        [0, 1],
        [1, 0],
      ] as const) {
        const sink = new RecordingSink(bench, pool);
        segment.end(to).attach(sink);
        for (let i = 0; i < 50; i++) {
          segment.end(from).send(packetOf(pool, numberedFrame(i)));
          bench.run();
        }
        lost.push(sink.frames.map((f) => numberOf(f.bytes)));
      }
    }
    expect(new Set(lost.map((numbers) => numbers.join())).size).toBe(4);
    expect(bench.leaks()).toEqual([]);
  });
});

function bits(octet: number): number {
  let n = 0;
  for (let rest = octet; rest !== 0; rest &= rest - 1) n++;
  return n;
}

describe('time', () => {
  test('a delay holds every frame back by exactly so much', () => {
    const { received, numbers } = transfer({ delayMicroseconds: 20_000 }, 10, { gap: 7 });
    expect(received.map((f) => f.time)).toEqual(numbers.map((n) => n * 7 + 20_000));
  });

  test('jitter stays within its bounds and keeps the order', () => {
    const { fates, numbers } = transfer({ delayMicroseconds: 1_000, jitterMicroseconds: 400 }, 500, { gap: 1_000 });
    const delays = fates.map((f) => f.arrival - f.time);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(600);
    expect(Math.max(...delays)).toBeLessThanOrEqual(1_400);
    expect(new Set(delays).size).toBeGreaterThan(200);
    expect(transfer({ jitterMicroseconds: 5_000 }, 500, { gap: 10 }).numbers).toEqual(numbers);
  });

  test('a rate spaces frames by exactly their length, fractions carried on', () => {
    // 60 octets at 1 Mbit/s take 480 µs; all offered at once.
    const even = transfer({ rateBitsPerSecond: 1_000_000 }, 50, { gap: 0 });
    expect(even.received.map((f) => f.time)).toEqual(even.numbers.map((n) => (n + 1) * 480));
    // 480 bits at 7 Mbit/s take 68 4/7 µs.
    const uneven = transfer({ rateBitsPerSecond: 7_000_000 }, 50, { gap: 0 });
    expect(uneven.received.map((f) => f.time)).toEqual(uneven.numbers.map((n) => Math.ceil(((n + 1) * 480) / 7)));
    const idle = transfer({ rateBitsPerSecond: 1_000_000, delayMicroseconds: 5 }, 5, { gap: 1_000 });
    expect(idle.received.map((f) => f.time)).toEqual(idle.numbers.map((n) => n * 1_000 + 485));
  });

  test('a full queue drops at its tail and has room again when a frame has left', () => {
    const burst = transfer({ rateBitsPerSecond: 1_000_000, queueFrames: 3 }, 10, { gap: 0 });
    expect(burst.numbers).toEqual([0, 1, 2]);
    expect(burst.counters.lost).toEqual({ 'link-queue-overflow': 7 });
    // A frame leaves every 480 µs, one is offered every 240 µs.
    const steady = transfer({ rateBitsPerSecond: 1_000_000, queueFrames: 2 }, 20, { gap: 240 });
    expect(steady.numbers).toEqual([0, 1, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    const bytes = transfer({ rateBitsPerSecond: 1_000_000, queueBytes: 200 }, 10, { gap: 0 });
    expect(bytes.numbers).toEqual([0, 1, 2]);
    expect(transfer({ rateBitsPerSecond: 1_000 }, 200, { gap: 0 }).numbers).toHaveLength(100);
  });

  test('an outage takes what is sent from its first moment up to, not including, its last', () => {
    const outages = [
      { fromMicroseconds: 3, toMicroseconds: 6 },
      { fromMicroseconds: 8, toMicroseconds: 9 },
    ];
    const { numbers, fates, counters } = transfer({ outages }, 12);
    expect(numbers).toEqual([0, 1, 2, 6, 7, 9, 10, 11]);
    expect(which(fates, FATE_NAMES[FATE_OUTAGE]!)).toEqual([3, 4, 5, 8]);
    expect(counters.lost).toEqual({ 'link-outage': 4 });
  });

  test('frames of several events: one scheduler event delivers one frame', () => {
    const bench = new Bench();
    const pool = bench.pool();
    const segment = new Segment({ time: bench.time });
    const sink = new RecordingSink(bench, pool);
    segment.end(1).attach(sink);
    for (let i = 0; i < 3; i++) segment.end(0).send(packetOf(pool, numberedFrame(i)));
    for (let i = 1; i <= 3; i++) {
      bench.time.step(0);
      expect(sink.frames).toHaveLength(i);
    }
    expect(bench.time.step(0)).toBe(false);
    expect(bench.leaks()).toEqual([]);
  });

  test('removing a delay on the way does not let frames overtake', () => {
    const bench = new Bench();
    const pool = bench.pool();
    const segment = new Segment({ time: bench.time, faults: { delayMicroseconds: 500 } });
    const sink = new RecordingSink(bench, pool);
    segment.end(1).attach(sink);
    segment.end(0).send(packetOf(pool, numberedFrame(0)));
    segment.setFaults(null);
    segment.end(0).send(packetOf(pool, numberedFrame(1)));
    bench.run();
    expect(sink.frames.map((f) => [numberOf(f.bytes), f.time])).toEqual([
      [0, 500],
      [1, 500],
    ]);
    expect(bench.leaks()).toEqual([]);
  });
});

describe('chosen frames', () => {
  const odd = (bytes: Uint8Array, offset: number) => (bytes[offset + 17]! & 1) === 1;

  test('the nth frame that matches is dropped, and only that', () => {
    const { numbers, counters } = transfer({ chosen: [{ matches: odd, nth: 2, action: 'drop' }] }, 8);
    expect(numbers).toEqual([0, 1, 2, 4, 5, 6, 7]);
    expect(counters.lost).toEqual({ 'link-chosen': 1 });
  });

  test('from the nth on, so many or all', () => {
    expect(transfer({ chosen: [{ matches: odd, nth: 1, count: 2, action: 'drop' }] }, 8).numbers).toEqual([
      0, 2, 4, 5, 6, 7,
    ]);
    const all = { matches: odd, nth: 2, count: Number.POSITIVE_INFINITY, action: 'drop' } as const;
    expect(transfer({ chosen: [all] }, 8).numbers).toEqual([0, 1, 2, 4, 6]);
  });

  test('a chosen frame can be corrupted, duplicated, or delayed past others', () => {
    const corrupted = transfer({ chosen: [{ matches: odd, nth: 2, action: 'corrupt' }] }, 8);
    expect(corrupted.received.filter((f, i) => f.bytes.join() !== numberedFrame(i).join())).toHaveLength(1);
    expect(which(corrupted.fates, 'corrupted')).toHaveLength(1);
    expect(transfer({ chosen: [{ matches: odd, nth: 1, action: 'duplicate' }] }, 4).numbers).toEqual([0, 1, 1, 2, 3]);
    const delayed = { matches: odd, nth: 1, action: 'delay', delayMicroseconds: 2 } as const;
    expect(transfer({ chosen: [delayed] }, 6).numbers).toEqual([0, 2, 1, 3, 4, 5]);
  });

  test('a hook decides on each frame and may change it', () => {
    const hook: FaultPlan['hook'] = (frame) => {
      const number = frame.bytes[frame.offset + 17]!;
      frame.delayMicroseconds = 3;
      if (number === 4) frame.bytes[frame.offset + 59] = 99;
      return [HOOK_PASS, HOOK_DROP, HOOK_DUPLICATE, HOOK_DELAY, HOOK_PASS][number] ?? HOOK_PASS;
    };
    const { numbers, received } = transfer({ hook }, 8);
    expect(numbers).toEqual([0, 2, 2, 4, 5, 3, 6, 7]);
    expect(received[3]?.bytes[59]).toBe(99);
  });

  test('packets beyond the MTU vanish, tags not counted', () => {
    expect(transfer({ mtuBytes: 46 }, 3, { length: 60 }).numbers).toHaveLength(3);
    const { numbers, counters } = transfer({ mtuBytes: 45 }, 3, { length: 60 });
    expect(numbers).toEqual([]);
    expect(counters.lost).toEqual({ 'ethernet-too-long': 3 });
  });
});

test('whatever the plan, no frame is lost without a reason and no packet leaks', () => {
  const rate = fc.double({ min: 0, max: 0.5, noNaN: true });
  const plan = fc.record(
    {
      lossRate: rate,
      duplicateRate: rate,
      reorderRate: rate,
      corruptRate: rate,
      delayMicroseconds: fc.nat(1000),
      jitterMicroseconds: fc.nat(1000),
      rateBitsPerSecond: fc.integer({ min: 100_000, max: 10_000_000 }),
      queueFrames: fc.integer({ min: 1, max: 20 }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(plan, fc.nat(200), fc.nat(1_000_000), (faults, gap, seed) => {
      const { received, fates } = transfer(faults, 60, { gap, seed });
      const alive = fates.filter((f) => f.arrival !== NEVER);
      expect(received.map((f) => f.time)).toEqual(alive.map((f) => f.arrival).sort((a, b) => a - b));
    }),
    { numRuns: 60 },
  );
});

test('a plan that makes no sense is refused with the name of the member', () => {
  const segment = new Segment({ time: new Bench().time });
  const bad: [FaultPlan, RegExp][] = [
    [{ lossRate: 5 }, /lossRate is a probability from 0 to 1, not 5/],
    [{ lossRate: Number.NaN }, /lossRate/],
    [{ gilbertElliott: { goodToBad: 2, badToGood: 0 } }, /gilbertElliott.goodToBad/],
    [{ delayMicroseconds: -1 }, /delayMicroseconds/],
    [{ delayMicroseconds: 1.5 }, /whole number/],
    [{ queueFrames: 0 }, /queueFrames is a whole number from 1 up/],
    [{ outages: [{ fromMicroseconds: 5, toMicroseconds: 5 }] }, /end after it begins/],
    [{ chosen: [{ matches: () => true, nth: 0, action: 'drop' }] }, /chosen.nth/],
    [{ chosen: [{ matches: () => true, nth: 1, action: 'delay' }] }, /needs delayMicroseconds/],
  ];
  for (const [plan, message] of bad) expect(() => segment.setFaults(plan)).toThrow(message);
});
