import { NX_WAIT_FOREVER, TICK } from '@strata/contracts';
import { parseSize } from '@strata/ethernet';

import type { TcpSocketOptions } from '@strata/tcp';
import { EXIT_OK, UsageError } from '../errors.ts';
import { type Arguments, given, seconds, text, wholeNumber } from '../flags/arguments.ts';
import { declareCommonFlags } from '../flags/common.ts';
import { declareFaultFlags } from '../flags/faults.ts';
import { declareTapFlags, requireTapFlags } from '../flags/tap.ts';
import { serveHttp } from '../services/http-service.ts';
import { type Log, type ServiceTally, serveDiscard, serveEcho, serveSource } from '../services/tcp-services.ts';
import { EmbeddedBroker } from '../site/embedded-broker.ts';
import { siteFlags } from '../site/open-site.ts';
import { describeDrops, summarizeHost } from '../site/site.ts';
import { TapSite } from '../site/tap-site.ts';
import { formatBytes, formatCount, formatDuration, formatNumberOf } from '../terminal/format.ts';
import { formatHostSummaries } from '../terminal/summary.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Command } from './command.ts';

/** Time for resets to leave and for programs to notice. */
const CLOSE_TICKS = 2;

const SERVICES: readonly (readonly [flag: string, describe: string])[] = [
  ['echo', 'TCP port of an echo service (RFC 862)'],
  ['discard', 'TCP port of a discard service (RFC 863); prints the hash of what came'],
  ['source', 'TCP port of a character generator (RFC 864)'],
  ['http', 'TCP port of an HTTP server: /, /bytes/N, PUT answers with the hash'],
  ['mqtt', 'TCP port of an MQTT broker'],
];

/** `strata up`: a live host on a TAP device. */
export const upCommand: Command = {
  usage: 'up',
  summary: 'Bring up a live host on a TAP device: it answers ping and runs services',
  examples: [
    [
      'strata up --tap tap0 --address 192.0.2.2/24 --host-address 192.0.2.1/24 --echo 7 --http 80',
      'ping 192.0.2.2, nc 192.0.2.2 7, curl http://192.0.2.2/',
    ],
    ['strata up --tap tap0 --address 192.0.2.2/24 --mqtt 1883 --for 60', 'a broker for a minute'],
    ['strata up --tap tap0 --address 192.0.2.2/24 --pcap - | wireshark -k -i -', 'watch it in Wireshark'],
    ['unshare -Urn strata up --tap tap0 --address 192.0.2.2/24 --for 10', 'without root, in a namespace of its own'],
  ],
  epilogue: 'Ends on SIGINT, SIGTERM or --for, and prints what passed.',
  declare: (program) => {
    for (const [flag, describe] of SERVICES) {
      program.option(flag, { group: 'Services:', type: 'string', requiresArg: true, describe: `<PORT> ${describe}` });
    }
    program
      .option('source-bytes', {
        group: 'Services:',
        type: 'string',
        requiresArg: true,
        describe: '<SIZE> end each --source stream after so many bytes: 100MB',
      })
      .option('window', {
        group: 'Services:',
        type: 'string',
        requiresArg: true,
        describe: '<SIZE> receive window of echo, discard and source: 64kB',
      })
      .option('for', { type: 'string', requiresArg: true, describe: '<SECONDS> end after so many seconds' });
    return declareFaultFlags(declareTapFlags(declareCommonFlags(program)));
  },
  run: runUp,
};

interface Wanted {
  readonly ports: ReadonlyMap<string, number>;
  readonly sourceBytes: number | null;
  readonly socket: TcpSocketOptions;
  /** Microseconds, or null. */
  readonly length: number | null;
}

function readWanted(args: Arguments): Wanted {
  const ports = new Map<string, number>();
  for (const [flag] of SERVICES) {
    const port = wholeNumber(args, flag, 1, 65535);
    if (port === undefined) {
      continue;
    }
    for (const [other, taken] of ports) {
      if (taken === port) {
        throw new UsageError(`--${flag} ${port}`, `--${other} has that port already`);
      }
    }
    ports.set(flag, port);
  }
  const window = size(args, 'window');
  return {
    ports,
    sourceBytes: size(args, 'source-bytes') ?? null,
    socket: window === undefined ? {} : { windowSize: window },
    length: seconds(args, 'for') ?? null,
  };
}

