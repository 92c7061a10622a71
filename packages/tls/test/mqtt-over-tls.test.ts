import { constants } from 'node:crypto';
import { createServer } from 'node:tls';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  NX_SECURE_X509_CERTIFICATE_EXPIRED,
  NX_SUCCESS,
  SECOND,
  type Status,
  TRACE_TLS_RECORD_SENT,
  type TraceRef,
} from '@strata/contracts';
import { MqttClient, type MqttListener } from '@strata/mqtt';
import { MemorySink } from '@strata/pcap-writer';
import { netOf } from '@strata/sockets';
import { type Host, Lab, type TraceListener } from '@strata/stack';
import { Aedes } from 'aedes';
import { Folder } from '../../../test/support/folder.ts';
import { peerSuite } from '../../../test/support/peers.ts';
import { captureFields, expectCleanCapture } from '../../../test/support/tshark.ts';
import { NodeTlsEngines } from '../src/engine-node.ts';
import { TLS_1_2, TLS_1_3, TlsConnector, type TlsSessionOptions } from '../src/index.ts';
import { Authorities, type CertificateWish, keyPem, pem } from './support/certificates.ts';
import { EPOCH } from './support/rig.ts';

let pki: Authorities;
beforeAll(() => {
  pki = new Authorities();
});

/** Every event of every layer, as text. */
class Log implements TraceListener {
  readonly lines: string[] = [];
  readonly records: string[] = [];

  traced(
    source: string,
    time: number,
    id: number,
    a: number,
    b: number,
    c: number,
    d: number,
    _: TraceRef | null,
  ): void {
    this.lines.push(`${time} ${source} ${id.toString(16)} ${a} ${b} ${c} ${d}`);
    if (id === TRACE_TLS_RECORD_SENT) this.records.push(`${a}:${b}`);
  }
}

/** Two hosts, aedes behind node:tls on one, an MQTT client behind a TlsSession on the other. */
class World {
  readonly log = new Log();
  readonly lab: Lab;
  readonly device: Host;
  readonly broker: Host;
  readonly connector: TlsConnector;
  readonly client: MqttClient;
  readonly heard: string[] = [];
  readonly capture = new MemorySink();
  readonly keyLog: string[] = [];
  private aedes: Aedes | null = null;
  private closeServer: () => Promise<void> = async () => undefined;
  private wake: () => void = () => undefined;

  constructor(version: number, seed: number, lossRate = 0, options: Partial<TlsSessionOptions> = {}) {
    this.lab = new Lab({ seed, listeners: [this.log], capture: this.capture });
    this.device = this.lab.host('device');
    this.broker = this.lab.host('broker');
    const cable = this.lab.bridge({ faults: { delayMicroseconds: 2000, lossRate } });
    this.device.attach(cable.a, { address: '192.0.2.1/24' });
    this.broker.attach(cable.b, { address: '192.0.2.2/24' });
    const { device } = this;
    this.connector = new TlsConnector(device.connector('192.0.2.2', 8883), {
      engines: new NodeTlsEngines(),
      time: device.time,
      pool: device.pool,
      busy: device.environment.islands.register('device tls'),
      tracer: device.tracer,
      epoch: EPOCH,
      host: 'broker.example',
      trusted: [pki.rootCertificate],
      minimumVersion: version,
      maximumVersion: version,
      onKeyLog: (line) => this.keyLog.push(line),
      ...options,
    });
    const tell = (line: string) => {
      this.heard.push(line);
      device.touch();
      this.wake();
    };
    const listener: MqttListener = {
      connected: (status, code) => tell(`connected ${status} ${code}`),
      disconnected: (status) => tell(`disconnected ${status}`),
      received: () => {
        for (let m = this.client.receive(); m !== null; m = this.client.receive()) {
          tell(`message ${m.topic} ${m.payload.length} ${m.payload[0]}`);
        }
      },
      acknowledged: (type, _id, code) => tell(`acknowledged ${type} ${code}`),
      writable: () => undefined,
    };
    this.client = new MqttClient({
      clientId: 'device',
      time: device.time,
      pool: device.pool,
      connector: this.connector,
      listener,
      tracer: device.tracer,
    });
  }

  async startBroker(changes: Partial<CertificateWish> = {}): Promise<void> {
    const aedes = await Aedes.createBroker({ id: 'broker' });
    aedes.on('client', (client) => Object.assign(client, { _nextId: 1 }));
    this.aedes = aedes;
    const secure = createServer(
      {
        cert: pem(pki.server(changes)),
        key: keyPem(pki.serverKey),
        ca: [pem(pki.rootCertificate)],
        // The length of tickets varies.
        secureOptions: constants.SSL_OP_NO_TICKET,
      },
      (socket) => void aedes.handle(socket),
    );
    secure.on('tlsClientError', () => undefined);
    const server = netOf(this.broker).createServer((socket) => void secure.emit('connection', socket));
    await new Promise<void>((resolve) => {
      server.listen(8883, resolve);
    });
    this.closeServer = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
  }

