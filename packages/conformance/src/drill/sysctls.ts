import { MILLISECOND, NEVER, SECOND } from '@strata/contracts';
import { type LossPolicies, rackDetection, sackThresholdDetection, type TcpProfile } from '@strata/tcp';
import { congestionNamed, rtoAbove, withOptions } from './profile.ts';
import type { DrillSettings } from './settings.ts';

/** What a sysctl is set to, and whether this stack is like that. */
type SysctlRule = (settings: DrillSettings, value: string) => string | null;

/** Sets a part of loss recovery with SACK. */
function lossPolicies(change: (value: number) => Partial<LossPolicies>): SysctlRule {
  return profile((value, tcp) => ({ lossPolicies: { ...tcp.lossPolicies, ...change(value) } }));
}

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

/** 0, 1 and 2 mean the same everywhere; what is beyond is Accurate ECN. */
const ecn: SysctlRule = (settings, value) => {
  if (!/^[012]$/.test(value)) return 'Accurate ECN is not available';
  settings.tcp = { ...settings.tcp, ecn: Number(value) };
  return null;
};

const SYSCTLS: Readonly<Record<string, SysctlRule>> = {
  'net.ipv4.tcp_syn_retries': profile((value) => ({ maximumSynRetries: value })),
  'net.ipv4.tcp_synack_retries': profile((value) => ({ maximumSynRetries: value })),
  'net.ipv4.tcp_retries2': profile((value) => ({ maximumRetries: value })),
  'net.ipv4.tcp_retries1': profile((value) => ({ doubtAfter: value })),
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
  'net.ipv4.tcp_window_scaling': profile((value, tcp) => withOptions(tcp, { windowScale: value !== 0 })),
  'net.ipv4.tcp_timestamps': profile((value, tcp) => withOptions(tcp, { timestamps: value !== 0 })),
  'net.ipv4.tcp_sack': profile((value, tcp) => withOptions(tcp, { sack: value !== 0 })),
  'net.ipv4.tcp_dsack': profile((value) => ({ reportDuplicates: value !== 0 })),
  'net.ipv4.tcp_fack': harmless,
  'net.ipv4.tcp_frto': lossPolicies((value) => ({ frto: value !== 0 })),
  'net.ipv4.tcp_recovery': lossPolicies((value) => ({
    detection: value & 1 ? rackDetection : sackThresholdDetection,
    adaptWindow: (value & 2) === 0,
    windowEndsAtThreshold: (value & 4) === 0,
  })),
  'net.ipv4.tcp_early_retrans': lossPolicies((value) => ({ tailLossProbe: value === 3 || value === 4 })),
  'net.ipv4.tcp_ecn': ecn,
  'net.ipv4.tcp_ecn_fallback': harmless,
  'net.ipv4.tcp_ecn_option': harmless,
  'net.ipv4.tcp_ecn_option_beacon': harmless,
  'net.ipv4.tcp_congestion_control': (settings, value) => {
    const congestion = congestionNamed(value);
    if (congestion === null) return `there is no congestion control "${value}" here`;
    settings.tcp = { ...settings.tcp, congestion };
    return null;
  },
  'net.ipv4.tcp_allowed_congestion_control': harmless,
  'net.ipv4.tcp_reordering': lossPolicies((value) => ({ duplicateThreshold: Math.max(value, 1) })),
  'net.ipv4.tcp_max_reordering': lossPolicies((value) => ({ maximumReordering: Math.max(value, 1) })),
  'net.ipv4.tcp_slow_start_after_idle': profile((value) => ({ slowStartAfterIdle: value !== 0 })),
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
  'net.ipv4.tcp_mtu_probing': only('0', '1'),
  'net.ipv4.tcp_syncookies': profile((value) => ({ synCookies: value !== 0 })),
  'net.ipv4.tcp_max_syn_backlog': harmless,
  'net.ipv4.tcp_max_tw_buckets': profile((value) => (value === 0 ? { timeWait: 0 } : { maximumTimeWait: value })),
  'net.ipv4.tcp_max_orphans': harmless,
  'net.ipv4.tcp_mem': harmless,
  'net.ipv4.tcp_tw_reuse': harmless,
  'net.ipv4.tcp_rfc1337': profile((value) => ({ resetEndsTimeWait: value === 0 })),
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
  'net.ipv4.tcp_rto_min_us': profile((value) => ({ rto: rtoAbove(value) })),
  'net.ipv4.tcp_pingpong_thresh': harmless,
  'net.ipv4.tcp_backlog_ack_defer': harmless,
  'net.ipv4.tcp_cookie_size': harmless,
  'net.ipv4.ip_no_pmtu_disc': profile((value) => ({ dontFragment: value === 0 })),
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
  'net.inet.tcp.rfc1323': (settings, value) => {
    const timestamps = value === '1' || value === '3';
    const windowScale = value === '1' || value === '2';
    settings.tcp = { ...settings.tcp, ...withOptions(settings.tcp, { timestamps, windowScale }) };
    return null;
  },
  'net.inet.tcp.sack.enable': profile((value, tcp) => withOptions(tcp, { sack: value !== 0 })),
  'net.inet.tcp.tolerate_missing_ts': profile((value) => ({ requireTimestamps: value === 0 })),
  'net.inet.tcp.ecn.enable': ecn,
  'net.inet.tcp.recvspace': (settings, value) => {
    settings.receiveBuffer = Math.max(1, Math.min(Number(value) || 1, settings.tcp.maximumWindow));
    return null;
  },
  'net.inet.tcp.sendspace': (settings, value) => {
    settings.sendBuffer = Math.max(1, Number(value) || 1);
    return null;
  },
  'net.inet.tcp.rexmit_initial': only('1000'),
  'net.inet.tcp.rexmit_min': profile((value) => ({ rto: rtoAbove(value * MILLISECOND) })),
  'net.inet.tcp.rexmit_slop': harmless,
  'net.inet.tcp.rexmit_drop_options': only('0'),
  'net.inet.tcp.rfc3390': harmless,
  'net.inet.tcp.rfc3465': harmless,
  'net.inet.tcp.rfc3042': harmless,
  'net.inet.tcp.do_prr': harmless,
  'net.inet.tcp.do_lrd': harmless,
  'net.inet.tcp.rfc6675_pipe': harmless,
  'net.inet.tcp.recvbuf_auto': harmless,
  'net.inet.tcp.sendbuf_auto': harmless,
  'net.inet.tcp.recvbuf_max': harmless,
  'net.inet.tcp.sendbuf_max': harmless,
  'net.inet.tcp.do_tcpdrain': harmless,
  'net.inet.tcp.minmss': harmless,
  'net.inet.tcp.v6mssdflt': harmless,
  'net.inet.tcp.functions_default': harmless,
  'net.inet.tcp.maxtcptw': harmless,
  'net.inet.tcp.nolocaltimewait': only('0'),
  'net.inet.tcp.icmp_may_rst': only('1'),
  'net.inet.tcp.log_in_vain': harmless,
  'net.inet.tcp.isn_reseed_interval': harmless,
  'net.inet.tcp.msl_local': harmless,
  'net.inet.tcp.fast_finwait2_recycle': harmless,
  'net.inet.tcp.pmtud_blackhole_detection': harmless,
  'net.inet.tcp.ack_war_timewindow': harmless,
  'net.inet.tcp.ack_war_cnt': harmless,
  'net.inet.tcp.newcwv': harmless,
  'net.inet.tcp.tso': harmless,
  'net.inet.tcp.delacktime': harmless,
  'net.inet.tcp.hostcache.prune': harmless,
  'net.inet.tcp.hostcache.expire': harmless,
  'net.inet.tcp.sack.maxholes': harmless,
  'net.inet.tcp.sack.globalmaxholes': harmless,
  'net.inet.tcp.sack.revised': harmless,
  'net.inet.tcp.sack.tso': harmless,
  'net.inet.tcp.sack.lrd': harmless,
  'net.inet.tcp.syncache.rst_on_sock_fail': only('1'),
  'net.inet.tcp.syncache.see_other': harmless,
  'net.inet.tcp.blackhole_local': harmless,
  'net.inet.udp.blackhole': only('0'),
  'net.inet.icmp.icmplim': harmless,
  'net.inet.icmp.icmplim_output': harmless,
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
  const problem = rule(settings, value.trim());
  if (rule === harmless) settings.notes.push(`${name}=${value} changes nothing here`);
  return problem === null ? null : `${name}=${value}: ${problem}`;
}

/** Sets the initial congestion window, in segments (`ip route … initcwnd`). */
export function setInitialWindow(settings: DrillSettings, segments: number): void {
  settings.tcp = { ...settings.tcp, initialWindow: (mss) => segments * mss };
}
