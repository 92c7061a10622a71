import { MILLISECOND, NEVER } from '@strata/contracts';
import {
  type ControlBlock,
  classicDefence,
  delayedAcks,
  rfc5961Defence,
  TCP_TIMED_WAIT,
  type TcpProfile,
} from '@strata/tcp';
import { TCP_SYN, type TcpHeader } from '@strata/wire';
import { acknowledgmentTooOld, type BsdTimers, bsdRto } from './bsd.ts';
import { bsdAcks, withOptions } from './profile.ts';
import { congestion, ecn, harmless, hopLimit, only, profile, type SysctlRule } from './sysctl-rules.ts';

/** Sets a timer from milliseconds. */
function timer(name: keyof BsdTimers): SysctlRule {
  return profile((value, tcp) => ({ rto: bsdRto(tcp.rto, { [name]: value * MILLISECOND }) }));
}

/** Switches one of the defences of RFC 5961 off (1) or on (0). */
function insecure(off: Partial<TcpProfile['defence']>, on: Partial<TcpProfile['defence']>): SysctlRule {
  return profile((value, tcp) => ({ defence: { ...tcp.defence, ...(value === 0 ? on : off) } }));
}

function acknowledgeAtOnce(tcb: ControlBlock): void {
  tcb.ackNow = true;
}

const { resetConnection, synOnOpenConnection } = rfc5961Defence;

const ALGORITHMS: Readonly<Record<string, string>> = { newreno: 'reno' };

