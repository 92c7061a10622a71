import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MosquittoDebug } from '../src/mosquitto/debug.ts';
import { readLines } from '../src/mosquitto/payloads.ts';
import { patternBytes } from '../src/services/pattern.ts';
import { type RecorderOptions, strata } from './recorder.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'strata-tools-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const run = (words: readonly string[], options: RecorderOptions = {}) => strata(words, { directory, ...options });
const line = (text: string, options: RecorderOptions = {}) => run(text.split(' '), options);

describe('strata pub on the embedded broker', () => {
  test('-d prints what mosquitto_pub prints', async () => {
    const { code, stdout, stderr } = await line('pub -t r/1 -m hello -r -q 1 -d -i pubid');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toEqual([
      'Client pubid sending CONNECT',
      'Client pubid received CONNACK (0)',
      "Client pubid sending PUBLISH (d0, q1, r1, m1, 'r/1', ... (5 bytes))",
      'Client pubid received PUBACK (Mid: 1, RC:0)',
      'Client pubid sending DISCONNECT',
      '',
    ]);
  });

  test('lines of stdin are messages, an empty one too, and a last one without an end', async () => {
    const { code, stdout } = await line('pub -t l -l -d -i me', { stdin: 'a\nb\n\nlast' });
    expect(code).toBe(0);
    expect([...stdout.matchAll(/\((\d+) bytes\)/g)].map(([, bytes]) => bytes)).toEqual(['1', '1', '0', '4']);
  });

  test('a file, all of stdin, and nothing are messages', async () => {
    writeFileSync(join(directory, 'f.bin'), Buffer.alloc(300, 7));
    for (const [flags, bytes] of [
      ['-f f.bin', 300],
      ['-s', 3],
      ['-n', 0],
    ] as const) {
      const { code, stdout } = await line(`pub -t l ${flags} -d`, { stdin: 'a\nb' });
      expect([code, stdout]).toEqual([0, expect.stringContaining(`(${bytes} bytes)`)]);
    }
  });

  test('-q 2 speaks QoS 2 and says so as mosquitto_pub does', async () => {
    const { stdout } = await line('pub -t a -m x -q 2 -d -i p');
    expect(stdout.split('\n')).toEqual([
      'Client p sending CONNECT',
      'Client p received CONNACK (0)',
      "Client p sending PUBLISH (d0, q2, r0, m1, 'a', ... (1 bytes))",
      'Client p received PUBREC (Mid: 1)',
      'Client p sending PUBREL (m1)',
      'Client p received PUBCOMP (Mid: 1, RC:0)',
      'Client p sending DISCONNECT',
      '',
    ]);
  });

  test('--inspect shows each step of the session as JSON', async () => {
    const { code, stdout, stderr } = await line('pub -t a -m x -q 2 --inspect');
    expect([code, stdout]).toEqual([0, '']);
    const steps = stderr
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    const waits = steps.map(({ session }) => session.transmitQueue.map(({ step }: { step: string }) => step).join());
    expect([...new Set(waits)]).toEqual(['', 'awaits PUBREC', 'awaits PUBCOMP']);
    expect(steps.map(({ session }) => session.stateName).at(-1)).toBe('deleted');
    expect(steps.flatMap(({ events }) => events)).toContain('mqtt.publish-sent');
  });

  test('--store keeps the session in a file between two runs', async () => {
    const words = 'pub -t a -m x -q 1 -c -i me --store session.log -d';
    expect((await line(words)).code).toBe(0);
    const { code, stdout } = await line(words);
    expect([code, stdout]).toEqual([0, expect.stringContaining('received PUBACK (Mid: 1, RC:0)')]);
    const other = await line(words.replace('-i me', '-i you'));
    expect([other.code, other.stderr]).toEqual([expect.any(Number), expect.stringContaining('another client')]);
    expect(other.code).not.toBe(0);
  });

  test('a session file whose end was cut off goes on with what is whole, and says so', async () => {
    const keep = ['-q', '1', '-c', '-i', 'me', '--store', 'torn.log'];
    expect((await run(['pub', '-t', 'a', '-m', 'x', ...keep])).code).toBe(0);
    const path = join(directory, 'torn.log');
    writeFileSync(path, readFileSync(path).subarray(0, -3));
    const { code, stderr } = await run(['pub', '-t', 'a', '-m', 'y', ...keep]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^strata: the last \d+ bytes of torn\.log are not whole and are left out: a crash .*\n$/),
    ]);
    expect((await run(['pub', '-t', 'a', '-m', 'z', ...keep])).stderr).toBe('');
    writeFileSync(path, 'something else');
    expect((await run(['pub', '-t', 'a', '-m', 'z', ...keep])).stderr).toMatch(/is not the file of an MQTT session/);
  });

  test('--chained-packets sends a file that is larger than the pool', async () => {
    writeFileSync(join(directory, 'huge.bin'), Buffer.alloc(3_000_000, 7));
    const refused = await line('pub -t l -f huge.bin -q 1');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('NXD_MQTT_PACKET_POOL_FAILURE')]);
    const sent = await line('pub -t l -f huge.bin -q 1 --chained-packets -d');
    expect([sent.code, sent.stdout]).toEqual([0, expect.stringContaining('received PUBACK (Mid: 1, RC:0)')]);
  });

  test('--repeat publishes again', async () => {
    const { stdout } = await line('pub -t a -m x --repeat 3 --repeat-delay 0.5 -q 1 -d');
    expect(stdout.match(/sending PUBLISH/g)).toHaveLength(3);
  });

  test('without -d it says nothing', async () => {
    expect(await line('pub -t a -m x -q 1')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('a broker that is not there is told with its causes, and silently with --quiet', async () => {
    const loud = await line('pub -t a -m x -h 192.0.2.99');
    expect([loud.code, loud.stdout]).toEqual([1, '']);
    expect(loud.stderr).toMatch(/NXD_MQTT_CONNECT_FAILURE.*←.*NX_NOT_CONNECTED/);
    expect(loud.stderr).toContain('strata explain 0x10005');
    expect(await line('pub -t a -m x -h 192.0.2.99 --quiet')).toEqual({ code: 1, stdout: '', stderr: '' });
  });

  test.each([
    ['pub -t a', 'the message is missing'],
    ['pub -t a -m x --bogus', 'is not known here'],
    ['pub -t a -m x --address 192.0.2.2/24', 'add --tap NAME'],
  ])('%s is a usage error', async (words, sentence) => {
    const { code, stdout, stderr } = await line(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(sentence);
  });
});

describe('strata sub on the embedded broker', () => {
  test('prints payloads, or topic and payload with -v, and ends after -C messages', async () => {
    expect(await line('sub -t plant/7/humidity -C 2')).toEqual({ code: 0, stdout: '54 %\n55 %\n', stderr: '' });
    expect((await line('sub -t plant/+/flow -v -C 1')).stdout).toBe('plant/7/flow 12.4 l/min\n');
    expect((await line('sub -t plant/+/flow -N -C 1')).stdout).toBe('12.4 l/min');
  });

  test('-W ends with 27', async () => {
    const { code, stderr } = await line('sub -t nothing/here -W 2');
    expect([code, stderr]).toEqual([27, 'Timed out\n']);
  });

  test('-W counts while it connects, as in mosquitto_sub', async () => {
    expect(await line('sub -t a -W 2 -h 192.0.2.99')).toEqual({ code: 27, stdout: '', stderr: 'Timed out\n' });
  });

  test('retained messages are told apart', async () => {
    const fresh = await run(['sub', '-t', 'plant/#', '-R', '-C', '3', '-F', '%r %t']);
    expect(fresh.stdout).toBe('0 plant/7/temp\n0 plant/7/humidity\n0 plant/7/pressure\n');
    const kept = await run(['sub', '-t', 'plant/#', '--retained-only', '-F', '%r']);
    expect([kept.code, kept.stdout]).toEqual([0, '1\n1\n1\n1\n1\n1\n']);
  });

  test('--remove-retained has the broker forget what came retained and was not filtered out', async () => {
    const { code, stdout, stderr } = await line('sub -t # --remove-retained -T plant/7/temp -W 3 -d -q 1 -i me');
    expect([code, stderr]).toEqual([27, 'Timed out\n']);
    const sent = [...stdout.matchAll(/sending PUBLISH \(d0, q1, r1, m\d+, '([^']+)', ... \(0 bytes\)\)/g)];
    expect(sent.map(([, topic]) => topic)).toEqual(
      ['humidity', 'pressure', 'vibration', 'flow', 'door'].map((name) => `plant/7/${name}`),
    );
    expect(stdout.match(/received PUBACK/g)).toHaveLength(5);
  });

  test('--random-filter prints a share; -C counts all', async () => {
    const { code, stdout } = await line('sub -t # --retained-only --random-filter 0.1 -C 2');
    expect([code, stdout]).toEqual([0, '']);
  });

  test('-T filters out, and the end of the readings ends it', async () => {
    const { code, stdout } = await line('sub -t plant/# -T plant/7/door -T plant/7/temp -v');
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/door|temp/);
    expect(stdout.trim().split('\n')).toHaveLength(24);
  });

  test('fewer messages than -C asks for is a failure', async () => {
    const { code, stderr } = await line('sub -t plant/7/door -C 5');
    expect([code, stderr]).toEqual([1, expect.stringContaining('2 of 5 messages')]);
  });

  test('-E ends once subscribed; -d shows the packets in the order of the wire', async () => {
    const { code, stdout } = await line('sub -t plant/7/door -U old/# -E -d -q 1 -i s2');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'Client s2 sending CONNECT',
      'Client s2 received CONNACK (0)',
      'Client s2 sending SUBSCRIBE (Mid: 1, Topic: plant/7/door, QoS: 1, Options: 0x00)',
      'Client s2 received SUBACK',
      'Subscribed (mid: 1): 1',
      'Client s2 sending UNSUBSCRIBE (Mid: 2, Topic: old/#)',
      'Client s2 received UNSUBACK',
      'Client s2 sending DISCONNECT',
      '',
    ]);
  });

  test('-d tells of a message before its acknowledgement', () => {
    const lines: string[] = [];
    const debug = new MosquittoDebug('c', 'device', (text) => lines.push(text));
    debug.traced('device', 0, 0xa05, 4, 9, 4, 0, null);
    debug.received({ topic: 't', payload: new Uint8Array(2), qos: 1, retain: false, dup: true, id: 9 });
    expect(lines).toEqual([
      "Client c received PUBLISH (d1, q1, r0, m9, 't', ... (2 bytes))",
      'Client c sending PUBACK (m9, rc0)',
    ]);
  });

  test('readings of the user are fed', async () => {
    writeFileSync(join(directory, 'r.csv'), 'topic,value\nx,1\nx,2\n');
    expect((await line('sub -t x --input r.csv')).stdout).toBe('1\n2\n');
  });
});

