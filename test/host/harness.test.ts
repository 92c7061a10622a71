import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Mosquitto } from '../support/mosquitto.ts';
import { Namespace } from '../support/namespace.ts';
import { peerSuite } from '../support/peers.ts';
import { Running } from '../support/process.ts';
import { captureFields, countFrames, expectCleanCapture } from '../support/tshark.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

describe('a program under test', () => {
  const node = (script: string) => new Running(process.execPath, ['-e', script]);

  test('a line is found on either stream, also when it came before the wait', async () => {
    const running = node('console.log("port 4711"); console.error("warned"); process.stdin.on("end", () => {})');
    await running.exit();
    expect((await running.waitFor(/port (\d+)/))[1]).toBe('4711');
    await running.waitFor(/^warned$/);
  });

  test('a line that does not come fails with all that was printed', async () => {
    const running = node('console.log("something else"); process.exit(2)');
    await expect(running.waitFor(/listening/)).rejects.toThrow(
      /ended \(exit code 2\) without printing \/listening\/\n--- stdout\nsomething else/,
    );
    await expect(running.expectExit()).rejects.toThrow('exit code 2, not with exit code 0');
  });

  test('a line that is late fails too, and stop ends what the program has started', async () => {
    // The inner program keeps the output open, so an end that is complete shows that it is gone too.
    const script = "require('child_process').spawn('sleep', ['60'], { stdio: 'inherit' }); console.log('started')";
    const running = node(script);
    await running.waitFor(/started/);
    await expect(running.waitFor(/never/, 50)).rejects.toThrow('printed no /never/ within 50 ms');
    await running.stop();
    expect(running.running).toBe(false);
  });

  test('a program that does not exist ends with exit code 127', async () => {
    expect((await new Running('/nonexistent/program', []).exit()).code).toBe(127);
  });
});

peerSuite(['namespace', 'ping'], 'a network namespace', () => {
  test('has lo up, sees no other interface, and goes with everything started in it', async () => {
    const linux = await Namespace.open();
    await linux.run('ping', ['-n', '-c', '1', '127.0.0.1']);
    const { stdout } = await linux.run('ip', ['-brief', 'link']);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const sleeper = linux.start('sleep', ['60']);
    await linux.close();
    expect(sleeper.running).toBe(false);
  });

  test('a command that fails shows what it printed', async () => {
    await using linux = await Namespace.open();
    await expect(linux.run('ip', ['link', 'show', 'nothing0'])).rejects.toThrow(/nothing0.*does not exist/s);
  });
});

peerSuite(['namespace', 'mosquitto', 'mosquitto_pub', 'mosquitto_sub'], 'a Mosquitto broker in a namespace', () => {
  test('serves its clients, and refuses those without a password when it was given users', async () => {
    await using linux = await Namespace.open();
    await using broker = await Mosquitto.start(linux, { users: { plant: 'secret' } });
    const login = ['-u', 'plant', '-P', 'secret'];
    const subscriber = linux.start('mosquitto_sub', ['-t', 'a/b', '-C', '1', ...login]);
    // mosquitto_sub holds back its own output while it runs; the broker does not.
    await broker.running.waitFor(/Sending SUBACK/);
    await linux.run('mosquitto_pub', ['-t', 'a/b', '-m', 'hello', ...login]);
    expect((await subscriber.expectExit()).stdout).toBe('hello\n');
    await linux.run('mosquitto_pub', ['-t', 'a/b', '-m', 'hello'], { code: 5 });
    expect(broker.running.running).toBe(true);
  });
});

describe('looking for peers', () => {
  function peers(env: Record<string, string>) {
    return spawnSync(process.execPath, [join(root, 'tools', 'peers.mjs')], { env, encoding: 'utf8' });
  }

  test('outside CI, missing ones are named with the line that installs them, and that is no error', () => {
    const { status, stderr } = peers({ PATH: '/nonexistent' });
    expect(status).toBe(0);
    expect(stderr).toMatch(/missing: .*tshark/);
    expect(stderr).toMatch(/sudo apt-get install --no-install-recommends .*tshark/);
    expect(stderr).toContain('left out');
  });

  test('in CI, one that cannot be installed is an error', () => {
    const { status, stderr } = peers({ PATH: '/nonexistent', CI: 'true' });
    expect(status).toBe(1);
    expect(stderr).toContain('trying once more');
    expect(stderr).toContain('no test may be left out');
  });
});

peerSuite(['tshark'], 'the capture check', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'strata-capture-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function capture(name: string, ...frames: string[]): string {
    const header = Buffer.alloc(24);
    header.writeUInt32LE(0xa1b2c3d4, 0);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(65535, 16);
    header.writeUInt32LE(1, 20);
    const records = frames.flatMap((hex, index) => {
      const octets = Buffer.from(hex, 'hex');
      const record = Buffer.alloc(16);
      record.writeUInt32LE(index, 0);
      record.writeUInt32LE(octets.length, 8);
      record.writeUInt32LE(octets.length, 12);
      return [record, octets];
    });
    const file = join(folder, name);
    writeFileSync(file, Buffer.concat([header, ...records]));
    return file;
  }

  const ethernet = '02000000000202000000000108 00'.replace(' ', '');
  /** IPv4 with its header checksum, then UDP from 1 to 2 without payload and with the checksum given. */
  const udp = (ipChecksum: string, udpChecksum: string) =>
    `${ethernet}4500001c000040004011${ipChecksum}c0000201c0000202000100020008${udpChecksum}`;
  const good = udp('b6cd', '7bd7');

  test('a correct frame passes, and its fields can be read', async () => {
    const file = capture('good.pcap', good, good);
    await expectCleanCapture(file);
    expect(await captureFields(file, ['ip.src', 'udp.dstport', 'tcp.port'])).toEqual([
      { 'ip.src': ['192.0.2.1'], 'udp.dstport': ['2'], 'tcp.port': [] },
      { 'ip.src': ['192.0.2.1'], 'udp.dstport': ['2'], 'tcp.port': [] },
    ]);
    expect(await countFrames(file, 'udp')).toBe(2);
    expect(await countFrames(file, 'tcp')).toBe(0);
  });

  test.each([
    ['IP checksum', udp('b6ce', '7bd7')],
    ['UDP checksum', udp('b6cd', '7bd8')],
  ])('a wrong %s is found and the frame named', async (_, frame) => {
    const file = capture('bad.pcap', good, frame);
    await expect(expectCleanCapture(file)).rejects.toThrow(/1 faulty frames .*\n {2}frame 2 /);
    await expectCleanCapture(file, { ignore: 'frame.number == 2' });
  });

  test('a malformed packet is found', async () => {
    await expect(expectCleanCapture(capture('short.pcap', good, `${ethernet}4500`))).rejects.toThrow('1 faulty frames');
  });

  test('a capture without frames is not clean', async () => {
    await expect(expectCleanCapture(capture('empty.pcap'))).rejects.toThrow('is empty');
  });
});
