import { describe, expect, test } from '@jest/globals';
import { MILLISECOND, NX_NO_PACKET, NX_SUCCESS, SECOND, TICK } from '@strata/contracts';
import { type ClockDriver, HostClock, PacedClock, VirtualClock, Waits } from '@strata/time';
import { FakeMachine } from './fake-machine.ts';
import { Ticker, Timer } from './timers.ts';

const clocks: [string, (machine: FakeMachine) => ClockDriver, exact: boolean][] = [
  ['VirtualClock', (machine) => new VirtualClock({ machine }), true],
  ['PacedClock at speed 1', (machine) => new PacedClock({ machine }), true],
  ['PacedClock at speed 37.5', (machine) => new PacedClock({ machine, speed: 37.5 }), true],
  ['HostClock', (machine) => new HostClock({ machine }), false],
];

describe.each(clocks)('%s, as every clock,', (_name, make, exact) => {
  function setUp() {
    const machine = new FakeMachine();
    const clock = make(machine);
    const { scheduler } = clock;
    const log: string[] = [];
    const at = (time: number, what = `${time}`) =>
      new Timer(scheduler, time, (now) => {
        expect(now).toBe(clock.now);
        expect(Number.isInteger(now)).toBe(true);
        if (exact) expect(now).toBe(time);
        else expect(now).toBeGreaterThanOrEqual(time);
        log.push(what);
      });
    return { machine, clock, scheduler, log, at };
  }

  test('starts at 0', () => {
    expect(setUp().clock.now).toBe(0);
  });

  test('lets events happen in order of time, and of arming at the same time', async () => {
    const { clock, log, at } = setUp();
    for (const [time, what] of [
      [300, 'd'],
      [100, 'a'],
      [200, 'b'],
      [200, 'c'],
      [5 * SECOND, 'e'],
    ] as const)
      at(time, what);
    expect(await clock.run({ until: 10 * SECOND })).toBe('until');
    expect(log.join('')).toBe('abcde');
  });

  test('runs until a moment, reaches it, and leaves what is later', async () => {
    const { clock, log, at } = setUp();
    at(1000);
    at(20_000);
    await clock.run({ until: 15_000 });
    if (exact) expect(clock.now).toBe(15_000);
    else expect(clock.now).toBeGreaterThanOrEqual(15_000);
    expect(log).toEqual(['1000']);
    await clock.run({ until: 25_000 });
    expect(log).toEqual(['1000', '20000']);
  });

  test('runs until something has come true, asking after each event', async () => {
    const { clock, log, at } = setUp();
    for (const time of [MILLISECOND, 2 * MILLISECOND, 3 * MILLISECOND]) at(time);
    expect(await clock.run({ until: () => log.length === 2 })).toBe('until');
    expect(log).toHaveLength(2);
    expect(await clock.run({ until: () => true })).toBe('until');
    expect(log).toHaveLength(2);
  });

  test('ends when it is stopped, after the present event', async () => {
    const { clock, scheduler, log, at } = setUp();
    at(1000);
    new Timer(scheduler, 2000, () => clock.stop());
    at(3000);
    expect(await clock.run()).toBe('stopped');
    expect(log).toEqual(['1000']);
    expect(clock.running).toBe(false);
  });

  test('runs deferred work after the event that asked for it, at the same instant', async () => {
    const { clock, scheduler, log, at } = setUp();
    new Timer(scheduler, 1000, () => {
      const asked = clock.now;
      scheduler.defer({ run: () => log.push(`deferred after ${clock.now - asked}`) });
      log.push('event');
    });
    at(1001, 'later');
    await clock.run({ until: 2000 });
    expect(log).toEqual(['event', 'deferred after 0', 'later']);
  });

  test('runs with a promise and answers as it does', async () => {
    const { clock } = setUp();
    const waits = new Waits(clock.scheduler);
    const work = async () => {
      expect(await waits.sleep(3)).toBe(NX_SUCCESS);
      const first = clock.now;
      await waits.sleep(5);
      return clock.now - first;
    };
    expect(await clock.runWith(work())).toBeGreaterThanOrEqual(5 * TICK);
    const failing = async () => {
      await waits.sleep(1);
      throw new Error('the application gave up');
    };
    await expect(clock.runWith(failing())).rejects.toThrow('the application gave up');
    expect(clock.running).toBe(false);
  });

  test('lets applications that await go on at the instant at which their wait ended', async () => {
    const { clock, scheduler } = setUp();
    const ticker = new Ticker(scheduler, MILLISECOND);
    const waits = new Waits(scheduler);
    const seen: number[] = [];
    const work = async () => {
      for (let i = 0; i < 4; i++) {
        await waits.sleep(1);
        await Promise.resolve();
        seen.push(clock.now);
      }
    };
    await clock.runWith(work());
    if (exact) expect(seen).toEqual([1, 2, 3, 4].map((ticks) => ticks * TICK));
    expect(ticker.ticks).toBeGreaterThanOrEqual(40);
  });

  test('sees what is armed by code outside the events', async () => {
    const { clock, log, at } = setUp();
    const waits = new Waits(clock.scheduler);
    const work = async () => {
      await waits.sleep(1);
      at(clock.now + 500, 'armed outside');
      const { status } = await waits.suspend(1, NX_NO_PACKET, () => log.push('ran out')).result;
      expect(status).toBe(NX_NO_PACKET);
    };
    await clock.runWith(work());
    expect(log).toEqual(['armed outside', 'ran out']);
  });

  test('passes on what an event throws, and can go on afterwards', async () => {
    const { clock, scheduler, log, at } = setUp();
    new Timer(scheduler, 1000, () => {
      scheduler.defer({ run: () => log.push('deferred') });
      throw new Error('broken event');
    });
    at(2000);
    await expect(clock.run({ until: 5000 })).rejects.toThrow('broken event');
    await clock.run({ until: 5000 });
    expect(log).toEqual(['deferred', '2000']);
  });

  test('runs once at a time', async () => {
    const { clock, scheduler } = setUp();
    let second: Promise<unknown> = Promise.resolve();
    new Timer(scheduler, 1000, () => {
      second = clock.run().catch(String);
    });
    expect(await clock.run({ until: 2000 })).toBe('until');
    expect(await second).toMatch('running already');
  });

  test('throws at the limit of events and says what they were', async () => {
    const { clock, scheduler } = setUp();
    new Ticker(scheduler, 10);
    new Timer(scheduler, 15, () => undefined);
    await expect(clock.run({ maximumEvents: 20, until: SECOND })).rejects.toThrow(/limit of 20 events .*Ticker ×\d+/);
  });
});
