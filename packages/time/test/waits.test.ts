import { describe, expect, test } from '@jest/globals';
import {
  NX_DELETED,
  NX_NO_PACKET,
  NX_NO_WAIT,
  NX_SUCCESS,
  NX_WAIT_ABORTED,
  NX_WAIT_FOREVER,
  SECOND,
  TICK,
} from '@strata/contracts';
import { VirtualClock, WaitQueue, Waits } from '@strata/time';
import { Timer } from './timers.ts';

function setUp() {
  const clock = new VirtualClock();
  const waits = new Waits(clock.scheduler);
  const queue = new WaitQueue<string>(waits, NX_NO_PACKET, 'test queue');
  const at = (time: number, action: () => void) => new Timer(clock.scheduler, time, action);
  return { clock, waits, queue, at };
}

const timedOut = { status: NX_NO_PACKET, value: null };
const given = (value: string) => ({ status: NX_SUCCESS, value });

describe('a wait', () => {
  test('with NX_NO_WAIT is over at once', async () => {
    const { clock, queue } = setUp();
    expect(await queue.wait(NX_NO_WAIT)).toEqual(timedOut);
    expect([queue.length, clock.scheduler.waiting.size]).toEqual([0, 0]);
  });

  test('of n ticks runs out after n ticks, not before', async () => {
    const { clock, queue } = setUp();
    const waiting = queue.wait(25);
    await clock.run({ until: 25 * TICK - 1 });
    expect(queue.length).toBe(1);
    expect(await clock.runWith(waiting)).toEqual(timedOut);
    expect(clock.now).toBe(25 * TICK);
    expect(queue.length).toBe(0);
  });

  test('with NX_WAIT_FOREVER has no deadline', async () => {
    const { clock, queue, at } = setUp();
    const waiting = queue.wait(NX_WAIT_FOREVER);
    at(1e6 * SECOND, () => queue.give('at last'));
    expect(await clock.runWith(waiting)).toEqual(given('at last'));
    expect(clock.scheduler.waiting.size).toBe(0);
  });

  test('that is over leaves no deadline behind', async () => {
    const { clock, queue } = setUp();
    const waiting = queue.wait(100);
    queue.give('x');
    expect(await waiting).toEqual(given('x'));
    expect(await clock.run()).toBe('idle');
    expect(clock.now).toBe(0);
  });

  test('ends with NX_WAIT_ABORTED when its signal aborts, or has', async () => {
    const { queue } = setUp();
    const controller = new AbortController();
    const waiting = [queue.wait(NX_WAIT_FOREVER, controller.signal), queue.until(() => null, 5, controller.signal)];
    const other = queue.wait(NX_WAIT_FOREVER);
    controller.abort();
    for (const wait of waiting) expect((await wait).status).toBe(NX_WAIT_ABORTED);
    expect(queue.length).toBe(1);
    expect((await queue.until(() => 'x', 5, controller.signal)).status).toBe(NX_WAIT_ABORTED);
    queue.give('still there');
    expect(await other).toEqual(given('still there'));
  });
});

describe('a turn', () => {
  test('is over when everything of this moment has happened, also what came of it, and time has not gone on', async () => {
    const { clock, waits, at } = setUp();
    const log: string[] = [];
    at(0, () => {
      log.push('due');
      at(0, () => {
        log.push('what came of it');
        at(0, () => log.push('and of that'));
      });
    });
    at(1, () => log.push('later'));
    await clock.runWith(waits.turn().then(() => log.push(`the turn, at ${clock.now}`)));
    expect(log).toEqual(['due', 'what came of it', 'and of that', 'the turn, at 0']);
    expect(clock.scheduler.waiting.size).toBe(0);
  });

  test('of one comes before that of another who asked later; each may take many', async () => {
    const { clock, waits } = setUp();
    const log: string[] = [];
    const take = async (name: string) => {
      for (let i = 0; i < 3; i++) {
        await waits.turn();
        log.push(name);
      }
    };
    await clock.runWith(Promise.all([take('a'), take('b')]));
    expect(log).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect(clock.now).toBe(0);
  });
});

describe('a queue of waits', () => {
  test('is served in order of arrival, also after some have given up', async () => {
    const { clock, queue, at } = setUp();
    const served: string[] = [];
    const wait = (name: string, ticks: number) =>
      queue.wait(ticks).then(({ value }) => served.push(`${name}:${value}`));
    const all = Promise.all([wait('a', 1), wait('b', 9), wait('c', 2), wait('d', 9)]);
    at(3 * TICK, () => {
      expect([queue.give('1'), queue.give('2'), queue.give('3')]).toEqual([true, true, false]);
    });
    await clock.runWith(all);
    expect(served).toEqual(['a:null', 'c:null', 'b:1', 'd:2']);
  });

  test('tries at once when nobody is ahead, and not when somebody is', async () => {
    const { queue } = setUp();
    let attempts = 0;
    const attempt = () => {
      attempts++;
      return 'now';
    };
    expect(await queue.until(attempt, NX_NO_WAIT)).toEqual(given('now'));
    const ahead = queue.until(() => null, NX_WAIT_FOREVER);
    expect(await queue.until(attempt, NX_NO_WAIT)).toEqual(timedOut);
    expect(attempts).toBe(1);
    queue.refuse(NX_DELETED);
    expect((await ahead).status).toBe(NX_DELETED);
  });

  test('tries again in order and stops at the first that has to wait on', async () => {
    const { clock, queue } = setUp();
    let room = 0;
    const take = (need: number) => () => {
      if (room < need) return null;
      room -= need;
      return `took ${need}`;
    };
    const waits = [queue.until(take(2), 50), queue.until(take(5), 50), queue.until(take(1), 50)];
    room = 3;
    queue.wake();
    expect(await waits[0]).toEqual(given('took 2'));
    expect(queue.length).toBe(2);
    room = 6;
    queue.wake();
    expect(await Promise.all(waits)).toEqual([given('took 2'), given('took 5'), given('took 1')]);
    expect(await clock.run()).toBe('idle');
  });

  test('refuses everybody when what was waited for is gone', async () => {
    const { queue } = setUp();
    const waits = [queue.wait(NX_WAIT_FOREVER), queue.until(() => null, 10)];
    queue.refuse(NX_DELETED);
    for (const wait of waits) expect(await wait).toEqual({ status: NX_DELETED, value: null });
    expect(queue.length).toBe(0);
  });
});
