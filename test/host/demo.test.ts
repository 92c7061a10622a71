import { existsSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Folder } from '../support/folder.ts';
import { peerSuite } from '../support/peers.ts';
import type { Ended } from '../support/process.ts';
import { startStrata } from '../support/strata.ts';
import { captureFields, countFrames, expectCleanCapture } from '../support/tshark.ts';

const FAULTS = '--loss 5% --delay 20ms --jitter 5ms --duplicate 1% --reorder 2% --corrupt 1%'.split(' ');

function demo(folder: Folder, ...flags: string[]): Promise<Ended> {
  return startStrata(['demo', ...flags], { cwd: folder.path }).expectExit();
}

/** The bytes of `demo.pcapng` after a run with these flags. */
async function capture(...flags: string[]): Promise<Buffer> {
  using folder = new Folder();
  await demo(folder, '--quiet', ...flags);
  return folder.read('demo.pcapng');
}

describe('strata demo', () => {
  test('draws a ladder on stdout and nothing else, sums up on stderr, and leaves demo.pcapng behind', async () => {
    using folder = new Folder();
    const { stdout, stderr } = await demo(folder);
    const [head, ...rungs] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^ +time +device +broker$/);
    expect(rungs.length).toBeGreaterThan(100);
    // Time, then two lifelines that stand below each other in every line, and between them an arrow with its text.
    const [first = ''] = rungs;
    const lifelines = (line: string) => [line.search(/[│┃|]/), line.length];
    for (const rung of rungs) {
      expect(rung).toMatch(/^ *\d+\.\d{6} +│(── .+ ─*▶|◀─ .+ ─*)│$/);
      expect(lifelines(rung)).toEqual(lifelines(first));
    }
    for (const text of [
      'ARP who has 192.0.2.2? tell 192.0.2.1',
      '[SYN]',
      'MQTT CONNECT "device"',
      'MQTT CONNACK accepted',
      'MQTT SUBSCRIBE',
      'MQTT PUBLISH qos1 id=3 "plant/7/',
      'MQTT DISCONNECT',
      '[FIN, ACK]',
    ]) {
      expect(stdout).toContain(text);
    }
    expect(stderr).toContain('QoS 0 16 of 16, QoS 1 16 of 16');
    expect(leaks(stderr)).toEqual({ device: 0, broker: 0 });
    expect(existsSync(folder.file('demo.pcapng'))).toBe(true);
  });

  test('publishes the readings of a CSV file of the user', async () => {
    using folder = new Folder();
    folder.write('mine.csv', 'topic,value\nroom/1,20.5\nroom/2,"a, b"\nroom/1,ünïcode\n');
    const { stdout, stderr } = await demo(folder, '--input', 'mine.csv', '--pcap', 'mine.pcapng');
    expect(stderr).toContain('3 readings published and received back: QoS 0 2 of 2, QoS 1 1 of 1.');
    expect(stdout).toContain('MQTT PUBLISH qos1 id=2 "room/2" 4 B');
    expect(existsSync(folder.file('mine.pcapng'))).toBe(true);
    expect(existsSync(folder.file('demo.pcapng'))).toBe(false);
  });

  test.each(['netx', 'modern'])(
    'delivers every QoS 1 message over bad links and leaks nothing (%s)',
    async (profile) => {
      using folder = new Folder();
      for (const [index, faults] of [['--loss', '10%'], ['--loss', '10%'], FAULTS, FAULTS].entries()) {
        const flags = [...faults, '--seed', String(100 + index), '--profile', profile, '--quiet'];
        const { stderr } = await demo(folder, ...flags);
        expect(stderr).toContain('QoS 1 16 of 16');
        expect(leaks(stderr)).toEqual({ device: 0, broker: 0 });
      }
    },
  );

  test.each([
    ['on a good link', []],
    ['under every fault', FAULTS],
    ['under every fault, in the modern profile', [...FAULTS, '--profile', 'modern']],
  ])('the same seed gives the same bytes, another seed others: %s', async (_, flags) => {
    const [one, again, other] = await Promise.all(['42', '42', '43'].map((seed) => capture('--seed', seed, ...flags)));
    expect(one?.length).toBeGreaterThan(10_000);
    expect(again?.equals(one as Buffer)).toBe(true);
    expect(other?.equals(one as Buffer)).toBe(false);
  });

  test('--pcap - puts the capture on stdout and nothing else, the ladder on stderr, and writes no file', async () => {
    using folder = new Folder();
    const running = startStrata(['demo', '--pcap', '-'], { cwd: folder.path });
    const { stderr } = await running.expectExit();
    expect(stderr).toContain('MQTT CONNECT "device"');
    expect(existsSync(folder.file('demo.pcapng'))).toBe(false);
    const file = await capture();
    expect(Buffer.concat(running.stdoutBytes).equals(file)).toBe(true);
  });

  test('a reader that goes away early does no harm', async () => {
    using folder = new Folder();
    const running = startStrata(['demo'], { cwd: folder.path });
    running.child.stdout?.destroy();
    const { stderr } = await running.expectExit();
    expect(stderr).not.toMatch(/EPIPE|internal error/);
    expect(folder.read('demo.pcapng').equals(await capture())).toBe(true);
  });

  test('a capture that cannot be written is a plain complaint with exit code 1', async () => {
    using folder = new Folder();
    const running = startStrata(['demo', '--pcap', 'missing/demo.pcapng'], { cwd: folder.path });
    const { stdout, stderr } = await running.expectExit(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^strata: cannot write missing\/demo\.pcapng: its folder does not exist\n/);
  });
});

