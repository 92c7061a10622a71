import type { MachineTime } from './machine-time.ts';
import type { Scheduler } from './scheduler.ts';

/** A part of the lab that runs on the machine's event loop and not on the scheduler: OpenSSL, Node streams, a real socket. */
export interface Island {
  readonly name: string;
  /** Operations begun and not finished. */
  readonly pending: number;
  /** An operation begins whose end will come through the event loop: virtual time stands still until {@link leave}. */
  enter(): void;
  /** It has ended, and what follows from it was handed to the stack. */
  leave(): void;
  /** The island is gone. */
  close(): void;
}

/** How patient to be with islands. */
export interface IslandsOptions {
  /** How long, in milliseconds of the machine's time, islands may stay busy without anything happening. Default 30,000. */
  readonly patience?: number;
  /** Also give the event loop a turn after deferred tasks ran, since applications are told by them. Default true. */
  readonly afterDeferred?: boolean;
}

/** Turns in a row without anything new before an island counts as idle: one for it to answer, one for what that led to. */
const QUIET_TURNS = 2;

/** After so many turns the machine gets a millisecond's rest between turns. */
const TURNS_WITHOUT_REST = 64;

/**
 * Decides when virtual time may advance: not before the asynchronous code around the stack has had its say.
 *
 * While an island is registered, the event loop is turned before every advance until nothing new has happened for two turns
 * and no island has anything pending. Without islands a single turn is made, and only after promises were settled or
 * deferred tasks ran; otherwise nothing is awaited at all.
 */
export class Islands {
  private readonly scheduler: Scheduler;
  private readonly machine: MachineTime;
  private readonly patience: number;
  private readonly afterDeferred: boolean;
  private readonly islands: Set<RegisteredIsland>;
  private pending: number;
  /** What had happened when everything was last found idle. */
  private quietSince: number;
  private toldSeen: number;

  constructor(scheduler: Scheduler, machine: MachineTime, options: IslandsOptions = {}) {
    this.scheduler = scheduler;
    this.machine = machine;
    this.patience = (options.patience ?? 30_000) * 1000;
    this.afterDeferred = options.afterDeferred ?? true;
    this.islands = new Set();
    this.pending = 0;
    this.quietSince = -1;
    this.toldSeen = 0;
  }

  /** Adds an island, whose name is shown when it keeps everybody waiting. */
  register(name: string): Island {
    const island = new RegisteredIsland(name, this);
    this.islands.add(island);
    return island;
  }

  /** Something was handed to asynchronous code; same as {@link Scheduler.touch}. */
  touch(): void {
    this.scheduler.touched = true;
  }

  /** True when time must not advance before {@link settle} was awaited. */
  get restless(): boolean {
    const { scheduler } = this;
    if (scheduler.touched || this.pending > 0) return true;
    if (this.afterDeferred && scheduler.told !== this.toldSeen) return true;
    return this.islands.size > 0 && scheduler.activity + scheduler.processed !== this.quietSince;
  }

  /**
   * Turns the event loop until every island is idle, or until something became due at the present instant, which must be
   * processed first. Throws when an island stays busy beyond the patience.
   */
  async settle(): Promise<void> {
    const { scheduler, machine } = this;
    let quiet = 0;
    let turns = 0;
    let since = machine.now();
    let pendingBefore = this.pending;
    for (;;) {
      const activity = scheduler.activity;
      scheduler.touched = false;
      this.toldSeen = scheduler.told;
      await machine.turn();
      if (scheduler.nextTime() <= scheduler.eventTime) return;
      const moved = scheduler.activity !== activity || scheduler.touched || this.pending !== pendingBefore;
      pendingBefore = this.pending;
      quiet = moved || this.pending > 0 ? 0 : quiet + 1;
      if (quiet >= (this.islands.size > 0 ? QUIET_TURNS : 1)) {
        this.quietSince = scheduler.activity + scheduler.processed;
        return;
      }
      if (moved) {
        turns = 0;
        since = machine.now();
      } else if (++turns > TURNS_WITHOUT_REST) {
        await new Promise<void>((resolve) => {
          machine.sleep(1, resolve);
        });
        if (machine.now() - since > this.patience) throw new Error(this.impatience());
      }
    }
  }

  /** The islands that have something pending, for reports: `tls (2 pending)`. */
  busy(): string[] {
    const busy = [...this.islands].filter((island) => island.pending > 0);
    return busy.map((island) => `${island.name} (${island.pending} pending)`);
  }

  private impatience(): string {
    return (
      `virtual time cannot go on: for ${this.patience / 1_000_000} s of real time nothing has come from ` +
      `${this.busy().join(', ')}; an island that calls enter() must call leave() when its work is done, also when it fails`
    );
  }

  /** @internal */
  count(change: number): void {
    this.pending += change;
    this.scheduler.touched = true;
  }

  /** @internal */
  forget(island: RegisteredIsland): void {
    if (this.islands.delete(island)) this.count(-island.pending);
  }
}

class RegisteredIsland implements Island {
  readonly name: string;
  pending: number;
  private readonly islands: Islands;

  constructor(name: string, islands: Islands) {
    this.name = name;
    this.pending = 0;
    this.islands = islands;
  }

  enter(): void {
    this.pending++;
    this.islands.count(1);
  }

  leave(): void {
    if (this.pending === 0) throw new Error(`island "${this.name}" left more often than it entered`);
    this.pending--;
    this.islands.count(-1);
  }

  close(): void {
    this.islands.forget(this);
    this.pending = 0;
  }
}
