import { NEVER, SECOND } from '@strata/contracts';
import type { TcpProfile } from '@strata/tcp';
import type { Script, ScriptOption } from './ast.ts';
import { drillTcpProfile } from './profile.ts';

/** What options and commands of a script have set. */
export interface DrillSettings {
  /** Microseconds. */
  tolerance: number;
  /** Microseconds per tick of the timestamp clock; 0: timestamps are not compared. */
  timestampTick: number;
  scaledEcho: boolean;
  strictSegments: boolean;
  family: 4 | 6;
  local: string;
  remote: string;
  mtu: number;
  bindPort: number;
  connectPort: number;
  /** Parse only. */
  dryRun: boolean;
  tcp: TcpProfile;
  receiveBuffer: number;
  sendBuffer: number;
  notsentLowat: number;
  timeToLive: number;
  /** The script was written for FreeBSD: sizes of buffers that it reads back are that kernel's. */
  bsd: boolean;
  /** Things that were not done, one sentence each. */
  readonly notes: string[];
  /** Reasons why the script cannot be judged. */
  readonly unsupported: string[];
}

export function defaultSettings(): DrillSettings {
  return {
    tolerance: 4000,
    timestampTick: 0,
    scaledEcho: false,
    strictSegments: false,
    family: 4,
    local: '',
    remote: '',
    mtu: 0,
    bindPort: 8080,
    connectPort: 8080,
    dryRun: false,
    tcp: drillTcpProfile,
    receiveBuffer: drillTcpProfile.defaultWindow,
    sendBuffer: 256 * 1024,
    notsentLowat: 0xffffffff,
    timeToLive: 0,
    bsd: false,
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
  'tolerance_percent',
  'mss',
]);

