import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Folder } from '../support/folder.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { Namespace } from '../support/namespace.ts';
import { peerSuite } from '../support/peers.ts';
import type { Running, StartOptions } from '../support/process.ts';
import { startStrata } from '../support/strata.ts';
import { countFrames, expectCleanCapture } from '../support/tshark.ts';

const OPEN = 1883;
const GUARDED = 1884;
const LOGIN = ['-u', 'plant', '-P', 'secret'];
const FORMAT = ['-F', '%t %q %r %p'];

/** `strata pub` or `strata sub`, or the program of Mosquitto whose flags it takes: both are run alike. */
type Client = (tool: 'pub' | 'sub', args: readonly string[], options?: StartOptions) => Running;

peerSuite(
  ['namespace', 'mosquitto', 'mosquitto_pub', 'mosquitto_sub', 'tshark'],
  'strata pub and sub at a Mosquitto',
  () => {
    let folder: Folder;
    let linux: Namespace;
    let open: Mosquitto;
    let guarded: Mosquitto;
    let sites = 0;
    let names = 0;

    beforeAll(async () => {
      folder = new Folder();
      linux = await Namespace.open();
      open = await Mosquitto.start(linux, { port: OPEN });
      guarded = await Mosquitto.start(linux, { port: GUARDED, users: { plant: 'secret' } });
    });

    afterAll(async () => {
      await open.close();
      await guarded.close();
      await linux.close();
      folder[Symbol.dispose]();
    });

    /** Each run of ours is a host on a device and a network of its own, so that several can run at once. */
    const strata: Client = (tool, args, options = {}) => {
      const site = sites++ % 60;
      const capture = ['--pcap', folder.file(`${tool}-${sites}.pcapng`)];
      const tap = ['--tap', `tap${site}`, '--address', `198.51.100.${4 * site + 2}/30`];
      return startStrata([tool, ...tap, '--host-address', `198.51.100.${4 * site + 1}/30`, ...capture, ...args], {
        in: linux,
        cwd: folder.path,
        ...options,
      });
    };

    const mosquitto: Client = (tool, args, options = {}) =>
      linux.start(`mosquitto_${tool}`, args, { cwd: folder.path, ...options });

    const CLIENTS: readonly (readonly [string, Client])[] = [
      ['strata', strata],
      ['mosquitto', mosquitto],
    ];

    /** A client id or a topic that nobody else has. */
    function fresh(): string {
      return `x${names++}`;
    }

    /** Starts a subscriber and waits until the broker has its subscriptions. */
    async function subscribed(client: Client, args: readonly string[], broker = open): Promise<Running> {
      const id = fresh();
      const running = client('sub', ['-p', String(broker.port), ...(args.includes('-i') ? [] : ['-i', id]), ...args]);
      await acknowledged(broker, args.includes('-i') ? String(args[args.indexOf('-i') + 1]) : id);
      return running;
    }

    async function acknowledged(broker: Mosquitto, id: string): Promise<void> {
      await broker.running.waitFor(new RegExp(`Sending SUBACK to ${id}$`));
    }

    async function publish(client: Client, ...args: readonly string[]): Promise<void> {
      await client('pub', args).expectExit();
    }

    /** The words that both clients print and end with when they do the same. */
    async function compare(run: (client: Client, root: string) => Promise<Running>, code = 0): Promise<string> {
      const [ours, theirs] = await Promise.all(
        CLIENTS.map(async ([, client]) => {
          const root = fresh();
          const running = await run(client, root);
          const { stdout } = await running.expectExit(code);
          return stdout.replaceAll(root, 'ROOT');
        }),
      );
      expect(ours).toBe(theirs);
      return ours as string;
    }

    const yes = [false, true] as const;
    // Half of the sixteen: any three of the four meet in each of their combinations.
    const combinations = [0, 1].flatMap((qos) =>
      yes.flatMap((login) =>
        yes.map((will) => ({ qos, login, will, persistent: ((qos + Number(login) + Number(will)) & 1) === 1 })),
      ),
    );

    test.each(combinations)(
      'a subscriber with qos $qos, login $login, will $will, persistent session $persistent hears publishers alike, at QoS 0 and 1, retained and not',
      async ({ qos, login, will, persistent }) => {
        const broker = login ? guarded : open;
        const root = fresh();
        const last = `${root}/will`;
        const connection = (id: string) => [
          ...['-p', String(broker.port), '-i', id],
          ...(login ? LOGIN : []),
          ...(will ? ['--will-topic', last, '--will-payload', 'gone', '--will-qos', String(qos)] : []),
          ...(persistent ? ['-c'] : []),
        ];
        // Of the four kinds of message our publisher sends two; over all combinations it sends each kind in each of its own.
        const pub = (retain: boolean) =>
          Promise.all(
            [0, 1].map((level) => {
              const topic = `${root}/${retain ? 'kept' : 'live'}${level}`;
              const flags = ['-q', String(level), ...(retain ? ['-r'] : []), '-t', topic, '-m', `value ${level}`];
              const client = (level === qos) === retain ? strata : mosquitto;
              return publish(client, ...connection(fresh()), ...flags);
            }),
          );
        await pub(true);
        const sub = ['-q', String(qos), '-t', `${root}/#`, ...FORMAT, '-C', '4', '-W', '15'];
        const listeners = await Promise.all(
          CLIENTS.map(([, client]) => subscribed(client, [...connection(fresh()), ...sub], broker)),
        );
        await pub(false);
        const expected = ['kept', 'live'].flatMap((kind) =>
          [0, 1].map(
            (level) => `${root}/${kind}${level} ${Math.min(level, qos)} ${kind === 'kept' ? 1 : 0} value ${level}`,
          ),
        );
        for (const listener of listeners) {
          // Messages of different QoS from different publishers have no order among themselves.
          expect((await listener.expectExit()).stdout.trimEnd().split('\n').sort()).toEqual(expected);
        }
        // Everybody said DISCONNECT, so no will was published.
        await publish(
          mosquitto,
          '-p',
          String(broker.port),
          ...(login ? LOGIN : []),
          '-t',
          `${last}/end`,
          '-m',
          'end',
          '-r',
        );
        const watcher = mosquitto('sub', [
          '-p',
          String(broker.port),
          ...(login ? LOGIN : []),
          '-t',
          `${last}/#`,
          '-C',
          '1',
          '-v',
        ]);
        expect((await watcher.expectExit()).stdout).toBe(`${last}/end end\n`);
      },
    );

    test('what is published at QoS 1 while a persistent subscriber is away arrives when it is back', async () => {
      const [topic, id] = [fresh(), fresh()];
      const session = ['-c', '-i', id, '-q', '1', '-t', topic, '-W', '15'];
      await strata('sub', [...session, '-E']).expectExit();
      await publish(mosquitto, '-q', '1', '-t', topic, '-m', 'one');
      await publish(strata, '-q', '1', '-t', topic, '-m', 'two');
      await publish(mosquitto, '-q', '1', '-t', topic, '-m', 'three');
      expect((await strata('sub', [...session, '-C', '3']).expectExit()).stdout).toBe('one\ntwo\nthree\n');
      // A clean session ends it: what comes then is nobody's.
      await strata('sub', ['-i', id, '-q', '1', '-t', topic, '-E']).expectExit();
      await publish(mosquitto, '-q', '1', '-t', topic, '-m', 'four');
      const later = strata('sub', ['-c', '-i', id, '-q', '1', '-t', topic, '-W', '1']);
      expect((await later.expectExit(27)).stdout).toBe('');
    });

    test('the will of a client that vanishes is published with its QoS and retain flag', async () => {
      const root = fresh();
      const watcher = await subscribed(mosquitto, ['-q', '1', '-t', `${root}/#`, ...FORMAT, '-C', '4']);
      const vanishing = [0, 1].flatMap((qos) =>
        yes.map((retain) => {
          const will = [
            '--will-topic',
            `${root}/${qos}${retain ? 'r' : ''}`,
            '--will-payload',
            'gone',
            '--will-qos',
            String(qos),
          ];
          return subscribed(strata, ['-k', '5', '-t', 'nothing', ...will, ...(retain ? ['--will-retain'] : [])]);
        }),
      );
      for (const client of await Promise.all(vanishing)) client.signalGroup('SIGKILL');
      const heard = (await watcher.expectExit(0, 30_000)).stdout.trimEnd().split('\n').sort();
      expect(heard).toEqual([`${root}/0 0 0 gone`, `${root}/0r 0 0 gone`, `${root}/1 1 0 gone`, `${root}/1r 1 0 gone`]);
      const kept = mosquitto('sub', ['-q', '1', '-t', `${root}/#`, ...FORMAT, '-W', '1']);
      expect((await kept.expectExit(27)).stdout.trimEnd().split('\n').sort()).toEqual([
        `${root}/0r 0 1 gone`,
        `${root}/1r 1 1 gone`,
      ]);
    });

    test('a wrong password, no password and a missing user end with the exit code that mosquitto_pub has', async () => {
      for (const login of [['-u', 'plant', '-P', 'wrong'], [], ['-u', 'nobody', '-P', 'secret']]) {
        const args = ['-p', String(GUARDED), '-t', 'a', ...login];
        const [ours, theirs] = await Promise.all(
          CLIENTS.map(([, client]) => client('pub', [...args, '-m', 'x']).exit()),
        );
        expect(ours?.code).toBe(5);
        expect(theirs?.code).toBe(5);
        expect(ours?.stderr).toMatch(/not.author/i);
        expect((await strata('sub', args).exit()).code).toBe(5);
      }
    });

    const long = 'x'.repeat(20_000);
    const PAYLOADS: readonly (readonly [string, readonly string[], string | undefined, readonly string[]])[] = [
      ['-m', ['-m', 'plain'], undefined, ['plain']],
      ['-m that looks like a flag', ['-m', '-5'], undefined, ['-5']],
      ['-m with UTF-8', ['-m', 'größer 21 °C 🌡'], undefined, ['größer 21 °C 🌡']],
      ['-m with nothing in it', ['-m', ''], undefined, ['']],
      ['-n', ['-n'], undefined, ['']],
      ['-f', ['-f', 'binary'], undefined, ['\u0000\u0001\n\r\n~']],
      ['-f of 20 kB', ['-f', 'long'], undefined, [long]],
      ['-s', ['-s'], 'all\nof\nit\n', ['all\nof\nit\n']],
      ['-l', ['-l'], 'first\n\nthird line\nlast', ['first', '', 'third line', 'last']],
      ['--repeat', ['-m', 'again', '--repeat', '3', '--repeat-delay', '0.05'], undefined, ['again', 'again', 'again']],
    ];

    test('pub sends what mosquitto_pub sends', async () => {
      folder.write('binary', '\u0000\u0001\n\r\n~');
      folder.write('long', long);
      for (const [index, [name, args, input, expected]] of PAYLOADS.entries()) {
        const qos = index % 2;
        const root = fresh();
        const format = ['-F', '%t %q %l %x'];
        const listener = await subscribed(mosquitto, [
          ...['-q', '1', '-t', `${root}/#`, ...format, '-C', String(2 * expected.length), '-W', '15'],
        ]);
        await Promise.all(
          CLIENTS.map(([side, client]) => {
            const options = input === undefined ? {} : { input };
            return client('pub', ['-q', String(qos), '-t', `${root}/${side}`, ...args], options).expectExit();
          }),
        );
        const lines = (await listener.expectExit()).stdout.trimEnd().split('\n');
        for (const [side] of CLIENTS) {
          const heard = lines.filter((line) => line.startsWith(`${root}/${side} `));
          const hex = expected.map((text) => {
            const bytes = Buffer.from(text);
            return `${root}/${side} ${qos} ${bytes.length} ${bytes.toString('hex')}`;
          });
          expect([name, heard.map((line) => line.trimEnd())]).toEqual([name, hex.map((line) => line.trimEnd())]);
        }
      }
    });

    const SUBSCRIPTIONS: readonly (readonly [string, readonly string[], number])[] = [
      ['-C ends it', ['-t', 'ROOT/#', '-C', '3'], 0],
      ['-v prints topics', ['-t', 'ROOT/#', '-v', '-C', '8'], 0],
      ['-N prints no ends of line', ['-t', 'ROOT/#', '-N', '-C', '8'], 0],
      ['-R leaves retained messages out', ['-t', 'ROOT/#', '-v', '-R', '-C', '6'], 0],
      ['--retained-only ends with the first fresh one', ['-t', 'ROOT/#', '-v', '--retained-only'], 0],
      ['-W ends it with 27', ['-t', 'ROOT/+/temp', '-v', '-W', '6'], 27],
      ['+ is one level', ['-t', 'ROOT/+/temp', '-v', '-C', '3'], 0],
      ['# takes the parent in', ['-t', 'ROOT/1/#', '-v', '-C', '4'], 0],
      ['several -t', ['-t', 'ROOT/2/temp', '-t', 'ROOT/1', '-v', '-C', '2'], 0],
      ['-T filters out', ['-t', 'ROOT/#', '-T', 'ROOT/+/temp', '-v', '-C', '5'], 0],
      [
        '-U takes a subscription back',
        ['-t', 'ROOT/1/#', '-t', 'ROOT/2/#', '-U', 'ROOT/1/#', '-v', '-R', '-C', '2'],
        0,
      ],
      ['-F with escapes', ['-t', 'ROOT/#', '-F', '%t\\t%q%r %l %x %X %%@@ \\e', '-q', '1', '-C', '8'], 0],
      ['-q 1', ['-t', 'ROOT/#', '-v', '-q', '1', '-C', '8'], 0],
    ];

    test('sub prints what mosquitto_sub prints, and ends as it ends', async () => {
      const PUBLICATIONS = [
        ['1/temp', '21.5', '0'],
        ['1/note', 'größer 🌡', '1'],
        ['1', 'parent', '0'],
        ['2/temp', '', '1'],
        ['2/deep/er', 'a b', '0'],
        ['1/bytes', 'tab\there', '1'],
      ];
      const root = fresh();
      await publish(mosquitto, '-r', '-t', `${root}/0/temp`, '-m', 'kept', '-q', '1');
      await publish(mosquitto, '-r', '-t', `${root}/0/x`, '-m', 'kept too');
      const pair = (args: readonly string[]): Promise<Running[]> => {
        const words = args.map((word) => word.replaceAll('ROOT', root));
        return Promise.all(CLIENTS.map(([, client]) => settled(client, words)));
      };
      const timed = SUBSCRIPTIONS.findIndex(([, args]) => args.includes('-W'));
      const pairs = await Promise.all(SUBSCRIPTIONS.map(([, args], index) => (index === timed ? [] : pair(args))));
      // The clock of this one runs from its start, so it comes last.
      pairs[timed] = await pair(SUBSCRIPTIONS[timed]?.[1] ?? []);
      for (const [topic, payload, qos] of PUBLICATIONS) {
        await publish(mosquitto, '-t', `${root}/${topic}`, '-m', String(payload), '-q', String(qos));
      }
      const outcomes = [];
      for (const [index, [name, , code]] of SUBSCRIPTIONS.entries()) {
        const [ours, theirs] = await Promise.all(
          (pairs[index] as Running[]).map((running) => running.expectExit(code)),
        );
        expect([name, ours?.stdout]).toEqual([name, theirs?.stdout]);
        outcomes.push(ours?.stdout);
      }
      expect(outcomes).not.toContain('');
    });

    /** A subscriber whose every request the broker has answered. */
    async function settled(client: Client, words: readonly string[]): Promise<Running> {
      const id = fresh();
      const running = client('sub', ['-i', id, ...words]);
      const topics = words.filter((_, index) => words[index - 1] === '-t');
      // Ours asks for one filter after the other, Mosquitto's for all at once; either way the last one is here.
      await open.running.waitFor(new RegExp(`^\\d+: ${id} \\d ${(topics.at(-1) as string).replace('+', '\\+')}$`));
      await acknowledged(open, id);
      if (words.includes('-U')) await open.running.waitFor(new RegExp(`Received UNSUBSCRIBE from ${id}$`));
      return running;
    }

    test('-d tells what mosquitto_pub -d and mosquitto_sub -d tell', async () => {
      const pub = await compare(async (client, root) =>
        client('pub', ['-d', '-i', root, '-q', '1', '-t', root, '-m', 'x', '-r']),
      );
      expect(pub).toContain("Client ROOT sending PUBLISH (d0, q1, r1, m1, 'ROOT', ... (1 bytes))");
      const sub = await compare(async (client, root) => {
        const running = await subscribed(client, ['-d', '-i', root, '-q', '1', '-t', root, '-C', '1']);
        await publish(mosquitto, '-t', root, '-m', 'hello', '-q', '1');
        return running;
      });
      expect(sub).toContain('Client ROOT sending PUBACK (m1, rc0)');
    });

    test('a payload of 20 kB and one of 200 kB arrive byte by byte', async () => {
      for (const size of [20_000, 200_000]) {
        const text = Array.from({ length: size / 10 }, (_, index) => String(index).padStart(9, '0')).join(' ');
        const file = folder.write(`text${size}`, text);
        const topic = fresh();
        const listener = await subscribed(strata, ['-q', '1', '-t', topic, '-C', '2', '-W', '15']);
        await publish(mosquitto, '-q', '1', '-t', topic, '-f', file);
        await publish(strata, '-q', '1', '-t', topic, '-f', file);
        expect((await listener.expectExit()).stdout).toBe(`${text}\n${text}\n`);
      }
    });

    test('a message that the pool could never hold is refused at once, with a reason and what to read next', async () => {
      const file = folder.write('huge', Buffer.alloc(2_000_000));
      const { stderr } = await strata('pub', ['-q', '1', '-t', 'a', '-f', file]).expectExit(1);
      expect(stderr).toMatch(/2000000 bytes .*pool.*NXD_MQTT_PACKET_POOL_FAILURE/);
      expect(stderr).toContain('strata explain 0x10006');
    });

    test('QoS 2 goes both ways, and -d tells of it as mosquitto_pub does', async () => {
      const pub = await compare(async (client, root) =>
        client('pub', ['-d', '-i', root, '-q', '2', '-t', root, '-m', 'x']),
      );
      expect(pub).toContain('Client ROOT received PUBCOMP (Mid: 1, RC:0)');
      const topic = fresh();
      const listeners = await Promise.all(
        CLIENTS.map(([, client]) => subscribed(client, ['-q', '2', '-t', topic, '-C', '2', ...FORMAT])),
      );
      for (const [, client] of CLIENTS) {
        await publish(client, '-q', '2', '-t', topic, '-m', 'one', '--will-topic', 'w', '--will-qos', '2');
      }
      for (const listener of listeners) {
        const { stdout } = await listener.expectExit();
        expect(stdout).toBe(`${topic} 2 0 one\n`.repeat(2));
      }
    });

    test('a persistent session gets, exactly once, what came while nobody was there, over two runs with a file', async () => {
      const [id, topic] = [fresh(), fresh()];
      const session = ['-c', '-i', id, '-q', '2', '-t', topic, '--store', folder.file('session.log')];
      await (await subscribed(strata, [...session, '-E'])).expectExit();
      for (const text of ['one', 'two', 'three']) await publish(mosquitto, '-q', '2', '-t', topic, '-m', text);
      const first = await strata('sub', [...session, '-C', '2', '-W', '15']).expectExit();
      const rest = await strata('sub', [...session, '-W', '1']).expectExit(27);
      expect(first.stdout + rest.stdout).toBe('one\ntwo\nthree\n');
    });

    test('no broker there, or no such host, is an error with exit code 1 and a way to learn more', async () => {
      const closed = await strata('pub', ['-p', '1999', '-t', 'a', '-m', 'x']).expectExit(1);
      const missing = await strata('sub', ['-h', '198.51.100.250', '-t', 'a', '-W', '10']).expectExit(1);
      for (const { stderr } of [closed, missing]) {
        expect(stderr).toMatch(/^strata: connect to MQTT broker 198\.51\.100\.\d+: .*NXD_MQTT_CONNECT_FAILURE/);
        expect(stderr).toContain('strata explain');
      }
    });

    test('a broker that goes away ends sub with exit code 1 and the reason', async () => {
      const broker = await Mosquitto.start(linux, { port: 1885 });
      const listener = await subscribed(strata, ['-t', 'a'], broker);
      await broker.close();
      expect((await listener.expectExit(1)).stderr).toMatch(/strata: .*(connection|NX_|NXD_)/);
    });

    test.each(['SIGINT', 'SIGTERM'] as const)(
      '%s ends sub and a pub that waits for lines in order, with DISCONNECT',
      async (signal) => {
        const id = fresh();
        const listener = await subscribed(strata, ['-i', id, '-t', 'a']);
        listener.signalGroup(signal);
        await listener.expectExit();
        await open.running.waitFor(new RegExp(`Received DISCONNECT from ${id}$`));
        const other = fresh();
        const publisher = strata('pub', ['-i', other, '-t', fresh(), '-l'], { keepInputOpen: true });
        publisher.child.stdin?.write('line\n');
        await open.running.waitFor(new RegExp(`Received PUBLISH from ${other} `));
        publisher.signalGroup(signal);
        await publisher.expectExit();
        await open.running.waitFor(new RegExp(`Received DISCONNECT from ${other}$`));
      },
    );

    test('tshark finds nothing wrong in what went over the devices', async () => {
      const topic = fresh();
      const index = sites + 1;
      const listener = await subscribed(strata, [
        '-q',
        '1',
        '-t',
        `${topic}/#`,
        '-C',
        '3',
        '-c',
        '-i',
        fresh(),
        '-k',
        '30',
      ]);
      await publish(mosquitto, '-q', '1', '-t', `${topic}/1`, '-m', 'one');
      await publish(strata, '-q', '1', '-t', `${topic}/2`, '-f', folder.write('file', long.slice(0, 5000)));
      await publish(strata, '-q', '0', '-t', `${topic}/3`, '-n');
      await listener.expectExit();
      const captures = [`sub-${index}`, `pub-${index + 1}`, `pub-${index + 2}`].map((name) =>
        folder.file(`${name}.pcapng`),
      );
      for (const file of captures) await expectCleanCapture(file);
      expect(await countFrames(captures[0] as string, 'mqtt.msgtype == 3')).toBe(3);
      expect(await countFrames(captures[1] as string, 'mqtt.msgtype == 14')).toBe(1);
      expect(await countFrames(captures[1] as string, 'tcp.flags.fin == 1')).toBe(2);
    });
  },
);
