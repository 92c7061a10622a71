import { describe, expect, test } from '@jest/globals';
import { MILLISECOND, SECOND } from '@strata/contracts';
import { type ControlBlock, CubicController, initialWindow10 } from '../src/index.ts';

const MSS = 1000;
const C = 0.4;

/** As much of a connection as congestion control sees. */
interface Bench {
  cwnd: number;
  ssthresh: number;
  mss: number;
  cwndLimited: boolean;
  mostInFlight: number;
  synTransmissions: number;
  readonly time: { now: number };
  readonly rto: { srtt: number };
  readonly profile: { initialWindow: typeof initialWindow10 };
}

function bench(roundTrip: number): Bench {
  return {
    cwnd: 0,
    ssthresh: 0,
    mss: MSS,
    cwndLimited: true,
    mostInFlight: 0,
    synTransmissions: 1,
    time: { now: 0 },
    rto: { srtt: roundTrip },
    profile: { initialWindow: initialWindow10 },
  };
}

/** One window is acknowledged, segment by segment, over a round trip. */
function round(controller: CubicController, tcb: Bench): void {
  const segments = Math.floor(tcb.cwnd / MSS);
  const start = tcb.time.now;
  for (let i = 0; i < segments; i++) {
    tcb.time.now = Math.round(start + ((i + 1) * tcb.rto.srtt) / segments);
    controller.acknowledged(tcb as unknown as ControlBlock, MSS);
  }
}

function after(controller: CubicController, tcb: Bench, window: number): void {
  tcb.cwnd = window * MSS;
  controller.lossDetected(tcb as unknown as ControlBlock, tcb.cwnd);
  tcb.cwnd = tcb.ssthresh;
}

function made(
  roundTrip: number,
  fastConvergence = true,
  growsAsReno = false,
): { controller: CubicController; tcb: Bench } {
  const controller = new CubicController(fastConvergence, growsAsReno);
  const tcb = bench(roundTrip);
  controller.begin(tcb as unknown as ControlBlock);
  return { controller, tcb };
}

