import type { Duplex } from 'node:stream';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  NX_INVALID_PARAMETERS,
  NX_SECURE_X509_CERTIFICATE_EXPIRED,
  NXD_MQTT_CONNECT_FAILURE,
  SECOND,
  type Status,
} from '@strata/contracts';
import { MemorySink, readCapture } from '@strata/pcap-writer';
import { PacketDuplex } from '@strata/sockets';
import { TLS_1_2, TLS_1_3, type TlsSetup } from '@strata/tls';
import { LabAuthority, NodeTlsEngines } from '@strata/tls/engine-node';
import { Aedes } from 'aedes';
import { type Host, Lab, type LabOptions, MqttSession, type MqttTlsOptions, NetError } from '../src/index.ts';

const DAY = 86_400;
const engines = new NodeTlsEngines();
const authority = new LabAuthority(1_735_689_600, 'stack tests');
const identity = authority.issue({ commonName: 'broker', purpose: 'server', hosts: ['broker.example', '192.0.2.2'] });

interface World {
  readonly lab: Lab;
  readonly device: Host;
  readonly broker: Host;
}

function world(options: LabOptions = {}): World {
  const lab = new Lab({ seed: 7, ...options });
  const [device, broker] = [lab.host('device'), lab.host('broker')];
  const cable = lab.bridge({ faults: { delayMicroseconds: 1000 } });
  device.attach(cable.a, { address: '192.0.2.1/24' });
  broker.attach(cable.b, { address: '192.0.2.2/24' });
  return { lab, device, broker };
}

async function close({ lab }: World): Promise<void> {
  const end = lab.now + 300 * SECOND;
  await lab.runUntil(() => lab.outstanding() === 0 || lab.now >= end);
  expect(lab.outstanding()).toBe(0);
  await lab.close();
}
const text = (bytes: Uint8Array | null) => new TextDecoder().decode(bytes ?? new Uint8Array(0));
const octets = (value: string) => new TextEncoder().encode(value);

describe.each([
  ['TLS 1.2', TLS_1_2],
  ['TLS 1.3', TLS_1_3],
])('%s between two hosts', (_name, version) => {
  const versions = { minimumVersion: version, maximumVersion: version };

  test('connects, carries data both ways, and ends in order', async () => {
    const w = world();
    w.broker.listenTls(7, { engines, identity, ...versions }, (connection) => {
      void (async () => {
        for await (const bytes of connection) await connection.send(bytes);
        await connection.close();
      })();
    });
    await w.lab.run(async () => {
      const options = { engines, host: 'broker.example', trusted: [authority.certificate] };
      const connection = await w.device.connectTls('192.0.2.2', 7, options);
      await connection.send(octets('hello'));
      expect(text(await connection.receive())).toBe('hello');
      await connection.close();
    });
    await close(w);
  });

  test('a certificate that has expired by the lab’s clock: the error leads from the status to the date', async () => {
    const w = world({ epochSeconds: 1_735_689_600 + 366 * DAY });
    const refused: string[] = [];
    w.broker.listenTls(7, { engines, identity, ...versions }, () => expect('accepted').toBe('refused'), {
      refused: (error) => refused.push(error.chain()),
    });
    const options = { engines, host: 'broker.example', trusted: [authority.certificate] };
    const error = await w.lab.run(() => w.device.connectTls('192.0.2.2', 7, options).catch((one: NetError) => one));
    expect(error).toBeInstanceOf(NetError);
    expect((error as NetError).status).toBe(NX_SECURE_X509_CERTIFICATE_EXPIRED);
    expect((error as NetError).chain()).toBe(
      'connect tls 192.0.2.2:7: NX_SECURE_X509_CERTIFICATE_EXPIRED (0x193) ← ' +
        'alert 45 certificate_expired sent ← certificate "CN=broker" expired on 2026-01-01 00:00:00 UTC; ' +
        'it is 2026-01-02 00:00:00 UTC',
    );
    await w.lab.runFor(10);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatch(/alert 45 certificate_expired received/);
    await close(w);
  });
});

/** aedes behind `listenTls`. */
async function startBroker(host: Host, port = 8883): Promise<() => Promise<void>> {
  const aedes = await Aedes.createBroker({ id: 'broker' });
  aedes.on('client', (client) => Object.assign(client, { _nextId: 1 }));
  const server = host.listenTls(port, { engines, identity }, (connection) => {
    aedes.handle(new PacketDuplex(host, connection.packets) as Duplex);
  });
  return async () => {
    await new Promise<void>((resolve) => {
      aedes.close(() => resolve());
    });
    server.close();
  };
}

