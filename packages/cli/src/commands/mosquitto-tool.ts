import type { MqttTlsOptions, NetError } from '@strata/stack';
import type { Argv } from 'yargs';
import { formatCode } from '../explain/print.ts';
import { declareCommonFlags } from '../flags/common.ts';
import { declareFaultFlags } from '../flags/faults.ts';
import { declareTapFlags } from '../flags/tap.ts';
import { TOOL_FLAGS, type Tool } from '../mosquitto/flag-table.ts';
import type { ConnectionOptions } from '../mosquitto/options.ts';
import { exitCodeOf } from '../mosquitto/session.ts';
import type { BrokerOptions, EmbeddedBroker } from '../site/embedded-broker.ts';
import { BROKER_ADDRESS, BROKER_ADDRESS6, LoopbackSite } from '../site/loopback-site.ts';
import type { Site } from '../site/site.ts';
import { clientTls, labAuthority, loadEngines } from '../site/tls-material.ts';
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
      describe: flag.value === null ? flag.describe : `<${flag.value}> ${flag.describe}`,
    });
  }
  return declareFaultFlags(declareTapFlags(declareCommonFlags(program)));
}

/** The other side of a tool: the embedded broker, if there is one, and how to secure the connection to it. */
export interface ToolPeer {
  /** Null on a TAP device, where the broker is somebody else's. */
  readonly embedded: EmbeddedBroker | null;
  readonly tls: MqttTlsOptions | null;
}

/** Starts the broker of the embedded default, and reads what TLS needs. */
export async function preparePeer(
  site: Site,
  broker: string,
  options: ConnectionOptions,
  terminal: Terminal,
): Promise<ToolPeer> {
  const { tls: flags, port } = options;
  const { directory } = terminal.surroundings;
  if (!(site instanceof LoopbackSite)) {
    return { embedded: null, tls: flags === null ? null : await clientTls(flags, directory, broker, null) };
  }
  if (flags === null) {
    return { embedded: await site.startBroker(port), tls: null };
  }
  const authority = await labAuthority(site.lab, site.lab.seed);
  const tls = await clientTls(flags, directory, broker, authority.certificate);
  return { embedded: await site.startBroker(port, await embeddedTls(authority, tls.psks ?? [])), tls };
}

/** The embedded broker shows a certificate of the lab's authority, and knows the tool's shared key. */
async function embeddedTls(
  authority: Awaited<ReturnType<typeof labAuthority>>,
  psks: NonNullable<MqttTlsOptions['psks']>,
): Promise<BrokerOptions> {
  const { NodeTlsEngines } = await loadEngines();
  const engines = new NodeTlsEngines();
  const identity = authority.issue({
    commonName: 'broker',
    purpose: 'server',
    hosts: [BROKER_ADDRESS, BROKER_ADDRESS6, 'broker'],
  });
  return { tls: psks.length > 0 ? { engines, psks } : { engines, identity } };
}

/** Says why a tool failed, unless `--quiet`, and returns its exit code. */
export function reportToolError(error: NetError, options: ConnectionOptions, terminal: Terminal): number {
  if (!options.quiet) {
    terminal.error(`${terminal.paintError('red', 'strata:')} ${error.chain()}`);
    terminal.error(`  strata explain ${formatCode(error.status)} says more`);
  }
  return exitCodeOf(error);
}
