import { resolve } from 'node:path';
import type { ByteSink } from '@strata/pcap-writer';
import { FileSink } from '@strata/pcap-writer/node';
import { UsageError, UserError } from '../errors.ts';
import type { CaptureTarget } from '../flags/common.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Opens the place a capture goes to. @throws UserError when it cannot be written */
export function openCaptureSink(target: CaptureTarget, terminal: Terminal): ByteSink {
  if (target.kind === 'stdout') {
    if (terminal.surroundings.stdout.isTTY === true) {
      throw new UsageError(
        '--pcap -',
        'the capture would go to the screen',
        'send it to an analyser: … --pcap - | wireshark -k -i -',
      );
    }
    terminal.giveStdoutToCapture();
    return { live: true, write: (chunk) => terminal.capture(chunk), end: () => undefined };
  }
  try {
    return reporting(new FileSink(resolve(terminal.surroundings.directory, target.path)), target.path);
  } catch (error) {
    throw cannotWrite(target.path, error);
  }
}

/** A sink whose failures are the user's to deal with. */
function reporting(sink: ByteSink, path: string): ByteSink {
  return {
    write: (chunk) => {
      try {
        sink.write(chunk);
      } catch (error) {
        throw cannotWrite(path, error);
      }
    },
    end: () => sink.end(),
  };
}

function cannotWrite(path: string, error: unknown): UserError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const reasons: Record<string, string> = {
    ENOENT: 'its folder does not exist',
    EACCES: 'permission denied',
    EROFS: 'the file system is read-only',
    EISDIR: 'it is a directory',
    ENOSPC: 'no space is left',
  };
  return new UserError({
    what: `cannot write ${path}`,
    why: reasons[code] ?? code,
    next: 'choose another with --pcap FILE',
  });
}
