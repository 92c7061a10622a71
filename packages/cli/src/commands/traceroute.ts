import { ERROR_TIME_EXCEEDED, NX_SUCCESS } from '@strata/contracts';
import type { PingResult } from '@strata/stack';
import { EXIT_FAILED, EXIT_OK, UsageError, UserError } from '../errors.ts';
import { type Arguments, given, seconds, text, wholeNumber } from '../flags/arguments.ts';
import { declareCommonFlags } from '../flags/common.ts';
import { declareFaultFlags, readLoopbackFaultFlags } from '../flags/faults.ts';
import { declareTapFlags, readTapFlags } from '../flags/tap.ts';
import { openSite, siteFlags } from '../site/open-site.ts';
import { MOST_ROUTERS, RoutedSite } from '../site/routed-site.ts';
import { formatNumberOf } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Command } from './command.ts';

const DEFAULT_HOPS = 30;
const DEFAULT_PROBES = 3;
const DEFAULT_ROUTERS = 3;

/** `strata traceroute`: the routers on the way, one by one. */
export const tracerouteCommand: Command = {
  usage: 'traceroute [host]',
  summary: 'Find the routers on the way to a host',
  examples: [
    ['strata traceroute', 'from host device over three routers to host broker, in one process'],
    ['strata traceroute --routers 5 -6 --delay 10ms', 'over five, with IPv6'],
    [
      'strata traceroute 198.51.100.7 --tap tap0 --address 192.0.2.2/24 --gateway 192.0.2.1',
      'from the stack over this machine',
    ],
  ],
  epilogue:
    'Sends echo requests whose time to live is 1, 2, 3, …; each router that ends one says so (RFC 792, RFC 4443). The ' +
    'profile is modern unless another is given: NetX Duo does not listen to errors. Exit code: 0 the host was reached, 1 not.',
  declare: (program) =>
    declareFaultFlags(
      declareTapFlags(
        declareCommonFlags(
          program
            .positional('host', { type: 'string', describe: 'address or name; without --tap, host broker' })
            .option('4', { type: 'boolean', describe: 'use IPv4' })
            .option('6', { type: 'boolean', describe: 'use IPv6' })
            .option('m', {
              alias: 'max-hops',
              type: 'string',
              requiresArg: true,
              describe: `<N> routers to look for (default ${DEFAULT_HOPS})`,
            })
            .option('q', {
              alias: 'queries',
              type: 'string',
              requiresArg: true,
              describe: `<N> requests for each (default ${DEFAULT_PROBES})`,
            })
            .option('w', {
              alias: 'wait',
              type: 'string',
              requiresArg: true,
              describe: '<SECONDS> seconds to wait for an answer (default 1)',
            })
            .option('routers', {
              type: 'string',
              requiresArg: true,
              describe: `<N> without --tap: routers between the two hosts (default ${DEFAULT_ROUTERS})`,
            }),
        ),
      ),
    ),
  run: runTraceroute,
};

async function runTraceroute(args: Arguments, terminal: Terminal): Promise<number> {
  const most = wholeNumber(args, 'm', 1, 255) ?? DEFAULT_HOPS;
  const probes = wholeNumber(args, 'q', 1, 10) ?? DEFAULT_PROBES;
  const timeoutSeconds = (seconds(args, 'w') ?? 1e6) / 1e6;
  const six = given(args, '6');
  // NetX Duo does not listen to the errors that routers send, which is all this is about.
  const site = openRoute({ ...args, profile: text(args, 'profile') ?? 'modern' }, terminal, six);
  const host = text(args, 'host') ?? site.peerAddress;
  if (host === null) {
    await site.close();
    throw new UsageError('traceroute', 'the address is missing', 'strata traceroute 192.0.2.1 --tap tap0 …');
  }
  await site.names.prepare(host);
  const stop = terminal.surroundings.interruption();
  let reached = false;
  try {
    await site.run(async () => {
      const address = await site.names.addressOf(host, six ? 6 : given(args, '4') ? 4 : undefined);
      terminal.data(`traceroute to ${address === host ? '' : `${host} `}${address}, ${most} hops at most`);
      for (let timeToLive = 1; timeToLive <= most && !reached && !stop.aborted; timeToLive++) {
        const results: PingResult[] = [];
        for (let i = 0; i < probes; i++) {
          results.push(await site.device.ping(address, { bytes: 32, timeoutSeconds, timeToLive }));
        }
        terminal.data(describeHop(timeToLive, results));
        reached = results.some(
          ({ status, error }) => status === NX_SUCCESS || (error !== 0 && error !== ERROR_TIME_EXCEEDED),
        );
      }
    }, 'traceroute');
  } finally {
    await site.close();
  }
  if (reached) return EXIT_OK;
  if (stop.aborted) return EXIT_FAILED;
  throw new UserError({
    what: `${host} was not reached within ${formatNumberOf(most, 'hop')}`,
    next: site.hosts ?? '-m allows more hops; --trace icmp shows what comes back',
  });
}

/** Without a TAP device, a lab with routers: a cable alone has none to find. */
function openRoute(args: Arguments, terminal: Terminal, six: boolean) {
  const request = { command: 'traceroute', events: 'stderr' } as const;
  const routers = wholeNumber(args, 'routers', 0, MOST_ROUTERS);
  if (readTapFlags(args) !== null) {
    if (routers !== undefined) throw new UsageError('--routers', 'it describes a lab without a TAP device');
    return openSite(args, terminal, request);
  }
  const flags = { ...siteFlags(args, terminal, request), faults: readLoopbackFaultFlags(args) };
  return new RoutedSite(flags, terminal, routers ?? DEFAULT_ROUTERS, six || given(args, 'ipv6'));
}

/** `2  198.51.100.18  2.000 ms  2.000 ms  *`; `!` marks an end that is none: the host cannot be reached from there. */
function describeHop(timeToLive: number, results: readonly PingResult[]): string {
  const parts = [String(timeToLive).padStart(2)];
  let last: string | null = null;
  for (const { status, from, roundTrip, error } of results) {
    if (from === null) {
      parts.push('*');
      continue;
    }
    if (from !== last) parts.push(from);
    last = from;
    const unreachable = status !== NX_SUCCESS && error !== ERROR_TIME_EXCEEDED ? ' !' : '';
    parts.push(`${(roundTrip / 1000).toFixed(3)} ms${unreachable}`);
  }
  return parts.join('  ');
}