describe('CUBIC', () => {
  test('4.6: a loss leaves 0.7 of the window, but at least two segments', () => {
    const { controller, tcb } = made(100 * MILLISECOND);
    after(controller, tcb, 100);
    expect(tcb.ssthresh).toBe(70 * MSS);
    after(controller, tcb, 10);
    expect(tcb.ssthresh).toBe(7 * MSS);
    after(controller, tcb, 2);
    expect(tcb.ssthresh).toBe(2 * MSS);
  });

  test('4.2: the window is the cubic function of the time since the loss: back after K, beyond it after 2 K', () => {
    const { controller, tcb } = made(100 * MILLISECOND);
    const maximum = 400;
    after(controller, tcb, maximum);
    const k = Math.cbrt((maximum * 0.3) / C);
    const start = tcb.time.now + tcb.rto.srtt / 400;
    const seen: [number, number][] = [];
    while (tcb.time.now < 2.2 * k * SECOND) {
      round(controller, tcb);
      seen.push([(tcb.time.now - start) / SECOND, tcb.cwnd / MSS]);
    }
    for (const [t, window] of seen) {
      if (t < 0.5) continue;
      // What is acknowledged now was sent a round trip ago; the window follows the function within that.
      const expected = C * (t - k) ** 3 + maximum;
      expect(Math.abs(window - expected)).toBeLessThan(0.03 * expected + 2);
    }
  });

  test('4.2: no more than half of the window is added in a round trip', () => {
    const { controller, tcb } = made(4 * SECOND);
    after(controller, tcb, 20);
    for (let i = 0; i < 12; i++) {
      const before = tcb.cwnd;
      round(controller, tcb);
      expect(tcb.cwnd).toBeLessThanOrEqual(before * 1.5 + MSS);
    }
  });

  test('4.3: on a short path it grows like Reno with the same average', () => {
    const { controller, tcb } = made(MILLISECOND);
    after(controller, tcb, 40);
    const start = tcb.cwnd / MSS;
    for (let i = 0; i < 20; i++) round(controller, tcb);
    expect(tcb.cwnd / MSS - start).toBeGreaterThanOrEqual(Math.floor(20 * 0.52) - 1);
    expect(tcb.cwnd / MSS - start).toBeLessThanOrEqual(Math.ceil(20 * 0.54));
  });

  test('4.3: from where the last loss was, it goes on so, as Linux does, or grows like Reno itself', () => {
    const growthOnceRegained = (growsAsReno: boolean) => {
      const { controller, tcb } = made(MILLISECOND, true, growsAsReno);
      after(controller, tcb, 40);
      while (tcb.cwnd < 41 * MSS) round(controller, tcb);
      const there = tcb.cwnd / MSS;
      for (let i = 0; i < 20; i++) round(controller, tcb);
      return tcb.cwnd / MSS - there;
    };
    expect(growthOnceRegained(true)).toBeGreaterThanOrEqual(19);
    expect(growthOnceRegained(true)).toBeLessThanOrEqual(21);
    expect(growthOnceRegained(false)).toBeGreaterThanOrEqual(9);
    expect(growthOnceRegained(false)).toBeLessThanOrEqual(12);
  });

  test('4.7: a flow that did not regain its maximum gives way, unless told not to', () => {
    const plateau = (fast: boolean) => {
      const { controller, tcb } = made(100 * MILLISECOND, fast);
      after(controller, tcb, 1000);
      after(controller, tcb, 800);
      // The middle of the plateau is where growth is slowest.
      let slowest = Number.POSITIVE_INFINITY;
      let where = 0;
      for (let i = 0; i < 120; i++) {
        const before = tcb.cwnd;
        round(controller, tcb);
        if (tcb.cwnd - before < slowest) {
          slowest = tcb.cwnd - before;
          where = tcb.cwnd / MSS;
        }
      }
      return where;
    };
    expect(plateau(true)).toBeLessThan(720);
    expect(plateau(true)).toBeGreaterThan(650);
    expect(plateau(false)).toBeGreaterThan(770);
  });

  test('4.8: after a timeout growth begins anew from the window that slow start has reached', () => {
    const { controller, tcb } = made(300 * MILLISECOND);
    tcb.cwnd = 100 * MSS;
    controller.lossDetected(tcb as unknown as ControlBlock, tcb.cwnd);
    controller.timedOut(tcb as unknown as ControlBlock);
    expect(tcb.cwnd).toBe(MSS);
    expect(tcb.ssthresh).toBe(70 * MSS);
    tcb.cwnd = tcb.ssthresh;
    const start = tcb.time.now;
    while (tcb.time.now - start < 3 * SECOND) round(controller, tcb);
    // 0.4 t^3 from there; the old maximum of 100 segments would pull it to 100 - 0.4 (4.2 - t)^3, 99 by now.
    const seconds = (tcb.time.now - start) / SECOND;
    expect(tcb.cwnd / MSS).toBeGreaterThan(70 + C * (seconds - 0.6) ** 3);
    expect(tcb.cwnd / MSS).toBeLessThan(70 + C * (seconds + 0.6) ** 3);
  });

  test('5.8: a window that is not used does not grow, and the time without use does not count', () => {
    const { controller, tcb } = made(100 * MILLISECOND);
    after(controller, tcb, 100);
    round(controller, tcb);
    const before = tcb.cwnd;
    tcb.cwndLimited = false;
    for (let i = 0; i < 100; i++) round(controller, tcb);
    expect(tcb.cwnd).toBe(before);
    tcb.cwndLimited = true;
    round(controller, tcb);
    expect(tcb.cwnd).toBeLessThan(before * 1.2);
  });

  test('slow start counts every octet that is acknowledged and ends exactly at the threshold', () => {
    const { controller, tcb } = made(100 * MILLISECOND);
    expect(tcb.cwnd).toBe(10 * MSS);
    controller.acknowledged(tcb as unknown as ControlBlock, 4 * MSS);
    expect(tcb.cwnd).toBe(14 * MSS);
    tcb.ssthresh = 16 * MSS;
    controller.acknowledged(tcb as unknown as ControlBlock, 4 * MSS);
    expect(tcb.cwnd).toBe(16 * MSS);
  });
});
