import { describe, expect, test } from '@jest/globals';
import { UsageError } from '../src/errors.ts';
import { readPublishOptions, readSubscribeOptions } from '../src/mosquitto/options.ts';
import { isPublishTopic, isTopicFilter, topicMatches } from '../src/mosquitto/topic.ts';

const words = (line: string): string[] => line.split(' ').filter((word) => word !== '');
const pub = (line: string) => readPublishOptions(words(line)).options;
const sub = (line: string) => readSubscribeOptions(words(line)).options;

function complaint(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
  throw new Error('nothing was refused');
}

describe("mosquitto_pub's flags", () => {
  test('have its defaults', () => {
    expect(pub('-t a -m x')).toEqual({
      host: null,
      port: 1883,
      tls: null,
      clientId: null,
      clientIdPrefix: null,
      username: null,
      password: null,
      keepAliveSeconds: 60,
      cleanSession: true,
      will: null,
      maximumInflight: 0,
      reconnect: false,
      store: null,
      chainedPackets: false,
      inspect: false,
      debug: false,
      quiet: false,
      topic: 'a',
      message: { kind: 'text', text: 'x' },
      qos: 0,
      retain: false,
      repeat: 1,
      repeatDelayMicroseconds: 0,
    });
  });

  test('name the extensions of the client', () => {
    expect(pub('-t a -m x -q 2 -M 5 --reconnect --store s.log -c -i id --chained-packets --inspect')).toMatchObject({
      qos: 2,
      maximumInflight: 5,
      reconnect: true,
      store: 's.log',
      chainedPackets: true,
      inspect: true,
    });
  });

  test('are read in their short and long forms', () => {
    const short = pub('-h 192.0.2.1 -p 18 -t a -m x -q 1 -r -i id -u me -P pw -k 5 -c -d -V mqttv311');
    expect(short).toMatchObject({
      host: '192.0.2.1',
      port: 18,
      qos: 1,
      retain: true,
      clientId: 'id',
      keepAliveSeconds: 5,
    });
    expect(short).toMatchObject({ username: 'me', password: 'pw', cleanSession: false, debug: true });
    expect(
      pub(
        '--host 192.0.2.1 --port 18 --topic a --message x --qos 1 --retain --id id --username me --pw pw --keepalive 5 --disable-clean-session --debug --protocol-version 311',
      ),
    ).toEqual(short);
  });

  test('a value is taken whatever it looks like', () => {
    const { options } = readPublishOptions(['-t', 'a', '-m', '-n']);
    expect(options.message).toEqual({ kind: 'text', text: '-n' });
    expect(readPublishOptions(['-t', 'a', '-m', '"q"']).options.message).toEqual({ kind: 'text', text: '"q"' });
    expect(readPublishOptions(['-t', 'a', '-m', '']).options.message).toEqual({ kind: 'text', text: '' });
  });

  test('the five kinds of message', () => {
    const kinds = ['-m x', '-f x', '-l', '-s', '-n'].map((flags) => pub(`-t a ${flags}`).message.kind);
    expect(kinds).toEqual(['text', 'file', 'lines', 'stdin', 'null']);
  });

  test('words that are not its own are left to the shared flags, in order', () => {
    const { rest } = readPublishOptions(words('--tap tap0 -t a --loss 5% -m x --pcap - --bogus'));
    expect(rest).toEqual(['--tap', 'tap0', '--loss', '5%', '--pcap', '-', '--bogus']);
  });

  test('the will', () => {
    expect(pub('-t a -n --will-topic w --will-payload gone --will-qos 1 --will-retain').will).toEqual({
      topic: 'w',
      payload: 'gone',
      qos: 1,
      retain: true,
    });
    expect(pub('-t a -n --will-topic w').will).toEqual({ topic: 'w', payload: '', qos: 0, retain: false });
  });

  test('repeat and its delay', () => {
    expect(pub('-t a -m x --repeat 3 --repeat-delay 0.5')).toMatchObject({
      repeat: 3,
      repeatDelayMicroseconds: 500_000,
    });
  });

  test('a URL names broker, login and topic; single flags win over it', () => {
    expect(pub('-L mqtt://me:pw@192.0.2.1:18/a/b -m x')).toMatchObject({
      host: '192.0.2.1',
      port: 18,
      username: 'me',
      password: 'pw',
      topic: 'a/b',
    });
    expect(pub('-L mqtt://192.0.2.1/a -m x -p 5 -t b')).toMatchObject({ host: '192.0.2.1', port: 5, topic: 'b' });
    expect(pub('-L mqtt://[2001:db8::1]/a -m x').host).toBe('2001:db8::1');
  });

  test.each([
    ['-t a', 'the message is missing'],
    ['-m x', 'the topic is missing'],
    ['-t a -m x -n', '-m and -n: only one kind of message can be sent at once'],
    ['-t a -l -f x', '-l and -f: only one kind'],
    ['-t a -m', '-m needs a value'],
    ['-t a/# -m x', '-t a/#: a message is published on one topic'],
    ['-t a -m x -q 3', '-q 3: the qualities of service are 0, 1 and 2'],
    ['-t a -m x -q one', '-q one'],
    ['-t a -m x -p 70000', '-p 70000: a whole number from 1 to 65535 is wanted'],
    ['-t a -m x -p 0', '-p 0'],
    ['-t a -m x -k 4', '-k 4: a whole number from 5 to 65535 is wanted'],
    ['-t a -m x -k 70000', '-k 70000'],
    ['-t a -m x -c', '-c needs -i'],
    ['-t a -m x -c -I pre', '-c needs -i'],
    ['-t a -m x -i a -I b', '-i and -I cannot be used together'],
    ['-t a -m x -P pw', '-P needs -u'],
    ['-t a -m x --will-payload q', '--will-payload needs --will-topic'],
    ['-t a -m x --will-retain', '--will-retain needs --will-topic'],
    ['-t a -m x --will-topic a/+', '--will-topic a/+'],
    ['-t a -m x --will-topic t --will-qos 5', '--will-qos 5'],
    ['-t a -m x -V mqttv5', '-V mqttv5: the client speaks MQTT 3.1.1 only'],
    ['-t a -m x -V 99', '-V 99: there is no such protocol version'],
    ['-t a -m x --repeat 0', '--repeat 0: a whole number of at least 1'],
    ['-t a -m x --repeat-delay -1', '--repeat-delay -1'],
    ['-L foo -m x', '-L foo: it is not a broker URL'],
    ['-L mqtt://192.0.2.1 -m x', 'the topic is missing'],
    ['-L mqttx://192.0.2.1/a -m x', 'it is not a broker URL'],
    ['-t a -m x --cert a.pem', '--cert needs TLS'],
    ['-t a -m x --insecure', '--insecure needs TLS'],
    ['-t a -m x --tls-version tlsv1.2', '--tls-version needs TLS'],
    ['-t a -m x --psk-identity me', '--psk-identity needs --psk'],
    ['-t a -m x --psk abcd', '--psk needs --psk-identity'],
    ['-t a -m x --psk 0x12 --psk-identity me', '--psk 0x12: the key is written in hexadecimal'],
    ['-t a -m x --psk abcd --psk-identity me --cafile ca.pem', 'give one of them'],
    ['-t a -m x --cafile ca.pem --cert a.pem', '--cert and --key are used together'],
    ['-t a -m x -p 8883 --tls-version tlsv1.1', 'TLS 1.0 and 1.1 are broken'],
    ['-t a -m x -p 8883 --tls-version 3', 'there is no such version'],
    ['-t a -m x --keyform pem', '--keyform is not supported'],
    ['-t a -m x -x 60', '-x is not supported'],
    ['-t a -m x -M 0', '-M 0'],
    ['-t a -m x --store s.log', '--store needs -c'],
    ['-t a -m x -q 3', '-q 3'],
    ['-t a -m x -D PUBLISH x y', '-D is not supported'],
  ])('%s is refused', (line, message) => {
    expect(complaint(() => pub(line))).toContain(message);
  });

  test('a flag of mosquitto_sub alone is left to the shared flags', () => {
    expect(readPublishOptions(words('-t a -m x -W 3')).rest).toEqual(['-W', '3']);
  });
});

