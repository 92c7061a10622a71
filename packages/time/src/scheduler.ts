import { type Alarm, type Clock, type Deferred, NEVER, type Timed, type TimeService } from '@strata/contracts';
import { Ring } from './ring.ts';

/** Deferred tasks run in one go; what is left is run by the next step, so that a guard can see a loop. */
const DEFERRED_AT_ONCE = 10_000;

/** Something that sleeps until the next deadline and must know when that has changed. */
export interface SchedulerWatcher {
  /** There is a new earliest deadline, or something was deferred. */
  woken(): void;
}

/** A wait that has not ended, as a report of a deadlock shows it. */
export interface PendingWait {
  readonly label: string;
}

/**
 * The one queue of a lab: every timed object with its earliest deadline, ordered by time and then by order of arming, so that
 * a run can be repeated exactly.
 *
 * Deadlines of the present instant, which is what a link without delay has, wait in a ring; all others in a binary heap.
 * Deadlines move far more often than they expire. Moving one *later* only stores the number: when its old place comes up, the
 * alarm is put back at its true deadline. Only moving one *earlier* touches the heap.
 *
 * A clock (`VirtualClock`, `PacedClock`, `HostClock`) drives it; a test may as well call {@link step}.
 */
export class Scheduler implements TimeService {
  /** Events processed so far. */
  processed: number;
  /** Deferred tasks run so far. */
  told: number;
  /** Counts whatever was armed or deferred; when it stands still nobody has asked for anything. */
  activity: number;
  /** Something was handed to asynchronous code, which has not had a turn of the event loop yet. See {@link touch}. */
  touched: boolean;
  /** What `now` shows between events when time goes by itself; null: the time of the last event. Set by the clocks. */
  live: Clock | null;
  /** Whom to wake. Set by a clock while it sleeps. */
  watcher: SchedulerWatcher | null;
  /** The waits of applications that have not ended. */
  readonly waiting: Set<PendingWait>;
  /** What was processed last, for reports. */
  latest: Timed | Deferred | null;
  private instant: number;
  private order: number;
  private readonly heap: QueuedAlarm[];
  /** Alarms for the instant at which they were armed, in order of arming. */
  private readonly ready: Ring<QueuedAlarm>;
  /** Place in the order of arming of the alarm that joined `ready` last. */
  private readyOrder: number;
  private readonly deferred: Ring<Deferred>;

  constructor() {
    this.processed = 0;
    this.told = 0;
    this.activity = 0;
    this.touched = false;
    this.live = null;
    this.watcher = null;
    this.waiting = new Set();
    this.latest = null;
    // A double from the first store on, so that storing one never changes the field's representation.
    this.instant = 0.5;
    this.instant = 0;
    this.order = 0;
    this.heap = [];
    this.ready = new Ring();
    this.readyOrder = -1;
    this.deferred = new Ring();
  }

  get now(): number {
    return this.live === null ? this.instant : this.live.now;
  }

  /** Moves time on to `time` without processing anything; never backwards. */
  advanceTo(time: number): void {
    if (time > this.instant) this.instant = time;
  }

  /** The time of the event that is, or was last, processed. */
  get eventTime(): number {
    return this.instant;
  }

  alarm(timed: Timed): Alarm {
    const alarm = new QueuedAlarm(this, timed);
    alarm.set(timed.nextDeadline());
    return alarm;
  }

  defer(task: Deferred): void {
    this.deferred.push(task);
    this.activity++;
    if (this.watcher !== null) this.watcher.woken();
  }

  /**
   * Says that a promise was settled, or data was given to asynchronous code: before virtual time advances, the event loop is
   * turned so that this code can run. Waits and deferred tasks do it by themselves.
   */
  touch(): void {
    this.touched = true;
  }

  /** The moment of the next event, or NEVER. Deferred work counts as due now. */
  nextTime(): number {
    if (this.deferred.length > 0) return this.instant;
    const alarm = this.first();
    return alarm === null ? NEVER : alarm.position;
  }

  /** A moment before which nothing happens; unlike `nextTime` it changes nothing and may be too early. */
  earliest(): number {
    if (this.deferred.length > 0 || this.ready.length > 0) return this.instant;
    return this.heap.length === 0 ? NEVER : (this.heap[0] as QueuedAlarm).position;
  }

  /**
   * Processes one event, not later than `until`, and the deferred work it leads to. Returns false when there is none.
   * `now` moves to the event's time, never backwards. What a callback throws is thrown on; the queue stays in order.
   */
  step(until: number): boolean {
    if (this.deferred.length > 0) {
      this.runDeferred();
      return true;
    }
    const alarm = this.first();
    if (alarm === null || alarm.position > until) return false;
    if (alarm.index === IN_RING) this.leaveRing();
    if (alarm.position > this.instant) this.instant = alarm.position;
    this.processed++;
    const timed = alarm.timed;
    this.latest = timed;
    try {
      timed.onTime(this.instant);
    } finally {
      if (!alarm.forgotten) alarm.refresh();
    }
    if (this.deferred.length > 0) this.runDeferred();
    return true;
  }

  /**
   * Runs what was deferred, including what that work defers in turn; after 10,000 tasks the rest waits for the next step.
   * A task that throws is over; those behind it stay queued.
   */
  runDeferred(): void {
    const queue = this.deferred;
    for (let left = DEFERRED_AT_ONCE; left > 0 && queue.length > 0; left--) {
      const task = queue.shift();
      this.told++;
      this.latest = task;
      task.run();
    }
  }

