import type { IpAddress, NetworkService, TimeService } from '@strata/contracts';
import type { TcpService } from '@strata/tcp';

/** What sockets need of a host; `Host` of `@strata/stack` is one. */
export interface SocketHost {
  readonly name: string;
  readonly time: TimeService;
  readonly tcp: TcpService;
  readonly ip: Pick<NetworkService, 'isLocal'>;
  /** The address that `localhost` and an absent host name stand for. */
  readonly localAddress: IpAddress;
  /** The same for IPv6, or null when it has none. Absent: a host without IPv6. */
  readonly localAddress6?: IpAddress | null;
  /** Calls `then` when no IPv6 address of the host is being checked for duplicates any more: at once when none is. */
  whenSettled?(then: () => void): void;
  /** The address of a host name. Throws when there is none. */
  resolve(name: string): IpAddress;
  /** Says that code on Node's event loop takes part from now on, so that virtual time waits for it. */
  useEventLoop(): void;
  /** The event loop was handed something: give it its turn before time moves on. */
  touch(): void;
}
