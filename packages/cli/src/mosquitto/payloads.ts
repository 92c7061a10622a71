import { UserError } from '../errors.ts';
import { readBytes } from '../files.ts';
import type { Surroundings } from '../terminal/terminal.ts';
import type { MessageSource } from './options.ts';

/** The payloads that a message source yields, in order; for `-l` as the lines come. What stdin gives ends with `stop`. */
export async function* readPayloads(
  source: MessageSource,
  surroundings: Surroundings,
  stop: AbortSignal,
): AsyncGenerator<Uint8Array> {
  switch (source.kind) {
    case 'text':
      yield Buffer.from(source.text);
      return;
    case 'null':
      yield new Uint8Array(0);
      return;
    case 'file':
      yield readBytes(surroundings.directory, source.path);
      return;
    case 'stdin': {
      const chunks: Uint8Array[] = [];
      for await (const chunk of untilStopped(surroundings.stdin, stop)) {
        chunks.push(chunk);
      }
      const payload = Buffer.concat(chunks);
      if (payload.length === 0 && !stop.aborted) {
        throw new UserError({ what: 'nothing came from stdin', next: 'for an empty message use -n' });
      }
      yield payload;
      return;
    }
    case 'lines':
      yield* readLines(untilStopped(surroundings.stdin, stop));
  }
}

/** What comes before `stop`; what is still awaited then is not waited for. */
async function* untilStopped(chunks: AsyncIterable<Uint8Array>, stop: AbortSignal): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const stopped = new Promise<null>((resolve) => {
    if (stop.aborted) {
      resolve(null);
    }
    stop.addEventListener('abort', () => resolve(null), { once: true });
  });
  for (;;) {
    const next = await Promise.race([iterator.next(), stopped]);
    if (next === null || next.done === true) {
      return;
    }
    yield next.value;
  }
}

/** Splits bytes at line feeds, which are not part of a line; a last line without one counts. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = rest.indexOf(10, start); end >= 0; end = rest.indexOf(10, start)) {
      yield rest.subarray(start, end);
      start = end + 1;
    }
    rest = rest.subarray(start);
  }
  if (rest.length > 0) {
    yield rest;
  }
}
