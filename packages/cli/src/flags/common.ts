import { LAYER_NAMES, TRACE_EVENTS } from '@strata/contracts';
import { ALL_QUIRKS, QUIRKS } from '@strata/stack';
import type { Argv } from 'yargs';
import { UsageError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { type Arguments, given, text, texts, wholeNumber } from './arguments.ts';

/** How the stack behaves (DESIGN 4). */
export type ProfileName = 'netx' | 'modern';

/** The flags that every command with a stack takes. */
export interface CommonFlags {
  /** 0..4294967295; the run's only source of randomness. Null: not given. */
  readonly seed: number | null;
  readonly profile: ProfileName;
  /** Defects of the real NetX Duo that are switched on. */
  readonly quirks: readonly string[];
  readonly pcap: CaptureTarget | null;
  /** File for the secrets of TLS sessions, or null. */
  readonly keylog: string | null;
  /** File for TCP's numbers, one line per segment, or null. */
  readonly tcpProbe: string | null;
  /** One bit per layer, by layer number; 0 when nothing is to be traced. */
  readonly traceLayers: number;
  /** Every event as one JSON object per line instead of readable lines. */
  readonly ndjson: boolean;
}

/** Where a capture goes. */
export type CaptureTarget = { readonly kind: 'stdout' } | { readonly kind: 'file'; readonly path: string };

/** The seed of virtual labs, so that a run repeats itself. On a TAP device each run draws its own. */
export const DEFAULT_SEED = 1;
export const HIGHEST_SEED = 0xffffffff;
const PROFILES: readonly ProfileName[] = ['netx', 'modern'];
const GROUP = 'Run:';

/** Declares the shared flags on a command. */
export function declareCommonFlags<T>(program: Argv<T>): Argv<T> {
  return program
    .option('seed', {
      group: GROUP,
      type: 'string',
      requiresArg: true,
      describe: `<N> random seed (default ${DEFAULT_SEED}; on a TAP device, random)`,
    })
    .option('profile', {
      group: GROUP,
      type: 'string',
      requiresArg: true,
      describe: '<NAME> behave as "netx" (default) or "modern"',
    })
    .option('quirks', {
      group: GROUP,
      type: 'string',
      requiresArg: true,
      describe: `<NAMES> switch defects of the real NetX Duo on: names, or ${ALL_QUIRKS} for all`,
    })
    .option('pcap', {
      group: GROUP,
      type: 'string',
      requiresArg: true,
      describe: '<FILE> write a pcapng capture; - is stdout',
    })
    .option('keylog', {
      group: GROUP,
      type: 'string',
      requiresArg: true,
      describe: '<FILE> write the secrets of TLS sessions (a capture has them anyway)',
    })
    .option('tcp-probe', {
      group: GROUP,
      type: 'string',
      requiresArg: true,
      describe: "<FILE> write TCP's numbers per segment: CSV, or JSON lines for *.ndjson",
    })
    .option('trace', {
      group: GROUP,
      type: 'string',
      requiresArg: true,
      describe: `<LAYERS> print events of these layers, with commas: all, ${TRACED.join(', ')}`,
    })
    .option('ndjson', {
      group: GROUP,
      type: 'boolean',
      describe: 'print events as JSON, one per line (all layers unless --trace)',
    }) as Argv<T>;
}

/** Reads the shared flags. */
export function readCommonFlags(args: Arguments): CommonFlags {
  const ndjson = given(args, 'ndjson');
  const pcap = readCaptureTarget(text(args, 'pcap'));
  const keylog = text(args, 'keylog') ?? null;
  if (keylog === '') {
    throw new UsageError('--keylog', 'the file name is empty', 'give a file name');
  }
  const tcpProbe = text(args, 'tcp-probe') ?? null;
  if (tcpProbe === '') {
    throw new UsageError('--tcp-probe', 'the file name is empty', 'give a file name');
  }
  const layers = texts(args, 'trace');
  return {
    seed: wholeNumber(args, 'seed', 0, HIGHEST_SEED) ?? null,
    profile: readProfile(text(args, 'profile')),
    quirks: readQuirks(texts(args, 'quirks')),
    pcap,
    keylog,
    tcpProbe,
    traceLayers: layers.length > 0 ? parseLayers(layers.join(',')) : ndjson ? ALL_LAYERS : 0,
    ndjson,
  };
}

/** Reads FILE or `-`. */
export function readCaptureTarget(target: string | undefined): CaptureTarget | null {
  if (target === undefined) {
    return null;
  }
  if (target === '') {
    throw new UsageError('--pcap', 'the file name is empty', 'give a file name, or - for stdout');
  }
  return target === '-' ? { kind: 'stdout' } : { kind: 'file', path: target };
}

function readProfile(name: string | undefined): ProfileName {
  const profile = PROFILES.find((known) => known === (name ?? 'netx').toLowerCase());
  if (profile === undefined) {
    throw new UsageError(`--profile ${name}`, `the profiles are ${PROFILES.join(' and ')}`);
  }
  return profile;
}

/** Reads names of defects, with commas between them. */
function readQuirks(lists: readonly string[]): string[] {
  const known: readonly string[] = [ALL_QUIRKS, ...QUIRKS];
  const names = lists.flatMap((list) => list.split(',')).map((name) => name.trim().toLowerCase());
  for (const name of names) {
    if (known.includes(name)) continue;
    const [meant] = nearest(name, known, 1);
    const next = meant === undefined ? `they are ${known.join(', ')}` : `did you mean ${meant}?`;
    throw new UsageError(`--quirks ${lists.join(',')}`, `there is no quirk "${name}"`, next);
  }
  return names;
}

/** Names of the layers that have events: those of the ground have none, and `strata pool` tells who holds packets. */
const TRACED = LAYER_NAMES.filter((_, layer) => TRACE_EVENTS.some(({ id }) => id >> 8 === layer));

/** Every layer. */
export const ALL_LAYERS = 2 ** LAYER_NAMES.length - 1;

/** Reads `tcp,mqtt` or `all` into one bit per layer. */
export function parseLayers(list: string): number {
  let layers = 0;
  for (const part of list.split(',')) {
    const name = part.trim().toLowerCase();
    const index = TRACED.indexOf(name);
    if (name === 'all') {
      layers = ALL_LAYERS;
    } else if (index >= 0) {
      layers |= 1 << LAYER_NAMES.indexOf(name);
    } else {
      const [meant] = nearest(name, TRACED, 1);
      throw new UsageError(
        `--trace ${list}`,
        name === '' ? 'a layer name is missing' : `there is no layer "${part.trim()}"`,
        meant === undefined ? `the layers are ${TRACED.join(', ')}, or all` : `did you mean ${meant}?`,
      );
    }
  }
  return layers;
}

/** True when the layer that an event belongs to was asked for. */
export function tracesEvent(traceLayers: number, eventId: number): boolean {
  return (traceLayers & (1 << (eventId >> 8))) !== 0;
}
