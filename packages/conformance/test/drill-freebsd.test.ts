import { describe, expect, test } from '@jest/globals';
import { formatDrillResult, runDrill, STRICT } from '@strata/conformance';

const SOCKET = '+0.00 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n';
const CONNECT = `${SOCKET}+0.00 fcntl(3, F_GETFL) = 0x02 (flags O_RDWR)
+0.00 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0.00 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0.00 > S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>
`;
const ACCEPT = `${SOCKET}+0.00 bind(3, ..., ...) = 0
+0.00 listen(3, 1) = 0
+0.00 < S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>
+0.00 > S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 100>
+0.05 < . 1:1(0) ack 1 win 1040 <nop,nop,TS val 150 ecr 100>
+0.00 accept(3, ..., ...) = 4
`;
const COMMAND = '0.00 `sysctl -w net.inet.tcp.hostcache.purgenow=1`\n';

function report(script: string): string {
  const result = runDrill(script.replace(/^\+0\.00 /, '0.00 '), {
    leniency: { ...STRICT, echo: true },
    unexpectedAtEnd: 'fail',
  });
  return formatDrillResult(result);
}

describe('a script is taken for FreeBSD', () => {
  const answer = '+0.05 < S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,eol,eol>\n+0.00 > . 1:1(0) ack 1 win 65535\n';
  const close = '+0.00 close(3) = 0\n+0.00 > F. 1:1(0) ack 1\n+0.05 < R 1:1(0) win 0\n';

  test.each([
    ['a sysctl', `${COMMAND}${CONNECT}`],
    ['a module', `0.00 \`kldload -n tcp_rack\`\n${CONNECT}`],
    [
      'a call',
      CONNECT.replace(
        'IPPROTO_TCP) = 3\n',
        'IPPROTO_TCP) = 3\n+0.00 setsockopt(3, IPPROTO_TCP, TCP_FUNCTION_BLK, {function_set_name="freebsd", pcbcnt=0}, 36) = 0\n',
      ),
    ],
    ['the order of the options of a SYN', CONNECT],
  ])('by %s', (_what, opening) => {
    expect(report(opening + answer + close)).toBe('PASS        script');
  });

  test('and not for its inbound segments', () => {
    const script = ACCEPT.replace(
      /> S\. .*/,
      '> S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,TS val 100 ecr 100,nop,wscale 8>',
    );
    expect(report(script)).toBe('PASS        script');
  });
});

describe('the MTU over IPv6', () => {
  const opening = (mss: number) =>
    `--ip_version=ipv6\n0.00 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0.00 fcntl(3, F_SETFL, O_NONBLOCK) = 0\n+0.00 connect(3, ..., ...) = -1 EINPROGRESS\n+0.00 > S 0:0(0) <mss ${mss},sackOK,TS val 100 ecr 0,nop,wscale 8>\n`;

  test.each([1440, 1460])('leaves room for segments of the size that the script expects, %s', (mss) => {
    expect(report(opening(mss))).toBe('PASS        script');
  });

  test('and no other', () => {
    expect(report(opening(1400))).toMatch(/^FAIL/);
    expect(report(`--mtu=1500\n${opening(1460)}`)).toMatch(/^FAIL/);
  });
});

