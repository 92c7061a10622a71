import { describe, expect, test } from '@jest/globals';
import { type DrillVerdict, formatDrillResult, runDrill } from '@strata/conformance';

const LISTEN = `+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
`;
const ACCEPT = `+0 > S. 0:0(0) ack 1 <...>
+.1 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
`;
const PLAIN = `${LISTEN}+0 < S 0:0(0) win 65535 <mss 1000>\n${ACCEPT}`;
const SACK = `${LISTEN}+0 < S 0:0(0) win 65535 <mss 1000,nop,nop,sackOK>\n${ACCEPT}`;
const CONNECT = `+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS
`;
const TIME_WAIT = `${PLAIN}+0 shutdown(4, SHUT_WR) = 0
+0 > F. 1:1(0) ack 1
+.1 < F. 1:1(0) ack 2 win 65535
+0 > . 2:2(0) ack 2
`;

function run(commands: string, events: string): string {
  const shells = commands === '' ? '' : `\`${commands}\`\n`;
  return formatDrillResult(runDrill(`${shells}${events.replace(/^\+0 /, '0 ')}`, { unexpectedAtEnd: 'fail' }));
}

/** With the command the script passes, without it fails. `base` is in effect both times. */
type Effect = readonly [command: string, events: string, base?: string];

const LINUX: readonly Effect[] = [
  ['sysctl -q net.ipv4.tcp_timestamps=0', `${CONNECT}+0 > S 0:0(0) <mss 1460,nop,nop,sackOK,nop,wscale 8>\n`],
  [
    '../common/set_sysctls.py /proc/sys/net/ipv4/tcp_sack=0',
    `${CONNECT}+0 > S 0:0(0) <mss 1460,nop,nop,TS val 0 ecr 0,nop,wscale 8>\n`,
  ],
  ['echo 0 > /proc/sys/net/ipv4/tcp_window_scaling', `${CONNECT}+0 > S 0:0(0) <mss 1460,sackOK,TS val 0 ecr 0>\n`],
  ['sysctl -w net.ipv4.tcp_ecn=1', `${CONNECT}+0 > SEW 0:0(0) <...>\n`],
  [
    './set_sysctls.py /proc/sys/net/ipv4/tcp_ecn=2',
    `${LISTEN}+0 < SEW 0:0(0) win 5000 <mss 1000>\n+0 > SE. 0:0(0) ack 1 <...>\n`,
  ],
  [
    'sysctl -q net.ipv4.tcp_syn_retries=1',
    `${CONNECT}+0 > S 0:0(0) <...>\n+1 > S 0:0(0) <...>\n+3 getsockopt(3, SOL_SOCKET, SO_ERROR, [ETIMEDOUT], [4]) = 0\n`,
  ],
  [
    'sysctl -q net.ipv4.tcp_synack_retries=1',
    `${LISTEN}+0 < S 0:0(0) win 5000 <mss 1000>\n+0 > S. 0:0(0) ack 1 <...>\n+1 > S. 0:0(0) ack 1 <...>\n+3 < . 1:1(0) ack 1 win 5000\n+0 > R 1:1(0)\n`,
  ],
  [
    'sysctl -q net.ipv4.tcp_dsack=0',
    `${SACK}+0 < P. 1:11(10) ack 1 win 5000\n+0 > . 1:1(0) ack 11\n+0 < P. 1:11(10) ack 1 win 5000\n+0 > . 1:1(0) ack 11\n`,
  ],
  ['sysctl -q net.ipv4.ip_default_ttl=33', `${CONNECT}+0 > (ttl 33) S 0:0(0) <...>\n`],
  [
    'sysctl -q net.ipv4.tcp_rfc1337=1',
    `${TIME_WAIT}+.1 < R 2:2(0) win 0\n+.1 < F. 1:1(0) ack 2 win 5000\n+0 > . 2:2(0) ack 2\n`,
  ],
  ['sysctl -q net.ipv4.tcp_max_tw_buckets=0', `${TIME_WAIT}+.1 < . 2:2(0) ack 2 win 5000\n+0 > R 2:2(0)\n`],
  [
    'sysctl -q net.ipv4.tcp_challenge_ack_limit=1',
    `${PLAIN}+0 < S 5:5(0) win 5000\n+0 > . 1:1(0) ack 1\n+.6 < S 5:5(0) win 5000\n`,
  ],
  [
    'sysctl -q net.ipv4.tcp_keepalive_time=5 net.ipv4.tcp_keepalive_intvl=2 net.ipv4.tcp_keepalive_probes=1',
    `${PLAIN}+0 setsockopt(4, SOL_SOCKET, SO_KEEPALIVE, [1], 4) = 0\n+5 > . 0:0(0) ack 1\n+2 > R. 1:1(0) ack 1\n`,
  ],
  [
    'sysctl -q net.ipv4.tcp_retries2=1',
    `${PLAIN}+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n+.3 > P. 1:11(10) ack 1\n+3 getsockopt(4, SOL_SOCKET, SO_ERROR, [ETIMEDOUT], [4]) = 0\n`,
  ],
  [
    "sysctl -q net.ipv4.tcp_rmem='4096 20000 20000'",
    `${SACK}+0 < P. 30001:30011(10) ack 1 win 5000\n+0 > . 1:1(0) ack 1\n`,
  ],
  [
    "sysctl -q net.ipv4.tcp_wmem='4096 5000 5000'",
    `${PLAIN}+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n+0 write(4, ..., 9000) = 5000\n+0 > P. 1:5001(5000) ack 1\n`,
  ],
  [
    'sysctl -q net.ipv4.tcp_congestion_control=reno',
    `${PLAIN}+0 getsockopt(4, SOL_TCP, TCP_CONGESTION, "reno", [4]) = 0\n`,
  ],
  ['sysctl -q net.ipv4.tcp_reordering=5', `${SACK}+0 %{ assert tcpi_reordering == 5 }%\n`],
  [
    'sysctl -q net.ipv4.tcp_rto_min_us=1000000',
    `${PLAIN}+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n+1.1 > P. 1:11(10) ack 1\n`,
  ],
  [
    'sysctl -q net.ipv4.tcp_fin_timeout=5',
    `${PLAIN}+0 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+.1 < . 1:1(0) ack 2 win 5000\n+6 < . 1:1(0) ack 2 win 5000\n+0 > R 2:2(0)\n`,
  ],
  [
    'sysctl -q net.ipv4.tcp_notsent_lowat=100',
    `${PLAIN}+0 write(4, ..., 20000) = 20000\n+0 poll([{fd=4, events=POLLOUT, revents=0}], 1, 0) = 0\n+0 > P. 1:10001(10000) ack 1\n`,
  ],
  [
    'ip route change 192.0.2.0/24 dev tun0 initcwnd 2',
    `${PLAIN}+0 write(4, ..., 9000) = 9000\n+0 > P. 1:2001(2000) ack 1\n`,
  ],
  [
    'ip route replace 192.0.2.1 dev tun0 mtu lock 1000',
    `${CONNECT}+0 > S 0:0(0) <mss 960,sackOK,TS val 0 ecr 0,nop,wscale 8>\n`,
  ],
  ['ifconfig tun0 mtu 1000', `${CONNECT}+0 > S 0:0(0) <mss 960,sackOK,TS val 0 ecr 0,nop,wscale 8>\n`],
  ['ip link set dev tun0 mtu 1000', `${CONNECT}+0 > S 0:0(0) <mss 960,sackOK,TS val 0 ecr 0,nop,wscale 8>\n`],
];

