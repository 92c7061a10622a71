import { type IpAddress, NX_SUCCESS } from '@strata/contracts';
import { DNS_TYPES, type DnsAnswer, type DnsRecord, type DnsType, reverseName } from '@strata/dns';
import { askName } from '@strata/stack';
import { formatAddress, parseAddress } from '@strata/wire';
import { EXIT_OK, UsageError, UserError } from '../errors.ts';
import { type Arguments, given, text } from '../flags/arguments.ts';
import { declareCommonFlags } from '../flags/common.ts';
import { declareFaultFlags } from '../flags/faults.ts';
import { declareTapFlags } from '../flags/tap.ts';
import { LoopbackSite } from '../site/loopback-site.ts';
import { openSite } from '../site/open-site.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Command } from './command.ts';

/** How long one question may take, in seconds. */
const PATIENCE = 60;

/** `strata resolve`: DNS questions from the stack. */
export const resolveCommand: Command = {
  usage: 'resolve <name>',
  summary: 'Look a host name (or an address) up by DNS from the stack',
  examples: [
    ['strata resolve broker.lab', 'host device asks the embedded server on host broker, in one process'],
    ['strata resolve 192.0.2.2', 'the name of an address'],
    [
      'strata resolve broker.example --type AAAA --dns 192.0.2.1 --tap tap0 --address 192.0.2.2/24',
      'ask a real server, over a TAP device',
    ],
  ],
  epilogue: 'Exit code: 0 there are records, 1 there are none, 2 usage.',
  declare: (program) =>
    declareFaultFlags(
      declareTapFlags(
        declareCommonFlags(
          program
            .positional('name', { type: 'string', describe: 'host name; an address is looked up backwards' })
            .option('type', {
              alias: 't',
              type: 'string',
              requiresArg: true,
              describe: `<TYPE> type of the records: ${DNS_TYPES.join(', ')} (default A and AAAA)`,
            })
            .option('json', { type: 'boolean', describe: 'print the answers as JSON, one a line' }),
        ),
      ),
    ),
  run: runResolve,
};

async function runResolve(args: Arguments, terminal: Terminal): Promise<number> {
  const name = text(args, 'name') ?? '';
  const address = parseAddress(name);
  const types = wantedTypes(text(args, 'type'), address);
  const site = openSite(args, terminal, { command: 'resolve', events: 'stderr' });
  const found: { readonly type: DnsType; readonly answer: DnsAnswer }[] = [];
  try {
    if (site instanceof LoopbackSite) await site.startNameServer();
    const resolver = await site.names.resolver();
    const asked = address === null ? name : reverseName(address);
    await site.run(async () => {
      for (const type of types) {
        found.push({ type, answer: await askName(site.device, resolver, asked, type, { timeoutSeconds: PATIENCE }) });
      }
    }, 'resolve');
  } finally {
    await site.close();
  }
  for (const { type, answer } of found) {
    if (given(args, 'json')) terminal.data(JSON.stringify(plain(type, answer)));
    else for (const line of describe(answer)) terminal.data(line);
  }
  if (found.some(({ answer }) => answer.records.length > 0)) return EXIT_OK;
  const failed = found.find(({ answer }) => answer.status !== NX_SUCCESS) ?? found[0];
  const { status = NX_SUCCESS, reason = '' } = failed?.answer ?? {};
  throw new UserError({
    what: name === '' ? '""' : name,
    why: reason === '' ? `no ${types.join(' or ')} records` : reason,
    next:
      site.device.nameServers.length === 0
        ? 'name a DNS server with --dns ADDRESS'
        : status === NX_SUCCESS
          ? undefined
          : `strata explain 0x${status.toString(16)} says more`,
  });
}

function wantedTypes(wanted: string | undefined, address: IpAddress | null): DnsType[] {
  if (wanted === undefined) return address === null ? ['A', 'AAAA'] : ['PTR'];
  const type = DNS_TYPES.find((one) => one === wanted.toUpperCase());
  if (type === undefined) throw new UsageError(`--type ${wanted}`, `it is none of ${DNS_TYPES.join(', ')}`);
  return [type];
}

function describe(answer: DnsAnswer): string[] {
  const lines = [...answer.aliases, ...answer.records].map((record) => {
    return `${record.name}  ${record.ttl} s  ${record.type}  ${value(record)}`;
  });
  return lines;
}

function value(record: DnsRecord): string {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return formatAddress(record.address);
    case 'SRV':
      return `${record.target} port ${record.port}, priority ${record.priority}, weight ${record.weight}`;
    case 'MX':
      return `${record.target}, preference ${record.preference}`;
    case 'TXT':
      return record.texts.map((each) => JSON.stringify(each)).join(' ');
    case 'SOA':
      return `minimum ${record.minimum} s`;
    default:
      return record.target;
  }
}

function plain(type: DnsType, answer: DnsAnswer): unknown {
  const records = (list: readonly DnsRecord[]) =>
    list.map((record) => ({ name: record.name, ttl: record.ttl, type: record.type, value: value(record) }));
  const { status, reason, name, fromCache } = answer;
  return { type, status, reason, name, fromCache, aliases: records(answer.aliases), records: records(answer.records) };
}
