import type { TraceListener } from '@strata/stack';
import { parseAddress } from '@strata/wire';
import { type Arguments, given } from '../flags/arguments.ts';
import { readCommonFlags } from '../flags/common.ts';
import { describeFaultFlags, readFaultFlags, readLoopbackFaultFlags } from '../flags/faults.ts';
import { readTapFlags } from '../flags/tap.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { SiteFlags } from './lab-options.ts';
import { LoopbackSite } from './loopback-site.ts';
import { TapSite } from './tap-site.ts';

/** A trace event as listeners are told of it. */
export type TracedEvent = Parameters<TraceListener['traced']>;

/** What a command says about its site. */
export interface SiteRequest {
  /** Name of the command, for the capture's properties. */
  readonly command: string;
  /** Where `--trace` and `--ndjson` go: with the command's own results, or apart from them. */
  readonly events: 'stdout' | 'stderr';
  readonly listeners?: readonly TraceListener[];
  /** Who will be talked to: an IPv6 address gives the embedded default IPv6. */
  readonly host?: string | null | undefined;
}

/** Reads the shared flags for a command. */
export function siteFlags(args: Arguments, terminal: Terminal, request: SiteRequest): SiteFlags {
  const common = readCommonFlags(args);
  const faultText = describeFaultFlags(args);
  return {
    common,
    faults: readFaultFlags(args),
    ipv6: given(args, 'ipv6') || parseAddress(request.host ?? '')?.family === 6,
    title: `strata ${request.command}${faultText === '' ? '' : `, ${faultText}`}`,
    events: (line) => (request.events === 'stdout' ? terminal.data(line) : terminal.error(line)),
  };
}

/** Opens what the flags ask for: a TAP device with `--tap`, otherwise the embedded default. */
export function openSite(args: Arguments, terminal: Terminal, request: SiteRequest): LoopbackSite | TapSite {
  const tap = readTapFlags(args);
  const flags = siteFlags(args, terminal, request);
  return tap === null
    ? new LoopbackSite({ ...flags, faults: readLoopbackFaultFlags(args) }, terminal, request.listeners)
    : TapSite.open({ ...flags, tap }, terminal, request.listeners);
}