/** Sysctls of FreeBSD. */
export const BSD_SYSCTLS: Readonly<Record<string, SysctlRule>> = {
  'net.inet.tcp.rfc1323': (settings, value) => {
    const timestamps = value === '1' || value === '3';
    const windowScale = value === '1' || value === '2';
    settings.tcp = { ...settings.tcp, ...withOptions(settings.tcp, { timestamps, windowScale }) };
    return null;
  },
  'net.inet.tcp.sack.enable': profile((value, tcp) => withOptions(tcp, { sack: value !== 0 })),
  'net.inet.tcp.tolerate_missing_ts': profile((value) => ({ requireTimestamps: value === 0 })),
  'net.inet.tcp.ecn.enable': ecn,
  'net.inet.tcp.ecn.maxretries': harmless,
  'net.inet.tcp.ecn.generalized': only('0'),
  'net.inet.tcp.recvspace': (settings, value) => {
    settings.receiveBuffer = Math.max(1, Math.min(Number(value) || 1, settings.tcp.maximumWindow));
    return null;
  },
  'net.inet.tcp.sendspace': (settings, value) => {
    settings.sendBuffer = Math.max(1, Number(value) || 1);
    return null;
  },
  'net.inet.tcp.rexmit_initial': timer('initial'),
  'net.inet.tcp.rexmit_min': timer('minimum'),
  'net.inet.tcp.rexmit_slop': timer('slop'),
  'net.inet.tcp.persmin': timer('persistMinimum'),
  'net.inet.tcp.persmax': timer('persistMaximum'),
  'net.inet.tcp.rexmit_drop_options': only('0'),
  'net.inet.tcp.rfc3390': harmless,
  'net.inet.tcp.rfc3465': harmless,
  'net.inet.tcp.rfc3042': only('1'),
  'net.inet.tcp.do_prr': only('1'),
  'net.inet.tcp.do_prr_conservative': only('0'),
  'net.inet.tcp.do_lrd': harmless,
  'net.inet.tcp.rfc6675_pipe': harmless,
  'net.inet.tcp.recvbuf_auto': harmless,
  'net.inet.tcp.sendbuf_auto': harmless,
  'net.inet.tcp.recvbuf_inc': harmless,
  'net.inet.tcp.sendbuf_inc': harmless,
  'net.inet.tcp.sendbuf_auto_lowat': harmless,
  'net.inet.tcp.recvbuf_max': harmless,
  'net.inet.tcp.sendbuf_max': harmless,
  'net.inet.tcp.do_tcpdrain': harmless,
  'net.inet.tcp.minmss': harmless,
  'net.inet.tcp.mssdflt': only('536'),
  'net.inet.tcp.v6mssdflt': only('1220'),
  'net.inet.tcp.functions_default': harmless,
  'net.inet.tcp.functions_available': harmless,
  'net.inet.tcp.functions_inherit_listen_socket_stack': harmless,
  'net.inet.tcp.maxtcptw': harmless,
  'net.inet.tcp.nolocaltimewait': harmless,
  'net.inet.tcp.icmp_may_rst': only('1'),
  'net.inet.tcp.log_in_vain': harmless,
  'net.inet.tcp.log_debug': harmless,
  'net.inet.tcp.isn_reseed_interval': harmless,
  'net.inet.tcp.ts_offset_per_conn': harmless,
  'net.inet.tcp.msl_local': harmless,
  'net.inet.tcp.fast_finwait2_recycle': harmless,
  'net.inet.tcp.pmtud_blackhole_detection': harmless,
  'net.inet.tcp.pmtud_blackhole_mss': harmless,
  'net.inet.tcp.v6pmtud_blackhole_mss': harmless,
  'net.inet.tcp.ack_war_timewindow': harmless,
  'net.inet.tcp.ack_war_cnt': harmless,
  'net.inet.tcp.newcwv': harmless,
  'net.inet.tcp.tso': harmless,
  'net.inet.tcp.delacktime': profile((value) => ({
    acks: { ...bsdAcks, ...delayedAcks(value * MILLISECOND), advertise: bsdAcks.advertise },
  })),
  'net.inet.tcp.delayed_ack': profile((value, tcp) => ({
    acks: value === 0 ? { ...tcp.acks, dataArrived: acknowledgeAtOnce } : bsdAcks,
  })),
  'net.inet.tcp.hostcache.prune': harmless,
  'net.inet.tcp.hostcache.expire': harmless,
  'net.inet.tcp.hostcache.purge': harmless,
  'net.inet.tcp.hostcache.purgenow': harmless,
  'net.inet.tcp.hostcache.enable': harmless,
  'net.inet.tcp.hostcache.cachelimit': harmless,
  'net.inet.tcp.hostcache.bucketlimit': harmless,
  'net.inet.tcp.sack.maxholes': harmless,
  'net.inet.tcp.sack.globalmaxholes': harmless,
  'net.inet.tcp.sack.revised': harmless,
  'net.inet.tcp.sack.tso': harmless,
  'net.inet.tcp.sack.lrd': harmless,
  'net.inet.tcp.sack_attack_detection': harmless,
  'net.inet.tcp.map_limit': harmless,
  'net.inet.tcp.split_limit': harmless,
  'net.inet.tcp.reass.maxqueuelen': harmless,
  'net.inet.tcp.reass.maxsegments': harmless,
  'net.inet.tcp.reass.new_limit': harmless,
  'net.inet.tcp.reass.queueguard': harmless,
  'net.inet.tcp.syncache.rst_on_sock_fail': only('1'),
  'net.inet.tcp.syncache.see_other': harmless,
  'net.inet.tcp.syncache.bucketlimit': harmless,
  'net.inet.tcp.syncache.cachelimit': harmless,
  'net.inet.tcp.syncache.hashsize': harmless,
  'net.inet.tcp.syncache.rexmtlimit': profile((value) => ({ maximumSynAckRetries: value })),
  'net.inet.tcp.syncookies': profile((value) => ({ synCookies: value !== 0 })),
  'net.inet.tcp.syncookies_only': only('0'),
  // 1: a SYN for a closed port is not answered; 2 and 3: nothing is.
  'net.inet.tcp.blackhole': profile((value) => ({
    ignoresStrays: (segment: TcpHeader) => value > 1 || (value === 1 && (segment.flags & TCP_SYN) !== 0),
  })),
  'net.inet.tcp.blackhole_local': harmless,
  'net.inet.tcp.drop_synfin': harmless,
  'net.inet.tcp.keepinit': (settings, value) => {
    settings.keepInit = Number(value) * MILLISECOND;
    return settings.keepInit > 0 ? null : `"${value}" is no time`;
  },
  'net.inet.tcp.keepidle': profile((value) => ({ keepaliveIdle: value * MILLISECOND })),
  'net.inet.tcp.keepintvl': profile((value) => ({ keepaliveInterval: value * MILLISECOND })),
  'net.inet.tcp.keepcnt': profile((value) => ({ keepaliveProbes: value })),
  'net.inet.tcp.always_keepalive': profile((value) => ({ keepalive: value !== 0 })),
  'net.inet.tcp.maxunacktime': only('0'),
  'net.inet.tcp.msl': profile((value) => ({ timeWait: 2 * value * MILLISECOND })),
  'net.inet.tcp.finwait2_timeout': profile((value) => ({ finWait2: value > 0 ? value * MILLISECOND : NEVER })),
  'net.inet.tcp.insecure_rst': insecure(
    { resetConnection: (tcb) => tcb.profile.resetEndsTimeWait || tcb.state !== TCP_TIMED_WAIT },
    { resetConnection },
  ),
  'net.inet.tcp.insecure_syn': insecure(
    { synOnOpenConnection: classicDefence.synOnOpenConnection },
    { synOnOpenConnection },
  ),
  'net.inet.tcp.insecure_ack': insecure({ acknowledgmentTooOld: () => false }, { acknowledgmentTooOld }),
  'net.inet.tcp.require_unique_port': harmless,
  'net.inet.tcp.udp_tunneling_port': only('0'),
  'net.inet.tcp.udp_tunneling_overhead': harmless,
  'net.inet.tcp.soreceive_stream': harmless,
  'net.inet.tcp.per_cpu_timers': harmless,
  'net.inet.tcp.timer_race': harmless,
  'net.inet.tcp.stats': harmless,
  'net.inet.tcp.path_mtu_discovery': profile((value) => ({ dontFragment: value !== 0 })),
  'net.inet.tcp.initcwnd_segments': profile((value) => ({
    // RFC 6928 2, with another number of segments.
    initialWindow: (mss: number) => Math.min(value * mss, Math.max(2 * mss, value * 1460)),
  })),
  'net.inet.tcp.abc_l_var': harmless,
  'net.inet.tcp.cc.algorithm': (settings, value) => congestion(settings, ALGORITHMS[value] ?? value),
  'net.inet.tcp.cc.abe': only('0'),
  'net.inet.udp.blackhole': only('0'),
  'net.inet.udp.checksum': only('1'),
  'net.inet.udp.log_in_vain': harmless,
  'net.inet.udp.recvspace': harmless,
  'net.inet.udp.maxdgram': harmless,
  'net.inet.icmp.icmplim': harmless,
  'net.inet.icmp.icmplim_output': harmless,
  'net.inet.icmp.icmplim_jitter': harmless,
  'net.inet.icmp.drop_redirect': harmless,
  'net.inet.icmp.maskrepl': harmless,
  'net.inet.icmp.reply_from_interface': harmless,
  'net.inet.ip.ttl': hopLimit,
  'net.inet6.ip6.hlim': hopLimit,
  'net.inet6.tcp6.rfc1323': harmless,
  'kern.ipc.maxsockbuf': harmless,
  'kern.ipc.somaxconn': harmless,
  'kern.ipc.soacceptqueue': harmless,
  'kern.ipc.sooptcopyin': harmless,
};

/** Settings of parts of FreeBSD's TCP that do not run in a plain connection. */
export const BSD_ELSEWHERE =
  /^net\.inet\.tcp\.(?:rack|bbr|hpts|lro|bb|fastopen|cc\.(?:newreno|cubic|hystartplusplus|available|cdg|chd|dctcp|hd|htcp|vegas))\b/;
