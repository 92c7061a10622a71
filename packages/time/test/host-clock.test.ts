import { describe, expect, test } from '@jest/globals';
import { MILLISECOND, SECOND } from '@strata/contracts';
import { HostClock, Scheduler } from '@strata/time';
import { FakeMachine } from './fake-machine.ts';
import { Ticker, Timer } from './timers.ts';

function setUp() {
  const machine = new FakeMachine();
  machine.automatic = false;
  const clock = new HostClock({ machine });
  return { machine, clock, scheduler: clock.scheduler };
}

describe('HostClock', () => {
  test('shows the present to code outside the events, in whole microseconds, also when it does not run', async () => {
    const { machine, clock } = setUp();
    machine.time += 1234.5;
    expect(clock.now).toBe(1234);
    const run = clock.run();
    await machine.settle();
    machine.time += 1000;
    expect(clock.now).toBe(2234);
    clock.stop();
    await run;
    machine.time += 1000;
    expect(clock.now).toBe(3234);
  });

  test('goes on from where its scheduler was', () => {
    const scheduler = new Scheduler();
    scheduler.advanceTo(5 * SECOND);
    expect(new HostClock({ machine: new FakeMachine(), scheduler }).now).toBe(5 * SECOND);
  });

  test('sleeps once until the next deadline, or until further notice, and never polls', async () => {
    const { machine, clock, scheduler } = setUp();
    const run = clock.run();
    await machine.settle();
    expect([machine.sleeps, machine.turns, machine.asleep]).toEqual([1, 0, 1]);
    const seen: number[] = [];
    new Timer(scheduler, 10 * SECOND, (now) => seen.push(now));
    await machine.pass(9 * SECOND);
    expect([machine.sleeps, machine.turns]).toEqual([2, 0]);
    await machine.pass(SECOND);
    expect(seen).toEqual([10 * SECOND]);
    expect([machine.sleeps, machine.asleep]).toEqual([3, 1]);
    clock.stop();
    await run;
    expect(machine.asleep).toBe(0);
  });

  test('sleeps on when the machine’s timer came too early', async () => {
    const { machine, clock, scheduler } = setUp();
    const seen: number[] = [];
    new Timer(scheduler, 1500, (now) => seen.push(now));
    const run = clock.run();
    await machine.settle();
    clock.poke();
    await machine.settle();
    expect(seen).toEqual([]);
    await machine.pass(2000);
    expect(seen).toEqual([2000]);
    clock.stop();
    await run;
  });

  test('lets events happen in the present when they are late', async () => {
    const { machine, clock, scheduler } = setUp();
    const ticker = new Ticker(scheduler, MILLISECOND);
    const run = clock.run();
    await machine.pass(5500);
    expect([ticker.ticks, scheduler.eventTime]).toEqual([5, 5500]);
    clock.stop();
    await run;
  });

  test('holds `now` still from a poke until the run has looked at what that made due', async () => {
    const { machine, clock, scheduler } = setUp();
    const run = clock.run();
    await machine.settle();
    machine.time += 700;
    clock.poke();
    machine.time += 50;
    expect(clock.now).toBe(700);
    let ran = -1;
    new Timer(scheduler, clock.now, (now) => {
      ran = now;
    });
    await machine.settle();
    expect(ran).toBe(750);
    clock.stop();
    await run;
  });

  test('a poke of a clock that is not running changes nothing', () => {
    const { machine, clock } = setUp();
    clock.poke();
    machine.time += 10;
    expect(clock.now).toBe(10);
  });

  test('runs on with promises that the outside settles', async () => {
    const { machine, clock } = setUp();
    let settle: (value: string) => void = () => undefined;
    const outside = new Promise<string>((resolve) => {
      settle = resolve;
    });
    const run = clock.runWith(outside);
    await machine.pass(SECOND);
    settle('a datagram');
    expect(await run).toBe('a datagram');
  });

  test('gives the machine a turn in the middle of much work', async () => {
    const { machine, clock, scheduler } = setUp();
    let left = 5000;
    const task = {
      nextDeadline: () => (left > 0 ? 1 : Number.POSITIVE_INFINITY),
      onTime: () => {
        left--;
      },
    };
    scheduler.alarm(task);
    machine.time += 10;
    const run = clock.run();
    while (left > 0) await machine.settle();
    expect(machine.turns).toBe(4);
    clock.stop();
    await run;
  });
});
