import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Folder } from '../support/folder.ts';
import { Namespace } from '../support/namespace.ts';
import { peerSuite } from '../support/peers.ts';
import type { Ended, Running } from '../support/process.ts';
import { startStrata } from '../support/strata.ts';
import { type CleanOptions, captureFields, countFrames, expectCleanCapture, FLOW_CONTROL } from '../support/tshark.ts';

const DEVICE = '--tap tap0 --address 192.0.2.2/24 --host-address 192.0.2.1/24'.split(' ');
const SERVICES = '--echo 7 --discard 9 --source 19 --http 80'.split(' ');

/** Bytes that the bulk transfers move each way. */
const BULK = Number(process.env.STRATA_BULK_BYTES ?? 100_000_000);

/**
 * What is no fault in a capture of a busy connection: flow control; segments that Linux sends again when the machine has too
 * much to do for acknowledgements to come in time; and Linux's way to write a TCP checksum of zero. Data on our ports is
 * nobody's protocol, so tshark shall not guess.
 */
const BUSY: CleanOptions = {
  accept: FLOW_CONTROL,
  ignore: 'ip.src == 192.0.2.1 && (tcp.analysis.out_of_order || tcp.checksum == 0xffff)',
  arguments: [7, 9, 19].flatMap((port) => ['-d', `tcp.port==${port},data`]),
};

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

