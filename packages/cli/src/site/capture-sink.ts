import { resolve } from 'node:path';
import type { ByteSink } from '@strata/pcap-writer';
import { FileSink } from '@strata/pcap-writer/node';
import { EXIT_OK, UsageError } from '../errors.ts';
import { cannotWrite } from '../files.ts';
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
    const sink = reporting(new FileSink(resolve(terminal.surroundings.directory, target.path)), target.path, terminal);
    terminal.whenOver((code) => {
      if (code !== EXIT_OK && !terminal.captureIsNamed) terminal.error(`  the frames are in ${target.path}`);
    });
    return sink;
  } catch (error) {
    throw cannotWrite('--pcap FILE', target.path, error);
  }
}

/** A sink whose failures are the user's to deal with. */
function reporting(sink: ByteSink, path: string, terminal: Terminal): ByteSink {
  return {
    write: (chunk) => {
      try {
        sink.write(chunk);
      } catch (error) {
        terminal.captureIsNamed = true;
        throw cannotWrite('--pcap FILE', path, error);
      }
    },
    end: () => sink.end(),
  };
}
