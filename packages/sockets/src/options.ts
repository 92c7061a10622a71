import type { TcpSocketOptions } from '@strata/tcp';
import type { Lookup } from './lookup.ts';

/** As `node:net`'s: what a new socket can be told. */
export interface SocketOptions {
  /** Keep our direction open after the peer has ended its own. Default false. */
  readonly allowHalfOpen?: boolean | undefined;
  /** Octets that either direction buffers before `write` returns false or reading stops. Default: Node's. */
  readonly highWaterMark?: number | undefined;
  readonly noDelay?: boolean | undefined;
  readonly keepAlive?: boolean | undefined;
  /** Milliseconds, counted in whole seconds; 0 leaves the profile's value. */
  readonly keepAliveInitialDelay?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Options of the TCP socket below, such as `windowSize`. Not in `node:net`. */
  readonly tcp?: TcpSocketOptions | undefined;
}

/** As `node:net`'s `connect` options for TCP. */
export interface ConnectOptions extends SocketOptions {
  readonly port?: number | string | null | undefined;
  /** An address, `localhost` for this host itself, or a name that the host or `lookup` knows. Default: localhost. */
  readonly host?: string | null | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly family?: number | undefined;
  readonly lookup?: Lookup | undefined;
  /** As a call of `setTimeout`. */
  readonly timeout?: number | undefined;
}

/** One end of a connection, as `address()` tells it. */
export interface SocketAddress {
  readonly address: string;
  readonly family: string;
  readonly port: number;
}
