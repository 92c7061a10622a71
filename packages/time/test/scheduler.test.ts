import { describe, expect, test } from '@jest/globals';
import { NEVER, type Timed } from '@strata/contracts';
import { Scheduler } from '@strata/time';
import fc from '../../../test/support/laws.ts';
import { Timer } from './timers.ts';

/** What the scheduler must do, done by sorting: the true key of each alarm is its deadline and when that was last changed. */
class Model {
  readonly entries: { deadline: number; order: number }[] = [];
  now = 0;
  private order = 0;

  add(deadline: number): void {
    this.entries.push({ deadline: NEVER, order: -1 });
    this.set(this.entries.length - 1, deadline);
  }

  set(index: number, deadline: number): void {
    const entry = this.entries[index]!;
    if (entry.deadline === deadline) return;
    entry.deadline = deadline;
    entry.order = this.order++;
  }

  /** Index of the next one, or -1. */
  step(): number {
    const due = this.entries
      .map((entry, index) => ({ ...entry, index }))
      .filter((entry) => entry.deadline !== NEVER)
      .sort((a, b) => a.deadline - b.deadline || a.order - b.order)[0];
    if (due === undefined) return -1;
    this.now = Math.max(this.now, due.deadline);
    this.entries[due.index]!.deadline = NEVER;
    return due.index;
  }
}

const command = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), time: fc.nat(50), which: fc.nat() }),
  fc.record({ kind: fc.constant('set' as const), time: fc.nat(50), which: fc.nat() }),
  fc.record({ kind: fc.constant('clear' as const), time: fc.nat(50), which: fc.nat() }),
  fc.record({ kind: fc.constant('step' as const), time: fc.nat(50), which: fc.nat() }),
);

describe('Scheduler', () => {
  test('has the order of sorting by time and then by arming, whatever is set, moved and cleared', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
        const scheduler = new Scheduler();
        const model = new Model();
        const timers: Timer[] = [];
        const fired: number[] = [];
        const expected: number[] = [];
        const step = (): boolean => {
          const index = model.step();
          if (index >= 0) expected.push(index);
          const stepped = scheduler.step(NEVER);
          expect(stepped).toBe(index >= 0);
          expect(fired).toEqual(expected);
          expect(scheduler.now).toBe(model.now);
          return stepped;
        };
        for (const { kind, time, which } of commands) {
          if (kind === 'step') step();
          else if (kind === 'add' || timers.length === 0) {
            const index = timers.length;
            timers.push(new Timer(scheduler, time, () => fired.push(index)));
            model.add(time);
          } else {
            const index = which % timers.length;
            const deadline = kind === 'set' ? time : NEVER;
            timers[index]!.set(deadline);
            model.set(index, deadline);
          }
        }
        while (step());
      }),
      { numRuns: 300 },
    );
  });

  test('keeps the order of arming for a timer that was set again during its own event', () => {
    const scheduler = new Scheduler();
    const log: string[] = [];
    const first: Timer = new Timer(scheduler, 1, () => {
      log.push('first');
      if (log.length > 1) return;
      first.set(5);
      new Timer(scheduler, 5, () => log.push('second'));
    });
    while (scheduler.step(NEVER));
    expect(log).toEqual(['first', 'first', 'second']);
  });

  test('asks a timed object for its next deadline after each event', () => {
    const scheduler = new Scheduler();
    const seen: number[] = [];
    let deadline = 10;
    const timed: Timed = {
      nextDeadline: () => deadline,
      onTime: (now) => {
        seen.push(now);
        deadline = now < 30 ? now + 10 : NEVER;
      },
    };
    scheduler.alarm(timed);
    while (scheduler.step(NEVER));
    expect(seen).toEqual([10, 20, 30]);
    expect(scheduler.processed).toBe(3);
  });

  test('never wakes what was cancelled, even if it is set again', () => {
    const scheduler = new Scheduler();
    const timer = new Timer(scheduler, 10, () => {
      throw new Error('woken');
    });
    timer.alarm.cancel();
    timer.set(20);
    expect(scheduler.step(NEVER)).toBe(false);
  });

  test('lets a timed object cancel itself and others from within its event', () => {
    const scheduler = new Scheduler();
    const other = new Timer(scheduler, 20, () => {
      throw new Error('woken');
    });
    const timer: Timer = new Timer(scheduler, 10, () => {
      timer.alarm.cancel();
      other.alarm.cancel();
    });
    expect(scheduler.step(NEVER)).toBe(true);
    expect(scheduler.step(NEVER)).toBe(false);
  });

  test('does not process what is later than `until`, and does not move time for it', () => {
    const scheduler = new Scheduler();
    new Timer(scheduler, 100, () => undefined);
    expect(scheduler.step(99)).toBe(false);
    expect(scheduler.now).toBe(0);
    expect(scheduler.nextTime()).toBe(100);
    expect(scheduler.step(100)).toBe(true);
  });

  test('never goes back in time for a deadline in the past', () => {
    const scheduler = new Scheduler();
    scheduler.advanceTo(100);
    const seen: number[] = [];
    new Timer(scheduler, 40, (now) => seen.push(now));
    scheduler.step(NEVER);
    scheduler.advanceTo(50);
    expect(seen).toEqual([100]);
    expect(scheduler.now).toBe(100);
  });

  test('counts every request as activity, and nothing else', () => {
    const scheduler = new Scheduler();
    const timer = new Timer(scheduler, 10, () => undefined);
    const start = scheduler.activity;
    timer.set(20);
    timer.set(20);
    scheduler.defer({ run: () => undefined });
    expect(scheduler.activity).toBe(start + 3);
    while (scheduler.step(NEVER));
    scheduler.nextTime();
    expect(scheduler.activity).toBe(start + 3);
  });
});

