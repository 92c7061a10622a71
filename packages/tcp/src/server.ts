import type { IpAddress } from '@strata/contracts';
import type { TcpSocket, TcpSocketOptions } from './socket.ts';

/** How a server listens. */
export interface TcpServerOptions {
  /** Half-open connections at a time; further SYNs are dropped. Default 128. */
  readonly backlog?: number;
  /** Accept only what was sent to this local address; null: any. */
  readonly localAddress?: IpAddress | null;
  /** Options of the sockets it makes (`deleteWhenClosed` is true for them). */
  readonly socket?: TcpSocketOptions;
  /** A connection is established. The socket is the callee's. */
  onConnection(socket: TcpSocket): void;
}

/** A port that accepts connections by itself, as BSD sockets do. */
export interface TcpServer {
  readonly port: number;
  /** Connections in SYN_RECEIVED now. */
  readonly halfOpen: number;
  /** Stops listening; established connections stay, half-open ones are reset. */
  close(): void;
}
