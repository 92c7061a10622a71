import { expect, test } from '@jest/globals';
import { NX_CONNECTION_PENDING, NX_IN_PROGRESS, NX_SUCCESS, NX_WINDOW_OVERFLOW, SECOND } from '@strata/contracts';
import { netxProfile } from '@strata/stack';
import { NetxBench, SERVER_PORT } from './support/netx-bench.ts';

/*
 * Runs of NetX Duo 6.4 with default options, told again: each text is what the real stack put on the wire. One line per
 * segment: ticks since the connect, sender, IP identification, flags, relative sequence and acknowledgment number, octets,
 * window, options.
 */

test('ten packets with a window of 8192: an acknowledgment when reading has opened half of it, FIN behind the data', async () => {
  const bench = new NetxBench();
  bench.connect(12, 8192);
  expect(bench.client).toMatchObject({ cwnd: 4380, ssthresh: 8192, mss: 1460 });
  bench.send(10, 1024);
  expect(bench.client).toMatchObject({ cwnd: 7300 });
  bench.disconnect();
  expect(bench.client?.inspect().state).toBe('TIMED_WAIT');
  expect(bench.server?.inspect().state).toBe('LISTEN');
  expect(bench.received).toEqual(new Array(10).fill(1024));
  expect(await bench.finish()).toBe(`
0 a 1 S 0 0 0 8192 020405b401010100
0 b 1 S. 0 1 0 8192 020405b401010100
0 a 2 . 1 1 0 8192
0 a 3 P. 1 1 1024 8192
0 a 4 P. 1025 1 1024 8192
0 a 5 P. 2049 1 1024 8192
0 a 6 P. 3073 1 1024 8192
0 b 2 . 1 4097 0 8192
0 a 7 P. 4097 1 1024 8192
0 a 8 P. 5121 1 1024 8192
0 a 9 P. 6145 1 1024 8192
0 a 10 P. 7169 1 1024 8192
0 b 3 . 1 8193 0 8192
0 a 11 P. 8193 1 1024 8192
0 a 12 P. 9217 1 1024 8192
0 a 13 F. 10241 1 0 8192
0 b 4 . 1 10242 0 8192
0 b 5 F. 1 10242 0 8192
0 a 14 . 10242 2 0 8192
`);
});

test('the same with 65535: the congestion window cuts packets, the delayed acknowledgment lets the rest go', async () => {
  const bench = new NetxBench();
  bench.connect(12, 65535);
  bench.send(10, 1024);
  bench.until(50);
  expect(bench.client).toMatchObject({ cwnd: 7300 });
  bench.disconnect();
  expect(await bench.finish()).toBe(`
0 a 1 S 0 0 0 65535 020405b401010100
0 b 1 S. 0 1 0 65535 020405b401010100
0 a 2 . 1 1 0 65535
0 a 3 P. 1 1 1024 65535
0 a 4 P. 1025 1 1024 65535
0 a 5 P. 2049 1 1024 65535
0 a 6 P. 3073 1 1024 65535
0 a 7 P. 4097 1 284 65535
18 b 2 . 1 4381 0 65535
18 a 8 P. 4381 1 740 65535
18 a 9 P. 5121 1 1024 65535
18 a 10 P. 6145 1 1024 65535
18 a 11 P. 7169 1 1024 65535
18 a 12 P. 8193 1 1024 65535
18 a 13 P. 9217 1 1004 65535
38 b 3 . 1 10221 0 65535
38 a 14 P. 10221 1 20 65535
38 a 15 F. 10241 1 0 65535
38 b 4 . 1 10242 0 65535
38 b 5 F. 1 10242 0 65535
38 a 16 . 10242 2 0 65535
`);
});

test('NX_NO_WAIT ends a connection with a bare reset', async () => {
  const bench = new NetxBench();
  bench.connect(12, 8192);
  bench.send(1, 100);
  bench.until(42);
  expect(bench.client?.disconnect(true)).toBe(NX_IN_PROGRESS);
  bench.until(62);
  expect(bench.client?.inspect().state).toBe('CLOSED');
  expect(bench.server?.inspect().state).toBe('LISTEN');
  expect(await bench.finish()).toBe(`
0 a 1 S 0 0 0 8192 020405b401010100
0 b 1 S. 0 1 0 8192 020405b401010100
0 a 2 . 1 1 0 8192
0 a 3 P. 1 1 100 8192
18 b 2 . 1 101 0 8192
30 a 4 R 101 0 0 8192
`);
});