/** Puts options into effect: those of the script, then those of the command line, which win. */
export function applyOptions(
  settings: DrillSettings,
  script: Script,
  given: readonly { readonly name: string; readonly value: string | null }[],
): void {
  for (const option of script.options) applyOption(settings, option.name, option.value, option);
  for (const option of given) applyOption(settings, option.name, option.value, null);
  if (settings.local === '') settings.local = settings.family === 4 ? '192.168.0.1' : 'fd3d:0a0b:17d6::1';
  if (settings.remote === '') settings.remote = settings.family === 4 ? '192.0.2.1' : '2001:db8::1';
  if (settings.mtu === 0) settings.mtu = settings.family === 4 ? 1500 : 1520;
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
      else settings.unsupported.push(`--ip_version=${value ?? ''} is not available; ipv4 and ipv6 are${where}`);
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

/** What a sysctl is set to, and whether this stack is like that. */
type SysctlRule = (settings: DrillSettings, value: string) => string | null;

/** Sets a field of the TCP profile from a number. */
function profile(change: (value: number, tcp: TcpProfile) => Partial<TcpProfile>): SysctlRule {
  return (settings, text) => {
    const value = Number(text);
    if (!Number.isFinite(value)) return `"${text}" is no number`;
    settings.tcp = { ...settings.tcp, ...change(value, settings.tcp) };
    return null;
  };
}

/** Harmless: changes nothing that a script can see here. */
const harmless: SysctlRule = () => null;

/** Only these values describe what the stack does. */
function only(...values: string[]): SysctlRule {
  return (_settings, value) => (values.includes(value) ? null : `only ${values.join(', ')} is available`);
}

/** The last of "minimum default maximum" or the middle one. */
function triple(apply: (settings: DrillSettings, low: number, middle: number, high: number) => void): SysctlRule {
  return (settings, value) => {
    const [low, middle, high] = value.split(/\s+/).map(Number);
    if (low === undefined || middle === undefined || high === undefined || !Number.isFinite(low + middle + high)) {
      return 'three numbers expected';
    }
    apply(settings, low, middle, high);
    return null;
  };
}

const SYSCTLS: Readonly<Record<string, SysctlRule>> = {
  'net.ipv4.tcp_syn_retries': profile((value) => ({ maximumSynRetries: value })),
  'net.ipv4.tcp_synack_retries': profile((value) => ({ maximumSynRetries: value })),
  'net.ipv4.tcp_retries2': profile((value) => ({ maximumRetries: value })),
  'net.ipv4.tcp_retries1': harmless,
  'net.ipv4.tcp_orphan_retries': harmless,
  'net.ipv4.tcp_fin_timeout': profile((value) => ({ finWait2: value * SECOND })),
  'net.ipv4.tcp_keepalive_time': profile((value) => ({ keepaliveIdle: value * SECOND })),
  'net.ipv4.tcp_keepalive_intvl': profile((value) => ({ keepaliveInterval: value * SECOND })),
  'net.ipv4.tcp_keepalive_probes': profile((value) => ({ keepaliveProbes: value })),
  'net.ipv4.tcp_challenge_ack_limit': profile((value) => ({ challengeAcksPerSecond: value })),
  'net.ipv4.tcp_notsent_lowat': (settings, value) => {
    settings.notsentLowat = Number(value) >>> 0;
    return null;
  },
  'net.ipv4.tcp_rmem': triple((settings, _low, _middle, high) => {
    settings.receiveBuffer = Math.max(1, Math.min(high, settings.tcp.maximumWindow));
  }),
  'net.ipv4.tcp_wmem': triple((settings, _low, middle) => {
    settings.sendBuffer = middle;
  }),
  'net.ipv4.ip_default_ttl': (settings, value) => {
    settings.timeToLive = Number(value);
    return null;
  },
  'net.ipv4.tcp_window_scaling': only('1'),
  'net.ipv4.tcp_timestamps': harmless,
  'net.ipv4.tcp_sack': harmless,
  'net.ipv4.tcp_dsack': harmless,
  'net.ipv4.tcp_fack': harmless,
  'net.ipv4.tcp_frto': harmless,
  'net.ipv4.tcp_recovery': harmless,
  'net.ipv4.tcp_early_retrans': harmless,
  'net.ipv4.tcp_ecn': only('0', '2'),
  'net.ipv4.tcp_ecn_fallback': harmless,
  'net.ipv4.tcp_ecn_option': harmless,
  'net.ipv4.tcp_ecn_option_beacon': harmless,
  'net.ipv4.tcp_congestion_control': (settings, value) => {
    const name = settings.tcp.congestion().name;
    return value === name || value === 'cubic' || value === 'reno' ? null : `the congestion control here is ${name}`;
  },
  'net.ipv4.tcp_allowed_congestion_control': harmless,
  'net.ipv4.tcp_reordering': only('3'),
  'net.ipv4.tcp_max_reordering': harmless,
  'net.ipv4.tcp_slow_start_after_idle': harmless,
  'net.ipv4.tcp_no_metrics_save': harmless,
  'net.ipv4.tcp_no_ssthresh_metrics_save': harmless,
  'net.ipv4.tcp_min_tso_segs': harmless,
  'net.ipv4.tcp_tso_win_divisor': harmless,
  'net.ipv4.tcp_tso_rtt_log': harmless,
  'net.ipv4.tcp_autocorking': harmless,
  'net.ipv4.tcp_moderate_rcvbuf': harmless,
  'net.ipv4.tcp_adv_win_scale': harmless,
  'net.ipv4.tcp_app_win': harmless,
  'net.ipv4.tcp_limit_output_bytes': harmless,
  'net.ipv4.tcp_pacing_ss_ratio': harmless,
  'net.ipv4.tcp_pacing_ca_ratio': harmless,
  'net.ipv4.tcp_invalid_ratelimit': harmless,
  'net.ipv4.tcp_min_snd_mss': harmless,
  'net.ipv4.tcp_base_mss': harmless,
  'net.ipv4.tcp_mtu_probing': only('0'),
  'net.ipv4.tcp_syncookies': only('0', '1'),
  'net.ipv4.tcp_max_syn_backlog': harmless,
  'net.ipv4.tcp_max_tw_buckets': harmless,
  'net.ipv4.tcp_max_orphans': harmless,
  'net.ipv4.tcp_mem': harmless,
  'net.ipv4.tcp_tw_reuse': harmless,
  'net.ipv4.tcp_rfc1337': harmless,
  'net.ipv4.tcp_abort_on_overflow': only('0'),
  'net.ipv4.tcp_stdurg': only('0'),
  'net.ipv4.tcp_fastopen': harmless,
  'net.ipv4.tcp_fastopen_key': harmless,
  'net.ipv4.tcp_fastopen_blackhole_timeout_sec': harmless,
  'net.ipv4.tcp_thin_linear_timeouts': only('0'),
  'net.ipv4.tcp_retrans_collapse': harmless,
  'net.ipv4.tcp_workaround_signed_windows': only('0'),
  'net.ipv4.tcp_probe_interval': harmless,
  'net.ipv4.tcp_probe_threshold': harmless,
  'net.ipv4.tcp_min_rtt_wlen': harmless,
  'net.ipv4.tcp_comp_sack_nr': harmless,
  'net.ipv4.tcp_comp_sack_delay_ns': harmless,
  'net.ipv4.tcp_comp_sack_slack_ns': harmless,
  'net.ipv4.tcp_early_demux': harmless,
  'net.ipv4.tcp_migrate_req': harmless,
  'net.ipv4.tcp_shrink_window': only('0'),
  'net.ipv4.tcp_reflect_tos': only('0'),
  'net.ipv4.tcp_plb_enabled': only('0'),
  'net.ipv4.tcp_syn_linear_timeouts': only('0'),
  'net.ipv4.tcp_rto_min_us': only('200000'),
  'net.ipv4.tcp_pingpong_thresh': harmless,
  'net.ipv4.tcp_backlog_ack_defer': harmless,
  'net.ipv4.tcp_cookie_size': harmless,
  'net.ipv4.ip_no_pmtu_disc': only('0'),
  'net.ipv4.ip_local_port_range': harmless,
  'net.ipv4.ip_nonlocal_bind': harmless,
  'net.ipv4.icmp_ratelimit': harmless,
  'net.ipv4.icmp_msgs_per_sec': harmless,
  'net.ipv4.icmp_msgs_burst': harmless,
  'net.core.rmem_max': harmless,
  'net.core.wmem_max': harmless,
  'net.core.rmem_default': harmless,
  'net.core.wmem_default': harmless,
  'net.core.somaxconn': harmless,
  'net.core.default_qdisc': harmless,
  'net.core.optmem_max': harmless,
  'net.core.netdev_max_backlog': harmless,
  'net.inet.tcp.rfc1323': only('1'),
  'net.inet.tcp.sack.enable': harmless,
  'net.inet.tcp.ecn.enable': only('0', '2'),
  'net.inet.tcp.recvspace': (settings, value) => {
    settings.receiveBuffer = Math.max(1, Math.min(Number(value) || 1, settings.tcp.maximumWindow));
    return null;
  },
  'net.inet.tcp.sendspace': (settings, value) => {
    settings.sendBuffer = Math.max(1, Number(value) || 1);
    return null;
  },
  'net.inet.tcp.rexmit_initial': only('1000'),
  'net.inet.tcp.rexmit_min': harmless,
  'net.inet.tcp.hostcache.purgenow': harmless,
  'net.inet.tcp.hostcache.enable': harmless,
  'net.inet.tcp.delayed_ack': only('1'),
  'net.inet.tcp.keepinit': harmless,
  'net.inet.tcp.blackhole': only('0'),
  'net.inet.tcp.drop_synfin': harmless,
  'net.inet.tcp.syncookies': harmless,
  'net.inet.tcp.syncookies_only': only('0'),
  'net.inet.tcp.syncache.rexmtlimit': harmless,
  'net.inet.tcp.msl': (settings, value) => {
    settings.tcp = { ...settings.tcp, timeWait: 2 * Number(value) * 1000 };
    return null;
  },
  'net.inet.tcp.finwait2_timeout': (settings, value) => {
    settings.tcp = { ...settings.tcp, finWait2: Number(value) > 0 ? Number(value) * 1000 : NEVER };
    return null;
  },
  'net.inet.tcp.keepidle': profile((value) => ({ keepaliveIdle: value * 1000 })),
  'net.inet.tcp.keepintvl': profile((value) => ({ keepaliveInterval: value * 1000 })),
  'net.inet.tcp.keepcnt': profile((value) => ({ keepaliveProbes: value })),
  'net.inet.tcp.insecure_rst': only('0'),
  'net.inet.tcp.insecure_syn': only('0'),
  'net.inet.tcp.insecure_ack': only('0'),
  'net.inet.tcp.fastopen.server_enable': harmless,
  'net.inet.tcp.fastopen.client_enable': harmless,
  'net.inet.tcp.always_keepalive': only('0'),
  'net.inet.tcp.path_mtu_discovery': only('1'),
  'net.inet.tcp.initcwnd_segments': only('10'),
  'net.inet.tcp.abc_l_var': harmless,
  'net.inet.tcp.mssdflt': harmless,
  'net.inet.tcp.cc.algorithm': harmless,
  'kern.ipc.maxsockbuf': harmless,
  'kern.timecounter.alloweddeviation': harmless,
};

/** Sets one sysctl: null when the stack is (now) like that, otherwise why it cannot be. */
export function applySysctl(settings: DrillSettings, name: string, value: string): string | null {
  const rule = SYSCTLS[name.replaceAll('/', '.')];
  if (rule === undefined) return `the sysctl ${name} is not known here`;
  if (/^(?:net\.inet|kern)[./]/.test(name)) settings.bsd = true;
  const problem = rule(settings, value.trim());
  if (rule === harmless) settings.notes.push(`${name}=${value} changes nothing here`);
  return problem === null ? null : `${name}=${value}: ${problem}`;
}

/** Sets the initial congestion window, in segments (`ip route … initcwnd`). */
export function setInitialWindow(settings: DrillSettings, segments: number): void {
  const { congestion } = settings.tcp;
  settings.tcp = {
    ...settings.tcp,
    congestion: () => {
      const base = congestion();
      return {
        ...base,
        begin(tcb) {
          base.begin(tcb);
          if (tcb.synTransmissions <= 1) tcb.cwnd = segments * tcb.mss;
        },
      };
    },
  };
}
