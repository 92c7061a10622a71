import { describe, expect, test } from '@jest/globals';
import { DrillSyntaxError, formatScript, parseScript } from '@strata/conformance';
import fc from '../../../test/support/laws.ts';

/** Locations change when a script is written anew; nothing else does. */
function withoutPlaces(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner) => (key === 'location' ? undefined : inner)));
}

describe('what is read and written again is the same script', () => {
  const lines = [
    '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3',
    '+.1...0.4 read(4, ..., 100) = -1 EAGAIN (Resource temporarily unavailable)',
    '1.5 fcntl(3, F_GETFL) = 0x02 (flags O_RDWR)',
    '+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0',
    '+0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0',
    '+0 bind(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}, ...) = 0',
    '+0 sendmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 1000}, {..., 500}], msg_flags=0}, 0) = 1500',
    '+0 recvmsg(4, {msg_iov(1)=[{...,1}], msg_control=[{cmsg_level=SOL_IP, cmsg_type=IP_RECVERR, cmsg_data={ee_errno=EPERM}}]}, 0) = ...',
    '+0 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, -1) = 1',
    '+0 epoll_wait(5, {events=EPOLLOUT, fd=4}, 1, 0) = 1',
    '+0 setsockopt(3, SOL_TCP, TCP_CONGESTION, "reno", 4) = 0',
    '+0 < S 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>',
    '+0 > S. 0:0(0) ack 1 <...>',
    '* > SEW 0:0(0) <mss 1460,nop,nop,sackOK>',
    '0.5~0.7 > F. 1:1(0) ack 1',
    '+.3~+.4 > P. 1:101(100) ack 1 win 5 urg 3',
    '+0 < [ect0] . 1:1(0) ack 1 win 257 <nop,nop,sack 1:1001 2001:3001>',
    '+0 > [ce, tos 0x3, ttl 64, flowlabel 0x1] . 1:1(0) ack 1',
    '+0 < SEWA 0:0(0) win 1 <mss 1050,ECN e1b 1 ceb 0 e0b 1,nop>',
    '+0 > 5. 1:1(0) ack 1 <ECN e0b 1 ceb 2,nop,nop,nop,nop>',
    '+0 < - 1:1(0) win 5',
    '+0 < 1000 > 8080 R 1:1(0) win 0',
    '+0 < S 0:0(0) win 5 <FO 0123456789abcdef,nop,nop>',
    '+0 < S 0:0(0) win 5 <FOEXP 01020304,md5 00112233445566778899aabbccddeeff,nop,nop>',
    '+0 < udp (100)',
    '+0 > udp 8080 > 1234 (0)',
    '+0 < icmp unreachable frag_needed mtu 1400 [1:1001(1000)]',
    '+0 < icmp unreachable port_unreachable [udp (100)]',
    '+0 < icmp time_exceeded 1 [raw (8)]',
    '+0 < icmp echo_request id 7',
    '+0 < ipv4 192.0.2.1 > 192.0.2.2: gre: . 1:1(0) ack 1 win 1',
    '+0 %{ assert tcpi_snd_cwnd == 10, "x" }%',
    '+0 `sleep 1`',
  ];

  test.each(lines)('%s', (line) => {
    const script = parseScript(`${line}\n`);
    expect(withoutPlaces(parseScript(formatScript(script)))).toEqual(withoutPlaces(script));
  });

  test('a whole script: options, comments, commands before and after, events over several lines', () => {
    const script = parseScript(`// first
--tolerance_usecs=50000 --dry_run /* and
so on */ --local_ip=192.168.0.1/16
\`one
two\`
0 socket(...,
   SOCK_STREAM, IPPROTO_TCP) = 3 // here
+0 > . 1:1(0) ack 1
+0 < . 1:1(0) ack 1 win 5
\`after\`
`);
    expect(script.options.map(({ name, value }) => [name, value])).toEqual([
      ['tolerance_usecs', '50000'],
      ['dry_run', null],
      ['local_ip', '192.168.0.1/16'],
    ]);
    expect(script.init?.command).toBe('one\ntwo');
    expect(script.cleanup?.command).toBe('after');
    expect(script.events.map(({ location }) => location.line)).toEqual([6, 8, 9]);
    expect(withoutPlaces(parseScript(formatScript(script)))).toEqual(withoutPlaces(script));
  });

  test('an ACE digit is its three bits', () => {
    const flags = ['7. 1:1(0)', 'EWA. 1:1(0)'].map((text) => {
      const action = parseScript(`0 > ${text} ack 1\n`).events[0]?.action;
      return action?.kind === 'packet' && action.body.protocol === 'tcp' ? action.body.flags : -1;
    });
    expect(flags[0]).toBe(flags[1]);
  });

  test('symbols are replaced as whole words; places stay those of the file', () => {
    const defines = new Map([
      ['N', '100'],
      ['M', '1000000'],
    ]);
    const script = parseScript('--define=N=7\n0 write(4, ..., N) = NN1\n'.replace('NN1', 'N'), defines);
    expect(formatScript(script)).toContain('write(4, ..., 100) = 100');
    expect(() => parseScript('0 write(M, M) = M oops\n', defines)).toThrow(/^1:19: /);
  });
});

