import { LAYER_NAMES } from '@strata/contracts';
import type { FaultPlan } from '@strata/ethernet';
import { type LabOptions, PROFILES, withQuirks } from '@strata/stack';
import { type CommonFlags, DEFAULT_SEED } from '../flags/common.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { openCaptureSink } from './capture-sink.ts';
import { openKeyLog } from './key-log.ts';
import { TcpProbeFile } from './tcp-probe.ts';
import { TracePrinter } from './trace-printer.ts';

/** What the flags say about a run. */
export interface SiteFlags {
  readonly common: CommonFlags;
  readonly faults: FaultPlan | null;
  /** The hosts of the embedded default have IPv6 too, and talk over it. */
  readonly ipv6?: boolean;
  /** Shown in the capture's properties. */
  readonly title: string;
  /** Where `--trace` and `--ndjson` print. */
  readonly events: (line: string) => void;
}

/** Prints what was asked for, and says so when there was nothing of it. */
function tracePrinter({ common, events }: SiteFlags, terminal: Terminal): TracePrinter {
  const { traceLayers, ndjson } = common;
  const printer = new TracePrinter(traceLayers, ndjson, events);
  terminal.whenOver(() => {
    if (printer.printed > 0) return;
    const layers = LAYER_NAMES.filter((_, layer) => (traceLayers & (1 << layer)) !== 0);
    terminal.error(
      `--trace ${layers.join(',')}: nothing happened in ${layers.length === 1 ? 'this layer' : 'these layers'}`,
    );
  });
  return printer;
}

/** The lab options that come from the shared flags. Opens the capture. */
export function labOptions(flags: SiteFlags, terminal: Terminal, epochSeconds: number | null): LabOptions {
  const { profile, quirks, pcap, traceLayers, keylog, tcpProbe } = flags.common;
  const seed = flags.common.seed ?? DEFAULT_SEED;
  const defects = quirks.length === 0 ? '' : `, quirks ${quirks.join(', ')}`;
  const comment = `${flags.title}, seed ${seed}, profile ${profile}${defects}`;
  return {
    seed,
    profile: withQuirks(PROFILES[profile], quirks),
    ...(traceLayers === 0 ? {} : { listeners: [tracePrinter(flags, terminal)] }),
    ...(epochSeconds === null ? {} : { epochSeconds }),
    ...(keylog === null ? {} : { onKeyLog: openKeyLog(keylog, terminal) }),
    ...(tcpProbe === null ? {} : { tcpProbe: new TcpProbeFile(tcpProbe, terminal) }),
    ...(pcap === null ? {} : { capture: openCaptureSink(pcap, terminal), captureOptions: { comment } }),
  };
}
