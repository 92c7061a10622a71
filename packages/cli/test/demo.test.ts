import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readCapture } from '@strata/pcap-writer';
import { filterFor } from '../src/commands/demo.ts';
import { strata } from './recorder.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'strata-demo-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const demo = (line: string) => strata(['demo', ...line.split(' ').filter((word) => word !== '')], { directory });
const hash = (file: string): string =>
  createHash('sha256')
    .update(readFileSync(join(directory, file)))
    .digest('hex');

const FAULTS = '--loss 5% --delay 20ms --jitter 5ms --duplicate 1% --reorder 2% --corrupt 1%';

describe('strata demo', () => {
  (existsSync('/dev/full') ? test : test.skip)('a disk that fills up during the run is said as such', async () => {
    const { code, stderr } = await demo('--quiet --pcap /dev/full');
    expect(code).toBe(1);
    expect(stderr).toContain('cannot write /dev/full: no space is left');
    expect(stderr).not.toContain('internal error');
  });

  test('shows the whole life of a connection and ends with a summary', async () => {
    const { code, stdout, stderr } = await demo('');
    expect(code).toBe(0);
    const steps = [
      'ARP who has 192.0.2.2?',
      '[SYN] seq=0',
      '[SYN, ACK]',
      'MQTT CONNECT "device"',
      'MQTT CONNACK',
      'MQTT SUBSCRIBE',
      'MQTT SUBACK',
      'MQTT PUBLISH qos0 "plant/7/temp" 8 B',
      'MQTT PUBLISH qos1 id=2 "plant/7/humidity"',
      'MQTT PUBACK id=2',
      'MQTT DISCONNECT',
      '[FIN, ACK]',
    ];
    let at = 0;
    for (const step of steps) {
      const next = stdout.indexOf(step, at);
      expect([step, next]).toEqual([step, expect.any(Number)]);
      expect(next).toBeGreaterThanOrEqual(at);
      at = next;
    }
    expect(stderr).toContain('32 readings published and received back: QoS 0 16 of 16, QoS 1 16 of 16.');
    expect(stderr).toMatch(/device .* 32 \/ 32 .* 0\n/);
    expect(stderr).toContain('open it with wireshark demo.pcapng');
    expect(existsSync(join(directory, 'demo.pcapng'))).toBe(true);
    const capture = [...readCapture(readFileSync(join(directory, 'demo.pcapng')))];
    const frames = capture.filter((event) => event.kind === 'packet').length;
    expect(stderr).toContain(`demo.pcapng: ${frames} frames`);
  });

  test('the same seed gives the same capture, under faults too, and another seed another', async () => {
    for (const [name, flags] of [
      ['a', `--seed 7 ${FAULTS}`],
      ['b', `--seed 7 ${FAULTS}`],
      ['c', `--seed 8 ${FAULTS}`],
      ['d', '--seed 7'],
      ['e', '--seed 7'],
    ]) {
      expect((await demo(`--quiet --pcap ${name}.pcapng ${flags}`)).code).toBe(0);
    }
    expect(hash('a.pcapng')).toBe(hash('b.pcapng'));
    expect(hash('a.pcapng')).not.toBe(hash('c.pcapng'));
    expect(hash('d.pcapng')).toBe(hash('e.pcapng'));
  });

  test.each([1, 2, 3, 4, 5])('every QoS 1 message is delivered in spite of 20 %% loss (seed %i)', async (seed) => {
    const { code, stderr } = await demo(`--quiet --loss 20% --seed ${seed} --pcap loss.pcapng`);
    expect([code, stderr]).toEqual([0, expect.stringContaining('QoS 1 16 of 16')]);
  });

  test('a cut of ten seconds costs a connection at most and no QoS 1 message', async () => {
    const { code, stderr } = await demo('--quiet --outage 2s+30s --pcap outage.pcapng');
    expect([code, stderr]).toEqual([0, expect.stringContaining('QoS 1 16 of 16')]);
  });

  test('the modern profile runs it too', async () => {
    const { code } = await demo('--quiet --profile modern --loss 5% --pcap modern.pcapng');
    expect(code).toBe(0);
  });

  test('readings of the user are published', async () => {
    writeFileSync(join(directory, 'mine.csv'), 'value,topic\n1,a/x\n2,b/y\n');
    const { code, stdout, stderr } = await demo('--input mine.csv');
    expect(code).toBe(0);
    expect(stdout).toContain('MQTT SUBSCRIBE id=1 "#" qos1');
    expect(stderr).toContain('2 readings published and received back: QoS 0 1 of 1, QoS 1 1 of 1.');
  });

  test('--ndjson prints one event per line and nothing else on stdout', async () => {
    const { stdout } = await demo('--ndjson --trace mqtt --pcap n.pcapng');
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.every((event) => event.layer === 'mqtt' && event.source === 'device')).toBe(true);
    expect(events.map((event) => event.event)).toContain('mqtt.connack');
  });

  test('a broker out of reach is said, and the capture is finished', async () => {
    const { code, stderr } = await demo('--quiet --loss 100% --pcap none-came.pcapng');
    expect(code).toBe(1);
    expect(stderr).toMatch(/none-came\.pcapng: \d+ frames/);
    expect(stderr).toContain('connect to MQTT broker 192.0.2.2');
    const events = [...readCapture(readFileSync(join(directory, 'none-came.pcapng')))];
    expect(events.some((event) => event.kind === 'packet')).toBe(true);
  });

  test('--trace prints readable lines among the arrows', async () => {
    const { stdout } = await demo('--trace tcp,mqtt');
    expect(stdout).toMatch(/device +mqtt\.connack/);
    expect(stdout).toMatch(/SYN_SENT to ESTABLISHED/);
  });

  test("--tcp-probe writes TCP's numbers per segment, as CSV or as JSON lines", async () => {
    expect((await demo('--quiet --profile modern --tcp-probe p.csv')).code).toBe(0);
    const [head, ...rows] = readFileSync(join(directory, 'p.csv'), 'utf8').trimEnd().split('\n');
    expect(head).toMatch(/^time,host,local,remote,event,state,phase,.*cwnd,ssthresh,flight/);
    expect(rows.length).toBeGreaterThan(100);
    expect(new Set(rows.map((row) => row.split(',').length))).toEqual(new Set([head?.split(',').length]));
    expect((await demo('--quiet --profile modern --tcp-probe p.ndjson')).code).toBe(0);
    const lines = readFileSync(join(directory, 'p.ndjson'), 'utf8').trimEnd().split('\n');
    expect(lines.length).toBe(rows.length);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ time: 0, host: 'device', state: 'SYN_SENT' });
    const { code, stderr } = await demo('--quiet --tcp-probe none/p.csv');
    expect([code, stderr]).toEqual([1, expect.stringContaining('cannot write none/p.csv: its folder does not exist')]);
  });

  test('--pcap - puts the capture on stdout and the ladder on stderr', async () => {
    const { code, stdout, stderr } = await demo('--pcap -');
    expect(code).toBe(0);
    const events = [...readCapture(Buffer.from(stdout, 'latin1'))];
    expect(events.filter((event) => event.kind === 'packet').length).toBeGreaterThan(100);
    expect(stderr).toContain('MQTT CONNECT "device"');
  });

  test.each([
    ['--input none.csv', 1, 'cannot read none.csv: there is no such file'],
    ['--loss 5', 2, '--loss 5: it is not a probability'],
    ['--pcap none/x.pcapng', 1, 'cannot write none/x.pcapng: its folder does not exist'],
    ['--sed 3', 2, 'did you mean --seed?'],
    ['--profile bsd', 2, 'the profiles are netx and modern'],
  ])('%s ends with a sentence', async (flags, code, sentence) => {
    const result = await demo(flags);
    expect(result.code).toBe(code);
    expect(result.stdout).toBe('');
    expect(result.stderr).toContain(sentence);
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });
});

describe('the filter that the device subscribes with', () => {
  test.each([
    [['plant/7/temp', 'plant/7/flow'], 'plant/7/#'],
    [['plant/7/temp', 'plant/8/temp'], 'plant/#'],
    [['a', 'b'], '#'],
    [['plant/7', 'plant/7'], 'plant/#'],
    [['plant', 'plant/7'], '#'],
  ])('%j: %s', (topics, filter) => expect(filterFor(topics)).toBe(filter));
});
