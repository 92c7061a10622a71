import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TlsIdentity } from '@strata/tls';
import { LabAuthority } from '@strata/tls/engine-node';
import { Folder } from '../support/folder.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { Namespace } from '../support/namespace.ts';
import { peerSuite } from '../support/peers.ts';
import { Running } from '../support/process.ts';
import { root, startStrata } from '../support/strata.ts';
import { captureFields, countFrames, expectCleanCapture } from '../support/tshark.ts';

const BROKER = '198.51.100.1';
const DAY = 86_400;
const KEY = '00112233445566778899aabbccddeeff';

/** Ports of the Mosquitto of these tests, one for each way to be secure. */
const PORTS = { plain: 8883, mutual: 8884, psk: 8885, guarded: 8886, expired: 8887, otherHost: 8888 };

/** Every certificate of these tests, in a folder. */
function writeCertificates(folder: Folder): void {
  const now = Math.floor(Date.now() / 1000);
  const save = (name: string, { certificates, key }: TlsIdentity) => {
    folder.write(`${name}.pem`, Buffer.from(certificates as string));
    folder.write(`${name}.key`, Buffer.from(key as string));
  };
  const authority = new LabAuthority(now, null);
  const past = new LabAuthority(now - 400 * DAY, null);
  const broker = { commonName: 'broker', purpose: 'server', hosts: [BROKER] } as const;
  folder.write('ca.pem', Buffer.from(authority.certificate));
  folder.write('past-ca.pem', Buffer.from(past.certificate));
  save('broker', authority.issue(broker));
  save('client', authority.issue({ commonName: 'client', purpose: 'client' }));
  save('expired', past.issue(broker));
  save('other-host', authority.issue({ ...broker, hosts: ['other.example'] }));
  folder.write('keys.psk', Buffer.from(`sensor-7:${KEY}\n`));
}

function listener(folder: Folder, port: number, name: string, ...more: readonly string[]): string[] {
  const certificate = [`certfile ${folder.file(`${name}.pem`)}`, `keyfile ${folder.file(`${name}.key`)}`];
  return [`listener ${port}`, ...certificate, ...(more.length > 0 ? more : ['allow_anonymous true'])];
}

