import type { IpAddress, Status, StreamListener } from '@strata/contracts';
import type { TcpServer, TcpSocketOptions } from '@strata/tcp';
import { TlsSession, type TlsSessionOptions } from '@strata/tls';
import { HostTlsConnector } from './connectors.ts';
import type { Host } from './host.ts';
import { NetError } from './net-error.ts';
import { StreamConnection } from './stream-connection.ts';
import { tlsCause } from './tls-cause.ts';

/** What a session is told by a host's caller; pool, clock, tracer and the lab's date come from the host. */
export type HostTlsOptions = Omit<
  TlsSessionOptions,
  'time' | 'pool' | 'busy' | 'tracer' | 'role' | 'secrets' | 'epoch'
>;

/** How to listen for TLS connections. */
export interface TlsListenOptions {
  readonly backlog?: number;
  readonly socket?: TcpSocketOptions;
  /** Told of each handshake that failed, with the reason as a chain. */
  readonly refused?: (error: NetError, session: TlsSession) => void;
}

/** Seconds that a server gives a client for its handshake, so that silence holds nothing for ever. */
const SERVER_HANDSHAKE_SECONDS = 60;

/** The options of a session on a host. */
export function sessionOptions(host: Host, role: 'client' | 'server', options: HostTlsOptions): TlsSessionOptions {
  const { epochSeconds, secrets } = host.environment;
  return {
    ...host.profile.tls,
    ...options,
    role,
    time: host.time,
    pool: host.pool,
    busy: host.tlsIsland(),
    tracer: host.tracer,
    epoch: epochSeconds,
    secrets,
  };
}

/** See {@link Host.tlsConnector}. */
export function makeTlsConnector(
  host: Host,
  address: string | IpAddress,
  port: number,
  options: HostTlsOptions | (() => HostTlsOptions),
  tcp: TcpSocketOptions,
): HostTlsConnector {
  return new HostTlsConnector(host.connector(address, port, tcp), () =>
    sessionOptions(host, 'client', typeof options === 'function' ? options() : options),
  );
}

/** See {@link Host.listenTls}. */
export function listenTls(
  host: Host,
  port: number,
  options: HostTlsOptions,
  accept: (connection: StreamConnection) => void,
  listen: TlsListenOptions,
): TcpServer {
  const { backlog, socket, refused } = listen;
  const onConnection = (connection: StreamConnection): void => {
    const settings = { startTimeoutSeconds: SERVER_HANDSHAKE_SECONDS, ...options };
    const session = new TlsSession(sessionOptions(host, 'server', settings));
    session.listener = new Handshake(
      () => accept(new StreamConnection(host.waits, `tls port ${port}`).attach(session, true)),
      (reason) => refused?.(new NetError(`${host.name}: tls port ${port}`, reason, tlsCause(session)), session),
    );
    const { packets } = connection;
    session.start(packets, true);
    const failure = session.failure();
    if (failure !== null) packets.disconnect(true);
  };
  return host.listen(port, onConnection, {
    ...(backlog === undefined ? {} : { backlog }),
    ...(socket === undefined ? {} : { socket }),
  });
}

/** Waits for the end of a server's handshake. */
class Handshake implements StreamListener {
  private readonly opened: () => void;
  private readonly failed: (reason: Status) => void;

  constructor(opened: () => void, failed: (reason: Status) => void) {
    this.opened = opened;
    this.failed = failed;
  }

  established(): void {
    this.opened();
  }

  receivable(): void {}
  sendable(): void {}
  peerFinished(): void {}

  closed(reason: Status): void {
    this.failed(reason);
  }
}
