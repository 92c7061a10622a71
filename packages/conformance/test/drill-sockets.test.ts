import { describe, expect, test } from '@jest/globals';
import { formatDrillResult, runDrill, STRICT } from '@strata/conformance';

const LISTEN = `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
`;
const OPEN = `${LISTEN}+0 < S 0:0(0) win 65535 <mss 1000>
+0 > S. 0:0(0) ack 1 <mss 1460>
+.1 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
`;

function passes(source: string): void {
  expect(formatDrillResult(runDrill(source, { leniency: STRICT, unexpectedAtEnd: 'fail' }))).toBe('PASS        script');
}

describe('system calls', () => {
  test('readv and writev add their buffers up; sendmsg and recvmsg too', () => {
    passes(`${OPEN}+0 writev(4, [{..., 300}, {..., 200}], 2) = 500
+0 > P. 1:501(500) ack 1
+.1 < P. 1:301(300) ack 501 win 65535
+0 > . 501:501(0) ack 301
+0 readv(4, [{..., 100}, {..., 100}], 2) = 200
+0 recvmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 50}, {..., 100}], msg_flags=0, msg_control=[]}, 0) = 100
+0 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0}, 0) = 10
+0 > P. 501:511(10) ack 301
`);
  });

  test('a blocking read ends with SO_RCVTIMEO', () => {
    passes(`${OPEN}+0 setsockopt(4, SOL_SOCKET, SO_RCVTIMEO, {tv_sec=1, tv_usec=500000}, 16) = 0
+0...1.5 read(4, ..., 100) = -1 EAGAIN (Resource temporarily unavailable)
`);
  });

  test('MSG_PEEK leaves, MSG_WAITALL waits, MSG_DONTWAIT does not', () => {
    passes(`${OPEN}+0 recv(4, ..., 10, MSG_DONTWAIT) = -1 EAGAIN (Resource temporarily unavailable)
+.1 < P. 1:101(100) ack 1 win 65535
+0 > . 1:1(0) ack 101
+0 recv(4, ..., 1000, MSG_PEEK) = 100
+0...0.1 recv(4, ..., 200, MSG_WAITALL) = 200
+.1 < P. 101:201(100) ack 1 win 65535
+0 > . 1:1(0) ack 201
`);
  });

  test('TCP_INQ tells what is left beside what was read', () => {
    passes(`${OPEN}+0 setsockopt(4, SOL_TCP, TCP_INQ, [1], 4) = 0
+.1 < P. 1:1001(1000) ack 1 win 65535
+0 > . 1:1(0) ack 1001
+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 400}], msg_flags=0,
    msg_control=[{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=600}]}, 0) = 400
`);
  });

  test('MSG_ZEROCOPY is told on the error queue when the peer has acknowledged', () => {
    passes(`${OPEN}+0 setsockopt(4, SOL_SOCKET, SO_ZEROCOPY, [1], 4) = 0
+0 send(4, ..., 1000, MSG_ZEROCOPY) = 1000
+0 > P. 1:1001(1000) ack 1
+0 send(4, ..., 1000, MSG_ZEROCOPY) = 1000
+0 > P. 1001:2001(1000) ack 1
+0 recvmsg(4, {msg_iov(1)=[{..., 0}]}, MSG_ERRQUEUE) = -1 EAGAIN (Resource temporarily unavailable)
+.1 < . 1:1(0) ack 2001 win 65535
+0 poll([{fd=4, events=0, revents=POLLERR}], 1, 0) = 1
+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 0}], msg_flags=MSG_ERRQUEUE, msg_control=[
    {cmsg_level=SOL_IP, cmsg_type=IP_RECVERR, cmsg_data={ee_errno=0, ee_origin=SO_EE_ORIGIN_ZEROCOPY, ee_type=0,
     ee_code=SO_EE_CODE_ZEROCOPY_COPIED, ee_info=0, ee_data=1}}]}, MSG_ERRQUEUE) = 0
`);
  });

  test('sendfile sends what a file gives', () => {
    passes(`${OPEN}+0 open("data", O_RDONLY) = 5
+0 sendfile(4, 5, [0], 1000) = 1000
+0 > P. 1:1001(1000) ack 1
+0 close(5) = 0
`);
  });

  test('epoll reports edges once, and again after the next one', () => {
    passes(`${OPEN}+0 epoll_create(1) = 5
+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN|EPOLLET, fd=4}) = 0
+.1 < P. 1:101(100) ack 1 win 65535
+0 > . 1:1(0) ack 101
+0 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 0) = 1
+0 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 0) = 0
+.1 < P. 101:201(100) ack 1 win 65535
+0 > . 1:1(0) ack 201
+0 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 0) = 1
`);
  });

  test('two connections at once are told apart by their ports', () => {
    passes(
      `${LISTEN}+0 < 5001 > 8080 S 0:0(0) win 65535 <mss 1000>
+0 > 8080 > 5001 S. 0:0(0) ack 1 <mss 1460>
+0 < 5002 > 8080 S 9:9(0) win 65535 <mss 1000>
+0 > 8080 > 5002 S. 0:0(0) ack 10 <mss 1460>
+0 < 5001 > 8080 . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
+0 < 5002 > 8080 . 1:1(0) ack 1 win 65535
`.replace('10:10(0) ack 1', '1:1(0) ack 1'),
    );
  });

  test('numbers with an exclamation mark are those of the wire', () => {
    passes(`${LISTEN}+0 < S 1000:1000(0) win 65535 <mss 1000>
+0 > S. 0:0(0) ack 1001 <mss 1460>
+.1 < R 1001!:1001!(0) win 0
+2 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0
`);
  });

  test('a segment larger than the link takes goes in whole, and is acknowledged once', () => {
    passes(`${OPEN}+0 < P. 1:20001(20000) ack 1 win 65535
+0 > . 1:1(0) ack 20001
+0 %{ assert tcpi_rcv_mss == 1460 and tcpi_data_segs_in == 1, tcpi_rcv_mss }%
+0 read(4, ..., 30000) = 20000
`);
  });

  test('a large write is cut into whole segments, as far as the window goes', () => {
    passes(`\`ip route change 192.0.2.0/24 via 192.168.0.1 dev tun0 initcwnd 400\`
${LISTEN}+0 < S 0:0(0) win 65535 <mss 1000,nop,nop,nop,nop,nop,wscale 7>
+0 > S. 0:0(0) ack 1 <mss 1460,nop,wscale 8>
+.1 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
+0 setsockopt(4, SOL_SOCKET, SO_SNDBUF, [1000000], 4) = 0
+0 write(4, ..., 800000) = 800000
+0 %{ assert tcpi_unacked == 400, tcpi_unacked }%
${Array.from({ length: 8 }, (_, i) => `+0 > . ${i * 50000 + 1}:${i * 50000 + 50001}(50000) ack 1`).join('\n')}
`);
  });

  test('IPv4 in sockets of IPv6 is IPv4 on the wire', () => {
    const options = { scriptOptions: [{ name: 'ip_version', value: 'ipv4-mapped-ipv6' }] };
    const result = runDrill(OPEN, options);
    expect(result.verdict).toBe('pass');
    expect(result.frames.map(({ bytes }) => (bytes[0] ?? 0) >> 4)).toEqual([4, 4, 4]);
  });

  test('the same script over IPv6, quietly but for its packets', () => {
    const result = runDrill(OPEN, { scriptOptions: [{ name: 'ip_version', value: 'ipv6' }] });
    expect(formatDrillResult(result)).toBe('PASS        script');
    expect(result.frames.map(({ bytes }) => (bytes[0] ?? 0) >> 4)).toEqual([6, 6, 6]);
  });
});
