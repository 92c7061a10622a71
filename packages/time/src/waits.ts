import {
  type Alarm,
  NEVER,
  NX_NO_WAIT,
  NX_SUCCESS,
  NX_WAIT_ABORTED,
  NX_WAIT_FOREVER,
  type Status,
  TICK,
  type Timed,
} from '@strata/contracts';
import type { PendingWait, Scheduler } from './scheduler.ts';

/** How a wait ended. `value` is there exactly when `status` is NX_SUCCESS. */
export interface Waited<T> {
  readonly status: Status;
  readonly value: T | null;
}

/** The part of an `AbortSignal` that waiting uses. */
export interface AbortSource {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * Wait options on a scheduler: NX_NO_WAIT, a number of ticks, or NX_WAIT_FOREVER (NetX Duo UG 4). A wait that runs out ends
 * with the status that its service has for that; one that is aborted with NX_WAIT_ABORTED.
 */
export class Waits {
  readonly scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  /**
   * Begins a wait of at most `ticks` (10 ms each). Whoever begins it ends it with `granted` or `refused`. When it ends by
   * itself, `cancelled` is called first, never from within this call.
   *
   * @param label shown when the lab comes to a standstill: "device: tcp receive"
   */
  suspend<T>(
    ticks: number,
    timeout: Status,
    cancelled: () => void,
    signal?: AbortSource,
    label = 'a wait',
  ): Suspension<T> {
    const suspension = new Suspension<T>(this.scheduler, timeout, cancelled, signal, label);
    if (signal?.aborted) suspension.refused(NX_WAIT_ABORTED);
    else if (ticks === NX_NO_WAIT) suspension.refused(timeout);
    else suspension.begin(ticks);
    return suspension;
  }

  /**
   * Resolves when everything that is due at this moment has happened, and whoever that woke has had a turn: a thread of low
   * priority goes on then.
   */
  async turn(): Promise<void> {
    const suspension = new Suspension<null>(this.scheduler, NX_SUCCESS, () => undefined, undefined, 'a turn');
    suspension.begin(0);
    await suspension.result;
  }

  /** tx_thread_sleep: NX_SUCCESS after `ticks`, or NX_WAIT_ABORTED. */
  async sleep(ticks: number, signal?: AbortSource): Promise<Status> {
    const { status } = await this.suspend(ticks, NX_SUCCESS, () => undefined, signal, 'a sleep').result;
    return status;
  }
}

/** One wait. The first of `granted`, `refused`, its deadline and its signal ends it; the others do nothing then. */
export class Suspension<T> implements Timed, PendingWait {
  readonly label: string;
  readonly result: Promise<Waited<T>>;
  private readonly scheduler: Scheduler;
  private readonly timeout: Status;
  private readonly cancelled: () => void;
  private readonly signal: AbortSource | undefined;
  private readonly aborted: () => void;
  private resolve: ((waited: Waited<T>) => void) | null;
  private deadline: number;
  private alarm: Alarm | null;

  /** @internal Made by {@link Waits.suspend}. */
  constructor(
    scheduler: Scheduler,
    timeout: Status,
    cancelled: () => void,
    signal: AbortSource | undefined,
    label: string,
  ) {
    this.label = label;
    this.scheduler = scheduler;
    this.timeout = timeout;
    this.cancelled = cancelled;
    this.signal = signal;
    this.aborted = () => this.cancel(NX_WAIT_ABORTED);
    this.resolve = null;
    this.deadline = NEVER;
    this.alarm = null;
    this.result = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  /** True until it has ended. */
  get pending(): boolean {
    return this.resolve !== null;
  }

  /** @internal */
  begin(ticks: number): void {
    this.scheduler.waiting.add(this);
    this.signal?.addEventListener('abort', this.aborted);
    if (ticks === NX_WAIT_FOREVER) return;
    this.deadline = this.scheduler.now + ticks * TICK;
    this.alarm = this.scheduler.alarm(this);
  }

  granted(value: T): void {
    this.end({ status: NX_SUCCESS, value });
  }

  refused(status: Status): void {
    this.end({ status, value: null });
  }

  nextDeadline(): number {
    return this.deadline;
  }

  onTime(now: number): void {
    if (now >= this.deadline) this.cancel(this.timeout);
  }

  private cancel(status: Status): void {
    if (this.resolve === null) return;
    this.cancelled();
    this.refused(status);
  }

  private end(waited: Waited<T>): void {
    const resolve = this.resolve;
    if (resolve === null) return;
    this.resolve = null;
    this.deadline = NEVER;
    this.alarm?.cancel();
    this.signal?.removeEventListener('abort', this.aborted);
    this.scheduler.waiting.delete(this);
    this.scheduler.touch();
    resolve(waited);
  }
}

/** Somebody in a {@link WaitQueue}. */
interface Waiter<T> {
  suspension: Suspension<T>;
  /** Null for one that waits to be given a value. */
  readonly attempt: (() => T | null) | null;
}

/** Applications that wait for the same thing, first come first served: packets to receive, room in a window, a state. */
export class WaitQueue<T> {
  private readonly waits: Waits;
  private readonly timeout: Status;
  private readonly label: string;
  private readonly waiters: Set<Waiter<T>>;

  /** @param timeout the status of a wait that runs out: NX_NO_PACKET for receiving */
  constructor(waits: Waits, timeout: Status, label: string) {
    this.waits = waits;
    this.timeout = timeout;
    this.label = label;
    this.waiters = new Set();
  }

  /** How many wait. */
  get length(): number {
    return this.waiters.size;
  }

  /** Waits for {@link give}. */
  wait(ticks: number, signal?: AbortSource): Promise<Waited<T>> {
    return this.join(ticks, null, signal);
  }

  /**
   * Waits until `attempt` returns something: it is made at once if nobody else waits, and again at every {@link wake} when it
   * is its turn. With NX_NO_WAIT only once. It must not throw.
   */
  until(attempt: () => T | null, ticks: number, signal?: AbortSource): Promise<Waited<T>> {
    if (this.waiters.size === 0 && !signal?.aborted) {
      const value = attempt();
      if (value !== null) {
        this.waits.scheduler.touch();
        return Promise.resolve({ status: NX_SUCCESS, value });
      }
    }
    return this.join(ticks, attempt, signal);
  }

  /** Hands `value` to the first who waits to be given one. False when there is none; then the caller still has it. */
  give(value: T): boolean {
    for (const waiter of this.waiters) {
      if (waiter.attempt !== null) continue;
      this.waiters.delete(waiter);
      waiter.suspension.granted(value);
      return true;
    }
    return false;
  }

  /** Something has changed: those who wait try again, in order, up to the first who has to wait on. */
  wake(): void {
    for (const waiter of this.waiters) {
      if (waiter.attempt === null) continue;
      const value = waiter.attempt();
      if (value === null) return;
      this.waiters.delete(waiter);
      waiter.suspension.granted(value);
    }
  }

  /** Ends every wait with `status`: what was waited for is gone. */
  refuse(status: Status): void {
    for (const waiter of this.waiters) {
      this.waiters.delete(waiter);
      waiter.suspension.refused(status);
    }
  }

  private join(ticks: number, attempt: (() => T | null) | null, signal: AbortSource | undefined): Promise<Waited<T>> {
    const cancelled = (): void => void this.waiters.delete(waiter);
    const suspension = this.waits.suspend<T>(ticks, this.timeout, cancelled, signal, this.label);
    const waiter: Waiter<T> = { suspension, attempt };
    if (suspension.pending) this.waiters.add(waiter);
    return suspension.result;
  }
}