describe('strata ping on the loopback bridge', () => {
  test('with --ndjson, stdout has nothing but events', async () => {
    const { code, stdout, stderr } = await line('ping -c 1 --ndjson');
    expect(code).toBe(0);
    const events = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(events.map((event) => event.event)).toContain('icmp.echo-reply');
    expect(stderr).toContain('1 packets transmitted, 1 received');
  });

  test('prints what ping prints', async () => {
    const { code, stdout } = await line('ping -c 2 --delay 5ms');
    expect(code).toBe(0);
    expect(stdout).toContain('PING 192.0.2.2 from 192.0.2.1: 56 data bytes');
    expect(stdout).toMatch(/56 bytes from 192\.0\.2\.2: icmp_seq=1 ttl=128 time=10\.000 ms/);
    expect(stdout).toContain('2 packets transmitted, 2 received, 0% packet loss');
  });

  test('no reply at all is a failure', async () => {
    const { code, stdout } = await line('ping 192.0.2.77 -c 1 -W 1');
    expect(code).toBe(1);
    expect(stdout).toContain('no reply from 192.0.2.77: icmp_seq=0 NX_NO_RESPONSE');
    expect(stdout).toContain('100% packet loss');
  });

  test('names of the lab are known; others need a DNS server', async () => {
    expect((await line('ping broker -c 1')).stdout).toContain('PING broker 192.0.2.2 from 192.0.2.1');
    const { code, stderr } = await line('ping example.org');
    expect(code).toBe(1);
    expect(stderr).toContain('example.org: no DNS server is known');
    expect(stderr).toContain('the hosts of this lab are device (192.0.2.1) and broker (192.0.2.2)');
    expect((await line('ping broker.lab -c 1')).code).toBe(0);
  });

  test.each(['ping6 -c 1', 'ping -6 broker -c 1', 'ping 2001:db8::2 -c 1'])('%s needs no --ipv6', async (words) => {
    expect((await line(words)).stdout).toContain('2001:db8::2: icmp_seq=0');
  });

  test('a failure says where its frames are', async () => {
    const capture = join(mkdtempSync(join(tmpdir(), 'strata-')), 'lost.pcapng');
    const { code, stderr } = await strata(['ping', '192.0.2.99', '-c', '1', '--pcap', capture]);
    expect(code).toBe(1);
    expect(stderr).toContain(`\n  the frames are in ${capture}\n`);
  });

  test('--trace says when there was nothing to tell', async () => {
    const { stderr } = await strata(['ping', '-c', '1', '--trace', 'dhcp,dns']);
    expect(stderr).toContain('--trace dhcp,dns: nothing happened in these layers');
    expect(await strata(['ping', '--trace', 'packet'])).toMatchObject({ code: 2 });
  });

  test('with IPv6, waits for an address of its own and says which', async () => {
    const { code, stdout } = await line('ping6 --ipv6 -c 2');
    expect(code).toBe(0);
    expect(stdout).toContain('PING 2001:db8::2 from 2001:db8::1: 56 data bytes');
    expect(stdout).toContain('2 packets transmitted, 2 received, 0% packet loss, time 1006ms');
  });

  test('a datagram larger than the link goes in fragments', async () => {
    const { stdout } = await line('ping -c 1 -s 20000');
    expect(stdout).toContain('20000 bytes from 192.0.2.2: icmp_seq=0');
  });

  test.each([
    ['ping -s 65508', '-s 65508'],
    ['ping -c 0', '-c 0'],
  ])('%s is a usage error', async (words, sentence) => {
    const { code, stderr } = await line(words);
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
  });
});