describe('deferred work', () => {
  test('runs in order of asking, with what it defers in turn at the end', () => {
    const scheduler = new Scheduler();
    const log: number[] = [];
    for (let i = 0; i < 100; i++) {
      scheduler.defer({
        run: () => {
          log.push(i);
          if (i < 50) scheduler.defer({ run: () => log.push(i + 100) });
        },
      });
    }
    expect(scheduler.nextTime()).toBe(0);
    scheduler.step(0);
    expect(log).toEqual(Array.from({ length: 150 }, (_, i) => i));
    expect(scheduler.told).toBe(150);
  });

  test('keeps those behind a task that throws', () => {
    const scheduler = new Scheduler();
    const log: string[] = [];
    scheduler.defer({ run: () => log.push('before') });
    scheduler.defer({
      run: () => {
        throw new Error('broken task');
      },
    });
    scheduler.defer({ run: () => log.push('after') });
    expect(() => scheduler.step(0)).toThrow('broken task');
    expect(scheduler.step(0)).toBe(true);
    expect(log).toEqual(['before', 'after']);
    expect(scheduler.step(0)).toBe(false);
  });

  test('keeps the timed object that throws, with its next deadline', () => {
    const scheduler = new Scheduler();
    let deadline = 10;
    scheduler.alarm({
      nextDeadline: () => deadline,
      onTime: (now) => {
        deadline = now === 10 ? 20 : NEVER;
        if (now === 10) throw new Error('broken event');
      },
    });
    expect(() => scheduler.step(NEVER)).toThrow('broken event');
    expect(scheduler.step(NEVER)).toBe(true);
    expect(scheduler.now).toBe(20);
    expect(scheduler.step(NEVER)).toBe(false);
  });

  test('that never ends comes back to the caller from time to time', () => {
    const scheduler = new Scheduler();
    const task = { run: () => scheduler.defer(task) };
    scheduler.defer(task);
    expect(scheduler.step(0)).toBe(true);
    expect(scheduler.told).toBe(10_000);
  });
});
