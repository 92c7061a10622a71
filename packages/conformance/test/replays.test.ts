import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { formatReplayResult, replayCapture, replayJson, runReplay } from '@strata/conformance';
import { readCapture } from '@strata/pcap-writer';
import { sequences } from '../../../tools/replays.mjs';

const folder = fileURLToPath(new URL('../replays', import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ndjson'));
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

const HEAD =
  '{"replay":1,"title":"t","mac":"00:11:22:33:44:56","addresses":["fe80::211:22ff:fe33:4456/64"],"dad":false,"set":{"dadTransmits":1}}';
const lines = (...steps: unknown[]) => [HEAD, ...steps.map((step) => JSON.stringify(step))].join('\n');

test('the sequences are those that their generator writes, and there are many of them', () => {
  const wanted = sequences();
  expect([...wanted.keys()].sort()).toEqual([...files].sort());
  for (const [name, text] of wanted) expect(read(name)).toBe(text);
  expect(files.length).toBeGreaterThan(450);
});

describe('recorded sequences', () => {
  test.each(files)('%s', async (name) => {
    const result = await runReplay(read(name), name);
    expect(result.pass ? '' : formatReplayResult(result)).toBe('');
  });

  test.each([
    'neighbor',
    'states',
    'hosts',
    'duplicates',
    'routers',
    'autoconfiguration',
    'headers',
    'errors',
    'fragments',
    'paths',
    'redirects',
  ])('those about %s can fail: with another frame in place of an expected one, they do', async (topic) => {
    for (const name of files.filter((file) => file.startsWith(topic)).slice(0, 6)) {
      const text = read(name).replace(/"expect":"([0-9a-f]{120})([0-9a-f])/, (_, head: string, digit: string) => {
        return `"expect":"${head}${digit === 'f' ? '0' : 'f'}`;
      });
      if (text === read(name)) continue;
      expect([name, (await runReplay(text, name)).pass]).toEqual([name, false]);
    }
  });
});

test('a modern host does the same, but for the identifiers of the addresses that it makes (RFC 7217)', async () => {
  const makesAddresses = /^(?:autoconfiguration|duplicates\/an-advertised-address)/;
  const failed: string[] = [];
  for (const name of files.filter((file, i) => i % 2 === 0 && !makesAddresses.test(file))) {
    const result = await runReplay(read(name).replace('"profile":"netx"', '"profile":"modern"'), name);
    if (!result.pass) failed.push(formatReplayResult(result));
  }
  expect(failed).toEqual([]);
});

describe('a sequence', () => {
  const solicitation =
    '3333ff33445600112233445786dd6000000000203afffe80000000000000021122fffe334457ff0200000000000000000001ff3344568700024300000000fe80000000000000021122fffe3344560101001122334457';
  const answer =
    '00112233445700112233445686dd6000000000203afffe80000000000000021122fffe334456fe80000000000000021122fffe33445788007cb660000000fe80000000000000021122fffe3344560201001122334456';

  test.each([
    ['a MAC address of a group', { mac: 'ff:ff:ff:ff:ff:ff' }],
    ['more addresses than a host takes', { addresses: Array.from({ length: 99 }, (_, i) => `2001:db8::${i + 1}/64`) }],
    ['solicitations without end', { set: { dadTransmits: Number.MAX_SAFE_INTEGER, retransTimerMs: 0 } }],
  ])('that wants a host with %s is refused in its first line', async (_what, change) => {
    const head = JSON.stringify({ ...JSON.parse(HEAD), ...change });
    const result = await runReplay(`${head}\n{"wait":1}`, 'hostile');
    expect([result.malformed, result.failure?.line]).toEqual([true, 1]);
  });

  test('gives the same frames at the same times each time', async () => {
    const text = read('neighbor/three-probes-without-an-answer-and-the-neighbor-is-looked-for-again.ndjson');
    expect(await runReplay(text, 'a')).toEqual(await runReplay(text, 'a'));
  });

  test('says which line failed, where the frames differ, and shows both', async () => {
    const wrong = `${answer.slice(0, -2)}57`;
    const result = await runReplay(lines({ inject: solicitation }, { expect: wrong, within: 1 }), 'na.ndjson');
    expect(result.failure).toMatchObject({ line: 3, differsAt: 85, message: 'no such frame was sent within 1 s' });
    const text = formatReplayResult(result);
    expect(text).toContain('FAIL  na.ndjson  t');
    expect(text).toContain('na.ndjson:3: no such frame was sent within 1 s');
    expect(text).toMatch(/expected +actual/);
    expect(text).toMatch(/^.*Target link-layer address: 00:11:22:33:44:57.* \|/m);
    expect(text).toMatch(/\| .*Target link-layer address: 00:11:22:33:44:56/);
    expect(replayJson(result)).toMatchObject({
      result: 'fail',
      failure: { line: 3, differsAt: 85, expected: { hex: wrong }, actual: { hex: answer } },
    });
    const packets = [...readCapture(replayCapture(result))].filter(({ kind }) => kind === 'packet');
    expect(packets.length).toBe(result.frames.length);
  });

  test('compares from the IP header on when asked, and leaves out what it is told to', async () => {
    const elsewhere = `ffffffffffff${answer.slice(12)}`;
    const pass = async (step: object) => (await runReplay(lines({ inject: solicitation }, step), 'x')).pass;
    expect(await pass({ expect: elsewhere })).toBe(false);
    expect(await pass({ expect: elsewhere, from: 'ip' })).toBe(true);
    expect(await pass({ expect: elsewhere, ignore: [[0, 5]] })).toBe(true);
    expect(await pass({ expect: elsewhere, ignore: [[0, 4]] })).toBe(false);
    const aged = `${elsewhere.slice(0, 42)}40${elsewhere.slice(44)}`;
    expect(await pass({ expect: aged, from: 'ip', ignore: [[21, 21]] })).toBe(true);
    expect(await pass({ expect: aged, from: 'ip', ignore: [[7, 7]] })).toBe(true);
    expect(await pass({ expect: aged, ignore: [[7, 7]] })).toBe(false);
    expect(await pass({ expect: `${answer}0000` })).toBe(true);
  });

  test('may have remarks, a mark of its encoding, spaces in frames, and members that mean nothing here', async () => {
    const spaced = solicitation.replaceAll(/(..)/g, '$1 ').trim();
    const text = `\uFEFF${lines({ inject: spaced, why: 'asked' }, { expect: answer, from: null, within: null })}\r\n`;
    const result = await runReplay(`# recorded\n\n${text}// the end\n`.replace('# recorded\n\n\uFEFF', '\uFEFF'), 'x');
    expect(result).toMatchObject({
      pass: true,
      notes: [{ line: 2, text: '"why" is not known here and is overlooked' }],
    });
    expect(formatReplayResult(result)).toContain('x:2: "why" is not known here');
    const commented = await runReplay(
      `# recorded\n${lines({ inject: solicitation }, { expect: answer })}\n\n// the end`,
      'x',
    );
    expect(commented.failure).toBe(null);
  });

  test('about a host without addresses has that of its link, and one without a length is of a usual network', async () => {
    const head = (addresses: string[]) => JSON.stringify({ ...JSON.parse(HEAD), addresses });
    const asked = lines({ inject: solicitation }, { expect: answer }).split('\n').slice(1).join('\n');
    for (const addresses of [[], ['fe80::211:22ff:fe33:4456'], ['192.0.2.1', '2001:db8::1']]) {
      expect((await runReplay(`${head(addresses)}\n${asked}`, 'x')).failure).toBe(null);
    }
  });

  test('keeps its settings when the host restarts', async () => {
    const probe = (target: string) =>
      `3333ff33445600112233445686dd6000000000183aff${'0'.repeat(32)}ff0200000000000000000001ff334456${target}`;
    const dad = probe('87007ae500000000fe80000000000000021122fffe334456');
    const head = JSON.stringify({ ...JSON.parse(HEAD), dad: true });
    const steps = [
      { set: { dadTransmits: 2 } },
      { reboot: true },
      { expect: dad, within: 1, ignore: [[56, 57]] },
      { expect: dad, within: 2, ignore: [[56, 57]] },
    ];
    const result = await runReplay([head, ...steps.map((step) => JSON.stringify(step))].join('\n'), 'x');
    expect(result.failure).toBe(null);
  });

  test.each([
    ['12', '1212', 'octets'],
    ['12', '3132', 'a text, when that is what is expected'],
    ['hi', '6869', 'a text, when it is no digits'],
  ])('pings with %s filled in as %s: %s', async (fill, data) => {
    const request = `33330000000100112233445686dd60000000000a3afffe80000000000000021122fffe334456ff0200000000000000000000000000018000000044560000${data}`;
    const steps = lines({ call: 'ping', to: 'ff02::1', bytes: 2, fill }, { expect: request, ignore: [[56, 57]] });
    const result = await runReplay(steps, 'x');
    expect(result.pass ? '' : formatReplayResult(result)).toBe('');
  });

  test('after a failure goes on at the clean-up, which always runs', async () => {
    const result = await runReplay(
      lines(
        { expect: answer },
        { inject: solicitation },
        { cleanup: true },
        { inject: solicitation },
        { expect: answer },
      ),
      'x',
    );
    expect(result.failure?.line).toBe(2);
    expect(result.frames.filter(({ direction }) => direction === 'in').map(({ line }) => line)).toEqual([5]);
  });

  test('forbids answers to what was injected last, but for those that were expected', async () => {
    const run = async (...steps: object[]) => (await runReplay(lines(...steps), 'x')).failure?.message ?? '';
    const forbid = { forbid: { icmpv6: [136] }, for: 1 };
    expect(await run({ inject: solicitation }, forbid)).toContain('of type 136, which it must not');
    expect(await run({ inject: solicitation }, { expect: answer }, forbid)).toBe('');
    expect(await run({ inject: solicitation }, { flush: true }, forbid)).toBe('');
    const unasked = `${solicitation.slice(0, -4)}ffff`;
    expect(await run({ inject: solicitation }, { inject: unasked }, forbid)).toBe('');
    expect(await run({ inject: unasked, comment: 'a wrong checksum' }, { inject: solicitation }, forbid)).toContain(
      '136',
    );
  });

  test('restarts the host', async () => {
    const probe = { forbid: { icmpv6: [133] }, for: 3 };
    const result = await runReplay(lines({ wait: 60 }, { flush: true }, probe, { reboot: true }, probe), 'x');
    expect(result.failure?.line).toBe(6);
    expect(result.duration).toBeGreaterThanOrEqual(63e6);
  });

  test.each([
    ['', 1, 'the file is empty'],
    ['{"replay":2}', 1, '"replay" must be 1'],
    ['not JSON', 1, 'it is not JSON'],
    [HEAD.replace('00:11:22:33:44:56', 'x'), 1, '"mac" must be a MAC address'],
    [HEAD.replace('/64', '/129'), 1, '"addresses" must be'],
    [lines({ jump: 1 }), 2, 'it is none of wait, inject'],
    [lines({ wait: -1 }), 2, '"wait" must be a number of seconds'],
    [lines({ inject: 'abc' }), 2, '"inject" must be a frame'],
    [lines({ inject: 'zz'.repeat(60) }), 2, '"inject" must be a frame'],
    [lines({ wait: 1 }, { expect: answer, inject: solicitation }), 3, '"expect" is another step'],
    [lines({ expect: answer, ignore: [[3, 1]] }), 2, '"ignore" must be'],
    [lines({ call: 'dance' }), 2, '"call" must be "ping"'],
    [lines({ flush: false }), 2, '"flush" must be true'],
  ])('that cannot be read says where and why: %#', async (text, line, why) => {
    const result = await runReplay(text, 'x');
    expect(result).toMatchObject({ pass: false, malformed: true, failure: { line } });
    expect(result.failure?.message).toContain(why);
  });
});