peerSuite(['namespace', 'mosquitto', 'mosquitto_pub', 'mosquitto_sub', 'tshark'], 'TLS with programs of others', () => {
  let folder: Folder;
  let linux: Namespace;
  let mosquitto: Mosquitto;
  let sites = 0;

  beforeAll(async () => {
    folder = new Folder();
    writeCertificates(folder);
    linux = await Namespace.open();
    await linux.run('mosquitto_passwd', ['-c', '-b', folder.file('passwords'), 'plant', 'secret']);
    await linux.run('ip', ['address', 'add', `${BROKER}/32`, 'dev', 'lo']);
    mosquitto = await Mosquitto.start(linux, {
      port: 1899,
      configuration: [
        'per_listener_settings true',
        'allow_anonymous true',
        ...listener(folder, PORTS.plain, 'broker'),
        ...listener(
          folder,
          PORTS.mutual,
          'broker',
          `cafile ${folder.file('ca.pem')}`,
          'require_certificate true',
          'allow_anonymous true',
        ),
        ...[`listener ${PORTS.psk}`, 'psk_hint lab', `psk_file ${folder.file('keys.psk')}`, 'allow_anonymous true'],
        ...listener(
          folder,
          PORTS.guarded,
          'broker',
          'allow_anonymous false',
          `password_file ${folder.file('passwords')}`,
        ),
        ...listener(folder, PORTS.expired, 'expired'),
        ...listener(folder, PORTS.otherHost, 'other-host'),
      ],
    });
  });

  afterAll(async () => {
    await mosquitto?.close();
    await linux?.close();
    folder?.[Symbol.dispose]();
  });

  /** `strata ARGS` as a host on a device of its own; the capture is named after the device. */
  const strata = (args: readonly string[]): { running: Running; capture: string } => {
    const site = ++sites;
    const [ours, theirs] = [`198.51.100.${4 * site + 2}/30`, `198.51.100.${4 * site + 1}/30`];
    const capture = folder.file(`tap${site}.pcapng`);
    const tap = ['--tap', `tap${site}`, '--address', ours, '--host-address', theirs, '--gateway', theirs.slice(0, -3)];
    return { running: startStrata([...args, ...tap, '--pcap', capture], { in: linux, cwd: folder.path }), capture };
  };

  const CLIENT = ['--cert', 'client.pem', '--key', 'client.key'];
  const TRUST = ['--cafile', 'ca.pem'];
  const ways: [string, number, string[]][] = [
    ['TLS 1.2', PORTS.plain, [...TRUST, '--tls-version', 'tlsv1.2']],
    ['TLS 1.3', PORTS.plain, [...TRUST, '--tls-version', 'tlsv1.3']],
    ['mutual TLS', PORTS.mutual, [...TRUST, ...CLIENT]],
    ['a pre-shared key', PORTS.psk, ['--psk', KEY, '--psk-identity', 'sensor-7']],
    ['a user name and a password', PORTS.guarded, [...TRUST, '-u', 'plant', '-P', 'secret']],
  ];

  test('strata pub and sub talk to Mosquitto in every secure way, and their captures open decrypted', async () => {
    await Promise.all(
      ways.map(async ([name, port, flags], i) => {
        const topic = `way/${i}`;
        const common = ['-h', BROKER, '-p', String(port), '-t', topic, '-q', '1', ...flags];
        const sub = strata(['sub', ...common, '-C', '2', '-i', `sub-${i}`]);
        await mosquitto.running.waitFor(new RegExp(`Sending SUBACK to sub-${i}$`));
        await linux.run('mosquitto_pub', [...common, '-m', 'from mosquitto'], { cwd: folder.path });
        const pub = strata(['pub', ...common, '-m', 'from strata']);
        await pub.running.expectExit();
        const { stdout } = await sub.running.expectExit();
        expect([name, ...stdout.trim().split('\n').sort()]).toEqual([name, 'from mosquitto', 'from strata']);
        const filter = { filter: 'mqtt', arguments: ['-d', `tls.port==${port},mqtt`] };
        const frames = await captureFields(pub.capture, ['mqtt.msgtype'], filter);
        expect(frames.flatMap((one) => one['mqtt.msgtype'])).toEqual(['1', '2', '3', '4', '14']);
      }),
    );
  });

  const refused: [string, number, string[], RegExp][] = [
    [
      'an expired certificate',
      PORTS.expired,
      ['--cafile', 'past-ca.pem'],
      /CERTIFICATE_EXPIRED.* ← alert 45 certificate_expired sent ← certificate "CN=broker" expired on/,
    ],
    [
      'another host',
      PORTS.otherHost,
      TRUST,
      /DNS_MISMATCH.* ← alert 42 bad_certificate sent ← .* is for other\.example, not for 198\.51\.100\.1/,
    ],
    ['no certificate of ours', PORTS.mutual, TRUST, /ALERT_RECEIVED.* ← alert 116 certificate_required received/],
    [
      'a wrong key',
      PORTS.psk,
      ['--psk', 'ffff', '--psk-identity', 'sensor-7'],
      /ALERT_RECEIVED.* ← alert \d+ \w+ received/,
    ],
    ['a plain port', 1899, TRUST, /NXD_MQTT_CONNECT_FAILURE.* ← TLS: /],
  ];

  test('what is wrong at Mosquitto or with us is refused, named, and no MQTT is sent', async () => {
    await Promise.all(
      refused.map(async ([name, port, flags, why]) => {
        const { running, capture } = strata([
          'pub',
          '-h',
          BROKER,
          '-p',
          String(port),
          '-t',
          'a',
          '-m',
          'secret',
          ...flags,
        ]);
        const { stderr } = await running.expectExit(1);
        expect(`${name}: ${stderr}`).toMatch(why);
        // A client that the server refuses in TLS 1.3 has its handshake behind it: CONNECT may be out, a message never.
        expect(await countFrames(capture, 'mqtt.msgtype == 3', { arguments: ['-d', `tls.port==${port},mqtt`] })).toBe(
          0,
        );
      }),
    );
  });

  test('strata broker serves mosquitto_pub and mosquitto_sub, with certificates made for it', async () => {
    const { running, capture } = strata(['broker', '--tls', '--require-certificate']);
    await running.waitFor(/the broker is up, TLS; clients trust strata-certificates\/ca\.pem/);
    const made = (name: string) => folder.file(`strata-certificates/${name}`);
    const flags = ['--cafile', made('ca.pem'), '--cert', made('client.pem'), '--key', made('client.key')];
    const common = ['-h', `198.51.100.${4 * sites + 2}`, '-p', '8883', '-t', 'a/b', '-q', '2', ...flags];
    const sub = linux.start('mosquitto_sub', [...common, '-C', '1'], { cwd: folder.path });
    await running.waitFor(/subscribed to a\/b, QoS 2/);
    await linux.run('mosquitto_pub', [...common, '-m', 'through the stack'], { cwd: folder.path });
    expect((await sub.expectExit()).stdout).toBe('through the stack\n');
    await linux
      .run('mosquitto_pub', [...common.slice(0, -4), '-m', 'no certificate'], { cwd: folder.path, code: 7 })
      .catch(() => undefined);
    await running.stop('SIGTERM');
    // Mosquitto's tools close their sockets without waiting for our end.
    await expectCleanCapture(capture, { accept: /^Connection reset/ });
    expect(await countFrames(capture, 'mqtt.msgtype == 3')).toBeGreaterThan(0);
  });

  test('the capture of strata demo --tls opens decrypted with no further file, CONNECT to DISCONNECT, without a warning', async () => {
    const file = folder.file('demo.pcapng');
    await startStrata(['demo', '--tls', '--quiet', '--pcap', file], { cwd: folder.path }).expectExit();
    const frames = await captureFields(file, ['mqtt.msgtype', 'tls.record.version'], { filter: 'mqtt' });
    const types = frames.flatMap((frame) => frame['mqtt.msgtype'] ?? []).map(Number);
    expect(types.slice(0, 4)).toEqual([1, 2, 8, 9]);
    expect(types.at(-1)).toBe(14);
    expect(frames.every((frame) => (frame['tls.record.version'] ?? []).length > 0)).toBe(true);
    await expectCleanCapture(file);
  });
});

test('a command without TLS loads neither node:tls nor node:crypto', async () => {
  const main = pathToFileURL(join(root, 'packages', 'cli', 'dist', 'main.js')).href;
  const script = `process.argv = ['node', 'strata', 'explain', '0x38']; const { main } = await import('${main}'); await main();
    process.stderr.write(process.moduleLoadList.filter((one) => /^NativeModule (tls|crypto)$/.test(one)).join());`;
  const { stdout, stderr } = await new Running(process.execPath, ['--input-type=module', '-e', script]).expectExit();
  expect(stdout).toMatch(/NX_NOT_CONNECTED/);
  expect(stderr).toBe('');
});