/** The last column of the summary per host. */
function leaks(summary: string): Record<string, number> {
  const rows = summary.matchAll(/^(device|broker) .* (\d+)$/gm);
  return Object.fromEntries([...rows].map(([, host, count]) => [host, Number(count)]));
}

peerSuite(['tshark'], 'the capture of strata demo', () => {
  const MQTT = { CONNECT: '1', CONNACK: '2', PUBLISH: '3', PUBACK: '4', SUBSCRIBE: '8', SUBACK: '9', DISCONNECT: '14' };

  test.each(['netx', 'modern'])(
    'shows the whole conversation, and tshark finds nothing wrong (%s)',
    async (profile) => {
      using folder = new Folder();
      await demo(folder, '--profile', profile, '--quiet');
      const file = folder.file('demo.pcapng');
      await expectCleanCapture(file);

      const fields = ['frame.number', 'arp.opcode', 'tcp.flags', 'mqtt.msgtype', 'ip.src'];
      const frames = await captureFields(file, fields);
      const first = (what: string, wanted: (frame: Record<string, string[]>) => boolean): number => {
        const index = frames.findIndex(wanted);
        if (index < 0) throw new Error(`the capture shows no ${what}`);
        return index;
      };
      const flags = (value: number, mask = 0x017) => {
        return (frame: Record<string, string[]>) =>
          frame['tcp.flags']?.some((text) => (Number(text) & mask) === value) === true;
      };
      const mqtt = (type: string) => (frame: Record<string, string[]>) =>
        frame['mqtt.msgtype']?.includes(type) === true;
      const order = [
        first('ARP request', (frame) => frame['arp.opcode']?.[0] === '1'),
        first('ARP reply', (frame) => frame['arp.opcode']?.[0] === '2'),
        first('SYN', flags(0x002)),
        first('SYN, ACK', flags(0x012)),
        first('ACK', flags(0x010)),
        ...Object.entries({
          CONNECT: MQTT.CONNECT,
          CONNACK: MQTT.CONNACK,
          SUBSCRIBE: MQTT.SUBSCRIBE,
          SUBACK: MQTT.SUBACK,
          PUBLISH: MQTT.PUBLISH,
          PUBACK: MQTT.PUBACK,
          DISCONNECT: MQTT.DISCONNECT,
        }).map(([name, type]) => first(name, mqtt(type))),
        first('FIN', flags(0x001, 0x001)),
      ];
      expect(order).toEqual([...order].sort((a, b) => a - b));
      expect(await countFrames(file, 'tcp.flags.fin == 1 && ip.src == 192.0.2.1')).toBe(1);
      expect(await countFrames(file, 'tcp.flags.fin == 1 && ip.src == 192.0.2.2')).toBe(1);
      expect(await countFrames(file, 'tcp.flags.reset == 1')).toBe(0);
      // 32 readings to the broker and back, half of them acknowledged each way.
      expect(await countFrames(file, 'mqtt.msgtype == 3')).toBe(64);
      expect(await countFrames(file, 'mqtt.msgtype == 4')).toBe(32);
    },
  );

  test('says what it is and why things happened', async () => {
    using folder = new Folder();
    await demo(folder, '--loss', '20%', '--seed', '7', '--quiet');
    const file = folder.file('demo.pcapng');
    expect(await countFrames(file, 'frame.comment contains "SYN_SENT to ESTABLISHED"')).toBe(1);
    const lost = 'frame.interface_name == "device-broker faults" && frame.comment contains "lost"';
    expect(await countFrames(file, lost)).toBeGreaterThan(5);
    expect(await countFrames(file, 'frame.comment contains "retransmission timer expired"')).toBeGreaterThan(2);
  });

  test('under every fault, only frames on the interface for faults have anything wrong with them', async () => {
    using folder = new Folder();
    await demo(folder, ...FAULTS, '--corrupt', '10%', '--quiet');
    const file = folder.file('demo.pcapng');
    expect(await countFrames(file, 'frame.comment contains "fault: corrupted"')).toBeGreaterThan(5);
    const ignore = 'frame.interface_name == "device-broker faults"';
    // A receiver sees gaps and repetitions, which tshark remarks on; that is TCP at work.
    const accept =
      /^(Previous segment\(s\) not captured|ACKed segment that wasn't captured|This frame is a \(suspected\))/;
    await expectCleanCapture(file, { ignore, accept });
  });
});
