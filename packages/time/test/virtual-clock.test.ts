import { describe, expect, test } from '@jest/globals';
import { MILLISECOND, NEVER, NX_NO_PACKET, NX_WAIT_FOREVER, SECOND } from '@strata/contracts';
import { VirtualClock, Waits } from '@strata/time';
import { FakeMachine } from './fake-machine.ts';
import { Ticker, Timer } from './timers.ts';

function setUp(options = {}) {
  const machine = new FakeMachine();
  const clock = new VirtualClock({ machine, ...options });
  return { machine, clock, scheduler: clock.scheduler };
}

describe('VirtualClock', () => {
  test('jumps from event to event without sleeping or turning the event loop', async () => {
    const { machine, clock, scheduler } = setUp();
    const ticker = new Ticker(scheduler, 10 * SECOND);
    await clock.run({ until: 3600 * SECOND });
    expect(ticker.ticks).toBe(360);
    expect([machine.sleeps, machine.turns]).toEqual([0, 0]);
    expect(clock.now).toBe(3600 * SECOND);
  });

  test('is idle when nothing is scheduled, at the time of the last event', async () => {
    const { clock, scheduler } = setUp();
    new Timer(scheduler, 1234, () => undefined);
    expect(await clock.run()).toBe('idle');
    expect(clock.now).toBe(1234);
  });

  test('does not go back for an `until` in the past', async () => {
    const { clock } = setUp();
    await clock.run({ until: 500 });
    expect(await clock.run({ until: 100 })).toBe('until');
    expect(clock.now).toBe(500);
  });

  test('steps one event at a time', () => {
    const { clock, scheduler } = setUp();
    const seen: number[] = [];
    for (const time of [10, 20]) new Timer(scheduler, time, (now) => seen.push(now));
    expect([clock.step(), seen.length, clock.step(), clock.step()]).toEqual([true, 1, true, false]);
    expect(seen).toEqual([10, 20]);
  });

  test('runs without promises in one call', () => {
    const { machine, clock, scheduler } = setUp();
    const ticker = new Ticker(scheduler, MILLISECOND);
    scheduler.touch();
    expect(clock.runSync({ until: SECOND })).toBe('until');
    expect(ticker.ticks).toBe(1000);
    expect(machine.turns).toBe(0);
    expect(clock.running).toBe(false);
  });

  test('turns the event loop once after deferred tasks, unless told not to', async () => {
    for (const [afterDeferred, turns] of [
      [true, 1],
      [false, 0],
    ] as const) {
      const { machine, clock, scheduler } = setUp({ afterDeferred });
      new Timer(scheduler, 10, () => scheduler.defer({ run: () => undefined }));
      new Ticker(scheduler, 100);
      await clock.run({ until: 1000 });
      expect(machine.turns).toBe(turns);
    }
  });

  test('lets the machine breathe in a long run', async () => {
    const { machine, clock, scheduler } = setUp();
    new Ticker(scheduler, 1);
    await clock.run({ until: 200_000 });
    expect(machine.turns).toBe(3);
  });

  test('says who waits for what when a promise can never settle', async () => {
    const { clock, scheduler } = setUp();
    const waits = new Waits(scheduler);
    new Timer(scheduler, 2_500_000, () => undefined);
    const waiting = waits.suspend(
      NX_WAIT_FOREVER,
      NX_NO_PACKET,
      () => undefined,
      undefined,
      'device: tcp receive',
    ).result;
    await expect(clock.runWith(waiting, { what: 'device.receive()' })).rejects.toThrow(
      /^deadlock: nothing is scheduled at 2\.500000 s and device\.receive\(\) is still waiting\. Waits that have not ended: device: tcp receive\./,
    );
  });

  test('says so when it is stopped before the promise has settled', async () => {
    const { clock, scheduler } = setUp();
    new Timer(scheduler, 10, () => clock.stop());
    const never = new Promise<void>(() => undefined);
    await expect(clock.runWith(never)).rejects.toThrow('stopped while the promise was still waiting');
  });

  test('settles with a promise that needs a few turns after everything else is at rest', async () => {
    const { clock } = setUp();
    const slow = async () => {
      for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
      return 'done';
    };
    expect(await clock.runWith(slow())).toBe('done');
  });

  test.each(['an alarm that stays due', 'a task that defers itself'])('finds out %s', async (what) => {
    const { clock, scheduler } = setUp({ maximumEventsAtOnce: 1000 });
    if (what === 'an alarm that stays due') scheduler.alarm({ nextDeadline: () => 5, onTime: () => undefined });
    else {
      const task = { run: () => scheduler.defer(task) };
      scheduler.defer(task);
    }
    await expect(clock.run()).rejects.toThrow(/time stands still at 0\.00000\d s: 1000 events at one instant/);
  });

  test('has nothing to do with a time that never comes', () => {
    const { clock, scheduler } = setUp();
    new Timer(scheduler, NEVER, () => undefined);
    expect(clock.runSync()).toBe('idle');
  });
});
