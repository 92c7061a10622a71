import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Folder } from '../support/folder.ts';
import { Namespace } from '../support/namespace.ts';
import { peerSuite } from '../support/peers.ts';
import type { Running } from '../support/process.ts';
import { startStrata } from '../support/strata.ts';
import { countFrames, expectCleanCapture, FLOW_CONTROL } from '../support/tshark.ts';

const DEVICE = '--tap tap0 --address 192.0.2.2/24 --host-address 192.0.2.1/24'.split(' ');

peerSuite(
  ['namespace', 'mosquitto_pub', 'mosquitto_sub', 'tshark'],
  'aedes on the stack, for the clients of Mosquitto',
  () => {
    let folder: Folder;
    let linux: Namespace;
    let broker: Running;

    beforeAll(async () => {
      folder = new Folder();
      linux = await Namespace.open();
      const flags = [...DEVICE, '--gateway', '192.0.2.1', '--mqtt', '1883', '--pcap', folder.file('broker.pcapng')];
      broker = startStrata(['up', ...flags], { in: linux });
      await broker.waitFor(/is up on tap0: mqtt on 1883/);
    });

    afterAll(async () => {
      await linux.close();
      folder[Symbol.dispose]();
    });

    const pub = (...args: string[]) => linux.run('mosquitto_pub', ['-h', '192.0.2.2', ...args]);
    const sub = (...args: string[]) => linux.start('mosquitto_sub', ['-h', '192.0.2.2', '-W', '15', ...args]);

    /** mosquitto_sub holds back its output while it runs, so a retained message tells that the subscription is there. */
    async function subscribed(topic: string, ...args: string[]): Promise<Running> {
      const running = linux.start('stdbuf', [
        '-oL',
        'mosquitto_sub',
        '-h',
        '192.0.2.2',
        '-W',
        '15',
        '-d',
        '-t',
        topic,
        ...args,
      ]);
      await running.waitFor(/received SUBACK/);
      return running;
    }

    /** What a subscriber with `-d` printed of its messages. */
    function messages(stdout: string): string[] {
      return stdout.split('\n').filter((line) => line !== '' && !/^(Client |Subscribed )/.test(line));
    }

    test.each([0, 1, 2])('messages pass between them at QoS %d', async (qos) => {
      const listener = await subscribed(`q${qos}/#`, '-q', String(qos), '-v', '-C', '3');
      await pub('-q', String(qos), '-t', `q${qos}/a`, '-m', 'one');
      await pub('-q', String(qos), '-t', `q${qos}/b/c`, '-m', 'größer 🌡');
      await pub('-q', String(qos), '-t', `q${qos}/d`, '-n');
      const { stdout } = await listener.expectExit();
      expect(messages(stdout)).toEqual([`q${qos}/a one`, `q${qos}/b/c größer 🌡`, `q${qos}/d (null)`]);
    });

    test('retained messages are kept, and taken back by an empty one', async () => {
      await pub('-r', '-q', '1', '-t', 'kept/a', '-m', 'stays');
      await pub('-r', '-q', '1', '-t', 'kept/b', '-m', 'goes');
      await pub('-r', '-q', '1', '-t', 'kept/b', '-n');
      const { stdout } = await sub('-t', 'kept/#', '-v', '-W', '2').expectExit(27);
      expect(stdout).toBe('kept/a stays\n');
    });

    test('a persistent session hears what was published while it was away', async () => {
      const session = ['-c', '-i', 'sleeper', '-q', '1', '-t', 'later/#'];
      await sub(...session, '-E').expectExit();
      for (const text of ['one', 'two', 'three']) await pub('-q', '1', '-t', 'later/x', '-m', text);
      expect((await sub(...session, '-C', '3').expectExit()).stdout).toBe('one\ntwo\nthree\n');
    });

    test('the will of a client that is killed is published', async () => {
      const listener = await subscribed('wills/#', '-q', '1', '-v', '-C', '1');
      const victim = await subscribed(
        'nothing',
        '--will-topic',
        'wills/x',
        '--will-payload',
        'gone',
        '--will-qos',
        '1',
      );
      victim.signalGroup('SIGKILL');
      expect(messages((await listener.expectExit()).stdout)).toEqual(['wills/x gone']);
    });

    test('200 kB in one message, and 500 messages in a row, arrive whole and in order', async () => {
      const text = Array.from({ length: 20_000 }, (_, index) => String(index).padStart(9, '0')).join(' ');
      const large = await subscribed('large', '-q', '1', '-C', '1');
      await pub('-q', '1', '-t', 'large', '-f', folder.write('large', text));
      expect(messages((await large.expectExit()).stdout)).toEqual([text]);

      const lines = Array.from({ length: 500 }, (_, index) => `line ${index}`);
      const many = await subscribed('many', '-q', '1', '-C', '500');
      const feed = linux.start('mosquitto_pub', ['-h', '192.0.2.2', '-q', '1', '-t', 'many', '-l'], {
        input: lines.join('\n'),
      });
      await feed.expectExit();
      expect(messages((await many.expectExit()).stdout)).toEqual(lines);
    });

    test('strata, on a device of its own, and Mosquitto meet at that broker', async () => {
      const listener = await subscribed('meet', '-q', '1', '-C', '1');
      const other = ['--tap', 'tap1', '--address', '198.51.100.2/24', '--host-address', '198.51.100.1/24'];
      // Linux forwards between the two devices.
      await linux.run('sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
      const routed = ['--gateway', '198.51.100.1', '-h', '192.0.2.2'];
      const pubbed = startStrata(['pub', ...other, ...routed, '-q', '1', '-t', 'meet', '-m', 'through a router'], {
        in: linux,
      });
      await pubbed.expectExit();
      expect(messages((await listener.expectExit()).stdout)).toEqual(['through a router']);
    });

    test('afterwards nothing has leaked, and tshark finds nothing wrong', async () => {
      broker.signalGroup('SIGINT');
      const { stdout } = await broker.expectExit();
      expect(stdout).toMatch(/^device .* 0$/m);
      const file = folder.file('broker.pcapng');
      // A client that was killed resets its connection.
      await expectCleanCapture(file, { accept: new RegExp(`${FLOW_CONTROL.source}|^Connection reset \\(RST\\)`) });
      expect(await countFrames(file, 'mqtt.msgtype == 1')).toBeGreaterThan(15);
      expect(await countFrames(file, 'mqtt.msgtype == 5 || mqtt.msgtype == 6')).toBeGreaterThan(5);
    });
  },
);
