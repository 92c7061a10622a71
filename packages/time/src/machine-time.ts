/**
 * What a clock needs of the machine it runs on. Tests give a fake one; {@link machineTime} is the real one, and the only
 * place where this package touches the machine.
 */
export interface MachineTime {
  /** A monotonic clock, in microseconds from any start. Fractions are allowed. */
  now(): number;
  /** Calls `wake` once, `milliseconds` (a whole number) from now or a little later. Returns how to call that off. */
  sleep(milliseconds: number, wake: () => void): () => void;
  /** Resolves after one turn of the event loop: every promise job and what the machine had ready has run by then. */
  turn(): Promise<void>;
}

/** The globals used, none of which is part of ECMAScript; browsers and Node have them, with few differences. */
interface MachineGlobals {
  readonly performance: { now(): number };
  setTimeout(wake: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
  readonly setImmediate?: (wake: () => void) => unknown;
  readonly MessageChannel?: new () => {
    readonly port1: { onmessage: (() => void) | null };
    readonly port2: { postMessage(message: null): void };
  };
}

/** Longest sleep of the machine's timers: 2^31 - 1 ms. A longer one ends early, which sleepers must expect. */
const LONGEST_SLEEP = 0x7fffffff;

/** The machine's own clock, timers and event loop, in Node and in browsers. */
export function machineTime(): MachineTime {
  const machine = globalThis as unknown as MachineGlobals;
  const next = nextTurn(machine);
  return {
    now: () => machine.performance.now() * 1000,
    sleep(milliseconds, wake) {
      const timer = machine.setTimeout(wake, Math.min(milliseconds, LONGEST_SLEEP));
      return () => machine.clearTimeout(timer);
    },
    turn: () => new Promise<void>(next),
  };
}

/** A macrotask as soon as possible: `setImmediate` where it exists, a message to oneself in browsers. */
function nextTurn(machine: MachineGlobals): (resolve: () => void) => void {
  const { setImmediate } = machine;
  if (setImmediate !== undefined) return (resolve) => void setImmediate(resolve);
  if (machine.MessageChannel === undefined) return (resolve) => void machine.setTimeout(resolve, 0);
  const { port1, port2 } = new machine.MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return (resolve) => {
    waiting.push(resolve);
    port2.postMessage(null);
  };
}
