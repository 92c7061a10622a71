import { NEVER, SECOND } from '@strata/contracts';
import type { TcpProfile } from '@strata/tcp';
import { TCP_SYN } from '@strata/wire';
import type { Script, ScriptOption } from './ast.ts';
import { asBsd, isForBsd } from './bsd.ts';
import { drillTcpProfile, recommendedTcpProfile } from './profile.ts';

/** What options and commands of a script have set. */
export interface DrillSettings {
  /** Microseconds. */
  tolerance: number;
  /** Share of the time since the event before that is tolerated. */
  toleranceShare: number;
  /** Microseconds per tick of the timestamp clock; 0: timestamps are not compared. */
  timestampTick: number;
  scaledEcho: boolean;
  strictSegments: boolean;
  family: 4 | 6;
  /** Sockets are IPv6's, packets IPv4's (`--ip_version=ipv4-mapped-ipv6`). */
  mapped: boolean;
  local: string;
  remote: string;
  mtu: number;
  /** Larger inbound segments are as if a receive offload had made them of such (`--mss`); 0: 1460 octets. */
  inboundMss: number;
  bindPort: number;
  connectPort: number;
  /** Parse only. */
  dryRun: boolean;
  tcp: TcpProfile;
  /** How far receive windows may grow, and where they begin. */
  receiveBuffer: number;
  receiveWindow: number;
  sendBuffer: number;
  notsentLowat: number;
  timeToLive: number;
  /** Largest segment that sockets advertise and send (`ip route … advmss`); 0: the MTU decides. */
  mssLimit: number;
  /** Every segment is acknowledged at once (`ip route … quickack 1`). */
  quickAcks: boolean;
  /** The script was written for FreeBSD: sizes of buffers that it reads back are that kernel's. */
  bsd: boolean;
  /** How long an opening may take, in microseconds; NEVER: as long as its retries do. */
  keepInit: number;
  /** Things that were not done, one sentence each. */
  readonly notes: string[];
  /** Reasons why the script cannot be judged. */
  readonly unsupported: string[];
}

/** Half of a receive buffer of 540000 octets: the rest is for what the kernel keeps beside the data. */
const START_WINDOW = 270_000;

export function defaultSettings(): DrillSettings {
  return {
    tolerance: 4000,
    toleranceShare: 0.125,
    timestampTick: 0,
    scaledEcho: false,
    strictSegments: false,
    family: 4,
    mapped: false,
    local: '',
    remote: '',
    mtu: 0,
    inboundMss: 0,
    bindPort: 8080,
    connectPort: 8080,
    dryRun: false,
    tcp: drillTcpProfile,
    receiveBuffer: drillTcpProfile.defaultWindow,
    receiveWindow: START_WINDOW,
    sendBuffer: 256 * 1024,
    notsentLowat: 0xffffffff,
    timeToLive: 0,
    mssLimit: 0,
    quickAcks: false,
    bsd: false,
    keepInit: NEVER,
    notes: [],
    unsupported: [],
  };
}

/** Options that say how packetdrill talks to a kernel or to another machine; here they mean nothing. */
const MEANINGLESS = new Set([
  'so_filename',
  'so_flags',
  'wire_client',
  'wire_server',
  'wire_client_dev',
  'wire_server_dev',
  'wire_server_ip',
  'wire_server_port',
  'verbose',
  'v',
  'debug',
  'non_fatal',
  'persistent_tun_dev',
  'init_scripts',
  'send_omit_free',
  'speed',
  'gateway_ip',
  'netmask_ip',
  'remote_prefix',
  'code_command',
  'code_format',
  'code_sockopt',
  'is_anyip',
  'tun_dev',
  'dry_run_events',
  'stop_on_error',
]);

/** Puts options into effect: those of the script, then those of the command line, which win. */
export function applyOptions(
  settings: DrillSettings,
  script: Script,
  given: readonly { readonly name: string; readonly value: string | null }[],
): void {
  for (const option of script.options) applyOption(settings, option.name, option.value, option);
  const own = script.options.some(({ name }) => name === 'ip_version');
  const { family } = settings;
  for (const option of given) applyOption(settings, option.name, option.value, null);
  if (own && family !== settings.family) settings.unsupported.push(`IPv${family}: the script says so itself`);
  if (settings.local === '') settings.local = settings.family === 4 ? '192.168.0.1' : 'fd3d:0a0b:17d6::1';
  if (settings.remote === '') settings.remote = settings.family === 4 ? '192.0.2.1' : '2001:db8::1';
  if (settings.mtu === 0) settings.mtu = settings.family === 4 ? ETHERNET_MTU : usualIpv6Mtu(script);
  settings.notes.push(...new Set(settings.notes.splice(0)));
}

