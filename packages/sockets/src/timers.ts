import { type Alarm, MILLISECOND, NEVER, type Timed } from '@strata/contracts';
import { inTurn } from './event-loop.ts';
import type { SocketHost } from './host.ts';

/** What one of these timers is known by; `clearTimeout` and `clearInterval` take it. */
export interface HostTimer {
  /** Starts it again from now. */
  refresh(): this;
  hasRef(): boolean;
  ref(): this;
  unref(): this;
  [Symbol.dispose](): void;
  [Symbol.toPrimitive](): number;
}

/** `setTimeout` and its relatives by a host's clock, for programs that can be given timers, or that use the global ones. */
export interface HostTimers {
  setTimeout<A extends unknown[]>(callback: (...args: A) => void, milliseconds?: number, ...args: A): HostTimer;
  setInterval<A extends unknown[]>(callback: (...args: A) => void, milliseconds?: number, ...args: A): HostTimer;
  clearTimeout(timer: HostTimer | number | string | null | undefined): void;
  clearInterval(timer: HostTimer | number | string | null | undefined): void;
  /**
   * Puts them in place of the global timers until the result is called, so that whole programs (a broker's keep-alive, a
   * client's reconnect) live in the lab's time. For virtual time only: a clock that waits needs the machine's own.
   */
  install(): () => void;
}

/** Node's limits: anything else counts as one millisecond. */
const LONGEST = 0x7fffffff;

class ClockTimer implements HostTimer, Timed {
  readonly id: number;
  private readonly host: SocketHost;
  private readonly active: Map<number, ClockTimer>;
  private readonly callback: () => void;
  private readonly period: number;
  private readonly repeats: boolean;
  private alarm: Alarm | null;
  private deadline: number;
  private referenced: boolean;

  constructor(
    host: SocketHost,
    active: Map<number, ClockTimer>,
    id: number,
    callback: () => void,
    milliseconds: number,
    repeats: boolean,
  ) {
    this.id = id;
    this.host = host;
    this.active = active;
    this.callback = callback;
    const isInRange = milliseconds >= 1 && milliseconds <= LONGEST;
    this.period = (isInRange ? Math.trunc(milliseconds) : 1) * MILLISECOND;
    this.repeats = repeats;
    this.alarm = null;
    this.deadline = NEVER;
    this.referenced = true;
    this.refresh();
  }

  refresh(): this {
    this.active.set(this.id, this);
    this.deadline = this.host.time.now + this.period;
    if (this.alarm === null) this.alarm = this.host.time.alarm(this);
    else this.alarm.set(this.deadline);
    return this;
  }

  cancel(): void {
    this.active.delete(this.id);
    this.deadline = NEVER;
    this.alarm?.cancel();
    this.alarm = null;
  }

  nextDeadline(): number {
    return this.deadline;
  }

  onTime(now: number): void {
    if (now < this.deadline) return;
    const due = this.deadline;
    this.deadline = this.repeats ? due + this.period : NEVER;
    inTurn(this.host, () => {
      if (this.alarm === null) return;
      if (!this.repeats) {
        // Begun again meanwhile.
        if (this.deadline !== NEVER) return;
        this.cancel();
      }
      this.callback();
    });
  }

  hasRef(): boolean {
    return this.referenced;
  }

  ref(): this {
    this.referenced = true;
    return this;
  }

  unref(): this {
    this.referenced = false;
    return this;
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  [Symbol.toPrimitive](): number {
    return this.id;
  }
}

/**
 * Timers by the clock of `host`.
 *
 * ```ts
 * const timers = timersOf(host);
 * const client = new mqtt.MqttClient(() => net.connect(1883, broker), {
 *   keepalive: 60,
 *   timerVariant: { set: timers.setInterval, clear: timers.clearInterval },
 * });
 * ```
 */
export function timersOf(host: SocketHost): HostTimers {
  host.useEventLoop();
  const active = new Map<number, ClockTimer>();
  let next = 1;
  const start = (callback: unknown, milliseconds: number, args: unknown[], repeats: boolean): HostTimer => {
    if (typeof callback !== 'function') throw new TypeError('The "callback" argument must be of type function.');
    const run = () => Reflect.apply(callback as () => void, undefined, args);
    host.touch();
    return new ClockTimer(host, active, next++, run, Number(milliseconds), repeats);
  };
  const clear = (timer: HostTimer | number | string | null | undefined): void => {
    if (timer === null || timer === undefined) return;
    active.get(Number(timer))?.cancel();
  };
  const timers: HostTimers = {
    setTimeout: (callback, milliseconds = 1, ...args) => start(callback, milliseconds, args, false),
    setInterval: (callback, milliseconds = 1, ...args) => start(callback, milliseconds, args, true),
    clearTimeout: clear,
    clearInterval: clear,
    install() {
      const globals = globalThis as unknown as Record<string, unknown>;
      const names = ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] as const;
      const before = names.map((name) => globals[name]);
      for (const name of names) globals[name] = timers[name];
      // Timers begun before, or by Node itself, still belong to the machine.
      for (const [i, name] of names.entries()) {
        if (!name.startsWith('clear')) continue;
        const clearBefore = before[i] as (timer: unknown) => void;
        globals[name] = (timer: never) => (isHostTimer(timer) ? clear(timer) : clearBefore(timer));
      }
      return () => {
        for (const [i, name] of names.entries()) globals[name] = before[i];
      };
    },
  };
  return timers;
}

function isHostTimer(timer: unknown): timer is HostTimer {
  return timer instanceof ClockTimer;
}
