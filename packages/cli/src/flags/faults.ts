import { type FaultPlan, FaultValueError, parseFaultPlan } from '@strata/ethernet';
import type { Argv } from 'yargs';
import { UsageError } from '../errors.ts';
import { type Arguments, text, texts } from './arguments.ts';
import { FRAME_PREDICATES } from './frame-predicates.ts';

interface FaultFlag {
  readonly flag: string;
  readonly member: string;
  readonly describe: string;
  /** May be given several times. */
  readonly several?: true;
}

/** A cable without any delay would put whole exchanges at one moment of a diagram or a capture. */
const LOOPBACK_DELAY = '1ms';

const FLAGS: readonly FaultFlag[] = [
  { flag: 'loss', member: 'loss', describe: '<PERCENT> lose frames: 5%' },
  {
    flag: 'burst-loss',
    member: 'burstLoss',
    describe: '<PERCENT:PERCENT> lose frames in bursts (Gilbert-Elliott): 1%:25%',
  },
  {
    flag: 'delay',
    member: 'delay',
    describe: `<TIME> propagation delay: 20ms (default on the loopback bridge: ${LOOPBACK_DELAY})`,
  },
  { flag: 'jitter', member: 'jitter', describe: '<TIME> vary the delay by plus or minus: 5ms' },
  { flag: 'duplicate', member: 'duplicate', describe: '<PERCENT> deliver frames twice: 1%' },
  { flag: 'reorder', member: 'reorder', describe: '<PERCENT> let later frames overtake: 2%' },
  { flag: 'corrupt', member: 'corrupt', describe: '<PERCENT> flip a bit: 1%' },
  { flag: 'rate', member: 'rate', describe: '<RATE> bit rate of the link: 1mbit' },
  { flag: 'queue', member: 'queue', describe: '<SIZE> queue before a slow link: 50 frames or 64kB' },
  { flag: 'mtu', member: 'mtu', describe: '<BYTES> drop longer IP packets: 576' },
  {
    flag: 'outage',
    member: 'outage',
    describe: '<FROM+LENGTH> cut the link from 3 s on for 10 s: 3s+10s',
    several: true,
  },
  {
    flag: 'drop-nth',
    member: 'dropNth',
    describe: '<[KIND:]N> drop the second frame, or the second with data: 2, data:2',
    several: true,
  },
  {
    flag: 'corrupt-nth',
    member: 'corruptNth',
    describe: '<[KIND:]N> flip a bit of the nth frame: syn:1',
    several: true,
  },
  {
    flag: 'duplicate-nth',
    member: 'duplicateNth',
    describe: '<[KIND:]N> deliver the nth frame twice: data:1',
    several: true,
  },
  {
    flag: 'delay-nth',
    member: 'delayNth',
    describe: '<[KIND:]N@TIME> hold the nth frame back: ack:3@50ms',
    several: true,
  },
];

/** Declares the flags for what goes wrong on the link. They apply to each direction, each with its own random stream. */
export function declareFaultFlags<T>(program: Argv<T>): Argv<T> {
  for (const { flag, describe } of FLAGS) {
    program.option(flag, { group: 'Faults, in each direction:', type: 'string', requiresArg: true, describe });
  }
  return program;
}

/** Reads the fault flags for the loopback bridge, which has a small delay unless another is given. */
export function readLoopbackFaultFlags(args: Arguments): FaultPlan | null {
  return readFaultFlags(text(args, 'delay') === undefined ? { ...args, delay: LOOPBACK_DELAY } : args);
}

/** Reads the fault flags. Returns null when none was given. */
export function readFaultFlags(args: Arguments): FaultPlan | null {
  const plan: Record<string, string | readonly string[] | undefined> = {};
  for (const { flag, member, several } of FLAGS) {
    plan[member] = several === true ? texts(args, flag) : text(args, flag);
  }
  try {
    return parseFaultPlan(plan, FRAME_PREDICATES);
  } catch (error) {
    if (error instanceof FaultValueError) {
      const flag = FLAGS.find(({ member }) => member === error.field)?.flag ?? error.field;
      throw new UsageError(`--${flag} ${error.value}`, `it is not ${error.expected}`);
    }
    throw error;
  }
}

/** The fault flags as one line for a summary: `loss 5%, delay 20ms`; empty when there are none. */
export function describeFaultFlags(args: Arguments): string {
  return FLAGS.flatMap(({ flag }) => texts(args, flag).map((value) => `${flag} ${value}`)).join(', ');
}
