import { describe, expect, test } from '@jest/globals';
import { formatDrillResult, formatScript, parseScript, runDrill } from '@strata/conformance';

/** One event each; what the language's editions write, and what must not be taken for a mistake. */
const forms: readonly string[] = [
  '0 write(4, "hello"..., 100) = 100',
  '0 write(4, "a\\"b\\n\\x41", 4) = 4',
  '0 fcntl(4, F_GETFL) = O_RDWR|O_NONBLOCK',
  '0 fcntl(4, F_SETFL, O_RDWR | O_NONBLOCK) = 0',
  '0 listen(3, 0b11) = 0',
  '0 read(4, ..., 100) = -1 EAGAIN (Resource temporarily unavailable; a-b, c/d.)',
  '0.1 ... 0.2 connect(4, ..., ...) = 0',
  '+0...+0.1 read(4, ..., 100) = 100',
  '+0 ~ +.1 > . 1:1(0) ack 1',
  '0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=5}, sizeof(struct linger)) = 0',
  '0 setsockopt(3, IPPROTO_TCP, TCP_FUNCTION_BLK, {function_set_name="freebsd", pcbcnt=0}, 36) = 0',
  '0 connect(3, {sa_family=AF_INET6, sin6_port=htons(8080), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28) = 0',
  '0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{...,0}], msg_flags=MSG_ERRQUEUE|MSG_TRUNC, msg_control=[{cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING, cmsg_data={scm_sec=0,scm_nsec=10000000}}, {cmsg_level=CMSG_LEVEL_IP, cmsg_type=CMSG_TYPE_RECVERR, cmsg_data={ee_errno=ENOMSG, ee_origin=SO_EE_ORIGIN_TIMESTAMPING, ee_type=0, ee_code=0, ee_info=SCM_TSTAMP_SCHED, ee_data=0}}]}, MSG_ERRQUEUE) = 0',
  '0 < S 0:0(0) win 65535 <mss 1460, nop, wscale 6, sackOK, eol, eol>',
  '0 < . 1:1(0) ack 1 win 5 <nop, nop, sack 2:3 4:5 6:7>',
  '0 < . 0!:0!(0) ack 1! win 5 <nop,nop,TS val 5 ecr 6!>',
  '0 < 1000>8080 S 4294967295:4294967295(0) win 65535',
  '0 < FSRPEWAU. 1:1(0) ack 1 win 5 urg 1',
  '0 < [ttl=64, tos=0x2] . 1:1(0) ack 1 win 5',
  '0 > (ect0) P5. 1:101(100) ack 1 <...>',
  '0 > S 0:0(0) <mss 1460,sackOK,FO TFO_COOKIE,nop,nop>',
  '0 < S 0:0(0) win 5 <mss 1460,mpcapable v1 flags[flag_h,flag_a] nokey>',
  '0 < . 0:0(0) ack 1 win 5 <dss dack8=1 dsn8=1 ssn=1 dll=100 nocs, nop>',
  '0 < S 0:0(0) win 5 <mp_join_syn backup=0 address_id=0 token=sha256_32(skey), nop>',
  '0 < icmp unreachable host_unknown [1:1(0)]',
  '0 < icmp destination_unreachable 3 [1:1(0)]',
  '0 < icmp parameter_problem err_header_field [1:2(1)]',
  '0 < [1:1001(1000)] icmp packet_too_big mtu 1280',
  '0 < icmp echo id 3',
  '0 < udplite (1000, 8)',
  '0 < sctp: INIT[flgs=0, tag=1, a_rwnd=1500, os=1, is=1, tsn=1]',
  '* > sctp: INIT_ACK[flgs=0, tag=..., STATE_COOKIE[len=...,\n   val=...]]',
  '0 < S/udp(9899>9899) 0:0(0) win 65535 <mss 1460>',
  '0 > gre flags [C K S], sum 0x0, off 0x0, key 0x5, seq 0x1: . 1:1(0) ack 1',
  '0 > ipv6 2001:db8::1 > 2001:db8::2: gre: mpls (label 0, tc 0, ttl 0) (label 7, tc 7, [S], ttl 255) : . 1:1(0) ack 1',
];

test.each(forms)('%s is read, alone and between others', (form) => {
  const script = parseScript(`${form}\n`);
  expect(script.events).toHaveLength(1);
  const three = parseScript(`0 close(3) = 0\n${form.replace(/^0 /, '+0 ')} // a remark\n+0 close(4) = 0\n`);
  expect(three.events.map(({ action }) => action.kind)).toEqual(['call', script.events[0]?.action.kind, 'call']);
  expect(formatScript(parseScript(formatScript(three)))).toBe(formatScript(three));
});

test('words in texts, commands and code are not symbols', () => {
  const script = parseScript('--define=A=7\n`echo A`\n0 open("A", A) = A\n+0 %{ assert "A" }%\n');
  expect(formatScript(script).split('\n').slice(1)).toEqual([
    '`echo A`',
    '0 open("A", 7) = 7',
    '+0 %{ assert "A" }%',
    '',
  ]);
});

const OPEN = `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < 5555 > 8080 S 0:0(0) win 65535 <mss 1460>
+0 > S. 0:0(0) ack 1 <mss 1460>
+.1 < . 1:1(0) ack 1 win 514
`;
const ACCEPTED = `${OPEN}+0 accept(3, ..., ...) = 4\n`;
const DATAGRAM = `0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3
+0 bind(3, ..., ...) = 0
+0 < udp 1234 > 8080 (100)
`;
const name = (address: string, port: number) =>
  `{sa_family=AF_INET, sin_port=htons(${port}), sin_addr=inet_addr("${address}")}`;

