import type { ControlBlock } from './control-block.ts';

/** What the application is still to be told; bits of `pending`. */
export const EVENT_ESTABLISHED = 1;
export const EVENT_RECEIVABLE = 2;
export const EVENT_SENDABLE = 4;
export const EVENT_PEER_FINISHED = 8;
export const EVENT_CLOSED = 16;
/** NetX's disconnect_callback: the peer's FIN or reset, or TIMED_WAIT entered. */
export const EVENT_DISCONNECT = 32;
/** NetX's disconnect_complete_notify, timed_wait_callback and urgent callback. */
export const EVENT_DISCONNECT_COMPLETE = 64;
export const EVENT_TIMED_WAIT = 128;
export const EVENT_URGENT = 256;
/** A NetX listen_callback is due. */
export const EVENT_LISTEN = 512;
/** A soft error was noted (RFC 9293 3.9.1.8). */
export const EVENT_TROUBLE = 1024;

/** The application has read; when it has done so, the window may be worth telling. */
export const EVENT_WINDOW = 2048;

/** Notes an event; the application hears of it after the present event has been processed, never from inside. */
export function raise(tcb: ControlBlock, events: number): void {
  tcb.pending |= events;
  if (!tcb.deferredQueued) {
    tcb.deferredQueued = true;
    tcb.time.defer(tcb);
  }
}