describe("mosquitto_sub's flags", () => {
  test('have its defaults', () => {
    expect(sub('-t a/#')).toMatchObject({
      topics: ['a/#'],
      unsubscribe: [],
      filterOut: [],
      qos: 0,
      count: null,
      timeoutMicroseconds: null,
      verbose: false,
      endOfLine: true,
      format: null,
      retained: 'all',
      exitAfterSubscribe: false,
    });
  });

  test('are read', () => {
    expect(sub('-t a -t b/+ -T a/x -U c -q 1 -C 3 -W 2 -v -N -R -E')).toMatchObject({
      topics: ['a', 'b/+'],
      filterOut: ['a/x'],
      unsubscribe: ['c'],
      qos: 1,
      count: 3,
      timeoutMicroseconds: 2_000_000,
      verbose: true,
      endOfLine: false,
      retained: 'never',
      exitAfterSubscribe: true,
    });
    expect(sub('-t a')).toMatchObject({ removeRetained: false, printedShare: 1 });
    expect(sub('-t a --remove-retained --random-filter 12.5')).toMatchObject({
      removeRetained: true,
      printedShare: 0.125,
    });
    expect(sub('-t a --retained-only').retained).toBe('only');
    expect(sub('-L mqtt://192.0.2.1/a/# -t b').topics).toEqual(['a/#', 'b']);
  });

  test.each([
    ['', 'the topic is missing'],
    ['-U a', 'the topic is missing'],
    ['-t a/#/b', '-t a/#/b: in a topic filter'],
    ['-t a -T b/#/c', '-T b/#/c'],
    ['-t a -U b+', '-U b+'],
    ['-t a -C 0', '-C 0: a whole number of at least 1'],
    ['-t a -W 0', '-W 0'],
    ['-t a -W abc', '-W abc'],
    ['-t a -R --retained-only', '-R and --retained-only'],
    ['-t a -F %Z', 'there is no field %Z'],
    ['-t a -F', '-F needs a value'],
    ['-t a --random-filter 0', '--random-filter 0'],
    ['-t a --random-filter 100.1', 'a percentage from 0.1 to 100'],
    ['-t a -c', '-c needs -i'],
  ])('%s is refused', (line, message) => {
    expect(complaint(() => sub(line))).toContain(message);
  });
});

test('a returning client needs an id with characters', () => {
  expect(complaint(() => readSubscribeOptions(['-t', 'a', '-c', '-i', '']))).toContain('-c needs -i');
});

describe('topics (MQTT 3.1.1 4.7)', () => {
  test('names', () => {
    expect(['a', '/', 'a/b', ' ', '$SYS/x'].map(isPublishTopic)).toEqual([true, true, true, true, true]);
    expect(['', 'a/+', '#', 'a\0b', 'x'.repeat(65536)].map(isPublishTopic)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  test('filters', () => {
    expect(['#', '+', 'a/#', '+/a/+', '/', 'a//b'].every(isTopicFilter)).toBe(true);
    expect(['', 'a#', 'a/#/b', 'a+', '+a', '##'].some(isTopicFilter)).toBe(false);
  });

  test.each([
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
    ['sport/#', 'sport', true],
    ['#', 'a/b', true],
    ['sport/tennis/+', 'sport/tennis/player1', true],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['+', '/finance', false],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
    ['a/b', 'a/B', false],
    ['a', 'a/b', false],
  ])('%s against %s: %s', (filter, topic, matches) => expect(topicMatches(filter, topic)).toBe(matches));
});
