import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { netOf } from '@strata/sockets';
import type { Host } from '@strata/stack';
import { patternBytes } from './pattern.ts';
import type { ServiceTally } from './tcp-services.ts';

const PIECE = 64 * 1024;
const MOST_BYTES = 10e9;

/**
 * Node's own HTTP server on the stack: `GET /` shows the host's counters, `GET /bytes/N` sends N bytes of RFC 864's pattern,
 * and `PUT` or `POST` to any path answers with the SHA-256 of what it was sent.
 */
export function serveHttp(host: Host, port: number, status: () => string): ServiceTally {
  const close = (): void => {
    server.close();
    http.closeAllConnections();
  };
  const tally: ServiceTally = { name: 'http', port, connections: 0, bytesIn: 0, bytesOut: 0, close };
  const http = createServer((request, response) => {
    answer(request, response, tally, status).catch(() => response.destroy());
  });
  const server = netOf(host).createServer((socket) => {
    tally.connections++;
    http.emit('connection', socket as unknown as Duplex);
  });
  server.listen(port);
  return tally;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  tally: ServiceTally,
  status: () => string,
): Promise<void> {
  if (request.method === 'PUT' || request.method === 'POST') {
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256');
    for await (const chunk of request) {
      hash.update(chunk as Uint8Array);
      tally.bytesIn += (chunk as Uint8Array).length;
    }
    send(response, tally, 200, `${hash.digest('hex')}\n`);
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(response, tally, 405, 'GET, HEAD, PUT and POST are served here\n', { allow: 'GET, HEAD, PUT, POST' });
    return;
  }
  const path = new URL(request.url ?? '/', 'http://host').pathname;
  const wanted = /^\/bytes\/([0-9]{1,11})$/.exec(path);
  if (path === '/') {
    send(response, tally, 200, status());
  } else if (wanted !== null && Number(wanted[1]) <= MOST_BYTES) {
    await sendPattern(response, tally, Number(wanted[1]), request.method === 'HEAD');
  } else {
    send(response, tally, 404, 'there is / and /bytes/N\n');
  }
}

function send(
  response: ServerResponse,
  tally: ServiceTally,
  code: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(code, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
  tally.bytesOut += Buffer.byteLength(text);
}

async function sendPattern(response: ServerResponse, tally: ServiceTally, count: number, head: boolean): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': count });
  await pipeline(Readable.from(pieces(head ? 0 : count, tally), { objectMode: false }), response);
}

function* pieces(count: number, tally: ServiceTally): Generator<Uint8Array> {
  for (let sent = 0; sent < count; ) {
    const bytes = patternBytes(sent, Math.min(PIECE, count - sent));
    sent += bytes.length;
    tally.bytesOut += bytes.length;
    yield bytes;
  }
}