describe('a script that cannot be read says where and what was expected', () => {
  const cases: readonly (readonly [source: string, message: RegExp])[] = [
    ['', /^1:1: an event expected, not the end of the script$/],
    ['x', /^1:1: the time of an event expected \(seconds, "\+seconds" or "\*"\), not "x"$/],
    ['0', /^1:2: a packet .* expected, not the end of the script$/],
    ['0 socket(', /^1:10: an argument expected, not the end of the script$/],
    ['0 socket(1 2) = 3', /^1:12: "," expected or "\)" in the arguments of socket, not "2"$/],
    ['0 socket() 3', /^1:12: "=" expected and the result of socket, not "3"$/],
    ['0 socket() = x', /^1:14: the result of the call .* expected, not "x"$/],
    ['0 < . 1:1(0) ack 1', /^1:7: an inbound TCP packet needs "win N"/],
    ['0 > . 1:5(1)', /^1:7: 1:5\(1\) does not add up: 1 \+ 1 is 2$/],
    ['0 > Q 1:1(0)', /^1:5: "Q" in "Q" is no TCP flag/],
    ['0 > 55. 1:1(0)', /^1:5: "55\." has more than one digit/],
    ['0 > . 1 1(0)', /^1:9: ":" expected behind the first sequence number, not "1"$/],
    ['0 > . 1:1(0', /^1:12: "\)" expected behind the length of the payload, not the end of the script$/],
    ['0 > . 1:1(0) <mss>', /^1:18: an MSS expected, not ">"$/],
    ['0 > . 1:1(0) <mss 1>>', /^1:21: /],
    ['0 > . 1:1(0) <nop>', /^1:14: these TCP options are 1 octets, which is no multiple of 4/],
    ['0 > . 1:1(0) <bogus 1>', /^1:15: a TCP option .* expected, not "bogus"$/],
    ['0 > . 1:1(0) <TS val 1>', /^1:23: "ecr N" expected behind the timestamp, not ">"$/],
    ['0 > . 1:1(0) <mss 70000>', /^1:19: an MSS is 70000; it must be 0\.\.65535$/],
    ['0 < . 1:1(0) win 1 <...>', /^1:20: "<\.\.\.>" leaves the options open/],
    ['0 < [ect9] . 1:1(0) win 1', /^1:6: noecn, ect0, .* expected inside/],
    ['0 < icmp bogus', /^1:10: "bogus" is no ICMP type$/],
    ['0 < icmp unreachable bogus', /^1:22: "bogus" is no code of the ICMP type "unreachable"$/],
    ['* socket() = 3', /^1:1: only an outbound packet may have a range of times, or "\*"$/],
    ['0...1 > . 1:1(0)', /^1:1: only a system call may have a start and an end/],
    ['1~0 > . 1:1(0)', /^1:5: the range ends before it begins$/],
    ['+0~1 > . 1:1(0)', /^1:4: both ends of a range must be relative, or both absolute$/],
    ['0 %{ assert', /^1:5: this piece of code is never closed; "}%" expected$/],
    ['0 `x', /^1:4: this command is never closed; "`" expected$/],
    ['/* x', /^1:1: this comment is never closed; "\*\/" expected$/],
    ['0 f("x) = 1', /^1:5: this text is never closed/],
    ['0 f({a=1 b=2}) = 1', /^1:10: "," expected or "}" in this structure, not "b"$/],
    ['0 f() = 1\n`a`\n+0 f() = 1', /^3:1: nothing may follow the last command/],
    ['0 f() = 1\n\n  +0 > udp 5', /^3:12: "\(" expected before the length of the payload, not "5"$/],
  ];

  test.each(cases)('%j', (source, message) => {
    expect(() => parseScript(source)).toThrow(DrillSyntaxError);
    expect(() => parseScript(source)).toThrow(message);
  });

  test('damaged scripts are refused or read, and never anything else', () => {
    const good = `--define=X=1
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 < S 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>
+.1~+.2 > S. 0:0(0) ack 1 <...>
+0 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0}, 0) = -1 EPIPE (Broken)
+0 < icmp unreachable frag_needed mtu 1400 [1:1001(1000)]
+0 %{ assert 1 }%
`;
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(12), fc.string({ maxLength: 6 }), (at, removed, added) => {
        try {
          parseScript(good.slice(0, at) + added + good.slice(at + removed));
        } catch (error) {
          expect(error).toBeInstanceOf(DrillSyntaxError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