test('a lost segment goes again after 98 ticks, identification and all', async () => {
  const bench = new NetxBench();
  bench.connect(12, 8192);
  let lost = 0;
  bench.fate = ({ length }) => (length > 0 && lost++ === 0 ? 'drop' : 'pass');
  bench.send(1, 512);
  bench.until(312);
  bench.disconnect();
  bench.until(332);
  expect(await bench.finish()).toBe(`
0 a 1 S 0 0 0 8192 020405b401010100
0 b 1 S. 0 1 0 8192 020405b401010100
0 a 2 . 1 1 0 8192
0 a 3 P. 1 1 512 8192
98 a 3 P. 1 1 512 8192
118 b 2 . 1 513 0 8192
300 a 4 F. 513 1 0 8192
300 b 3 . 1 514 0 8192
300 b 4 F. 1 514 0 8192
300 a 5 . 514 2 0 8192
`);
});

test('a segment that is overtaken: three duplicate acknowledgments, one repetition, one acknowledgment of its late twin', async () => {
  const bench = new NetxBench();
  bench.connect(12, 65535);
  bench.send(1, 1000);
  let count = 0;
  bench.fate = ({ length }) => (length > 0 && count++ === 0 ? 10 : 'pass');
  bench.send(5, 1000);
  bench.until(112);
  bench.disconnect();
  bench.until(132);
  expect(await bench.finish()).toBe(`
0 a 1 S 0 0 0 65535 020405b401010100
0 b 1 S. 0 1 0 65535 020405b401010100
0 a 2 . 1 1 0 65535
0 a 3 P. 1 1 1000 65535
0 a 4 P. 1001 1 1000 65535
0 a 5 P. 2001 1 1000 65535
0 b 2 . 1 1001 0 65535
0 a 6 P. 3001 1 1000 65535
0 b 3 . 1 1001 0 65535
0 a 7 P. 4001 1 1000 65535
0 b 4 . 1 1001 0 65535
0 a 8 P. 5001 1 1000 65535
0 b 5 . 1 1001 0 65535
0 a 4 P. 1001 1 1000 65535
10 b 6 . 1 6001 0 65535
100 a 9 F. 6001 1 0 65535
100 b 7 . 1 6002 0 65535
100 b 8 F. 1 6002 0 65535
100 a 10 . 6002 2 0 65535
`);
});

test('a SYN that is lost twice goes again on the grid, and leaves a window of one segment', async () => {
  const bench = new NetxBench();
  let lost = 0;
  bench.fate = ({ flags }) => (flags === 2 && lost++ < 2 ? 'drop' : 'pass');
  bench.connect(12, 8192);
  bench.until(260);
  expect(bench.client).toMatchObject({ cwnd: 1460, ssthresh: 8192 });
  bench.send(1, 100);
  bench.until(360);
  bench.disconnect();
  bench.until(410);
  expect(await bench.finish()).toBe(`
0 a 1 S 0 0 0 8192 020405b401010100
98 a 2 S 0 0 0 8192 020405b401010100
198 a 3 S 0 0 0 8192 020405b401010100
198 b 1 S. 0 1 0 8192 020405b401010100
198 a 4 . 1 1 0 8192
248 a 5 P. 1 1 100 8192
268 b 2 . 1 101 0 8192
348 a 6 F. 101 1 0 8192
348 b 3 . 1 102 0 8192
348 b 4 F. 1 102 0 8192
348 a 7 . 102 2 0 8192
`);
});

test('a SYN that nobody answers goes eleven times, and the connect fails at the twelfth tick of its timer', async () => {
  const bench = new NetxBench();
  bench.fate = ({ flags }) => (flags === 2 ? 'drop' : 'pass');
  bench.connect(10, 8192);
  bench.until(1109);
  expect(bench.client?.inspect().state).toBe('SYN_SENT');
  bench.until(1110);
  expect(bench.client?.inspect().state).toBe('CLOSED');
  bench.until(2000);
  expect(await bench.finish()).toBe(`
0 a 1 S 0 0 0 8192 020405b401010100
100 a 2 S 0 0 0 8192 020405b401010100
200 a 3 S 0 0 0 8192 020405b401010100
300 a 4 S 0 0 0 8192 020405b401010100
400 a 5 S 0 0 0 8192 020405b401010100
500 a 6 S 0 0 0 8192 020405b401010100
600 a 7 S 0 0 0 8192 020405b401010100
700 a 8 S 0 0 0 8192 020405b401010100
800 a 9 S 0 0 0 8192 020405b401010100
900 a 10 S 0 0 0 8192 020405b401010100
1000 a 11 S 0 0 0 8192 020405b401010100
`);
});

