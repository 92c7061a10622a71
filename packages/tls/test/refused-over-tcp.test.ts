import { createServer } from 'node:tls';
import { beforeAll, expect, test } from '@jest/globals';
import { NXD_MQTT_CONNECT_FAILURE, SECOND } from '@strata/contracts';
import { MemorySink } from '@strata/pcap-writer';
import { netOf } from '@strata/sockets';
import { Lab, MqttSession, type NetError } from '@strata/stack';
import { Folder } from '../../../test/support/folder.ts';
import { peerSuite } from '../../../test/support/peers.ts';
import { captureFields, countFrames, expectCleanCapture } from '../../../test/support/tshark.ts';
import { NodeTlsEngines } from '../src/engine-node.ts';
import { describeAlert, TLS_1_2, TLS_1_3 } from '../src/index.ts';
import { keyPem, pem } from './support/certificates.ts';
import { makeAuthorities, pki, REFUSED_CASES, type RefusedCase } from './support/refused-cases.ts';
import { EPOCH } from './support/rig.ts';

beforeAll(makeAuthorities);

const ROWS = [TLS_1_2, TLS_1_3].flatMap((version) => REFUSED_CASES.map((one) => ({ version, one })));
const FIRST_PORT = 8001;

/** A server of OpenSSL on a port of its own for each row; notes what it received. */
function serve(net: ReturnType<typeof netOf>, port: number, version: number, one: RefusedCase, heard: string[]) {
  const protocol = version === TLS_1_2 ? 'TLSv1.2' : 'TLSv1.3';
  const secure = createServer({
    cert: pem(...one.chain()),
    key: keyPem(one.key?.() ?? pki.serverKey),
    ca: [],
    ciphers: 'DEFAULT@SECLEVEL=0',
    minVersion: protocol,
    maxVersion: protocol,
  });
  secure.on('secureConnection', (socket) => {
    heard.push(`${port} is secure`);
    socket.on('data', (bytes) => heard.push(`${port} received ${bytes.length}`));
    socket.on('error', () => undefined);
  });
  secure.on('tlsClientError', () => undefined);
  const server = net.createServer((socket) => void secure.emit('connection', socket));
  server.listen(port);
  return server;
}

/** Every case, one after the other, over TCP in one lab: an MQTT client that would talk to each of the servers. */
async function runAll(capture: MemorySink) {
  const lab = new Lab({ seed: 11, capture, epochSeconds: EPOCH });
  const [device, broker] = [lab.host('device'), lab.host('broker')];
  const cable = lab.bridge({ faults: { delayMicroseconds: 500 } });
  device.attach(cable.a, { address: '192.0.2.1/24' });
  broker.attach(cable.b, { address: '192.0.2.2/24' });
  const engines = new NodeTlsEngines();
  const heard: string[] = [];
  const errors: NetError[] = [];
  await lab.run(async () => {
    for (const [i, { version, one }] of ROWS.entries()) {
      const port = FIRST_PORT + i;
      const server = serve(netOf(broker), port, version, one, heard);
      const session = new MqttSession(device, {
        clientId: 'device',
        broker: '192.0.2.2',
        port,
        tls: { engines, host: 'broker.example', trusted: [pki.rootCertificate], ...one.options?.() },
      });
      errors.push(
        await session.connect().then(
          () => Promise.reject(new Error(one.name)),
          (error: NetError) => error,
        ),
      );
      session.delete();
      server.close();
    }
  });
  const end = lab.now + 300 * SECOND;
  await lab.runUntil(() => lab.outstanding() === 0 || lab.now >= end);
  expect(lab.outstanding()).toBe(0);
  await lab.close();
  return { heard, errors };
}

peerSuite(['tshark'], 'servers with bad certificates, over TCP', () => {
  test('each is refused with its alert and a status that names the cause; no application data in the capture', async () => {
    expect(REFUSED_CASES.length).toBeGreaterThanOrEqual(25);
    const sink = new MemorySink();
    const { heard, errors } = await runAll(sink);
    for (const [i, { one }] of ROWS.entries()) {
      const error = errors[i] as NetError;
      expect(error.status).toBe(NXD_MQTT_CONNECT_FAILURE);
      expect((error.cause as NetError).status).toBe(one.status);
      expect(error.chain()).toContain(` ← ${describeAlert(one.alert)} sent ← `);
      expect(error.chain()).toMatch(one.why);
    }
    expect(heard).toEqual([]);

    using folder = new Folder();
    const file = folder.write('refused.pcapng', Buffer.concat(sink.chunks));
    const ports = { arguments: ['-d', `tcp.port==${FIRST_PORT}-${FIRST_PORT + ROWS.length},tls`] };
    const filter = 'ip.src == 192.0.2.1 && tls.alert_message.desc';
    const alerts = await captureFields(file, ['tcp.dstport', 'tls.alert_message.desc'], { ...ports, filter });
    expect(alerts.map((one) => Number(one['tls.alert_message.desc']?.[0]))).toEqual(ROWS.map(({ one }) => one.alert));
    expect(alerts.map((one) => Number(one['tcp.dstport']?.[0]))).toEqual(ROWS.map((_, i) => FIRST_PORT + i));
    // Neither encrypted nor in the clear: what the client sends is ClientHello and the alert.
    expect(await countFrames(file, 'ip.src == 192.0.2.1 && (mqtt || tls.app_data_proto || data)', ports)).toBe(0);
    expect(await countFrames(file, 'ip.src == 192.0.2.1 && tls.record', ports)).toBe(2 * ROWS.length);
    // One of the certificates has an extension that nobody knows.
    await expectCleanCapture(file, { ...ports, accept: /^BER: Dissector for OID not implemented/ });
  });
});