describe('an MqttSession with TLS', () => {
  const tls: MqttTlsOptions = { engines, trusted: [authority.certificate] };

  test('connects to port 8883, publishes to itself, disconnects', async () => {
    const w = world();
    const stop = await startBroker(w.broker);
    const session = new MqttSession(w.device, { clientId: 'device', broker: '192.0.2.2', tls });
    await w.lab.run(async () => {
      await session.connect({ keepAliveSeconds: 60 });
      await session.subscribe('plant/#', 1);
      await session.publish('plant/7', '21.5', { qos: 1 });
      const message = await session.receive();
      expect([message.topic, text(message.payload)]).toEqual(['plant/7', '21.5']);
      await session.disconnect();
      await stop();
    });
    session.delete();
    await close(w);
  });

  test('fails with MQTT’s status, then that of TLS, the alert, and the reason', async () => {
    const w = world();
    const stop = await startBroker(w.broker);
    const options = { clientId: 'device', broker: '192.0.2.2', tls: { ...tls, host: 'other.example' } };
    const session = new MqttSession(w.device, options);
    const error = await w.lab.run(() => session.connect().catch((one: NetError) => one));
    expect((error as NetError).status).toBe(NXD_MQTT_CONNECT_FAILURE);
    expect((error as NetError).chain()).toMatch(
      /^connect to MQTT broker 192\.0\.2\.2.*: NXD_MQTT_CONNECT_FAILURE \(0x10005\) ← TLS: NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH \(0x195\) ← alert 42 bad_certificate sent ← certificate "CN=broker" is for .*, not for other\.example$/,
    );
    session.delete();
    await w.lab.run(stop);
    await close(w);
  });

  describe('and NetX’s TLS setup callback', () => {
    async function attempt(setup: (setup: TlsSetup) => Status) {
      const w = world();
      const stop = await startBroker(w.broker);
      let calls = 0;
      const session = new MqttSession(w.device, {
        clientId: 'device',
        broker: '192.0.2.2',
        tls: {
          engines,
          setup: (one) => {
            calls++;
            expect(w.device.tcp.counters.activeConnections).toBe(0);
            return setup(one);
          },
        },
      });
      const outcome = await w.lab.run(() =>
        session.connect().then(
          () => null,
          (one: NetError) => one,
        ),
      );
      if (session.isConnected) await w.lab.run(() => session.disconnect());
      session.delete();
      await w.lab.run(stop);
      await close(w);
      return { outcome, calls };
    }

    test('sets the session up before TCP connects', async () => {
      const { outcome, calls } = await attempt((setup) => {
        setup.sessionCreate();
        setup.packetBufferSet(4000);
        setup.remoteCertificateAllocate();
        return setup.trustedCertificateAdd(authority.certificate);
      });
      expect(outcome?.chain()).toBeUndefined();
      expect(calls).toBe(1);
    });

    test('whatever it answers is what connect fails with, and nothing is sent', async () => {
      const { outcome } = await attempt(() => NX_INVALID_PARAMETERS);
      expect(outcome?.status).toBe(NX_INVALID_PARAMETERS);
      expect(outcome?.chain()).toMatch(/NX_INVALID_PARAMETERS \(0x4d\) ← the TLS setup callback refused/);
    });

    test('without space for the broker’s certificate there is no connection', async () => {
      const { outcome } = await attempt((setup) => setup.trustedCertificateAdd(authority.certificate));
      expect(outcome?.status).toBe(NXD_MQTT_CONNECT_FAILURE);
      expect(outcome?.chain()).toMatch(/NX_SECURE_TLS_INSUFFICIENT_CERT_SPACE/);
    });

    test('without a trusted certificate there is none either', async () => {
      const { outcome } = await attempt((setup) => setup.remoteCertificateAllocate(2));
      expect(outcome?.chain()).toMatch(
        /NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND \(0x11b\) ← alert 48 unknown_ca sent/,
      );
    });
  });
});

describe('the secrets of TLS sessions', () => {
  let sink: MemorySink;
  let lines: string[];
  beforeAll(async () => {
    sink = new MemorySink();
    lines = [];
    const w = world({ capture: sink, onKeyLog: (line) => lines.push(line) });
    const stop = await startBroker(w.broker);
    const tls = { engines, trusted: [authority.certificate] };
    const session = new MqttSession(w.device, { clientId: 'device', broker: '192.0.2.2', tls });
    await w.lab.run(async () => {
      await session.connect();
      await session.disconnect();
      await stop();
    });
    session.delete();
    await close(w);
  });

  test('are told once although both ends know them', () => {
    expect(lines.length).toBe(new Set(lines).size);
    expect(lines.map((line) => line.split(' ')[0]).sort()).toEqual([
      'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
      'CLIENT_TRAFFIC_SECRET_0',
      'EXPORTER_SECRET',
      'SERVER_HANDSHAKE_TRAFFIC_SECRET',
      'SERVER_TRAFFIC_SECRET_0',
    ]);
  });

  test('stand in the capture once, before the first frame with a TLS record', () => {
    const events = [...readCapture(Buffer.concat(sink.chunks))];
    const secrets = events.flatMap((event, i) => (event.kind === 'secrets' ? [i] : []));
    expect(secrets).toHaveLength(1);
    const firstRecord = events.findIndex(
      (event) => event.kind === 'packet' && event.data.length > 60 && event.data[54] === 22,
    );
    expect(firstRecord).toBeGreaterThan(secrets[0] as number);
    expect(events.filter((event) => event.kind === 'packet').length).toBeGreaterThan(20);
  });
});
