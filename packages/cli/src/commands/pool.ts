import { EXIT_FAILED, EXIT_OK, UsageError } from '../errors.ts';
import { type Arguments, given, text, wholeNumber } from '../flags/arguments.ts';
import { declareCommonFlags, readCommonFlags } from '../flags/common.ts';
import { declareFaultFlags, describeFaultFlags, readLoopbackFaultFlags } from '../flags/faults.ts';
import { nearest } from '../nearest.ts';
import { type PoolPlan, type PoolRecord, type PoolRun, runScenario, SCENARIOS } from '../pool/scenario.ts';
import { smallest } from '../pool/search.ts';
import { labOptions } from '../site/lab-options.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Command } from './command.ts';

const DEFAULT_PACKETS = 64;
const DEFAULT_PAYLOAD = 1568;
const MOST_PACKETS = 4096;
/** Below this no Ethernet frame of 60 bytes with its head-room fits. */
const SMALLEST_PAYLOAD = 256;

/** `strata pool`: how many packets an application needs. */
export const poolCommand: Command = {
  usage: 'pool',
  summary: 'Find the smallest packet pool with which a scenario still passes',
  examples: [
    ['strata pool --scenario mqtt-tls', 'who holds how many packets, and how few would do'],
    ['strata pool --scenario mqtt-burst --loss 5% --json', 'over a bad link, for programs'],
    ['strata pool --scenario tcp-bulk --payload-size 600', 'with smaller packets'],
    ['strata pool --scenario mqtt --packets 8', 'does it pass with a pool of 8?'],
  ],
  epilogue: `Scenarios: ${Object.entries(SCENARIOS)
    .map(([name, [does]]) => `${name} (${does})`)
    .join('; ')}. Exit code 1 when the scenario does not pass with --packets.`,
  declare: (program) =>
    declareFaultFlags(
      declareCommonFlags(
        program
          .option('scenario', {
            type: 'string',
            requiresArg: true,
            describe: '<NAME> what the hosts do (default mqtt)',
          })
          .option('packets', {
            type: 'string',
            requiresArg: true,
            describe: `<N> packets in each pool (default ${DEFAULT_PACKETS})`,
          })
          .option('payload-size', {
            type: 'string',
            requiresArg: true,
            describe: `<BYTES> bytes per packet (default ${DEFAULT_PAYLOAD})`,
          })
          .option('json', { type: 'boolean', describe: 'print one JSON object' }),
      ),
    ),
  run: runPool,
};

function readScenario(args: Arguments): string {
  const name = text(args, 'scenario') ?? 'mqtt';
  if (Object.hasOwn(SCENARIOS, name)) {
    return name;
  }
  const names = Object.keys(SCENARIOS);
  const [meant] = nearest(name, names, 1);
  throw new UsageError(
    `--scenario ${name}`,
    'there is no such scenario',
    meant === undefined ? `the scenarios are ${names.join(', ')}` : `did you mean ${meant}?`,
  );
}

async function runPool(args: Arguments, terminal: Terminal): Promise<number> {
  const name = readScenario(args);
  const common = readCommonFlags(args);
  const packets = wholeNumber(args, 'packets', 1, MOST_PACKETS) ?? DEFAULT_PACKETS;
  const payloadSize = wholeNumber(args, 'payload-size', SMALLEST_PAYLOAD, 65536) ?? DEFAULT_PAYLOAD;
  const faultText = describeFaultFlags(args);
  const faults = readLoopbackFaultFlags(args);
  const flags = {
    common,
    faults,
    title: `strata pool --scenario ${name}${faultText === '' ? '' : `, ${faultText}`}`,
    events: (line: string) => terminal.error(line),
  };
  const lab = labOptions(flags, terminal, null);
  const measured = await runScenario(name, { lab, faults, packets: [packets, packets], payloadSize, audit: true });
  // The search is silent: no capture, no traces.
  const quiet = labOptions(
    { ...flags, common: { ...common, pcap: null, keylog: null, tcpProbe: null, traceLayers: 0 } },
    terminal,
    null,
  );
  const plan = { lab: quiet, faults, payloadSize, audit: false };
  const found = [await search(name, plan, measured, 0), await search(name, plan, measured, 1)];
  if (given(args, 'json')) {
    const pools = measured.pools.map((pool, i) => ({ ...pool, smallest: found[i] }));
    const { failure } = measured;
    const { seed } = quiet;
    terminal.data(
      JSON.stringify({
        scenario: name,
        seed,
        profile: common.profile,
        payloadSize,
        passed: failure === null,
        failure,
        pools,
      }),
    );
  } else {
    report(name, measured, found, payloadSize, terminal);
  }
  return measured.failure === null ? EXIT_OK : EXIT_FAILED;
}

/** How small one pool may be while the other is large. */
function search(
  name: string,
  plan: Omit<PoolPlan, 'packets'>,
  measured: PoolRun,
  which: 0 | 1,
): Promise<number | null> {
  const { total, minimumFree } = measured.pools[which];
  const others = Math.max(DEFAULT_PACKETS * 8, total);
  return smallest(MOST_PACKETS, total - minimumFree, async (count) => {
    const packets: [number, number] = which === 0 ? [count, others] : [others, count];
    return (await runScenario(name, { ...plan, packets })).failure === null;
  });
}

function report(
  name: string,
  run: PoolRun,
  found: readonly (number | null)[],
  payloadSize: number,
  terminal: Terminal,
): void {
  terminal.data(`${name}: ${SCENARIOS[name][0]}; packets of ${payloadSize} bytes`);
  terminal.data(run.failure === null ? 'passed' : `failed: ${run.failure}`);
  terminal.data('');
  const columns = [
    { heading: 'pool' },
    { heading: 'total', align: 'right' },
    { heading: 'fewest free', align: 'right' },
    { heading: 'empty requests', align: 'right' },
    { heading: 'smallest that passes', align: 'right' },
  ] as const;
  const rows = run.pools.map((pool, i) => [
    pool.name,
    String(pool.total),
    String(pool.minimumFree),
    String(pool.emptyRequests),
    found[i] === null ? 'none' : String(found[i]),
  ]);
  for (const line of formatTable(columns, rows)) {
    terminal.data(line);
  }
  terminal.data('');
  for (const pool of run.pools) {
    terminal.data(`${pool.name} at its lowest: ${holders(pool)}`);
  }
}

/** "tcp transmit queue 3, mqtt transmit queue 1, under way 2". */
function holders({ heldAtLowest }: PoolRecord): string {
  const parts = Object.entries(heldAtLowest)
    .sort(([one, a], [other, b]) => b - a || one.localeCompare(other))
    .map(([holder, count]) => `${holder} ${count}`);
  return parts.length === 0 ? 'nobody held any' : parts.join(', ');
}