// The real stack probes with the first octet of the packet whose send it refused (`. 4097 1 1`), which the peer may take and
// the application then replaces: a defect. Here a refused packet is the caller's alone, so the probe carries nothing.
test('a closed window is probed every second, and reading opens it in halves', async () => {
  const bench = new NetxBench();
  bench.connect(12, 4096);
  expect(bench.client).toMatchObject({ cwnd: 4380, ssthresh: 4096 });
  bench.reading = false;
  bench.send(4, 1024);
  expect(bench.trySend(1024)).toBe(NX_WINDOW_OVERFLOW);
  bench.until(513);
  bench.reading = true;
  bench.read();
  bench.until(612);
  expect(bench.trySend(1024)).toBe(NX_SUCCESS);
  bench.until(712);
  bench.disconnect();
  bench.until(732);
  expect(bench.received).toEqual(new Array(5).fill(1024));
  expect(await bench.finish()).toBe(`
0 a 1 S 0 0 0 4096 020405b401010100
0 b 1 S. 0 1 0 4096 020405b401010100
0 a 2 . 1 1 0 4096
0 a 3 P. 1 1 1024 4096
0 a 4 P. 1025 1 1024 4096
0 a 5 P. 2049 1 1024 4096
0 a 6 P. 3073 1 1024 4096
18 b 2 . 1 4097 0 0
98 a 7 . 4096 1 0 4096
98 b 3 . 1 4097 0 0
198 a 8 . 4096 1 0 4096
198 b 4 . 1 4097 0 0
298 a 9 . 4096 1 0 4096
298 b 5 . 1 4097 0 0
398 a 10 . 4096 1 0 4096
398 b 6 . 1 4097 0 0
498 a 11 . 4096 1 0 4096
498 b 7 . 1 4097 0 0
501 b 8 . 1 4097 0 2048
501 b 9 . 1 4097 0 4096
600 a 12 P. 4097 1 1024 4096
618 b 10 . 1 5121 0 4096
700 a 13 F. 5121 1 0 4096
700 b 11 . 1 5122 0 4096
700 b 12 F. 1 5122 0 4096
700 a 14 . 5122 2 0 4096
`);
});