const ANY_BSD = 'kldload -n cc_newreno';
const BSD: readonly Effect[] = [
  ['sysctl -w net.inet.tcp.rfc1323=0', `${CONNECT}+0 > S 0:0(0) win 65535 <mss 1460,sackOK,eol,eol>\n`, ANY_BSD],
  [
    'sysctl -w net.inet.tcp.sack.enable=0',
    `${CONNECT}+0 > S 0:0(0) win 65535 <mss 1460,nop,wscale 6,nop,nop,TS val 0 ecr 0>\n`,
    ANY_BSD,
  ],
  [
    'sysctl -w net.inet.tcp.ecn.enable=0',
    `${LISTEN}+0 < SEW 0:0(0) win 5000 <mss 1000>\n+0 > S. 0:0(0) ack 1 <...>\n`,
    ANY_BSD,
  ],
  [
    'sysctl -w net.inet.tcp.recvspace=20000',
    `${LISTEN}+0 < S 0:0(0) win 5000 <mss 1000>\n+0 > S. 0:0(0) ack 1 win 20000 <...>\n`,
    ANY_BSD,
  ],
  [
    'sysctl -w net.inet.tcp.sendspace=5000',
    `${PLAIN}+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n+0 write(4, ..., 9000) = 5000\n+0 > P. 1:5001(5000) ack 1\n`,
    ANY_BSD,
  ],
  ['sysctl -w net.inet.tcp.rexmit_initial=3000', `${CONNECT}+0 > S 0:0(0) <...>\n+3 > S 0:0(0) <...>\n`, ANY_BSD],
  [
    'sysctl -w net.inet.tcp.rexmit_slop=1000',
    `${PLAIN}+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n+1.3 > P. 1:11(10) ack 1\n`,
    ANY_BSD,
  ],
  [
    'sysctl -w net.inet.tcp.persmin=1000',
    `${PLAIN}+0 < . 1:1(0) ack 1 win 0\n+0 write(4, ..., 10) = 10\n+1 > . 1:2(1) ack 1\n`,
    ANY_BSD,
  ],
  [
    'sysctl -w net.inet.tcp.delacktime=100',
    `${PLAIN}+0 < P. 1:11(10) ack 1 win 5000\n+.1 > . 1:1(0) ack 11\n`,
    ANY_BSD,
  ],
  ['sysctl -w net.inet.tcp.delayed_ack=0', `${PLAIN}+0 < P. 1:11(10) ack 1 win 5000\n+0 > . 1:1(0) ack 11\n`, ANY_BSD],
  [
    'sysctl -w net.inet.tcp.syncache.rexmtlimit=1',
    `${LISTEN}+0 < S 0:0(0) win 5000 <mss 1000>\n+0 > S. 0:0(0) ack 1 <...>\n+1 > S. 0:0(0) ack 1 <...>\n+5 < . 1:1(0) ack 1 win 5000\n+0 > R 1:1(0)\n`,
    ANY_BSD,
  ],
  [
    'sysctl -w net.inet.tcp.insecure_rst=1',
    `${PLAIN}+0 < R 100:100(0) win 0\n+.1 < . 1:1(0) ack 1 win 5000\n+0 > R 1:1(0)\n`,
    ANY_BSD,
  ],
  ['sysctl -w net.inet.tcp.insecure_syn=1', `${PLAIN}+0 < S 100:100(0) win 5000\n+0 > R. 1:1(0) ack 1\n`, ANY_BSD],
  ['sysctl -w net.inet.tcp.insecure_ack=1', `${PLAIN}+0 < . 1:1(0) ack 4294800000 win 5000\n`, ANY_BSD],
  ['sysctl -w net.inet.tcp.msl=1000', `${TIME_WAIT}+2.1 < . 2:2(0) ack 2 win 5000\n+0 > R 2:2(0)\n`, ANY_BSD],
  ['sysctl -w net.inet.tcp.always_keepalive=1 net.inet.tcp.keepidle=5000', `${PLAIN}+5 > . 0:0(0) ack 1\n`, ANY_BSD],
  [
    'sysctl -w net.inet.tcp.initcwnd_segments=2',
    `${PLAIN}+0 write(4, ..., 9000) = 9000\n+0 > . 1:2921(2920) ack 1\n`.replaceAll('mss 1000', 'mss 1460'),
    ANY_BSD,
  ],
  [
    'sysctl -w net.inet.tcp.cc.algorithm=newreno',
    `${PLAIN}+0 getsockopt(4, SOL_TCP, TCP_CONGESTION, "reno", [4]) = 0\n`,
    ANY_BSD,
  ],
  [
    'sysctl -w net.inet.tcp.blackhole=1',
    '+0 < S 0:0(0) win 5000\n+0 < . 1:1(0) ack 1 win 5000\n+0 > R 1:1(0)\n',
    ANY_BSD,
  ],
  ['sysctl -w net.inet.tcp.blackhole=2', '+0 < S 0:0(0) win 5000\n+0 < . 1:1(0) ack 1 win 5000\n', ANY_BSD],
  ['sysctl -w net.inet.ip.ttl=33', `${CONNECT}+0 > (ttl 33) S 0:0(0) <...>\n`, ANY_BSD],
];

