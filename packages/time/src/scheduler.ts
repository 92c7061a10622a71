import { type Alarm, type Deferred, NEVER, type Timed, type TimeService } from '@strata/contracts';

/**
 * The one queue of a lab: every timed object with its earliest deadline, in a binary heap ordered by time and then by
 * order of arming, so that a run can be repeated exactly.
 *
 * Deadlines move far more often than they expire. Moving one *later* only stores the number: when its old place in the heap
 * comes up, the alarm is put back at its true deadline. Only moving one *earlier* touches the heap.
 */
export class Scheduler implements TimeService {
  now: number;
  /** Events processed so far. */
  processed: number;
  /** Counts whatever was armed or deferred; when it stands still nobody has asked for anything. */
  activity: number;
  private readonly heap: HeapAlarm[];
  private order: number;
  private readonly deferred: (Deferred | null)[];
  private deferredHead: number;

  constructor() {
    this.now = 0.5;
    this.now = 0;
    this.processed = 0;
    this.activity = 0;
    this.heap = [];
    this.order = 0;
    this.deferred = [];
    this.deferredHead = 0;
  }

  alarm(timed: Timed): Alarm {
    const alarm = new HeapAlarm(this, timed);
    alarm.set(timed.nextDeadline());
    return alarm;
  }

  defer(task: Deferred): void {
    this.deferred.push(task);
    this.activity++;
  }

  /** The moment of the next event, or NEVER. Deferred work counts as due now. */
  nextTime(): number {
    if (this.deferredHead < this.deferred.length) return this.now;
    this.settle();
    return this.heap.length === 0 ? NEVER : (this.heap[0] as HeapAlarm).position;
  }

  /**
   * Processes one event, not later than `until`, and the deferred work it leads to. Returns false when there is none.
   * `now` moves to the event's time, never backwards.
   */
  step(until: number): boolean {
    if (this.deferredHead < this.deferred.length) {
      this.runDeferred();
      return true;
    }
    this.settle();
    const alarm = this.heap[0];
    if (alarm === undefined || alarm.position > until) return false;
    if (alarm.position > this.now) this.now = alarm.position;
    this.processed++;
    const timed = alarm.timed;
    timed.onTime(this.now);
    if (alarm.index >= 0) alarm.rearm(timed.nextDeadline());
    this.runDeferred();
    return true;
  }

  /** Runs what was deferred, including what that work defers in turn. */
  runDeferred(): void {
    while (this.deferredHead < this.deferred.length) {
      const task = this.deferred[this.deferredHead] as Deferred;
      this.deferred[this.deferredHead++] = null;
      task.run();
    }
    this.deferred.length = 0;
    this.deferredHead = 0;
  }

  /** Makes the top of the heap true: puts alarms back whose deadline has moved later, drops those without one. */
  private settle(): void {
    let top = this.heap[0];
    while (top !== undefined && top.deadline !== top.position) {
      top.rearm(top.deadline);
      top = this.heap[0];
    }
  }

  /** @internal */
  place(alarm: HeapAlarm, deadline: number): void {
    alarm.position = deadline;
    alarm.order = this.order++;
    if (alarm.index < 0) {
      alarm.index = this.heap.length;
      this.heap.push(alarm);
    }
    if (!this.up(alarm)) this.down(alarm);
  }

  /** @internal */
  remove(alarm: HeapAlarm): void {
    const last = this.heap.pop() as HeapAlarm;
    if (last !== alarm) {
      last.index = alarm.index;
      this.heap[last.index] = last;
      if (!this.up(last)) this.down(last);
    }
    alarm.index = -1;
  }

  private up(alarm: HeapAlarm): boolean {
    const heap = this.heap;
    let i = alarm.index;
    const start = i;
    while (i > 0) {
      const parentIndex = (i - 1) >> 1;
      const parent = heap[parentIndex] as HeapAlarm;
      if (!before(alarm, parent)) break;
      heap[i] = parent;
      parent.index = i;
      i = parentIndex;
    }
    heap[i] = alarm;
    alarm.index = i;
    return i !== start;
  }

  private down(alarm: HeapAlarm): void {
    const heap = this.heap;
    const size = heap.length;
    let i = alarm.index;
    for (;;) {
      let childIndex = 2 * i + 1;
      if (childIndex >= size) break;
      let child = heap[childIndex] as HeapAlarm;
      if (childIndex + 1 < size) {
        const right = heap[childIndex + 1] as HeapAlarm;
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

function before(a: HeapAlarm, b: HeapAlarm): boolean {
  return a.position < b.position || (a.position === b.position && a.order < b.order);
}

/** One timed object's place in the heap. */
class HeapAlarm implements Alarm {
  readonly timed: Timed;
  /** The true deadline. */
  deadline: number;
  /** Where it stands in the heap; never later than the deadline. */
  position: number;
  order: number;
  /** Index in the heap, -1 when not in it. */
  index: number;
  private readonly scheduler: Scheduler;

  constructor(scheduler: Scheduler, timed: Timed) {
    this.timed = timed;
    this.scheduler = scheduler;
    this.deadline = NEVER;
    this.position = NEVER;
    this.order = 0;
    this.index = -1;
  }

  set(deadline: number): void {
    this.deadline = deadline;
    if (deadline < this.position) this.rearm(deadline);
  }

  /** Moves to exactly `deadline`, out of the heap when NEVER. */
  rearm(deadline: number): void {
    this.deadline = deadline;
    this.scheduler.activity++;
    if (deadline !== NEVER) this.scheduler.place(this, deadline);
    else {
      this.position = NEVER;
      if (this.index >= 0) this.scheduler.remove(this);
    }
  }

  cancel(): void {
    this.rearm(NEVER);
  }
}
