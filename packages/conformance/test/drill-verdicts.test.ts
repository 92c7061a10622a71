import { describe, expect, test } from '@jest/globals';
import {
  drillCapture,
  drillJson,
  drillJunit,
  formatDrillResult,
  runDrill,
  STRICT,
  summarizeDrill,
} from '@strata/conformance';
import { readCapture } from '@strata/pcap-writer';

const LISTEN = `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
`;
const OPEN = `${LISTEN}+0 < S 0:0(0) win 65535 <mss 1000>
+0 > S. 0:0(0) ack 1 <mss 1460>
+.1 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
`;
/** OPEN has seven lines. */
const LAST = 8;

describe('a script that expects something else fails, with the difference', () => {
  const cases: readonly (readonly [what: string, lines: string, line: number, message: RegExp])[] = [
    [
      'sequence number',
      '+0 write(4, ..., 100) = 100\n+0 > P. 2:102(100) ack 1',
      9,
      /^sequence number: expected 2, got 1$/,
    ],
    [
      'acknowledgment',
      '+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 2',
      9,
      /^acknowledgment number: expected 2, got 1$/,
    ],
    ['missing acknowledgment', '+0 write(4, ..., 100) = 100\n+0 > P 1:101(100)', 9, /^ACK: expected clear, got set$/],
    ['length', '+0 write(4, ..., 100) = 100\n+0 > P. 1:51(50) ack 1', 9, /^payload length: expected 50, got 100$/],
    ['PSH', '+0 write(4, ..., 100) = 100\n+0 > . 1:101(100) ack 1', 9, /^PSH: expected clear, got set$/],
    ['FIN', '+0 write(4, ..., 100) = 100\n+0 > FP. 1:101(100) ack 1', 9, /^FIN: expected set, got clear$/],
    ['window', '+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 1 win 1', 9, /^window: expected 1, got 65535$/],
    [
      'options',
      '+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 1 <nop,nop,nop,nop>',
      9,
      /^TCP options: expected <nop,nop,nop,nop>, got none$/,
    ],
    [
      'time',
      '+0 write(4, ..., 100) = 100\n+.1 > P. 1:101(100) ack 1',
      9,
      /^time: expected 0\.2, got 0\.1 \(tolerance 0\.0125\)$/,
    ],
    ['silence', '+0 > . 1:1(0) ack 1', 8, /^the packet never came by 2\.1$/],
    ['ECN', '+0 write(4, ..., 100) = 100\n+0 > [ect0] P. 1:101(100) ack 1', 9, /^ECN: expected ect0, got noecn$/],
    ['TTL', '+0 write(4, ..., 100) = 100\n+0 > (ttl 7) P. 1:101(100) ack 1', 9, /^time to live: expected 7, got 64$/],
    [
      'merging beyond',
      '+0 write(4, ..., 3000) = 3000\n+0 > P. 1:2501(2500) ack 1',
      9,
      /^payload length: expected 2500, got 3000$/,
    ],
    ['result', '+0 read(4, ..., 100) = 100', 8, /^read\(4, \.\.\., 100\) blocks|^read\(\) blocks/],
    ['errno', '+0 close(9) = -1 EINVAL (Invalid)', 8, /^close\(9\): it returned -1 EBADF, expected -1 EINVAL$/],
    ['getsockopt', '+0 getsockopt(4, SOL_TCP, TCP_NODELAY, [1], [4]) = 0', 8, /TCP_NODELAY is 0, not \[1\]$/],
    [
      'assertion',
      '+0 %{ assert tcpi_snd_cwnd == 11, "window" }%',
      8,
      /assert tcpi_snd_cwnd == 11, "window" does not hold \(tcpi_snd_cwnd is 10\): window$/,
    ],
    ['blocking too long', '+0...1 read(4, ..., 100) = 100', 8, /^read\(\) never returns; it should at 1\.1$/],
    [
      'returning too early',
      '+0...1 read(4, ..., 100) = 100\n+.2 < P. 1:101(100) ack 1 win 65535',
      8,
      /^read\(\) returned at 0\.3, expected at 1\.1/,
    ],
    ['an event in the past', '0.05 write(4, ..., 100) = 100', 8, /^the event is due at 0\.05, but it is 0\.1 already$/],
    [
      'an echo nobody sent',
      '+0 < . 1:1(0) ack 1 win 100 <nop,nop,TS val 1 ecr 99>',
      8,
      /^the segment echoes timestamp 99/,
    ],
    ['the left over', '+0 write(4, ..., 100) = 100', 8, /^after the last event a packet is left that nobody expects$/],
  ];

  test.each(cases)('%s', (_what, lines, line, message) => {
    const result = runDrill(`${OPEN}${lines}\n`, { leniency: STRICT, unexpectedAtEnd: 'fail' });
    expect(result.verdict).toBe('fail');
    expect(result.failure?.message).toMatch(message);
    expect(result.failure?.location.line).toBe(line);
  });

  test('the report shows both packets side by side and what went before', () => {
    const result = runDrill(`${OPEN}+0 write(4, ..., 100) = 100\n+0 > P. 2:102(100) ack 1\n`, { name: 'x.pkt' });
    expect(formatDrillResult(result)).toBe(`FAIL        x.pkt
  x.pkt:9:4: sequence number: expected 2, got 1
    expected: 0.1 > P. 2:102(100) ack 1
    actual:   0.1 > P. 1:101(100) ack 1 win 65535
    - sequence number: expected 2, got 1
  packets so far:
    0          line 4    < S 0:0(0) win 65535 <mss 1000>
    0          line 5    > S. 0:0(0) ack 1 win 65535 <mss 1460>
    0.1        line 6    < . 1:1(0) ack 1 win 65535
    0.1        line 9    > P. 1:101(100) ack 1 win 65535`);
  });

  test('the capture says it at the packet', () => {
    const result = runDrill(`${OPEN}+0 write(4, ..., 100) = 100\n+0 > P. 2:102(100) ack 1\n`, { name: 'x.pkt' });
    const packets = [...readCapture(drillCapture(result))].filter((event) => event.kind === 'packet');
    expect(packets).toHaveLength(4);
    expect(packets[3]?.comments).toEqual(['line 9', 'sequence number: expected 2, got 1']);
  });
});