describe('what a script says holds, and its opposite does not', () => {
  const twins: readonly (readonly [what: string, source: string, opposite: string])[] = [
    [
      'flags of a descriptor',
      '0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n+0 fcntl(3, F_GETFL) = O_RDWR|O_NONBLOCK',
      '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 fcntl(3, F_GETFL) = O_RDWR|O_NONBLOCK',
    ],
    [
      'the name of the peer that accept() gives',
      `${OPEN}+0 accept(3, ${name('192.0.2.1', 5555)}, [16]) = 4`,
      `${OPEN}+0 accept(3, ${name('192.0.2.1', 5556)}, [16]) = 4`,
    ],
    [
      'the own name',
      `${ACCEPTED}+0 getsockname(4, ${name('192.168.0.1', 8080)}, [16]) = 0`,
      `${ACCEPTED}+0 getsockname(4, ${name('192.168.0.1', 8081)}, [16]) = 0`,
    ],
    [
      'the name of the peer',
      `${ACCEPTED}+0 getpeername(4, ${name('192.0.2.1', 5555)}, [16]) = 0`,
      `${ACCEPTED}+0 getpeername(4, ${name('192.0.2.2', 5555)}, [16]) = 0`,
    ],
    [
      'where a datagram came from',
      `${DATAGRAM}+0 recvfrom(3, ..., 1000, 0, ${name('192.0.2.1', 1234)}, [16]) = 100`,
      `${DATAGRAM}+0 recvfrom(3, ..., 1000, 0, ${name('192.0.2.1', 1235)}, [16]) = 100`,
    ],
    [
      'an answer to whoever sent last',
      `${DATAGRAM}+0 recvfrom(3, ..., 1000, 0, ..., ...) = 100\n+0 sendto(3, ..., 50, 0, ..., ...) = 50\n+0 > udp (50)`,
      `${DATAGRAM}+0 recvfrom(3, ..., 1000, 0, ..., ...) = 100\n+0 sendto(3, ..., 50, 0, ..., ...) = 50\n+0 > udp (51)`,
    ],
    [
      'the port that is connected to',
      `0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n+0 connect(3, ${name('192.0.2.1', 99)}, 16) = 0\n+0 getpeername(3, ${name('192.0.2.1', 99)}, 16) = 0`,
      `0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n+0 connect(3, ${name('192.0.2.1', 98)}, 16) = 0\n+0 getpeername(3, ${name('192.0.2.1', 99)}, 16) = 0`,
    ],
    [
      'octets through a pipe',
      `${ACCEPTED}+0 pipe([6, 7]) = 0
+0 < P. 1:1001(1000) ack 1 win 65535
* > . 1:1(0) ack 1001
+0 splice(4, NULL, 7, NULL, 99999, 0) = 1000
+0 splice(6, NULL, 4, NULL, 99999, 0) = 1000
+0 > P. 1:1001(1000) ack 1001
+0 splice(4, NULL, 7, NULL, 5, SPLICE_F_NONBLOCK) = -1 EAGAIN`,
      `${ACCEPTED}+0 pipe([6, 7]) = 0\n+0 splice(4, NULL, 7, NULL, 5, SPLICE_F_NONBLOCK) = 5`,
    ],
    [
      'a connection that is accepted when it has data',
      `${OPEN.replace('+0 bind', '+0 fcntl(3, F_SETFL, O_NONBLOCK) = 0\n+0 setsockopt(3, SOL_TCP, TCP_DEFER_ACCEPT, [5], 4) = 0\n+0 bind')}+0 accept(3, ..., ...) = -1 EAGAIN
+.1 < P. 1:11(10) ack 1 win 514
* > . 1:1(0) ack 11
+0 accept(3, ..., ...) = 4`,
      `${OPEN.replace('+0 bind', '+0 setsockopt(3, SOL_TCP, TCP_DEFER_ACCEPT, [5], 4) = 0\n+0 bind')}+0 accept(3, ..., ...) = 4`,
    ],
    [
      'branches and loops in code',
      `${ACCEPTED}+0 %{
if tcpi_state == TCP_ESTABLISHED:
    x = 0
    for i in range(4): x += i; y = x
elif 1:
    assert 0
else:
    assert 0, "never"
a, b = 6, (1, 2)
while x < a:
    x += 1
assert (x, y, a) == (6, 6, 6) and b[1] == 2
}%`,
      `${ACCEPTED}+0 %{
if tcpi_state != TCP_ESTABLISHED:
    pass
else:
    for i in (0, 1):
        assert i == 0, "once"
}%`,
    ],
  ];

  test.each(twins)('%s', (_what, source, opposite) => {
    expect(formatDrillResult(runDrill(`${source}\n`))).toMatch(/^PASS/);
    expect(formatDrillResult(runDrill(`${opposite}\n`))).toMatch(/^FAIL/);
  });

  test('code that never ends is ended', () => {
    expect(formatDrillResult(runDrill('0 %{\nwhile True:\n  pass\n}%\n'))).toMatch(/the snippet never ends/);
  });

  test.each([
    ['another protocol', '0 < sctp: INIT[flgs=0]', /another protocol \(line 1: sctp\)/],
    ['an option of MPTCP', '0 < S 0:0(0) win 5 <mpcapable v1 nokey>', /the TCP option mpcapable v1 nokey/],
    ['a cookie that is not known', '0 > S 0:0(0) <FO TFO_COOKIE,nop,nop>', /the TCP option FO TFO_COOKIE/],
  ])('%s makes a script unsupported, not wrong', (_what, source, reason) => {
    const report = formatDrillResult(runDrill(`${source}\n`));
    expect(report).toMatch(/^UNSUPPORTED/);
    expect(report).toMatch(reason);
  });
});
