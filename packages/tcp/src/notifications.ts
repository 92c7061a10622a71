import { NX_NOT_CONNECTED, NX_SUCCESS } from '@strata/contracts';
import {
  EVENT_CLOSED,
  EVENT_DISCONNECT,
  EVENT_DISCONNECT_COMPLETE,
  EVENT_ESTABLISHED,
  EVENT_LISTEN,
  EVENT_PEER_FINISHED,
  EVENT_RECEIVABLE,
  EVENT_SENDABLE,
  EVENT_TIMED_WAIT,
  EVENT_TROUBLE,
  EVENT_URGENT,
} from './events.ts';
import type { TcpSocket } from './socket.ts';
import { CAUSE_ORDERLY } from './states.ts';

/** NetX's notify callbacks of a socket. Each is called after the event, from a deferred task, and may call the socket. */
export interface TcpNotifications {
  /** Data was queued (nx_tcp_socket_receive_notify): once per in-order arrival. */
  receive: ((socket: TcpSocket) => void) | null;
  /** Room to send after a refusal (nx_tcp_socket_window_update_notify_set). */
  windowUpdate: ((socket: TcpSocket) => void) | null;
  /** The connection is open (nx_tcp_socket_establish_notify). */
  establish: ((socket: TcpSocket) => void) | null;
  /** FIN from the peer, reset, or TIMED_WAIT entered (disconnect_callback). */
  disconnect: ((socket: TcpSocket) => void) | null;
  /** The connection is over (nx_tcp_socket_disconnect_complete_notify). */
  disconnectComplete: ((socket: TcpSocket) => void) | null;
  /** nx_tcp_socket_timed_wait_callback. */
  timedWait: ((socket: TcpSocket) => void) | null;
  /** Urgent data was announced (urgent_data_callback). */
  urgent: ((socket: TcpSocket) => void) | null;
  /** A soft error was noted: `softError` says which, an ERROR_ constant. The connection goes on (RFC 9293 3.9.1.8). */
  trouble: ((socket: TcpSocket) => void) | null;
}

export function silentNotifications(): TcpNotifications {
  return {
    receive: null,
    windowUpdate: null,
    establish: null,
    disconnect: null,
    disconnectComplete: null,
    timedWait: null,
    urgent: null,
    trouble: null,
  };
}

/** Shared by all sockets for which nobody has set any. */
export const NOBODY = silentNotifications();

/** New data: one call of the stream's listener, one of NetX's callback for each in-order arrival. */
export function tellReceivable(socket: TcpSocket): void {
  const { listener } = socket;
  let arrivals = socket.receiveArrivals;
  socket.receiveArrivals = 0;
  if (listener !== null) listener.receivable();
  for (; arrivals > 0 && socket.callbacks.receive !== null; arrivals--) socket.callbacks.receive(socket);
}

/** Tells the application what has happened: the events, in the order in which they can follow each other. */
export function tell(socket: TcpSocket, events: number): void {
  const { server } = socket;
  if (events & EVENT_LISTEN) {
    const queue = socket.listenedOn;
    socket.listenedOn = null;
    if (queue !== null && queue.callback !== null) queue.callback(socket, queue.port);
  }
  if (events & EVENT_ESTABLISHED) {
    if (server !== null) server.connected(socket);
    socket.listener?.established();
    socket.callbacks.establish?.(socket);
  }
  if (events & EVENT_RECEIVABLE) tellReceivable(socket);
  if (events & EVENT_URGENT) socket.callbacks.urgent?.(socket);
  if (events & EVENT_TROUBLE) socket.callbacks.trouble?.(socket);
  if (events & EVENT_SENDABLE) {
    socket.listener?.sendable();
    socket.callbacks.windowUpdate?.(socket);
  }
  if (events & EVENT_PEER_FINISHED) socket.listener?.peerFinished();
  if (events & EVENT_DISCONNECT) socket.callbacks.disconnect?.(socket);
  if (events & EVENT_TIMED_WAIT) socket.callbacks.timedWait?.(socket);
  if (events & EVENT_DISCONNECT_COMPLETE) socket.callbacks.disconnectComplete?.(socket);
  if (events & EVENT_CLOSED) socket.listener?.closed(socket.cause === CAUSE_ORDERLY ? NX_SUCCESS : NX_NOT_CONNECTED);
}
