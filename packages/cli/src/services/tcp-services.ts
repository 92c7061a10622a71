import { type Host, NetError, type StreamConnection } from '@strata/stack';
import type { TcpSocketOptions } from '@strata/tcp';
import { formatBytes, formatNumberOf } from '../terminal/format.ts';
import { patternBytes } from './pattern.ts';

/** Bytes that the character generator hands to the stack at a time. */
const PIECE = 16 * 1024;

/** Says what a service did. */
export type Log = (line: string) => void;

/** Counts of one service, for the summary. */
export interface ServiceTally {
  readonly name: string;
  readonly port: number;
  connections: number;
  bytesIn: number;
  bytesOut: number;
  /** Ends the connections that are open. */
  close(): void;
}

type Talk = (connection: StreamConnection, tally: ServiceTally) => Promise<void>;

function serve(host: Host, name: string, port: number, socket: TcpSocketOptions, log: Log, talk: Talk): ServiceTally {
  const open = new Set<StreamConnection>();
  const close = (): void => {
    for (const connection of open) {
      connection.abort();
    }
  };
  const tally: ServiceTally = { name, port, connections: 0, bytesIn: 0, bytesOut: 0, close };
  host.listen(
    port,
    (connection) => {
      const number = ++tally.connections;
      open.add(connection);
      talk(connection, tally)
        .catch((error: unknown) => {
          if (!(error instanceof NetError)) {
            throw error;
          }
          log(`${name} ${number}: ${error.chain()}`);
          connection.abort();
        })
        .catch((error: unknown) => {
          connection.abort();
          throw error;
        })
        .finally(() => open.delete(connection));
    },
    { socket },
  );
  return tally;
}

/** RFC 862: sends back what it receives. */
export function serveEcho(host: Host, port: number, socket: TcpSocketOptions, log: Log): ServiceTally {
  return serve(host, 'echo', port, socket, log, async (connection, tally) => {
    for await (const bytes of connection) {
      tally.bytesIn += bytes.length;
      await connection.send(bytes);
      tally.bytesOut += bytes.length;
    }
    await connection.close();
  });
}

/** RFC 863: throws away what it receives, and says how much it was and its hash. */
export function serveDiscard(host: Host, port: number, socket: TcpSocketOptions, log: Log): ServiceTally {
  return serve(host, 'discard', port, socket, log, async (connection, tally) => {
    const number = tally.connections;
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256');
    let count = 0;
    for await (const bytes of connection) {
      hash.update(bytes);
      count += bytes.length;
      tally.bytesIn += bytes.length;
    }
    log(`discard ${number}: ${formatNumberOf(count, 'byte')} (${formatBytes(count)}), sha256 ${hash.digest('hex')}`);
    await connection.close();
  });
}

/** RFC 864: sends a pattern of characters, without end or `limit` bytes, and throws away what it receives. */
export function serveSource(
  host: Host,
  port: number,
  limit: number | null,
  socket: TcpSocketOptions,
  log: Log,
): ServiceTally {
  return serve(host, 'source', port, socket, log, async (connection, tally) => {
    const end = limit ?? Number.POSITIVE_INFINITY;
    for (let sent = 0; sent < end; ) {
      const bytes = patternBytes(sent, Math.min(PIECE, end - sent));
      await connection.send(bytes);
      sent += bytes.length;
      tally.bytesOut += bytes.length;
    }
    await connection.close();
  });
}
