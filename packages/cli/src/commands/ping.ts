import { NX_IP_ADDRESS_ERROR, NX_SUCCESS, SECOND, TICK } from '@strata/contracts';
import { describeStatus } from '@strata/dissect';
import type { PingResult } from '@strata/stack';
import { formatAddress, parseAddress } from '@strata/wire';
import { EXIT_OK, UsageError, UserError } from '../errors.ts';
import { type Arguments, given, seconds, text, wholeNumber } from '../flags/arguments.ts';
import { declareCommonFlags } from '../flags/common.ts';
import { declareFaultFlags } from '../flags/faults.ts';
import { declareTapFlags, readTapFlags } from '../flags/tap.ts';
import { openSite } from '../site/open-site.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Command } from './command.ts';

const DEFAULT_COUNT = 4;
const DEFAULT_BYTES = 56;
/** The most that an IPv4 datagram holds behind its header and that of ICMP. */
const MOST_BYTES = 65507;

/** `strata ping`: ICMP echo from the stack. */
export const pingCommand: Command = {
  usage: 'ping [host]',
  summary: 'Ping from the stack, over a TAP device or the loopback bridge',
  examples: [
    ['strata ping', 'host device pings host broker, in one process'],
    ['strata ping --loss 30% -c 10', 'over a bad link'],
    [
      'strata ping 192.0.2.1 --tap tap0 --address 192.0.2.2/24 --host-address 192.0.2.1/24',
      'the stack pings this machine',
    ],
  ],
  declare: (program) =>
    declareFaultFlags(
      declareTapFlags(
        declareCommonFlags(
          program
            .positional('host', { type: 'string', describe: 'address or name to ping; without --tap, host broker' })
            .option('4', { type: 'boolean', describe: 'use IPv4' })
            .option('6', { type: 'boolean', describe: 'use IPv6' })
            .option('c', {
              alias: 'count',
              type: 'string',
              requiresArg: true,
              describe: `<N> requests to send (default ${DEFAULT_COUNT})`,
            })
            .option('s', {
              alias: 'size',
              type: 'string',
              requiresArg: true,
              describe: `<BYTES> payload bytes (default ${DEFAULT_BYTES})`,
            })
            .option('i', {
              alias: 'interval',
              type: 'string',
              requiresArg: true,
              describe: '<SECONDS> seconds between requests (default 1)',
            })
            .option('W', {
              alias: 'timeout',
              type: 'string',
              requiresArg: true,
              describe: '<SECONDS> seconds to wait for a reply (default 1)',
            }),
        ),
      ),
    ),
  run: (args, terminal) => runPing(args, terminal),
};

/** `strata ping6`: `ping -6`. */
export const ping6Command: Command = {
  ...pingCommand,
  usage: 'ping6 [host]',
  summary: 'Ping over IPv6',
  examples: [['strata ping6', 'host device pings host broker over IPv6']],
  run: (args, terminal) => runPing(args, terminal, true),
};

async function runPing(args: Arguments, terminal: Terminal, always6 = false): Promise<number> {
  const family = always6 || given(args, '6') ? 6 : given(args, '4') ? 4 : undefined;
  const count = wholeNumber(args, 'c', 1, 1e9) ?? DEFAULT_COUNT;
  const bytes = wholeNumber(args, 's', 0, MOST_BYTES) ?? DEFAULT_BYTES;
  const interval = seconds(args, 'i') ?? SECOND;
  const timeoutSeconds = (seconds(args, 'W') ?? SECOND) / SECOND;
  const wanted = text(args, 'host');
  const siteArgs = family === 6 && readTapFlags(args) === null ? { ...args, ipv6: true } : args;
  const site = openSite(siteArgs, terminal, { command: 'ping', events: 'stdout', host: wanted });
  const host = wanted ?? site.peerAddress;
  if (host === null) {
    await site.close();
    throw new UsageError('ping', 'the address is missing', 'strata ping 192.0.2.1 --tap tap0 --address 192.0.2.2/24');
  }
  const stop = terminal.surroundings.interruption();
  const results: PingResult[] = [];
  let begin = site.lab.now;
  let end = begin;
  // With --ndjson, stdout is for programs.
  const say = (line: string): void => (given(args, 'ndjson') ? terminal.note(line) : terminal.data(line));
  let address = host;
  try {
    await site.names.prepare(host);
    await site.run(async () => {
      address = await site.names.addressOf(host, family);
      const remote = parseAddress(address);
      if (remote?.family === 6) await site.device.settled();
      begin = site.lab.now;
      const named = address === host ? '' : `${host} `;
      const own = remote?.family === 6 ? site.device.localAddress6 : site.device.localAddress;
      say(`PING ${named}${address} from ${own === null ? 'nowhere' : formatAddress(own)}: ${bytes} data bytes`);
      while (results.length < count && !stop.aborted) {
        const sent = site.lab.now;
        const result = await site.device.ping(address, { bytes, timeoutSeconds });
        results.push(result);
        say(describeReply(result, address));
        const rest = interval - (site.lab.now - sent);
        if (results.length < count && rest > 0) {
          await site.device.waits.sleep(Math.ceil(rest / TICK), stop);
        }
      }
      end = site.lab.now;
    }, 'ping');
  } finally {
    await site.close();
  }
  for (const line of ['', ...describeResults(address, results, end - begin)]) {
    say(line);
  }
  if (results.some((result) => result.status === NX_SUCCESS)) {
    return EXIT_OK;
  }
  if (results.length === 0) throw new UserError({ what: 'interrupted before the first reply' });
  const unroutable = results.some((result) => result.status === NX_IP_ADDRESS_ERROR);
  throw new UserError({
    what: unroutable ? `there is no route to ${address}` : `${address} does not answer`,
    next:
      site.hosts !== null
        ? `${site.hosts}; --trace arp,icmp shows who asks and who answers`
        : unroutable
          ? 'it is on another network: name a router on the network of --address with --gateway'
          : 'is it up, and in the network of --address? --trace arp,icmp shows who asks and who answers',
  });
}

function milliseconds(microseconds: number): string {
  return (microseconds / 1000).toFixed(3);
}

function describeReply(result: PingResult, address: string): string {
  const { status, sequence } = result;
  return status === NX_SUCCESS
    ? `${result.bytes} bytes from ${result.from}: icmp_seq=${sequence} ttl=${result.timeToLive} time=${milliseconds(result.roundTrip)} ms`
    : `no reply from ${address}: icmp_seq=${sequence} ${describeStatus(status)}`;
}

function describeResults(address: string, results: readonly PingResult[], duration: number): string[] {
  const times = results.filter((result) => result.status === NX_SUCCESS).map((result) => result.roundTrip);
  const loss = results.length === 0 ? 0 : Math.round(((results.length - times.length) * 100) / results.length);
  const lines = [
    `--- ${address} ping statistics ---`,
    `${results.length} packets transmitted, ${times.length} received, ${loss}% packet loss, time ${Math.round(duration / 1000)}ms`,
  ];
  if (times.length > 0) {
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    const variance = times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / times.length;
    const figures = [Math.min(...times), mean, Math.max(...times), Math.sqrt(variance)].map(milliseconds);
    lines.push(`rtt min/avg/max/mdev = ${figures.join('/')} ms`);
  }
  return lines;
}