describe('leniency', () => {
  test('PSH on data is overlooked, and said', () => {
    const result = runDrill(`${OPEN}+0 write(4, ..., 100) = 100\n+0 > . 1:101(100) ack 1\n`);
    expect(result).toMatchObject({ verdict: 'pass', overlooked: ['PSH'] });
  });

  test('the layout of a SYN’s options is overlooked, their set is not', () => {
    const offer = `${LISTEN}+0 < S 0:0(0) win 65535 <mss 1000,nop,wscale 2>\n`;
    expect(runDrill(`${offer}+0 > S. 0:0(0) ack 1 <wscale 6,nop,mss 1460>\n`).verdict).toBe('pass');
    expect(runDrill(`${offer}+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale 8>\n`).verdict).toBe('fail');
    expect(runDrill(`${offer}+0 > S. 0:0(0) ack 1 <wscale 8,nop,mss 1460>\n`, { leniency: STRICT }).verdict).toBe(
      'fail',
    );
  });

  test('packets after the last event are reported', () => {
    const result = runDrill(`${OPEN}+0 write(4, ..., 100) = 100\n`);
    expect(result).toMatchObject({ verdict: 'pass', unexpected: ['0.1 > P. 1:101(100) ack 1 win 65535'] });
  });
});

describe('what cannot be judged is unsupported, with the reason', () => {
  const cases: readonly (readonly [what: string, source: string, reason: RegExp])[] = [
    ['an unknown command', `\`nosuchprogram --x\`\n${OPEN}`, /^the command "nosuchprogram --x" is not known here$/],
    ['a shaped link', `\`tc qdisc add dev tun0 root netem delay 10ms\`\n${OPEN}`, /shapes traffic/],
    [
      'an unknown sysctl',
      `\`sysctl -q net.ipv4.tcp_magic=1\`\n${OPEN}`,
      /^the sysctl net\.ipv4\.tcp_magic is not known here$/,
    ],
    [
      'a value that is not available',
      `\`sysctl -q net.ipv4.tcp_abort_on_overflow=1\`\n${OPEN}`,
      /^net\.ipv4\.tcp_abort_on_overflow=1: only 0 is available$/,
    ],
    ['an unknown call', `${OPEN}+0 madvise(4, 5, 100) = 100\n`, /^the system call madvise\(\) \(line 8\)$/],
    [
      'an unknown socket option',
      `${OPEN}+0 setsockopt(4, SOL_TCP, TCP_MAGIC, [1], 4) = 0\n`,
      /^the socket option SOL_TCP TCP_MAGIC \(line 8\)$/,
    ],
    ['Fast Open', `${OPEN}+0 sendto(4, ..., 10, MSG_FASTOPEN, ..., ...) = 10\n`, /^TCP Fast Open \(line 8\)$/],
    ['an unknown field', `${OPEN}+0 %{ assert tcpi_magic == 1 }%\n`, /line 8: "tcpi_magic" has no value here$/],
    [
      'code beyond expressions',
      `${OPEN}+0 %{ try: pass }%\n`,
      /line 8: statements like "try: pass" are not understood$/,
    ],
    ['encapsulation', '+0 < ipv4 192.0.2.1 > 192.0.2.2: gre: . 1:1(0) ack 1 win 1\n', /^encapsulation \(line 1/],
    [
      'MPTCP',
      `${LISTEN}+0 < S 0:0(0) win 65535 <mss 1000,mp_capable v1>\n`,
      /^the TCP option mp_capable v1 \(line 4\)$/,
    ],
    ['an address that no host has', `--local_ip=224.0.0.1\n${OPEN}`, /^a host that cannot be set up: .*224\.0\.0\.1/],
    ['IPv7', `--ip_version=ipv7\n${OPEN}`, /^there is no --ip_version=ipv7/],
  ];

  test.each(cases)('%s', (_what, source, reason) => {
    const result = runDrill(source);
    expect(result.verdict).toBe('unsupported');
    expect(result.reasons[0]).toMatch(reason);
    expect(result.failure).toBeNull();
  });

  test('a script for one version of IP is not run over the other', () => {
    const result = runDrill(`--ip_version=ipv4\n${OPEN}`, { scriptOptions: [{ name: 'ip_version', value: 'ipv6' }] });
    expect(result).toMatchObject({ verdict: 'unsupported', reasons: ['IPv4: the script says so itself'] });
  });

  test('a look at what a kernel counts is not taken for done', () => {
    const result = runDrill(`${OPEN}+0 \`nstat | grep TcpExtBeyondWindow\`\n`);
    expect(result.reasons[0]).toMatch(/looks at what the kernel counts/);
  });

  test('but an error that a script expects is an error', () => {
    expect(runDrill(`${OPEN}+0 setsockopt(4, SOL_TCP, TCP_MAGIC, [1], 4) = -1 ENOPROTOOPT (No)\n`).verdict).toBe(
      'pass',
    );
  });
});

describe('commands that are mapped', () => {
  test('sysctls change the stack', () => {
    const source = `\`../common/defaults.sh
sysctl -q net.ipv4.tcp_synack_retries=1
set_sysctls.py /proc/sys/net/ipv4/tcp_rmem="4096 40000 40000"
\`
${LISTEN}+0 < S 0:0(0) win 65535 <mss 1000>
+0 > S. 0:0(0) ack 1 win 18980 <mss 1460>
+1 > S. 0:0(0) ack 1 win 18980 <mss 1460>
+9 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0
`;
    expect(formatDrillResult(runDrill(source, { unexpectedAtEnd: 'fail' }))).toBe('PASS        script');
  });

  test('sysctls change a running stack; sockets made before keep what they have', () => {
    const source = `${LISTEN}+0 < 5001 > 8080 S 0:0(0) win 65535 <mss 1000,nop,wscale 7>
+0 > 8080 > 5001 S. 0:0(0) ack 1 <mss 1460,nop,wscale 8>
+0 \`sysctl -q net.ipv4.tcp_window_scaling=0\`
+0 < 5002 > 8080 S 0:0(0) win 65535 <mss 1000,nop,wscale 7>
+0 > 8080 > 5002 S. 0:0(0) ack 1 <mss 1460>
`;
    expect(formatDrillResult(runDrill(source, { leniency: STRICT, unexpectedAtEnd: 'fail' }))).toBe(
      'PASS        script',
    );
  });

  test('routes have an MTU, a smallest timeout and a congestion control', () => {
    const source = `\`ip route change 192.0.2.0/24 via 192.168.0.1 dev tun0 mtu lock 1240 rto_min 50ms congctl reno\`
${LISTEN}+0 < S 0:0(0) win 65535 <mss 1460>
+0 > S. 0:0(0) ack 1 <mss 1200>
+.1 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
+0 getsockopt(4, SOL_TCP, TCP_CONGESTION, "reno", [4]) = 0
+0 write(4, ..., 1200) = 1200
+0 > P. 1:1201(1200) ack 1
+.3 > P. 1:1201(1200) ack 1
+0 < . 1:1(0) ack 1201 win 65535
`;
    expect(formatDrillResult(runDrill(source, { unexpectedAtEnd: 'fail' }))).toBe('PASS        script');
  });

  test('ip route sets the initial window; sleep takes time', () => {
    const source = `\`ip route replace 192.0.2.0/24 dev tun0 initcwnd 3\`
${OPEN}+0 \`sleep 2\`
+0 write(4, ..., 5000) = 5000
2.1 > . 1:3001(3000) ack 1
`;
    expect(formatDrillResult(runDrill(source, { unexpectedAtEnd: 'fail' }))).toBe('PASS        script');
  });
});

describe('results for machines', () => {
  const results = [
    runDrill(OPEN, { name: 'a & b' }),
    runDrill(`${OPEN}+0 > . 1:1(0) ack 1\n`, { name: 'b' }),
    runDrill(`\`nosuch\`\n${OPEN}`, { name: 'c' }),
    runDrill('0 nonsense', { name: 'd' }),
  ];

  test('a summary counts', () => {
    expect(summarizeDrill(results)).toBe('1 passed, 2 failed, 1 unsupported');
  });

  test('JSON has every script', () => {
    expect(JSON.parse(JSON.stringify(drillJson(results)))).toMatchObject({
      summary: { pass: 1, fail: 2, unsupported: 1 },
      scripts: [
        { name: 'a & b', verdict: 'pass' },
        { name: 'b', verdict: 'fail', failure: { location: { line: LAST, column: 4 } } },
        { name: 'c', verdict: 'unsupported', reasons: ['the command "nosuch" is not known here'] },
        { name: 'd', verdict: 'fail', failure: { message: expect.stringContaining('syntax error') } },
      ],
    });
  });

  test('JUnit has every script, escaped', () => {
    const text = drillJunit(results);
    expect(text).toContain('tests="4" failures="2" skipped="1"');
    expect(text).toContain('name="a &amp; b"');
    expect(text).toContain('<skipped message="the command &quot;nosuch&quot; is not known here"/>');
  });

  test('the same script gives the same packets, octet for octet', () => {
    const again = runDrill(OPEN, { name: 'a & b' });
    expect(drillCapture(again)).toEqual(drillCapture(results[0] as (typeof results)[0]));
  });
});
