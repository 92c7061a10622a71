import type { NetError } from '@strata/stack';
import type { Argv } from 'yargs';
import { formatCode } from '../explain/print.ts';
import { declareCommonFlags } from '../flags/common.ts';
import { declareFaultFlags } from '../flags/faults.ts';
import { declareTapFlags } from '../flags/tap.ts';
import { TOOL_FLAGS, type Tool } from '../mosquitto/flag-table.ts';
import { type ConnectionOptions, DEFAULT_PORT } from '../mosquitto/options.ts';
import { exitCodeOf } from '../mosquitto/session.ts';
import type { EmbeddedBroker } from '../site/embedded-broker.ts';
import { LoopbackSite } from '../site/loopback-site.ts';
import type { Site } from '../site/site.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Declares the flags of a mosquitto tool, for the help; their words never reach yargs. */
export function declareTool(program: Argv, tool: Tool): Argv {
  for (const flag of TOOL_FLAGS) {
    if (!flag.tools.includes(tool)) {
      continue;
    }
    const names = flag.names.map((name) => name.replace(/^-+/, ''));
    program.option(names[0], {
      alias: names.slice(1),
      group: `mosquitto_${tool}:`,
      type: flag.value === null ? 'boolean' : 'string',
      describe: flag.describe,
    });
  }
  return declareFaultFlags(declareTapFlags(declareCommonFlags(program)));
}

/** Starts the broker of the embedded default. Null on a TAP device, where the broker is somebody else's. */
export async function startEmbeddedBroker(site: Site, port: number | null): Promise<EmbeddedBroker | null> {
  return site instanceof LoopbackSite ? await site.startBroker(port ?? DEFAULT_PORT) : null;
}

/** Says why a tool failed, unless `--quiet`, and returns its exit code. */
export function reportToolError(error: NetError, options: ConnectionOptions, terminal: Terminal): number {
  if (!options.quiet) {
    terminal.error(`${terminal.paintError('red', 'strata:')} ${error.chain()}`);
    terminal.error(`  strata explain ${formatCode(error.status)} says more`);
  }
  return exitCodeOf(error);
}