describe('strata up', () => {
  test.each([
    ['up', 'strata up needs a TAP device'],
    ['up --tap tap0', '--tap needs --address'],
    ['up --tap tap0 --address 192.0.2.2/24 --echo 7 --http 7', '--http 7: --echo has that port already'],
    ['up --tap tap0 --address 192.0.2.2/24 --echo 70000', '--echo 70000'],
    ['up --tap tap0 --address 192.0.2.2/24 --window 1x', 'a number of bytes'],
    ['up --tap tap0 --address 192.0.2.2/24 --for x', '--for x'],
  ])('%s is a usage error', async (words, sentence) => {
    const { code, stdout, stderr } = await line(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(sentence);
  });
});

describe('helpers of the services', () => {
  test('the pattern of RFC 864 has lines of 72 characters, each one on', () => {
    const text = Buffer.from(patternBytes(0, 74 * 3)).toString();
    const lines = text.split('\r\n');
    expect(lines[0]).toHaveLength(72);
    expect([lines[0][0], lines[1][0], lines[2][0]]).toEqual(['!', '"', '#']);
    expect(Buffer.from(patternBytes(6950, 20)).toString()).toBe(
      Buffer.from([...patternBytes(6950, 6), ...patternBytes(0, 14)]).toString(),
    );
  });

  test('lines are found across chunks, whatever their bytes', async () => {
    async function* chunks() {
      yield Buffer.from('a\nb');
      yield Buffer.from('c\n\n');
      yield Buffer.from([0xff, 10, 0]);
    }
    const lines: string[] = [];
    for await (const one of readLines(chunks())) {
      lines.push(Buffer.from(one).toString('hex'));
    }
    expect(lines).toEqual(['61', '6263', '', 'ff', '00']);
  });
});

describe('strata resolve on the loopback bridge', () => {
  test.each([
    ['broker.lab', 'broker.lab  60 s  A  192.0.2.2\n'],
    ['mqtt.lab -t a', 'mqtt.lab  60 s  CNAME  broker.lab\nbroker.lab  60 s  A  192.0.2.2\n'],
    ['192.0.2.1', '1.2.0.192.in-addr.arpa  60 s  PTR  device.lab\n'],
    ['_mqtt._tcp.lab -t SRV', '_mqtt._tcp.lab  60 s  SRV  broker.lab port 1883, priority 0, weight 0\n'],
  ])('%s', async (words, printed) => {
    expect(await line(`resolve ${words}`)).toEqual({ code: 0, stdout: printed, stderr: '' });
  });

  test('a name that is none says so, and JSON has the whole answer', async () => {
    const { code, stderr } = await line('resolve nobody.lab');
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no name nobody.lab')]);
    const [answer] = (await line('resolve broker.lab -t A --json')).stdout.trim().split('\n');
    expect(JSON.parse(answer as string)).toMatchObject({ type: 'A', status: 0, records: [{ value: '192.0.2.2' }] });
    expect((await line('resolve broker.lab -t X')).code).toBe(2);
  });
});

describe('strata traceroute in a lab with routers', () => {
  test('shows each router and the host, with the time it took', async () => {
    const { code, stdout } = await line('traceroute --routers 2 --delay 5ms');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'traceroute to 198.51.100.34, 30 hops at most',
      expect.stringMatching(/^ 1 {2}198\.51\.100\.2 {2}[0-9.]+ ms {2}10\.000 ms {2}10\.000 ms$/),
      expect.stringMatching(/^ 2 {2}198\.51\.100\.18 {2}[0-9.]+ ms {2}20\.000 ms {2}20\.000 ms$/),
      expect.stringMatching(/^ 3 {2}198\.51\.100\.34 {2}[0-9.]+ ms {2}30\.000 ms {2}30\.000 ms$/),
      '',
    ]);
  });

  test('over IPv6 too', async () => {
    const { code, stdout } = await line('traceroute -6 --routers 1 -q 1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/ 1 {2}2001:db8::2 .*\n 2 {2}2001:db8:1::2 /);
  });

  test('a NetX host does not listen to routers', async () => {
    const { stdout } = await line('traceroute --routers 1 -q 1 --profile netx');
    expect(stdout).toContain(' 1  *\n 2  198.51.100.18');
  });
});
