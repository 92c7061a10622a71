import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Namespace } from '../support/namespace.ts';
import { peerSuite } from '../support/peers.ts';
import type { Running } from '../support/process.ts';
import { startStrata } from '../support/strata.ts';

const CONNACK = '20 02 00 00';
const SUBACK = '90 03 00 01 01';
/** CONNECT of client `c`, clean, keep-alive 60; SUBSCRIBE to `a` with QoS 1. */
const CONNECT = '100d 0004 4d515454 04 02 003c 0001 63';
const SUBSCRIBE = '8206 0001 0001 61 01';

interface Step {
  readonly wait?: number;
  readonly say?: string;
}

const octets = (text: string): number => text.replaceAll(' ', '').length / 2;
const hex = (...texts: string[]): string => texts.join('').replaceAll(' ', '');
/** What a broker says to a subscriber that is served. */
const serving = (...say: string[]): Step[] => [
  { wait: octets(CONNECT), say: CONNACK },
  { wait: octets(SUBSCRIBE), say: SUBACK },
  ...say.map((text) => ({ say: text })),
];

/** What the broker does wrong, and what the client names as the reason. */
const WRONG: readonly (readonly [what: string, steps: readonly Step[], why: RegExp])[] = [
  ['a length of five octets', serving('30 ff ff ff ff 01'), /1 to 4 octets/],
  ['a topic that is no UTF-8', serving('30 04 00 02 c0 af'), /not well-formed UTF-8/],
  ['a topic with a wildcard', serving('32 07 00 03 61 2f 23 00 01'), /contains a wildcard/],
  ['a second CONNACK', serving(CONNACK), /second CONNACK/],
  ['a PUBLISH instead of CONNACK', [{ wait: octets(CONNECT), say: '30 03 00 01 61' }], /is not a CONNACK/],
];

peerSuite(['namespace'], 'strata pub and sub at a broker that is watched octet by octet', () => {
  let linux: Namespace;
  let broker: Running;
  const scripts: Record<number, readonly Step[]> = {
    2000: [{ wait: octets(CONNECT), say: CONNACK }, { wait: 8, say: '40 02 00 01' }, { wait: 2 }],
    2001: [
      { wait: octets(CONNECT), say: CONNACK },
      { wait: 8, say: '50 02 00 01' },
      { wait: 4, say: '70 02 00 01' },
      { wait: 2 },
    ],
    2003: [{ wait: octets(CONNECT), say: CONNACK }, { wait: octets(SUBSCRIBE), say: '90 03 00 01 80' }, { wait: 2 }],
    2002: serving('34 06 00 01 61 00 07 78', '34 06 00 01 61 00 08 79', '62 02 00 07', '62 02 00 08'),
  };
  WRONG.forEach(([, steps], index) => {
    scripts[2010 + index] = steps;
  });

  beforeAll(async () => {
    linux = await Namespace.open();
    const script = fileURLToPath(new URL('fake-broker.mjs', import.meta.url));
    broker = linux.start(process.execPath, [script, JSON.stringify(scripts)]);
    await broker.waitFor(new RegExp(`listening ${2010 + WRONG.length - 1}`));
  });
  afterAll(() => linux.close());

  let sites = 0;
  function strata(tool: string, port: number, ...args: string[]): Running {
    const site = sites++;
    const tap = ['--tap', `tap${site}`, '--address', `198.51.100.${4 * site + 2}/30`];
    const words = [
      tool,
      ...tap,
      '--host-address',
      `198.51.100.${4 * site + 1}/30`,
      '-p',
      String(port),
      '-i',
      'c',
      ...args,
    ];
    return startStrata(words, { in: linux });
  }

  async function seen(port: number): Promise<{ heard: string; ended: string }> {
    const [, line] = (await broker.waitFor(new RegExp(`^(\\{"port":${port},.*\\})$`))) as unknown as [string, string];
    return JSON.parse(line) as { heard: string; ended: string };
  }

  test('what they send is exact: CONNECT, the handshakes, DISCONNECT and then the end', async () => {
    const [one, two, sub] = [
      strata('pub', 2000, '-q', '1', '-t', 'a', '-m', 'x'),
      strata('pub', 2001, '-q', '2', '-t', 'a', '-m', 'x'),
      strata('sub', 2002, '-q', '1', '-q', '2', '-t', 'a', '-C', '2'),
    ];
    await Promise.all([one.expectExit(), two.expectExit(), sub.expectExit()]);
    expect(await seen(2000)).toMatchObject({ heard: hex(CONNECT, '3206 0001 61 0001 78', 'e000'), ended: 'fin' });
    expect(await seen(2001)).toMatchObject({
      heard: hex(CONNECT, '3406 0001 61 0001 78', '6202 0001', 'e000'),
      ended: 'fin',
    });
    expect(await seen(2002)).toMatchObject({
      heard: hex(CONNECT, '8206 0001 0001 61 02', '5002 0007', '5002 0008', '7002 0007', '7002 0008', 'e000'),
      ended: 'fin',
    });
    expect(sub.stdout).toBe('x\ny\n');
  });

  test('a refused subscription is taken leave of; a port where nobody listens is said to refuse', async () => {
    const [subscription, port] = [strata('sub', 2003, '-q', '1', '-t', 'a'), strata('pub', 1999, '-t', 'a', '-n')];
    expect((await subscription.expectExit(1)).stderr).toMatch(/^strata: subscribe to "a": the broker refused it/);
    expect(await seen(2003)).toMatchObject({ heard: hex(CONNECT, SUBSCRIBE, 'e000'), ended: 'fin' });
    expect((await port.expectExit(1)).stderr).toMatch(
      /^strata: connect to .* ← refused: nothing listens there \(RST\)$/m,
    );
  });

  test('whatever the broker does wrong ends the command with the reason, and nothing more is sent', async () => {
    const running = WRONG.map(
      ([what], index) => [what, index, strata('sub', 2010 + index, '-q', '1', '-t', 'a')] as const,
    );
    for (const [what, index, sub] of running) {
      const { stdout, stderr } = await sub.expectExit(1);
      expect([what, stdout]).toEqual([what, '']);
      expect([what, stderr]).toEqual([what, expect.stringMatching(WRONG[index]?.[2] as RegExp)]);
      expect([what, stderr]).toEqual([what, expect.stringContaining('NXD_MQTT_SERVER_MESSAGE_FAILURE')]);
      const { heard, ended } = await seen(2010 + index);
      const connecting = index === WRONG.length - 1;
      expect([what, heard, ended]).toEqual([
        what,
        connecting ? hex(CONNECT) : hex(CONNECT, SUBSCRIBE),
        connecting ? 'reset' : 'fin',
      ]);
    }
  });
});