peerSuite(['namespace', 'ping', 'nc', 'curl', 'tshark'], 'strata up', () => {
  let folder: Folder;
  let linux: Namespace;

  beforeEach(async () => {
    folder = new Folder();
    linux = await Namespace.open();
  });

  afterEach(async () => {
    await linux.close();
    folder[Symbol.dispose]();
  });

  async function up(...flags: string[]): Promise<Running> {
    const capture = ['--pcap', folder.file('up.pcapng')];
    const running = startStrata(['up', ...DEVICE, ...SERVICES, ...capture, ...flags], { in: linux, cwd: folder.path });
    await running.waitFor(/192\.0\.2\.2\/24 is up on tap0/);
    return running;
  }

  /** Ends the host as Ctrl-C would, and looks at its counters and at its capture. */
  async function end(running: Running, options: CleanOptions = {}): Promise<Ended> {
    running.signalGroup('SIGINT');
    const ended = await running.expectExit();
    expect(ended.stdout).toMatch(/^device .* 0$/m);
    await expectCleanCapture(folder.file('up.pcapng'), options);
    return ended;
  }

  function nc(port: number, input: string | Uint8Array): Running {
    return linux.start('nc', ['-N', '192.0.2.2', String(port)], { input });
  }

  test('Linux pings it: nothing is lost, small or large, and the counters say how many', async () => {
    const running = await up();
    const small = await linux.run('ping', ['-n', '-c', '50', '-i', '0.01', '-W', '5', '192.0.2.2']);
    expect(small.stdout).toContain('50 packets transmitted, 50 received, 0% packet loss');
    const large = await linux.run('ping', ['-n', '-c', '50', '-i', '0.01', '-W', '5', '-s', '1400', '192.0.2.2']);
    expect(large.stdout).toContain('50 received, 0% packet loss');
    const { stdout } = await end(running);
    expect(stdout).toContain('100 pings answered');
    expect(await countFrames(folder.file('up.pcapng'), 'icmp.type == 0 && data.len >= 1392')).toBe(50);
  });

  test('nc and curl exchange data with each service, and every connection ends in order', async () => {
    const running = await up('--source-bytes', '100kB');
    const words = 'hello\nfrom Linux\n';
    expect((await nc(7, words).expectExit()).stdout).toBe(words);

    const discarded = randomBytes(50_000);
    await nc(9, discarded).expectExit();
    await running.waitFor(new RegExp(`discard 1: 50,000 bytes .* sha256 ${sha256(discarded)}`));

    const source = await linux.start('nc', ['192.0.2.2', '19']).expectExit();
    expect(source.stdout).toHaveLength(100_000);
    // The first two lines of RFC 864's pattern.
    expect(source.stdout.slice(0, 10)).toBe('!"#$%&\'()*');
    expect(source.stdout.slice(74, 84)).toBe('"#$%&\'()*+');

    const get = (...args: string[]) => linux.run('curl', ['-sS', '--max-time', '10', ...args]);
    expect((await get('http://192.0.2.2/')).stdout).toContain('pool low/total');
    expect((await get('http://192.0.2.2/bytes/5000')).stdout).toBe(source.stdout.slice(0, 5000));
    expect((await get('-T', folder.write('sent', discarded), 'http://192.0.2.2/x')).stdout).toBe(
      `${sha256(discarded)}\n`,
    );
    expect((await get('-o', '/dev/null', '-w', '%{http_code}', 'http://192.0.2.2/nothing')).stdout).toBe('404');
    // Two requests over one connection.
    const both = await get(
      '-w',
      '%{num_connects} ',
      '-o',
      '/dev/null',
      '-o',
      '/dev/null',
      'http://192.0.2.2/',
      'http://192.0.2.2/',
    );
    expect(both.stdout).toBe('1 0 ');

    const { stdout } = await end(running, BUSY);
    expect(stdout).toMatch(/^echo +7 +1 +17 B +17 B$/m);
    expect(stdout).toMatch(/^discard +9 +1 +50\.0 kB +0 B$/m);
    expect(stdout).toMatch(/^source +19 +1 +0 B +100 kB$/m);
    expect(stdout).toMatch(/^http +80 +5 /m);
    const file = folder.file('up.pcapng');
    expect(await countFrames(file, 'tcp.flags.reset == 1')).toBe(0);
    const fins = await captureFields(file, ['tcp.stream', 'ip.src'], { filter: 'tcp.flags.fin == 1' });
    expect(fins).toHaveLength(16);
  });

  test('a port that nothing listens on refuses the connection', async () => {
    const running = await up();
    const { stderr } = await linux.run('curl', ['-sS', '--max-time', '10', 'http://192.0.2.2:81/'], { code: 7 });
    expect(stderr).toMatch(/connect|refused/i);
    await end(running, { accept: /^Connection reset \(RST\)/ });
    expect(await countFrames(folder.file('up.pcapng'), 'tcp.flags.reset == 1 && tcp.srcport == 81')).toBe(1);
  });

  test('many connections at once are each served their own data', async () => {
    const running = await up();
    const inputs = Array.from({ length: 20 }, (_, index) => `${index}:${'x'.repeat(index * 500)}\n`);
    const outputs = await Promise.all(inputs.map((input) => nc(7, input).expectExit()));
    expect(outputs.map(({ stdout }) => stdout)).toEqual(inputs);
    const { stdout } = await end(running, BUSY);
    expect(stdout).toContain('20 connections accepted');
  });

  test(`${BULK / 1e6} MB arrive intact from Linux and at Linux, and tshark finds nothing wrong`, async () => {
    const running = await up('--source-bytes', String(BULK));
    const sent = randomBytes(BULK);
    await nc(9, sent).expectExit(0, 60_000);
    const [, hash] = await running.waitFor(/discard 1: .* sha256 (\w+)/);
    expect(hash).toBe(sha256(sent));

    const source = linux.start('nc', ['192.0.2.2', '19']);
    await source.expectExit(0, 60_000);
    const received = Buffer.concat(source.stdoutBytes);
    expect(received).toHaveLength(BULK);
    expect(sha256(received)).toBe(sha256(rfc864(BULK)));
    await end(running, BUSY);
  }, 240_000);

  test('echo returns megabytes that go both ways at once', async () => {
    const running = await up('--window', '64kB');
    const sent = randomBytes(BULK / 10);
    const echo = nc(7, sent);
    await echo.expectExit(0, 60_000);
    expect(sha256(Buffer.concat(echo.stdoutBytes))).toBe(sha256(sent));
    await end(running, BUSY);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('ends on %s with counters, and the device goes with it', async (signal) => {
    const running = await up();
    await linux.run('ping', ['-n', '-c', '1', '-W', '5', '192.0.2.2']);
    running.signalGroup(signal);
    const { stdout } = await running.expectExit();
    expect(stdout).toContain('1 ping answered');
    expect((await linux.run('ip', ['-brief', 'link'])).stdout).not.toContain('tap0');
  });

  test('ends by itself after --for seconds, also when a connection is open', async () => {
    const running = await up('--for', '1.5');
    const idle = linux.start('nc', ['192.0.2.2', '7'], { keepInputOpen: true });
    const { stdout } = await running.expectExit();
    expect(stdout).toMatch(/up for 1\.\d+ s/);
    expect(stdout).toMatch(/^device .* 0$/m);
    await idle.stop();
  });

  test('--pcap - streams the capture to stdout while it runs', async () => {
    const running = startStrata(['up', ...DEVICE, '--pcap', '-'], { in: linux });
    await running.waitFor(/is up on tap0/);
    await linux.run('ping', ['-n', '-c', '2', '-i', '0.1', '-W', '5', '192.0.2.2']);
    const live = folder.write('live.pcapng', Buffer.concat(running.stdoutBytes));
    expect(await countFrames(live, 'icmp')).toBeGreaterThan(0);
    running.signalGroup('SIGINT');
    const { stderr } = await running.expectExit();
    expect(stderr).toContain('2 pings answered');
    const whole = folder.write('whole.pcapng', Buffer.concat(running.stdoutBytes));
    expect(await countFrames(whole, 'icmp')).toBe(4);
    await expectCleanCapture(whole);
  });

  test('a device that cannot be had is a plain complaint with the line to type', async () => {
    const running = startStrata(['up', '--tap', 'lo', '--address', '192.0.2.2/24'], { in: linux });
    const { stdout, stderr } = await running.expectExit(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^strata: .*lo/);
    expect(stderr).toMatch(/\n {2}\S/);
    expect(stderr).not.toMatch(/internal error|\bat .*\.js/);
  });
});

/** `count` bytes of RFC 864's pattern: lines of 72 printable characters, each beginning one character later. */
function rfc864(count: number): Buffer {
  const characters = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).join('');
  const lines = Array.from({ length: 94 }, (_, index) => `${(characters + characters).slice(index, index + 72)}\r\n`);
  return Buffer.alloc(count, lines.join(''));
}