test('one segment lost of many: slow start by the timer, fast retransmit, and packets cut to what the window leaves', async () => {
  const bench = new NetxBench();
  bench.connect(12, 65535);
  bench.send(30, 1460);
  bench.until(210);
  expect(bench.client).toMatchObject({ cwnd: 13140, ssthresh: 65535 });
  let count = 0;
  bench.fate = ({ length }) => (length > 0 && ++count === 2 ? 'drop' : 'pass');
  bench.send(14, 1460);
  expect(bench.client).toMatchObject({ cwnd: 8030, ssthresh: 3650 });
  bench.until(250);
  expect(bench.client).toMatchObject({ cwnd: 4737, ssthresh: 3650 });
  bench.until(670);
  expect(bench.client).toMatchObject({ cwnd: 5597, ssthresh: 3650 });
  bench.disconnect();
  bench.until(690);
  expect(await bench.finish()).toBe(`
0 a 1 S 0 0 0 65535 020405b401010100
0 b 1 S. 0 1 0 65535 020405b401010100
0 a 2 . 1 1 0 65535
0 a 3 P. 1 1 1460 65535
0 a 4 P. 1461 1 1460 65535
0 a 5 P. 2921 1 1460 65535
18 b 2 . 1 4381 0 65535
18 a 6 P. 4381 1 1460 65535
18 a 7 P. 5841 1 1460 65535
18 a 8 P. 7301 1 1460 65535
18 a 9 P. 8761 1 1460 65535
38 b 3 . 1 10221 0 65535
38 a 10 P. 10221 1 1460 65535
38 a 11 P. 11681 1 1460 65535
38 a 12 P. 13141 1 1460 65535
38 a 13 P. 14601 1 1460 65535
38 a 14 P. 16061 1 1460 65535
58 b 4 . 1 17521 0 65535
58 a 15 P. 17521 1 1460 65535
58 a 16 P. 18981 1 1460 65535
58 a 17 P. 20441 1 1460 65535
58 a 18 P. 21901 1 1460 65535
58 a 19 P. 23361 1 1460 65535
58 a 20 P. 24821 1 1460 65535
78 b 5 . 1 26281 0 65535
78 a 21 P. 26281 1 1460 65535
78 a 22 P. 27741 1 1460 65535
78 a 23 P. 29201 1 1460 65535
78 a 24 P. 30661 1 1460 65535
78 a 25 P. 32121 1 1460 65535
78 a 26 P. 33581 1 1460 65535
78 a 27 P. 35041 1 1460 65535
98 b 6 . 1 36501 0 65535
98 a 28 P. 36501 1 1460 65535
98 a 29 P. 37961 1 1460 65535
98 a 30 P. 39421 1 1460 65535
98 a 31 P. 40881 1 1460 65535
98 a 32 P. 42341 1 1460 65535
118 b 7 . 1 43801 0 65535
198 a 33 P. 43801 1 1460 65535
198 a 34 P. 45261 1 1460 65535
198 a 35 P. 46721 1 1460 65535
198 b 8 . 1 45261 0 65535
198 a 36 P. 48181 1 1460 65535
198 b 9 . 1 45261 0 65535
198 a 37 P. 49641 1 1460 65535
198 b 10 . 1 45261 0 65535
198 a 38 P. 51101 1 1460 65535
198 b 11 . 1 45261 0 65535
198 a 34 P. 45261 1 1460 65535
198 a 39 P. 52561 1 730 65535
218 b 12 . 1 53291 0 65535
218 a 40 P. 53291 1 730 65535
218 a 41 P. 54021 1 1460 65535
218 a 42 P. 55481 1 1460 65535
218 a 43 P. 56941 1 584 65535
238 b 13 . 1 57525 0 65535
238 a 44 P. 57525 1 876 65535
238 a 45 P. 58401 1 1460 65535
238 a 46 P. 59861 1 1460 65535
238 a 47 P. 61321 1 941 65535
258 b 14 . 1 62262 0 65535
258 a 48 P. 62262 1 519 65535
258 a 49 P. 62781 1 1460 65535
278 b 15 . 1 64241 0 65535
658 a 50 F. 64241 1 0 65535
658 b 16 . 1 64242 0 65535
658 b 17 F. 1 64242 0 65535
658 a 51 . 64242 2 0 65535
`);
});

test('a port without a listener answers with RST and ACK, window 0', async () => {
  const bench = new NetxBench();
  bench.until(10);
  bench.mark();
  bench.client = bench.dial(55401, 8192, 9999);
  bench.settle();
  expect(bench.client.inspect().state).toBe('CLOSED');
  bench.until(300);
  expect(await bench.finish()).toBe(`
0 a 1 S 0 0 0 8192 020405b401010100
0 b 1 R. 0 1 0 0
`);
});

/** The frames of each moment as a set, without identifications. */
function unordered(text: string): string[] {
  const lines = text.trim().split('\n');
  return lines.map((line) => line.replace(/^(\d+ .) \d+/, '$1').padStart(32)).sort();
}

const keepalive10 = {
  ...netxProfile,
  tcp: {
    ...netxProfile.tcp,
    keepalive: true,
    keepaliveIdle: 10 * SECOND,
    keepaliveInterval: 5 * SECOND,
    keepaliveProbes: 3,
  },
};

test('keepalive 10/5/3: both ends probe on the one-second grid, and give up when their probes stay without answer', async () => {
  const bench = new NetxBench(keepalive10);
  bench.connect(12, 8192);
  bench.until(3012);
  expect(bench.client?.inspect().state).toBe('ESTABLISHED');
  bench.fate = ({ from }) => (from === 'b' ? 'drop' : 'pass');
  bench.until(5499);
  expect(bench.client?.inspect().state).toBe('ESTABLISHED');
  expect(bench.server?.inspect().state).toBe('ESTABLISHED');
  bench.until(5500);
  expect(bench.client?.inspect().state).toBe('CLOSED');
  expect(bench.server?.inspect().state).toBe('LISTEN');
  // Both timers fire at the same moment; which host goes first, and so which number comes first, is the scheduler's choice.
  expect(unordered(await bench.finish())).toEqual(
    unordered(`
0 a 1 S 0 0 0 8192 020405b401010100
0 b 1 S. 0 1 0 8192 020405b401010100
0 a 2 . 1 1 0 8192
988 a 3 . 0 1 0 8192
988 b 2 . 1 1 0 8192
988 b 3 . 0 1 0 8192
988 a 4 . 1 1 0 8192
1988 a 5 . 0 1 0 8192
1988 b 4 . 1 1 0 8192
1988 b 5 . 0 1 0 8192
1988 a 6 . 1 1 0 8192
2988 a 7 . 0 1 0 8192
2988 b 6 . 1 1 0 8192
2988 b 7 . 0 1 0 8192
2988 a 8 . 1 1 0 8192
3988 a 9 . 0 1 0 8192
3988 b 8 . 1 1 0 8192
3988 b 9 . 0 1 0 8192
4488 a 10 . 0 1 0 8192
4488 b 10 . 1 1 0 8192
4488 b 11 . 0 1 0 8192
4988 a 11 . 0 1 0 8192
4988 b 12 . 1 1 0 8192
4988 b 13 . 0 1 0 8192
`),
  );
});

