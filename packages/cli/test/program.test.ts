import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { commandName } from '../src/commands/command.ts';
import { UserError } from '../src/errors.ts';
import { COMMANDS } from '../src/program.ts';
import { strata } from './recorder.ts';

/** A script that can be read. */
const PKT = join(import.meta.dirname, '../../conformance/scripts/handshake/passive-open.pkt');

describe('the command line', () => {
  test('without a command prints the help on stderr and exits 2', async () => {
    const { code, stdout, stderr } = await strata([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Commands:');
  });

  test('--help prints the help on stdout and exits 0', async () => {
    const { code, stdout } = await strata(['--help']);
    expect(code).toBe(0);
    for (const command of COMMANDS) {
      expect(stdout).toContain(`strata ${commandName(command)}`);
    }
  });

  test.each(COMMANDS.map(commandName))('strata %s --help has examples that begin with its name', async (name) => {
    const { code, stdout } = await strata([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Examples:');
    expect(stdout.split('Examples:')[1]).toContain(`strata ${name}`);
  });

  test('--version prints the version of the package', async () => {
    const { code, stdout } = await strata(['--version']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  });

  test('a misspelt command is suggested', async () => {
    const { code, stdout, stderr } = await strata(['explian', '0x38']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('there is no command "explian"');
    expect(stderr).toContain('did you mean strata explain?');
  });

  test('a flag without its value, an unknown flag and a stray word are mistakes of the user', async () => {
    const line = async (text: string) => strata(text.split(' '));
    const bare = await line('demo --loss');
    expect([bare.code, bare.stderr]).toEqual([2, expect.stringContaining('--loss needs a value')]);
    const unknown = await line('demo --lose=5%');
    expect(unknown.stderr).toMatch(/--lose is not known here\n.*did you mean --loss\?/);
    expect((await line('demo --tap tap0')).stderr).toMatch(/--tap is not known here\n.*other commands have it/);
    const stray = await line('demo --delay 20 ms');
    expect([stray.code, stray.stderr.includes('did you mean')]).toEqual([2, false]);
    expect(stray.stderr).toContain('"ms" is not known here');
  });

  test('a complaint about something very long stays short', async () => {
    const { code, stderr } = await strata(['ping', '--seed', '9'.repeat(5000)]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^strata: --seed 9{60}… \(5000 characters\): a whole number/);
  });

  test.each([
    [['drill', PKT, '--ip-version', '5'], 'ipv4, ipv6 or ipv4-mapped-ipv6 is wanted'],
    [['drill', PKT, '--mtu', 'abc'], 'a whole number'],
    [['drill', PKT, '--local-ip', '1.2.3'], 'it is not an IP address'],
    [['drill', 'nowhere.pkt'], 'cannot read nowhere.pkt: there is no such file or directory'],
    [['demo', '--quiet', '--pcap', 'nowhere/x.pcapng'], 'cannot write nowhere/x.pcapng: its folder does not exist'],
    [['ping', '1.2.3'], '1.2.3 is not an address'],
    [['pub', '-t', 'a'.repeat(65536), '-m', 'x'], 'a topic has 1 to 65535 bytes'],
    [['pub', '-t', 'a/#', '-m', 'x'], 'a message is published on one topic'],
    [['resolve', 'nosuch.lab'], 'strata: nosuch.lab: there is no name nosuch.lab'],
  ])('%j says what is wrong', async (words, message) => {
    const { code, stdout, stderr } = await strata(words);
    expect([1, 2]).toContain(code);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('internal error');
  });

  test('the help says what a flag wants, and keeps descriptions in one column', async () => {
    const { stdout } = await strata(['ping', '--help']);
    expect(stdout).toMatch(/^ {6}--seed N {10}random seed/m);
    expect(stdout).toMatch(/^ {6}--pcap FILE {7}write a pcapng capture/m);
    expect(stdout).toMatch(/^ {2}-c, --count N {11}requests to send \(default 4\)$/m);
    expect(stdout).not.toMatch(/[<>]/);
  });

  test('help COMMAND is COMMAND --help', async () => {
    const { code, stdout } = await strata(['help', 'ping']);
    expect([code, stdout]).toEqual([0, (await strata(['ping', '--help'])).stdout]);
  });

  test.each(COMMANDS.map(commandName))(
    'the help of %s breaks no word and no line to type at 80 columns',
    async (name) => {
      const wide = await strata([name, '--help'], { environment: { COLUMNS: '1000' } });
      const narrow = await strata([name, '--help'], { environment: { COLUMNS: '80' } });
      const words = (text: string) => text.split(/\s+/);
      expect(words(narrow.stdout)).toEqual(words(wide.stdout));
      const long = narrow.stdout.split('\n').filter((line) => line.length > 80);
      expect(long.filter((line) => !/^ {2}(strata|unshare) /.test(line))).toEqual([]);
    },
  );

  test('a command that resembles none lists them', async () => {
    const { code, stderr } = await strata(['xyzzy']);
    expect(code).toBe(2);
    expect(stderr).toContain('the commands are ');
  });

  test('a misspelt flag is suggested', async () => {
    const { code, stderr } = await strata(['explain', '--jsno', '0x38']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean --json?');
  });

  test('a defect of ours is one line without a stack, and with STRATA_DEBUG=1 a stack', async () => {
    const explain = COMMANDS.find((command) => commandName(command) === 'explain');
    const run = explain!.run;
    try {
      (explain as { run: unknown }).run = async () => {
        throw new TypeError('broken on purpose');
      };
      const plain = await strata(['explain', '1']);
      expect(plain.code).toBe(1);
      expect(plain.stderr).toContain('internal error: TypeError: broken on purpose');
      expect(plain.stderr).toContain('STRATA_DEBUG=1');
      expect(plain.stderr).not.toMatch(/\n\s+at /);
      const debug = await strata(['explain', '1'], { environment: { STRATA_DEBUG: '1' } });
      expect(debug.stderr).toMatch(/\n\s+at /);
    } finally {
      (explain as { run: unknown }).run = run;
    }
  });

  test('a mistake of the user says what, why and what next, without a stack', () => {
    const error = new UserError({ what: 'cannot read x.csv', why: 'there is no such file', next: 'give another' });
    expect(error.message).toBe('cannot read x.csv: there is no such file');
    expect(error.next).toBe('give another');
  });
});