function size(args: Arguments, flag: string): number | undefined {
  const value = text(args, flag);
  if (value === undefined) {
    return undefined;
  }
  try {
    const bytes = parseSize(value);
    if (bytes > 0) {
      return bytes;
    }
  } catch {
    // Said below.
  }
  throw new UsageError(`--${flag} ${value}`, 'a number of bytes such as 1500, 64kB or 1MiB is wanted');
}

async function runUp(args: Arguments, terminal: Terminal): Promise<number> {
  const tap = requireTapFlags(args, 'up');
  const wanted = readWanted(args);
  const site = TapSite.open({ ...siteFlags(args, terminal, { command: 'up', events: 'stdout' }), tap }, terminal);
  const stop = terminal.surroundings.interruption();
  const { device, lab } = site;
  let broker: EmbeddedBroker | null = null;
  const tallies: ServiceTally[] = [];
  try {
    const log: Log = (line) => terminal.note(line);
    await site.run(async () => {
      broker = await startServices(site, wanted, tallies, log);
      const services = [...wanted.ports].map(([name, port]) => `${name} on ${port}`).join(', ');
      terminal.note(`${device.addresses.join(', ')} is up on ${tap.tap}${services === '' ? '' : `: ${services}`}`);
      await device.waits.sleep(wanted.length === null ? NX_WAIT_FOREVER : Math.ceil(wanted.length / TICK), stop);
      await broker?.close();
      for (const tally of tallies) {
        tally.close();
      }
      await device.waits.sleep(CLOSE_TICKS);
    }, 'up');
  } finally {
    await site.close();
  }
  // With --ndjson, stdout is for programs.
  const say = (line: string): void => (given(args, 'ndjson') ? terminal.note(line) : terminal.data(line));
  report(site, tallies, lab.now, terminal.interactive ? terminal.columns : undefined, say);
  return EXIT_OK;
}

async function startServices(
  site: TapSite,
  wanted: Wanted,
  tallies: ServiceTally[],
  log: Log,
): Promise<EmbeddedBroker | null> {
  const { device, lab } = site;
  const { maximumWindow, name: profile } = device.tcp.profile;
  if ((wanted.socket.windowSize ?? 0) > maximumWindow) {
    throw new UsageError(
      `--window ${wanted.socket.windowSize}`,
      `the ${profile} profile has windows of at most ${maximumWindow} bytes`,
      'choose a smaller one, or --profile modern',
    );
  }
  let broker: EmbeddedBroker | null = null;
  for (const [name, port] of wanted.ports) {
    switch (name) {
      case 'echo':
        tallies.push(serveEcho(device, port, wanted.socket, log));
        break;
      case 'discard':
        tallies.push(serveDiscard(device, port, wanted.socket, log));
        break;
      case 'source':
        tallies.push(serveSource(device, port, wanted.sourceBytes, wanted.socket, log));
        break;
      case 'http':
        tallies.push(serveHttp(device, port, () => `${summary(site, lab.now).join('\n')}\n`));
        break;
      default:
        broker = await EmbeddedBroker.start(device, port);
        tallies.push(broker.tally);
    }
  }
  return broker;
}

function summary(site: TapSite, duration: number, width?: number): string[] {
  const lines = formatHostSummaries([summarizeHost(site.device, site.deviceEnd)], width);
  const { icmp } = site.device.ip;
  const { counters } = site.device.tcp;
  lines.push(
    '',
    `up for ${formatDuration(duration)}; ${formatNumberOf(icmp.counters.pingsAnswered, 'ping')} answered; ` +
      `TCP: ${formatNumberOf(counters.passiveConnections, 'connection')} accepted, ` +
      `${formatCount(counters.connectionsDropped)} dropped, ${formatCount(counters.checksumErrors)} bad checksums`,
  );
  const drops = describeDrops(site.device);
  if (drops !== null) lines.push(drops);
  return lines;
}

function report(
  site: TapSite,
  tallies: readonly ServiceTally[],
  duration: number,
  width: number | undefined,
  say: (line: string) => void,
): void {
  for (const line of summary(site, duration, width)) {
    say(line);
  }
  if (tallies.length > 0) {
    say('');
    const columns = [
      { heading: 'service' },
      { heading: 'port', align: 'right' },
      { heading: 'connections', align: 'right' },
      { heading: 'in', align: 'right' },
      { heading: 'out', align: 'right' },
    ] as const;
    const rows = tallies.map(({ name, port, connections, bytesIn, bytesOut }) => [
      name,
      String(port),
      formatCount(connections),
      formatBytes(bytesIn),
      formatBytes(bytesOut),
    ]);
    for (const line of formatTable(columns, rows)) {
      say(line);
    }
  }
}