  /**
   * The alarm that is due first, or null. Alarms that were set later since they were placed are put back on the way, those
   * without a deadline dropped.
   */
  private first(): QueuedAlarm | null {
    const { ready, heap } = this;
    while (ready.length > 0 && ready.first().moved) this.place(this.leaveRing());
    while (heap.length > 0 && (heap[0] as QueuedAlarm).moved) this.place(heap[0] as QueuedAlarm);
    if (heap.length === 0) return ready.length === 0 ? null : ready.first();
    const top = heap[0] as QueuedAlarm;
    return ready.length === 0 || before(top, ready.first()) ? top : ready.first();
  }

  private leaveRing(): QueuedAlarm {
    const alarm = this.ready.shift();
    alarm.index = NOWHERE;
    return alarm;
  }

  /** @internal The next number in the order of arming. */
  nextOrder(): number {
    return this.order++;
  }

  /** @internal Puts an alarm where its deadline and order say: nowhere when the deadline is NEVER. */
  place(alarm: QueuedAlarm): void {
    const { deadline, order } = alarm;
    if (alarm.index === IN_RING) this.ready.remove(alarm);
    alarm.position = deadline;
    alarm.placed = order;
    alarm.moved = false;
    if (deadline === this.instant && order > this.readyOrder) {
      if (alarm.index >= 0) this.remove(alarm);
      alarm.index = IN_RING;
      this.readyOrder = order;
      this.ready.push(alarm);
      if (this.watcher !== null) this.watcher.woken();
      return;
    }
    if (deadline === NEVER) {
      if (alarm.index >= 0) this.remove(alarm);
      alarm.index = NOWHERE;
      return;
    }
    if (alarm.index < 0) {
      alarm.index = this.heap.length;
      this.heap.push(alarm);
    }
    if (!this.up(alarm)) this.down(alarm);
    if (this.watcher !== null && alarm.index === 0) this.watcher.woken();
  }

  private remove(alarm: QueuedAlarm): void {
    const last = this.heap.pop() as QueuedAlarm;
    if (last !== alarm) {
      last.index = alarm.index;
      this.heap[last.index] = last;
      if (!this.up(last)) this.down(last);
    }
    alarm.index = NOWHERE;
  }

  private up(alarm: QueuedAlarm): boolean {
    const heap = this.heap;
    let i = alarm.index;
    const start = i;
    while (i > 0) {
      const parentIndex = (i - 1) >> 1;
      const parent = heap[parentIndex] as QueuedAlarm;
      if (!before(alarm, parent)) break;
      heap[i] = parent;
      parent.index = i;
      i = parentIndex;
    }
    heap[i] = alarm;
    alarm.index = i;
    return i !== start;
  }

  private down(alarm: QueuedAlarm): void {
    const heap = this.heap;
    const size = heap.length;
    let i = alarm.index;
    for (;;) {
      let childIndex = 2 * i + 1;
      if (childIndex >= size) break;
      let child = heap[childIndex] as QueuedAlarm;
      if (childIndex + 1 < size) {
        const right = heap[childIndex + 1] as QueuedAlarm;
        if (before(right, child)) {
          child = right;
          childIndex++;
        }
      }
      if (!before(child, alarm)) break;
      heap[i] = child;
      child.index = i;
      i = childIndex;
    }
    heap[i] = alarm;
    alarm.index = i;
  }
}

function before(a: QueuedAlarm, b: QueuedAlarm): boolean {
  return a.position < b.position || (a.position === b.position && a.placed < b.placed);
}

/** Values of an alarm's `index` while it is not in the heap. */
const NOWHERE = -1;
const IN_RING = -2;

/**
 * One timed object's place in the queue. `position` and `placed` are the key by which it stands there; `deadline` and `order`
 * are the true key, which is never smaller.
 */
class QueuedAlarm implements Alarm {
  readonly timed: Timed;
  deadline: number;
  order: number;
  position: number;
  placed: number;
  /** The true key is not the one by which it stands in the queue. */
  moved: boolean;
  /** Index in the heap, or one of the constants above. */
  index: number;
  forgotten: boolean;
  private readonly scheduler: Scheduler;

  constructor(scheduler: Scheduler, timed: Timed) {
    this.timed = timed;
    this.deadline = NEVER;
    this.order = 0;
    this.position = NEVER;
    this.placed = 0;
    this.moved = false;
    this.index = NOWHERE;
    this.forgotten = false;
    this.scheduler = scheduler;
  }

  set(deadline: number): void {
    const { scheduler } = this;
    scheduler.activity++;
    if (deadline === this.deadline || this.forgotten) return;
    this.deadline = deadline;
    this.order = scheduler.nextOrder();
    if (deadline < this.position) scheduler.place(this);
    else this.moved = true;
  }

  /** After its event: asks for the next deadline. One that was set to that during the event keeps its order. */
  refresh(): void {
    const { scheduler } = this;
    const deadline = this.timed.nextDeadline();
    if (deadline !== this.deadline || this.order === this.placed) this.order = scheduler.nextOrder();
    this.deadline = deadline;
    scheduler.place(this);
  }

  cancel(): void {
    this.scheduler.activity++;
    this.forgotten = true;
    this.deadline = NEVER;
    this.scheduler.place(this);
  }
}