test('a listen queue of two: the armed socket waits for accept, the oldest waiting SYN goes, relisten takes the next', async () => {
  const bench = new NetxBench();
  const { tcp } = bench.b;
  const [first, second] = [tcp.createSocket(), tcp.createSocket()];
  const called: string[] = [];
  bench.until(10);
  tcp.serverListen(SERVER_PORT, first, 2, (socket) => called.push(socket.inspect().state));
  bench.mark();
  for (const port of [40001, 40002, 40003, 40004]) {
    bench.dial(port);
    bench.settle();
  }
  expect(called).toEqual(['LISTEN']);
  bench.until(60);
  expect(first.accept()).toBe(NX_IN_PROGRESS);
  bench.until(62);
  expect(first.accept()).toBe(NX_SUCCESS);
  expect(first.remotePort).toBe(40001);
  expect(tcp.relisten(SERVER_PORT, second)).toBe(NX_CONNECTION_PENDING);
  bench.settle();
  expect(second.remotePort).toBe(40003);
  expect(second.accept()).toBe(NX_IN_PROGRESS);
  bench.until(212);
  expect(called).toEqual(['LISTEN', 'LISTEN']);
  expect(second.inspect().state).toBe('ESTABLISHED');
  first.destroy();
  second.destroy();
  expect(await bench.finish()).toBe(`
0 a 1 S 0 0 0 8192 020405b401010100 port 40001
0 a 2 S 0 0 0 8192 020405b401010100 port 40002
0 a 3 S 0 0 0 8192 020405b401010100 port 40003
0 a 4 S 0 0 0 8192 020405b401010100 port 40004
50 b 1 S. 0 1 0 8192 020405b401010100 port 40001
50 a 5 . 1 1 0 8192 port 40001
52 b 2 S. 0 1 0 8192 020405b401010100 port 40003
52 a 6 . 1 1 0 8192 port 40003
100 a 7 S 0 0 0 8192 020405b401010100 port 40002
100 a 8 S 0 0 0 8192 020405b401010100 port 40004
200 a 9 S 0 0 0 8192 020405b401010100 port 40002
200 a 10 S 0 0 0 8192 020405b401010100 port 40004
`);
});

test('TIMED_WAIT lasts 24000 ticks', async () => {
  const bench = new NetxBench();
  bench.connect(12, 8192);
  bench.disconnect();
  bench.until(23990);
  expect(bench.client?.inspect().state).toBe('TIMED_WAIT');
  bench.until(24012);
  expect(bench.client?.inspect().state).toBe('CLOSED');
  expect(await bench.finish()).toBe(`
0 a 1 S 0 0 0 8192 020405b401010100
0 b 1 S. 0 1 0 8192 020405b401010100
0 a 2 . 1 1 0 8192
0 a 3 F. 1 1 0 8192
0 b 2 . 1 2 0 8192
0 b 3 F. 1 2 0 8192
0 a 4 . 2 2 0 8192
`);
});

test('a repeated segment whose acknowledgment has changed gets an identification of its own', async () => {
  const bench = new NetxBench();
  bench.connect(12, 8192);
  let lost = 0;
  bench.fate = ({ from, length }) => (from === 'a' && length > 0 && lost++ === 0 ? 'drop' : 'pass');
  bench.send(1, 512);
  bench.until(50);
  bench.answer(100);
  bench.until(200);
  expect(await bench.finish()).toBe(`
0 a 1 S 0 0 0 8192 020405b401010100
0 b 1 S. 0 1 0 8192 020405b401010100
0 a 2 . 1 1 0 8192
0 a 3 P. 1 1 512 8192
38 b 2 P. 1 1 100 8192
58 a 4 . 513 101 0 8092
98 a 5 P. 1 101 512 8092
118 b 3 . 101 513 0 8192
`);
});