  /** Waits until so many things were heard. */
  async until(count: number): Promise<void> {
    while (this.heard.length < count) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async close(): Promise<void> {
    this.client.delete();
    this.connector.session?.delete();
    const { aedes } = this;
    await this.lab.run(async () => {
      if (aedes !== null) {
        await new Promise<void>((resolve) => {
          aedes.close(() => resolve());
        });
      }
      await this.closeServer();
    });
    const end = this.lab.now + 300 * SECOND;
    await this.lab.runUntil(() => this.lab.outstanding() === 0 || this.lab.now >= end);
    expect(this.device.pool.leakReport()).toBe('');
    expect(this.broker.pool.leakReport()).toBe('');
    await this.lab.close();
  }
}

/** Connects, subscribes, publishes messages of many sizes to itself, disconnects. */
async function scenario(version: number, seed: number, lossRate = 0): Promise<World> {
  const world = new World(version, seed, lossRate);
  const { lab, client, heard } = world;
  await world.startBroker();
  await lab.run(async () => {
    client.connect({ keepAliveSeconds: 60 });
    await world.until(1);
    expect(world.connector.session?.explain()).toBe('');
    expect(heard).toEqual([`connected ${NX_SUCCESS} 0`]);
    client.subscribe('plant/7', 1);
    await world.until(2);
    for (const [i, size] of [1, 100, 1300].entries()) {
      const count = heard.length;
      client.publish('plant/7', new Uint8Array(size).fill(i + 1), false, 1);
      // PUBACK and the message itself.
      await world.until(count + 2);
    }
    client.disconnect();
    await world.until(9);
  });
  return world;
}

describe.each([
  ['TLS 1.2', TLS_1_2],
  ['TLS 1.3', TLS_1_3],
])('MQTT over %s over TCP, with aedes behind node:tls', (_name, version) => {
  test('messages go both ways and nothing leaks', async () => {
    const world = await scenario(version, 1);
    const messages = world.heard.filter((line) => line.startsWith('message'));
    expect(messages).toEqual(['message plant/7 1 1', 'message plant/7 100 2', 'message plant/7 1300 3']);
    expect(world.heard.at(-1)).toBe(`disconnected ${NX_SUCCESS}`);
    expect(world.connector.session?.agreement()?.version).toBe(version);
    await world.close();
  });

  test('the same seed gives the same records, in the same order, at the same times', async () => {
    const runs: World[] = [];
    for (let run = 0; run < 2; run++) runs.push(await scenario(version, 42));
    const [first, ...others] = runs as [World, ...World[]];
    expect(first.log.records.length).toBeGreaterThan(8);
    for (const other of others) {
      expect(other.log.records).toEqual(first.log.records);
      expect(other.log.lines).toEqual(first.log.lines);
    }
    for (const world of runs) await world.close();
  });

  test.each([1, 2])('also over a link that loses frames: seed %d', async (seed) => {
    const [first, second] = [await scenario(version, seed, 0.06), await scenario(version, seed, 0.06)];
    expect(first.log.records.length).toBeGreaterThan(8);
    expect(second.log.records).toEqual(first.log.records);
    expect(second.log.lines).toEqual(first.log.lines);
    await first.close();
    await second.close();
  });

  test('a broker whose certificate has expired by the lab’s clock never hears CONNECT', async () => {
    const world = new World(version, 3);
    await world.startBroker({ to: '2025-12-31' });
    const clients: unknown[] = [];
    await world.lab.run(async () => {
      world.client.connect();
      await world.until(1);
    });
    expect(world.heard[0]).toMatch(/^connected [1-9]/);
    expect(world.client.failure().streamStatus as Status).toBe(NX_SECURE_X509_CERTIFICATE_EXPIRED);
    expect(world.connector.session?.explain()).toMatch(
      /^alert 45 certificate_expired sent ← certificate "CN=broker" expired/,
    );
    expect(clients).toEqual([]);
    // ClientHello, and the alert with its 5 octets of header.
    expect(world.log.records.slice(1)).toEqual([version === TLS_1_2 ? '21:7' : '23:24']);
    await world.close();
  });
});

peerSuite(['tshark'], 'a capture of MQTT over TLS, read by tshark', () => {
  test('TLS 1.2: the key log opens it, CONNECT to DISCONNECT', async () => {
    const world = await scenario(TLS_1_2, 5);
    await world.close();
    using folder = new Folder();
    const file = folder.write('tls.pcapng', Buffer.concat(world.capture.chunks));
    const keys = folder.write('keys.log', Buffer.from(`${world.keyLog.join('\n')}\n`));
    const open = { arguments: ['-o', `tls.keylog_file:${keys}`, '-d', 'tls.port==8883,mqtt'] };
    const frames = await captureFields(file, ['mqtt.msgtype'], { ...open, filter: 'mqtt' });
    const types = frames.flatMap((frame) => frame['mqtt.msgtype'] ?? []).map(Number);
    expect(types.slice(0, 4)).toEqual([1, 2, 8, 9]);
    expect(types.at(-1)).toBe(14);
    expect(types.filter((type) => type === 3).length).toBe(6);
    await expectCleanCapture(file, open);
  });
});
