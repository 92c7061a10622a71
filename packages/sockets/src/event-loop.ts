// Imported, not taken from the globals: a test that fakes the global timers must not stop the stack.
import { setImmediate } from 'node:timers';
import type { SocketHost } from './host.ts';

/**
 * Runs `task` in a turn of the event loop of its own, before the host's time moves on. Programs are told of everything this
 * way, as libuv tells them: never from inside the stack, and with ticks and promises settled between two events.
 */
export function inTurn(host: SocketHost, task: () => void): void {
  host.touch();
  setImmediate(() => {
    host.touch();
    task();
  });
}

/** Runs `task` once the present JavaScript has returned, before the host's time moves on. */
export function inTick(host: SocketHost, task: () => void): void {
  host.touch();
  process.nextTick(() => {
    host.touch();
    task();
  });
}
