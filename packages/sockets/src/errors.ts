import { constants } from 'node:os';
import {
  ERROR_HOST_UNREACHABLE,
  ERROR_NETWORK_UNREACHABLE,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROHIBITED,
  ERROR_PROTOCOL_UNREACHABLE,
  ERROR_SOURCE_ROUTE_FAILED,
  ERROR_TIME_EXCEEDED,
} from '@strata/contracts';
import { CAUSE_KEEPALIVE, CAUSE_REFUSED, CAUSE_RESET, CAUSE_TIMED_OUT, CAUSE_UNREACHABLE } from '@strata/tcp';

/** An error as `node:net` makes it: programs look at `code`, `errno` and `syscall`. */
export interface SocketError extends Error {
  code: string;
  errno: number;
  syscall: string;
  address?: string;
  port?: number;
}

/** The words that `listen` errors carry. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'address not available',
};

/** Makes an error of a system call: `connect ECONNREFUSED 192.0.2.2:1883`. `local` is appended where Node names it; port 0 is none. */
export function socketError(
  code: string,
  syscall: string,
  address?: string,
  port?: number,
  local?: string,
): SocketError {
  const where = address === undefined ? '' : ` ${address}${port ? `:${port}` : ''}`;
  const why = syscall === 'listen' && EXPLANATIONS[code] !== undefined ? `: ${EXPLANATIONS[code]}` : '';
  const whence = local === undefined ? '' : ` - Local (${local})`;
  const error = new Error(`${syscall} ${code}${why}${where}${whence}`) as SocketError;
  error.errno = -((constants.errno as Record<string, number>)[code] ?? 0);
  error.code = code;
  error.syscall = syscall;
  if (address !== undefined) error.address = address;
  if (port) error.port = port;
  return error;
}

/** libuv's UV_EAI_NONAME. */
const NO_SUCH_NAME = -3008;

/** A host name without an address: `getaddrinfo ENOTFOUND nowhere`. */
export function lookupError(hostname: string): SocketError & { hostname: string } {
  const error = socketError('ENOTFOUND', 'getaddrinfo') as SocketError & { hostname: string };
  error.message = `getaddrinfo ENOTFOUND ${hostname}`;
  error.errno = NO_SUCH_NAME;
  error.hostname = hostname;
  return error;
}

/** One of Node's own errors, known by its code: `ERR_SOCKET_CLOSED`. */
export function nodeError<E extends Error>(kind: new (message: string) => E, code: string, message: string): E {
  return Object.assign(new kind(message), { code });
}

/** Node's code for the reason why a connection ended, or null for an end that is no error. */
export function codeOfCause(
  cause: number,
  softError: number,
  connecting: boolean,
  peerFinished: boolean,
): string | null {
  switch (cause) {
    case CAUSE_REFUSED:
      return 'ECONNREFUSED';
    case CAUSE_RESET:
      if (connecting) return 'ECONNREFUSED';
      // As Linux has it: behind the peer's FIN a reset means that nobody reads what we write.
      return peerFinished ? 'EPIPE' : 'ECONNRESET';
    case CAUSE_UNREACHABLE:
      return codeOfNetworkError(softError) ?? 'EHOSTUNREACH';
    case CAUSE_TIMED_OUT:
    case CAUSE_KEEPALIVE:
      // RFC 9293 3.9.2.2: what the network said meanwhile is the better explanation.
      return codeOfNetworkError(softError) ?? 'ETIMEDOUT';
    default:
      return connecting ? 'ETIMEDOUT' : null;
  }
}

/** Linux's translation of ICMP errors. */
function codeOfNetworkError(kind: number): string | null {
  switch (kind) {
    case ERROR_NETWORK_UNREACHABLE:
      return 'ENETUNREACH';
    case ERROR_PORT_UNREACHABLE:
      return 'ECONNREFUSED';
    case ERROR_PROTOCOL_UNREACHABLE:
      return 'ENOPROTOOPT';
    case ERROR_HOST_UNREACHABLE:
    case ERROR_PROHIBITED:
    case ERROR_TIME_EXCEEDED:
    case ERROR_SOURCE_ROUTE_FAILED:
      return 'EHOSTUNREACH';
    default:
      return null;
  }
}
