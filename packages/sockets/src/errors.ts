import { constants } from 'node:os';
import { CAUSE_KEEPALIVE, CAUSE_REFUSED, CAUSE_RESET, CAUSE_TIMED_OUT, CAUSE_UNREACHABLE } from '@strata/tcp';

/** An error as `node:net` makes it: programs look at `code`, `errno` and `syscall`. */
export interface SocketError extends Error {
  code: string;
  errno: number;
  syscall: string;
  address?: string;
  port?: number;
}

/** Makes an error with one of Node's codes: `connect ECONNREFUSED 192.0.2.2:1883`. */
export function socketError(code: string, syscall: string, address?: string, port?: number): SocketError {
  const where = address === undefined ? '' : ` ${address}${port === undefined ? '' : `:${port}`}`;
  const error = new Error(`${syscall} ${code}${where}`) as SocketError;
  error.code = code;
  error.errno = -((constants.errno as Record<string, number>)[code] ?? 0);
  error.syscall = syscall;
  if (address !== undefined) error.address = address;
  if (port !== undefined) error.port = port;
  return error;
}

/** Node's code for the reason why a connection ended, or null for an end that is no error. */
export function codeOfCause(cause: number, connecting: boolean): string | null {
  switch (cause) {
    case CAUSE_REFUSED:
      return 'ECONNREFUSED';
    case CAUSE_RESET:
      return connecting ? 'ECONNREFUSED' : 'ECONNRESET';
    case CAUSE_TIMED_OUT:
    case CAUSE_KEEPALIVE:
      return 'ETIMEDOUT';
    case CAUSE_UNREACHABLE:
      return 'EHOSTUNREACH';
    default:
      return connecting ? 'ETIMEDOUT' : null;
  }
}
