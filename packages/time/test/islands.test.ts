import { describe, expect, test } from '@jest/globals';
import { MILLISECOND } from '@strata/contracts';
import { PacedClock, VirtualClock } from '@strata/time';
import { FakeMachine } from './fake-machine.ts';
import { Ticker, Timer } from './timers.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe.each([
  ['VirtualClock', (machine: FakeMachine) => new VirtualClock({ machine, patience: 50 })],
  ['PacedClock', (machine: FakeMachine) => new PacedClock({ machine, speed: 10, patience: 50 })],
])('%s with islands', (_name, make) => {
  function setUp() {
    const machine = new FakeMachine();
    const clock = make(machine);
    return { machine, clock, scheduler: clock.scheduler };
  }

  test('does not advance before an island has finished what it has entered', async () => {
    const { clock, scheduler } = setUp();
    const island = clock.islands.register('tls');
    const ticker = new Ticker(scheduler, MILLISECOND);
    let finishedAt = -1;
    new Timer(scheduler, 1500, () => {
      island.enter();
      (async () => {
        for (let i = 0; i < 20; i++) await turn();
        finishedAt = clock.now;
        new Timer(scheduler, clock.now + 100, () => undefined);
        island.leave();
      })();
    });
    await clock.run({ until: 10 * MILLISECOND });
    expect(finishedAt).toBe(1500);
    expect(ticker.ticks).toBe(10);
    expect(island.pending).toBe(0);
  });

  test('gives a registered island two quiet turns, so that it can answer without saying anything', async () => {
    const { clock, scheduler } = setUp();
    clock.islands.register('streams');
    const seen: number[] = [];
    for (const time of [100, 200]) {
      new Timer(scheduler, time, () => {
        turn().then(() => {
          scheduler.defer({
            run: () => {
              turn().then(() => seen.push(clock.now));
            },
          });
        });
      });
    }
    new Timer(scheduler, 300, () => undefined);
    await clock.run({ until: 400 });
    expect(seen).toEqual([100, 200]);
  });

  test('does not turn between events at the same instant', async () => {
    const { machine, clock, scheduler } = setUp();
    clock.islands.register('streams');
    let turnsBetween = -1;
    new Timer(scheduler, 100, () => {
      turnsBetween = machine.turns;
    });
    for (let i = 0; i < 10; i++) new Timer(scheduler, 100, () => undefined);
    new Timer(scheduler, 100, () => {
      turnsBetween = machine.turns - turnsBetween;
    });
    await clock.run({ until: 200 });
    expect(turnsBetween).toBe(0);
  });

  test('turns no more once the island is gone', async () => {
    const { machine, clock, scheduler } = setUp();
    const island = clock.islands.register('streams');
    new Ticker(scheduler, 10);
    await clock.run({ until: 100 });
    expect(machine.turns).toBeGreaterThan(10);
    island.enter();
    island.close();
    await clock.run({ until: 200 });
    const { turns } = machine;
    await clock.run({ until: 300 });
    expect(machine.turns).toBe(turns);
  });

  test('loses patience with an island that never leaves, and names it', async () => {
    const { clock, scheduler } = setUp();
    clock.islands.register('quiet');
    clock.islands.register('openssl').enter();
    new Timer(scheduler, 100, () => undefined);
    await expect(clock.run()).rejects.toThrow(/for 0\.05 s of real time nothing has come from openssl \(1 pending\);/);
  });

  test('an island that leaves more often than it entered is told so', () => {
    expect(() => setUp().clock.islands.register('tls').leave()).toThrow('island "tls" left more often than it entered');
  });
});