describe('what a command sets takes effect', () => {
  test.each([...LINUX, ...BSD])('%s', (command, events, base = '') => {
    expect(run(`${base}\n${command}`.trim(), events)).toMatch(/^PASS/);
    expect(run(base, events)).toMatch(/^FAIL/);
  });

  test('in the middle of a script as at its head', () => {
    const events = `${PLAIN}+0 \`sysctl -q net.ipv4.ip_default_ttl=33\`\n+0 close(3) = 0\n`;
    expect(run('', `${events}+0 write(4, ..., 1) = 1\n+0 > P. 1:2(1) ack 1\n`)).toMatch(/^PASS/);
  });
});

test.each<readonly [DrillVerdict, string]>([
  ['pass', './defaults.sh'],
  ['pass', '../../common/defaults.sh'],
  ['pass', 'bash ../common/defaults.sh'],
  ['pass', '/tmp/sysctl_restore_4711.sh'],
  ['pass', 'sysctl net.ipv4.tcp_sack'],
  ['pass', 'sysctl -e -q net.ipv4.no_such=0'],
  ['pass', 'sysctl -q net.ipv4.conf.all.rp_filter=0 net.ipv6.auto_flowlabels=1 kernel.panic_on_warn=0'],
  ['pass', 'sysctl -w net.inet.tcp.bb.log_auto_all=1 net.inet6.icmp6.nd6_debug=0 kern.hz=1000'],
  ['pass', 'tc qdisc replace dev tun0 root fq'],
  ['pass', 'ethtool -K tun0 tso off gso off'],
  ['pass', 'nstat > /dev/null; ss -nti; sync; X=1 true'],
  ['unsupported', 'nstat -z | grep TcpExtTCPAbortOnTimeout'],
  ['unsupported', 'sysctl -q net.ipv4.tcp_ecn=3'],
  ['unsupported', 'sysctl -q net.ipv4.no_such=0'],
  ['unsupported', 'sysctl -w net.inet.tcp.icmp_may_rst=0'],
  ['unsupported', 'sysctl -w net.inet.tcp.syncookies_only=1'],
  ['unsupported', 'tc qdisc add dev tun0 root netem delay 10ms'],
  ['unsupported', 'tc qdisc change dev tun0 root fq maxrate 1mbit'],
  ['unsupported', 'iptables -A OUTPUT -p tcp -j DROP'],
  ['unsupported', 'for i in 1 2; do sleep 1; done'],
  ['unsupported', 'sleep long'],
])('%s: %s', (verdict, command) => {
  const result = runDrill(`\`${command}\`\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n`);
  expect(result.verdict).toBe(verdict);
  if (verdict === 'unsupported') expect(result.reasons.join()).not.toBe('');
});