test.each([
  [
    'what acknowledges anything but all that was sent is answered in TIME-WAIT',
    `${ACCEPT}+0.00 shutdown(4, SHUT_WR) = 0
+0.00 > F. 1:1(0) ack 1 <...>
+0.05 < F. 1:1(0) ack 2 win 1040 <nop,nop,TS val 200 ecr 100>
+0.00 > . 2:2(0) ack 2 <...>
+0.05 < . 2:2(0) ack 1 win 1040 <nop,nop,TS val 250 ecr 100>
+0.00 > . 2:2(0) ack 2 <...>
+0.05 < . 2:2(0) ack 3 win 1040 <nop,nop,TS val 250 ecr 100>
+0.00 > . 2:2(0) ack 2 <...>
+0.05 < . 2:2(0) ack 2 win 1040 <nop,nop,TS val 250 ecr 100>
`,
  ],
  [
    'the timeout of a SYN has a fixed part from the second on',
    `${CONNECT}+1.00 > S 0:0(0) <...>\n+2.20 > S 0:0(0) <...>\n+4.20 > S 0:0(0) <...>\n`,
  ],
  [
    'an opening is given up after 75 seconds',
    `${CONNECT}+1.00 > S 0:0(0) <...>
+2.20 > S 0:0(0) <...>
+4.20 > S 0:0(0) <...>
+8.20 > S 0:0(0) <...>
+16.20 > S 0:0(0) <...>
+32.20 > S 0:0(0) <...>
+10.00 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0
+1.40 getsockopt(3, SOL_SOCKET, SO_ERROR, [ETIMEDOUT], [4]) = 0
`,
  ],
  [
    'or after what is set',
    `0.00 \`sysctl -w net.inet.tcp.keepinit=5000\`
${CONNECT}+1.00 > S 0:0(0) <...>
+2.20 > S 0:0(0) <...>
+2.00 getsockopt(3, SOL_SOCKET, SO_ERROR, [ETIMEDOUT], [4]) = 0
`,
  ],
  [
    'a listener repeats a SYN-ACK three times',
    `${COMMAND}${ACCEPT.replace(/\+0\.05[\s\S]*/, '')}+1.00 > S. 0:0(0) ack 1 <...>\n+2.20 > S. 0:0(0) ack 1 <...>\n+4.20 > S. 0:0(0) ack 1 <...>\n+20.0 < . 1:1(0) ack 1 win 1040 <nop,nop,TS val 150 ecr 100>\n+0.00 > R 1:1(0)\n`,
  ],
  [
    'the timeout of data is fixed above the round trip',
    `${ACCEPT}+0.00 write(4, ..., 10) = 10\n+0.00 > P. 1:11(10) ack 1 <...>\n+0.35 > P. 1:11(10) ack 1 <...>\n+0.50 > P. 1:11(10) ack 1 <...>\n`,
  ],
  [
    'a closed window is probed with an octet after five seconds',
    `${ACCEPT}+0.00 < . 1:1(0) ack 1 win 0 <nop,nop,TS val 150 ecr 100>\n+0.00 write(4, ..., 10) = 10\n+5.00 > . 1:2(1) ack 1 <...>\n+5.00 > . 1:2(1) ack 1 <...>\n`,
  ],
  [
    'acknowledgments are late by 40 ms',
    `${ACCEPT}+0.10 < P. 1:11(10) ack 1 win 1040 <nop,nop,TS val 250 ecr 100>\n+0.04 > . 1:1(0) ack 11 <nop,nop,TS val 290 ecr 250>\n`,
  ],
  [
    'every second segment is acknowledged',
    `${ACCEPT}+0.10 < . 1:1449(1448) ack 1 win 1040 <nop,nop,TS val 250 ecr 100>\n+0.00 < . 1449:2897(1448) ack 1 win 1040 <nop,nop,TS val 250 ecr 100>\n+0.00 > . 1:1(0) ack 2897 <nop,nop,TS val 250 ecr 250>\n`,
  ],
  ['a segment without the timestamps that were agreed on is dropped', `${ACCEPT}+0.10 < P. 1:11(10) ack 1 win 1040\n`],
  [
    'a setting tolerates it',
    `0.00 \`sysctl -w net.inet.tcp.tolerate_missing_ts=1\`\n${ACCEPT}+0.10 < P. 1:11(10) ack 1 win 1040\n+0.04 > . 1:1(0) ack 11 <...>\n`,
  ],
  [
    'no reset ends TIME-WAIT',
    `${ACCEPT}+0.00 shutdown(4, SHUT_WR) = 0\n+0.00 > F. 1:1(0) ack 1 <...>\n+0.05 < F. 1:1(0) ack 2 win 1040 <nop,nop,TS val 200 ecr 100>\n+0.00 > . 2:2(0) ack 2 <...>\n+0.05 < R 2:2(0) win 0\n+0.05 < F. 1:1(0) ack 2 win 1040 <nop,nop,TS val 250 ecr 100>\n+0.00 > . 2:2(0) ack 2 <...>\n`,
  ],
  [
    'challenges are not held back',
    `${ACCEPT}+0.10 < S 5:5(0) win 1040\n+0.00 > . 1:1(0) ack 1 <...>\n+0.01 < S 5:5(0) win 1040\n+0.00 > . 1:1(0) ack 1 <...>\n`,
  ],
  [
    'an unreachable host does not end the opening',
    `${CONNECT}+0.05 < icmp unreachable host_unreachable [0:0(0)]\n+0.00 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0\n+0.05 < S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,eol,eol>\n+0.00 > . 1:1(0) ack 1\n`,
  ],
])('%s', (_what, script) => {
  expect(report(script)).toBe('PASS        script');
});
