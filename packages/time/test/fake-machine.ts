import type { MachineTime } from '@strata/time';

/**
 * A machine whose clock stands still except that a sleep, once nothing else is going on, takes no real time. Its clock does
 * not show whole microseconds, as real ones do not.
 */
export class FakeMachine implements MachineTime {
  time = 1_000_000.25;
  turns = 0;
  sleeps = 0;
  /** When false, only `pass` ends a sleep. */
  automatic = true;
  private readonly sleepers = new Set<{ at: number; wake: () => void }>();

  now(): number {
    return this.time;
  }

  sleep(milliseconds: number, wake: () => void): () => void {
    if (!Number.isInteger(milliseconds)) throw new Error(`sleep of ${milliseconds} ms`);
    this.sleeps++;
    const sleeper = { at: this.time + milliseconds * 1000, wake };
    this.sleepers.add(sleeper);
    if (this.automatic) setImmediate(() => this.end(sleeper));
    return () => this.sleepers.delete(sleeper);
  }

  turn(): Promise<void> {
    this.turns++;
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets real time go by, then gives whoever was woken a turn. */
  async pass(microseconds: number): Promise<void> {
    this.time += microseconds;
    for (const sleeper of this.sleepers) if (sleeper.at <= this.time) this.end(sleeper);
    await this.settle();
  }

  /** Lets everything that is ready run. */
  async settle(): Promise<void> {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  get asleep(): number {
    return this.sleepers.size;
  }

  private end(sleeper: { at: number; wake: () => void }): void {
    if (!this.sleepers.delete(sleeper)) return;
    this.time = Math.max(this.time, sleeper.at);
    sleeper.wake();
  }
}
