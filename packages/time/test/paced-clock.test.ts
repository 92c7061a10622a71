import { describe, expect, test } from '@jest/globals';
import { MILLISECOND, SECOND } from '@strata/contracts';
import { PacedClock, type PacedClockOptions } from '@strata/time';
import { FakeMachine } from './fake-machine.ts';
import { Ticker, Timer } from './timers.ts';

function setUp(options: PacedClockOptions = {}) {
  const machine = new FakeMachine();
  machine.automatic = false;
  const clock = new PacedClock({ machine, ...options });
  return { machine, clock, ticker: new Ticker(clock.scheduler, 10 * MILLISECOND) };
}

describe('PacedClock', () => {
  test.each([0.5, 1, 20])('at speed %d lets so many virtual seconds go by in a real one', async (speed) => {
    const { machine, clock, ticker } = setUp({ speed });
    const run = clock.run();
    for (let i = 0; i < 100; i++) await machine.pass(10 * MILLISECOND);
    expect(ticker.ticks).toBe(100 * speed);
    expect(clock.now).toBe(speed * SECOND);
    clock.stop();
    expect(await run).toBe('stopped');
  });

  test('shows time going by between events, but never past one that has not happened', async () => {
    const { machine, clock } = setUp();
    const run = clock.run();
    await machine.settle();
    machine.time += 3500;
    expect(clock.now).toBe(3500);
    machine.time += 60_000;
    expect(clock.now).toBe(10_000);
    clock.stop();
    await run;
  });

  test('stands still while paused, steps through events, and goes on from there', async () => {
    const { machine, clock, ticker } = setUp();
    const run = clock.run();
    await machine.pass(25 * MILLISECOND);
    clock.pause();
    expect(clock.paused).toBe(true);
    await machine.pass(SECOND);
    expect([ticker.ticks, clock.now]).toEqual([2, 25_000]);
    expect(clock.step()).toBe(true);
    await machine.pass(SECOND);
    expect([ticker.ticks, clock.now]).toEqual([3, 30_000]);
    clock.resume();
    await machine.pass(11 * MILLISECOND);
    expect([ticker.ticks, clock.now]).toEqual([4, 41_000]);
    clock.stop();
    await run;
  });

  test('can begin paused and be stepped before it runs', async () => {
    const { clock, ticker } = setUp({ paused: true });
    clock.step();
    clock.step();
    expect([ticker.ticks, clock.now]).toEqual([2, 20_000]);
  });

  test('changes speed from the present moment on', async () => {
    const { machine, clock, ticker } = setUp();
    const run = clock.run();
    await machine.pass(20 * MILLISECOND);
    clock.speed = 10;
    await machine.pass(10 * MILLISECOND);
    expect([ticker.ticks, clock.speed]).toEqual([12, 10]);
    expect(() => {
      clock.speed = 0;
    }).toThrow(RangeError);
    clock.stop();
    await run;
  });

  test('wakes up for what is armed while it sleeps', async () => {
    const { machine, clock } = setUp();
    const run = clock.run();
    await machine.settle();
    machine.time += 2000;
    const seen: number[] = [];
    new Timer(clock.scheduler, clock.now + 1000, (now) => seen.push(now));
    await machine.pass(MILLISECOND);
    expect(seen).toEqual([3000]);
    clock.stop();
    await run;
  });

  test('slips instead of hurrying when the machine was busy or asleep for long', async () => {
    const { machine, clock, ticker } = setUp({ maximumLag: 100 });
    const run = clock.run();
    await machine.pass(10 * SECOND);
    expect(ticker.ticks).toBe(1);
    expect(clock.slipped).toBe(10 * SECOND - 10 * MILLISECOND);
    await machine.pass(50 * MILLISECOND);
    expect(ticker.ticks).toBe(6);
    clock.stop();
    await run;
  });

  test('goes on when nothing is scheduled if it was made so', async () => {
    const machine = new FakeMachine();
    machine.automatic = false;
    const clock = new PacedClock({ machine, endsWhenIdle: false });
    const run = clock.run();
    await machine.pass(SECOND);
    expect(clock.running).toBe(true);
    clock.stop();
    expect(await run).toBe('stopped');
    expect(await new PacedClock({ machine }).run()).toBe('idle');
  });
});
