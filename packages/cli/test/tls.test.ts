import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readCapture } from '@strata/pcap-writer';
import { LabAuthority } from '@strata/tls/engine-node';
import { strata } from './recorder.ts';

let directory: string;
const EPOCH = 1_735_689_600;
const file = (name: string) => join(directory, name);
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'strata-tls-'));
  const authority = new LabAuthority(EPOCH, 1);
  const stranger = new LabAuthority(EPOCH, 'somebody else');
  const broker = authority.issue({ commonName: 'broker', purpose: 'server', hosts: ['192.0.2.2'] });
  const client = authority.issue({ commonName: 'client', purpose: 'client' });
  writeFileSync(file('ca.pem'), authority.certificate);
  writeFileSync(file('other.pem'), stranger.certificate);
  writeFileSync(file('broker.pem'), broker.certificates as string);
  writeFileSync(file('broker.key'), broker.key as string);
  writeFileSync(file('client.pem'), client.certificates as string);
  writeFileSync(file('client.key'), client.key as string);
  writeFileSync(file('keys.psk'), '# shared keys\nsensor-7:00112233445566778899aabbccddeeff\n');
  mkdirSync(file('authorities'));
  writeFileSync(join(file('authorities'), 'one.pem'), authority.certificate);
  writeFileSync(join(file('authorities'), 'readme.txt'), 'no certificate');
  mkdirSync(file('empty'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const run = (line: string) => strata(line.split(' '), { directory });

describe('strata pub over TLS', () => {
  test.each([
    '-p 8883',
    '--cafile ca.pem',
    '--capath authorities',
    '--cafile ca.pem --tls-version tlsv1.2',
    '--cafile ca.pem --tls-version tlsv1.3 --tls-alpn mqtt',
    '--cafile ca.pem --cert client.pem --key client.key',
    '--psk 00112233445566778899aabbccddeeff --psk-identity sensor-7',
    '-L mqtts://192.0.2.2/plant/7',
  ])('with %s publishes', async (flags) => {
    const { code, stderr, stdout } = await run(`pub -t plant/7 -m 21.5 -q 1 -d ${flags}`);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/received PUBACK/);
  });

  test.each([
    [
      '--cafile other.pem',
      /NX_SECURE_TLS_(?:ISSUER_CERTIFICATE_NOT_FOUND|CERTIFICATE_SIG_CHECK_FAILED).* ← alert \d+ .* sent ← /,
    ],
    ['--cafile ca.pem --tls-version tlsv1.2 --ciphers PSK-AES128-GCM-SHA256', /NXD_MQTT_CONNECT_FAILURE.*← TLS: /],
    ['--cafile missing.pem', /--cafile missing.pem: there is no such file or directory/],
    ['--cafile broker.key', /there is no certificate in PEM form in it/],
    ['--capath empty', /no file in it holds a certificate/],
    ['--cafile ca.pem --cert client.pem --key ca.pem', /there is no private key in PEM form in it/],
    ['--cafile ca.pem --cert client.pem --key broker.key', /key values mismatch/],
  ])('with %s says why not', async (flags, why) => {
    const { code, stderr } = await run(`pub -t plant/7 -m 21.5 ${flags}`);
    expect(code).toBe(1);
    expect(stderr).toMatch(why);
  });

  test('--keylog writes the secrets for the owner only; the capture has the same ones before its first record', async () => {
    const { code } = await run('pub -t plant/7 -m 21.5 -p 8883 --keylog keys.log --pcap pub.pcapng');
    expect(code).toBe(0);
    const lines = readFileSync(file('keys.log'), 'utf8');
    expect(lines).toMatch(/^CLIENT_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]+$/m);
    expect(statSync(file('keys.log')).mode & 0o077).toBe(0);
    const events = [...readCapture(readFileSync(file('pub.pcapng')))];
    const secrets = events.findIndex((event) => event.kind === 'secrets');
    const record = events.findIndex((event) => event.kind === 'packet' && event.data.length > 100);
    expect(secrets).toBeGreaterThan(0);
    expect(secrets).toBeLessThan(record);
    const [block] = events.filter((event) => event.kind === 'secrets');
    expect(Buffer.from(block?.secrets ?? []).toString()).toBe(lines);
  });
});

describe('strata broker', () => {
  test.each([
    ['', 'port 1883: the broker is up'],
    ['--tls', 'port 8883: the broker is up, TLS'],
    ['--tls --port 4433 --tls-version tlsv1.2', 'port 4433: the broker is up, TLS'],
    ['--tls --require-certificate', 'port 8883: the broker is up, TLS'],
    ['--cert broker.pem --key broker.key --cafile ca.pem', 'port 8883: the broker is up, TLS'],
    ['--psk-file keys.psk --psk-hint lab', 'port 8883: the broker is up, TLS with shared keys'],
    ['--tls --username device --pw secret', 'port 8883: the broker is up, TLS'],
  ])('%s serves the device of the loopback bridge', async (flags, up) => {
    const { code, stdout, stderr } = await run(`broker ${flags}`.trim());
    expect(stderr).toContain(up);
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toMatch(/ device connected$/);
    expect(lines.at(-1)).toMatch(/ device disconnected$/);
    expect(lines.length).toBe(34);
  });

  test('writes the certificates that it makes where it is told to', async () => {
    const { code, stderr } = await run('broker --tls --require-certificate --certificates made --quiet');
    expect(code).toBe(0);
    expect(stderr).toContain('clients trust made/ca.pem, and show made/client.pem');
    expect(readFileSync(file('made/ca.pem'), 'utf8')).toMatch(/BEGIN CERTIFICATE/);
    expect(statSync(file('made/client.key')).mode & 0o077).toBe(0);
  });

  test('tells a client that is refused, and both ends say why', async () => {
    const { code, stdout, stderr } = await run('broker --tls --require-certificate --cafile other.pem');
    expect(code).toBe(1);
    expect(stdout).toMatch(/alert \d+ \w+ sent ← /);
    expect(stderr).toMatch(/the device: connect to MQTT broker 192\.0\.2\.2: .* ← TLS: .* received/);
  });

  test.each([
    ['--cafile ca.pem', '--cafile needs TLS'],
    ['--require-certificate', '--require-certificate needs TLS'],
    ['--cert broker.pem', '--cert and --key are used together'],
    ['--username a', '--username and --pw are used together'],
    ['--tls --tls-version tlsv1', 'TLS 1.0 and 1.1 are broken'],
    ['--psk-file ca.pem', 'line 1 is not NAME:HEXADECIMAL'],
  ])('%s is refused', async (flags, message) => {
    const { code, stderr } = await run(`broker ${flags}`);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain(message);
  });
});

test('strata demo --tls makes the same frames, of the same lengths, at the same times', async () => {
  const shapes: string[][] = [];
  for (const name of ['one', 'two']) {
    expect((await run(`demo --tls --quiet --seed 5 --pcap ${name}.pcapng`)).code).toBe(0);
    const events = [...readCapture(readFileSync(file(`${name}.pcapng`)))];
    shapes.push(events.flatMap((event) => (event.kind === 'packet' ? [`${event.time} ${event.data.length}`] : [])));
  }
  expect(shapes[0]?.length).toBeGreaterThan(100);
  expect(shapes[1]).toEqual(shapes[0]);
});
