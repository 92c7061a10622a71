import {
  ERROR_HOST_UNREACHABLE,
  ERROR_NETWORK_UNREACHABLE,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROHIBITED,
  ERROR_PROTOCOL_UNREACHABLE,
  type IpAddress,
  NX_NOT_CONNECTED,
  type StreamConnector,
  type StreamListener,
} from '@strata/contracts';
import {
  CAUSE_EVICTED,
  CAUSE_KEEPALIVE,
  CAUSE_REFUSED,
  CAUSE_RESET,
  CAUSE_TIMED_OUT,
  CAUSE_UNREACHABLE,
  type TcpService,
  type TcpSocket,
  type TcpSocketOptions,
} from '@strata/tcp';
import { TlsConnector, type TlsSessionOptions } from '@strata/tls';
import { formatAddress } from '@strata/wire';
import { NetError } from './net-error.ts';

/** Opens TCP connections to one place, and keeps hold of the last one: it knows why it ended. */
export class TcpConnector implements StreamConnector {
  /** The connection of the last attempt; null before the first, and when it could not begin. */
  socket: TcpSocket | null;
  private readonly tcp: TcpService;
  private readonly remote: IpAddress;
  private readonly port: number;
  private readonly options: TcpSocketOptions;

  constructor(tcp: TcpService, remote: IpAddress, port: number, options: TcpSocketOptions) {
    this.socket = null;
    this.tcp = tcp;
    this.remote = remote;
    this.port = port;
    this.options = options;
  }

  connect(listener: StreamListener): TcpSocket | null {
    this.socket = this.tcp.open(this.remote, this.port, listener, { deleteWhenClosed: true, ...this.options });
    return this.socket;
  }

  /** Why the last connection broke, as a cause of an error; undefined when it did not. */
  cause(): NetError | undefined {
    const { socket, remote, port } = this;
    return socket === null ? undefined : tcpCause(socket, `tcp ${formatAddress(remote)} port ${port}`);
  }
}

/** Opens TLS sessions over TCP; it knows why the last one ended, on both layers. */
export class HostTlsConnector extends TlsConnector {
  readonly tcp: TcpConnector;

  constructor(tcp: TcpConnector, options: () => TlsSessionOptions) {
    super(tcp, options);
    this.tcp = tcp;
  }
}

/** Why TCP ended a connection, as a cause of an error; undefined when it ended in order, or we ended it. */
export function tcpCause(socket: TcpSocket, what: string): NetError | undefined {
  const why = wordsFor(socket.cause, socket.softError);
  return why === '' ? undefined : new NetError(what, NX_NOT_CONNECTED, new Error(why));
}

/** NetX has one status for all of these. */
function wordsFor(cause: number, softError: number): string {
  switch (cause) {
    case CAUSE_REFUSED:
      return 'refused: nothing listens there (RST)';
    case CAUSE_RESET:
      return 'reset by the peer (RST)';
    case CAUSE_TIMED_OUT: {
      const said = wordsOfNetwork(softError);
      return said === '' ? 'timed out: the peer did not answer' : `timed out; the network said: ${said}`;
    }
    case CAUSE_KEEPALIVE:
      return 'timed out: the peer did not answer keepalive probes';
    case CAUSE_UNREACHABLE:
      return wordsOfNetwork(softError) || 'unreachable';
    case CAUSE_EVICTED:
      return 'ended here: packets were short';
    default:
      return '';
  }
}

function wordsOfNetwork(error: number): string {
  switch (error) {
    case ERROR_NETWORK_UNREACHABLE:
      return 'network unreachable';
    case ERROR_HOST_UNREACHABLE:
      return 'host unreachable';
    case ERROR_PORT_UNREACHABLE:
    case ERROR_PROTOCOL_UNREACHABLE:
      return 'port unreachable';
    case ERROR_PROHIBITED:
      return 'prohibited by a router';
    default:
      return '';
  }
}