const ETHERNET_MTU = 1500;
const IPV6_AND_TCP = 60;

/**
 * Scripts that are run over both versions of IP are run over IPv6 with an MTU that leaves segments the size they have over
 * IPv4; those for IPv6 alone count on 1500. The MSS that a script expects in the stack's SYN says which it is.
 */
function usualIpv6Mtu(script: Script): number {
  for (const { action } of script.events) {
    if (action.kind !== 'packet' || action.inbound || action.body.protocol !== 'tcp') continue;
    if ((action.body.flags & TCP_SYN) === 0) continue;
    const mss = action.body.options?.find((option) => option.kind === 'mss');
    if (mss?.kind === 'mss' && mss.value === ETHERNET_MTU - IPV6_AND_TCP) return ETHERNET_MTU;
    if (mss !== undefined) return ETHERNET_MTU + 20;
  }
  return isForBsd(script) ? ETHERNET_MTU : ETHERNET_MTU + 20;
}

function applyOption(settings: DrillSettings, name: string, value: string | null, from: ScriptOption | null): void {
  const where = from === null ? '' : ` (line ${from.location.line})`;
  const number = () => {
    const parsed = Number(value);
    if (value === null || value === '' || !Number.isFinite(parsed)) {
      settings.unsupported.push(`--${name} takes a number, not "${value ?? ''}"${where}`);
      return 0;
    }
    return parsed;
  };
  switch (name) {
    case 'define':
    case 'D':
      return;
    case 'tolerance_usecs':
      settings.tolerance = number();
      return;
    case 'tolerance_percent':
      settings.toleranceShare = number() / 100;
      return;
    case 'mss':
      settings.inboundMss = number();
      return;
    case 'tcp_ts_tick_usecs':
      settings.timestampTick = number();
      return;
    case 'tcp_ts_ecr_scaled':
      settings.scaledEcho = true;
      return;
    case 'strict_segments':
      settings.strictSegments = true;
      return;
    case 'dry_run':
      settings.dryRun = true;
      return;
    case 'ip_version':
      if (value === 'ipv4') settings.family = 4;
      else if (value === 'ipv6') settings.family = 6;
      else if (value === 'ipv4-mapped-ipv6' || value === 'ipv4-mapped') settings.family = 4;
      else settings.unsupported.push(`there is no --ip_version=${value ?? ''}${where}`);
      settings.mapped = value === 'ipv4-mapped-ipv6' || value === 'ipv4-mapped';
      return;
    case 'profile':
      if (value === 'modern') settings.tcp = recommendedTcpProfile;
      else settings.unsupported.push(`there is no --profile=${value ?? ''}${where}`);
      return;
    case 'local_ip':
      settings.local = (value ?? '').replace(/\/.*/, '');
      return;
    case 'remote_ip':
      settings.remote = (value ?? '').replace(/\/.*/, '');
      return;
    case 'mtu':
      settings.mtu = number();
      return;
    case 'bind_port':
      settings.bindPort = number();
      return;
    case 'connect_port':
      settings.connectPort = number();
      return;
    case 'psp_udp_port':
      settings.unsupported.push(`PSP encapsulation${where}`);
      return;
    default:
      settings.notes.push(
        MEANINGLESS.has(name)
          ? `--${name} means nothing here and is ignored`
          : `the option --${name} is not known and is ignored`,
      );
  }
}

/** FreeBSD's sizes and habits, for scripts that configure such a machine. */
export function assumeBsd(settings: DrillSettings): void {
  if (settings.bsd) return;
  settings.bsd = true;
  settings.receiveBuffer = BSD_BUFFER;
  settings.sendBuffer = BSD_BUFFER;
  settings.tcp = asBsd(settings.tcp);
  settings.keepInit = BSD_KEEP_INIT;
  settings.notes.push('the script was written for FreeBSD, whose buffer sizes are assumed');
}

const BSD_BUFFER = 65536;
const BSD_KEEP_INIT = 75 * SECOND;
