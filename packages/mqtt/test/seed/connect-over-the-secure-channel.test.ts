import { beforeEach, expect, test } from '@jest/globals';
import { NX_INVALID_PARAMETERS, type Status } from '@strata/contracts';
import type { MqttClient } from '@strata/mqtt';
import { type Host, Lab, MqttSession, type NetError, type StreamConnection } from '@strata/stack';
import type { TlsSetup } from '@strata/tls';
import { LabAuthority, NodeTlsEngines } from '@strata/tls/engine-node';

// "To create a secure MQTT connection to the broker, a TLS session needs to be negotiated after a TCP connection is
// established, before MQTT CONNECT messages can be sent to the broker. … the client invokes the TLS setup callback function to
// start a proper TLS handshake process. After the TLS session is established, the client continues the MQTT CONNECT message
// over the secure channel." The document counts five parameters and declares four; NetX's header has four: two of them are the
// session and client, the other two space for certificates, which the setup keeps here.

const engines = new NodeTlsEngines();
let lab: Lab;
let device: Host;
let authority: LabAuthority;
/** What happened, in order. */
let events: string[];

beforeEach(() => {
  events = [];
  lab = new Lab({ seed: 1 });
  authority = new LabAuthority(lab.epochSeconds, 1);
  device = lab.host('device');
  const broker = lab.host('broker');
  const cable = lab.bridge({ faults: { delayMicroseconds: 1000 } });
  device.attach(cable.a, { address: '192.0.2.1/24' });
  broker.attach(cable.b, { address: '192.0.2.2/24' });
  const identity = authority.issue({ commonName: 'broker', purpose: 'server', hosts: ['192.0.2.2'] });
  // "The default port number for MQTT with TLS security is 8883, defined in NXD_MQTT_TLS_PORT."
  broker.listenTls(8883, { engines, identity }, (connection) => void serve(connection));
});

/** Greets one client. */
async function serve(connection: StreamConnection): Promise<void> {
  events.push('TLS session established');
  const bytes = await connection.receive();
  events.push(`MQTT packet type ${(bytes?.[0] ?? 0) >> 4}`);
  await connection.send(Uint8Array.of(0x20, 2, 0, 0));
  for await (const more of connection) events.push(`MQTT packet type ${(more[0] as number) >> 4}`);
  await connection.close();
}

function secureConnect(setup: (setup: TlsSetup, client: MqttClient) => Status): Promise<NetError | null> {
  const session = new MqttSession(device, { clientId: 'netxcli', broker: '192.0.2.2', tls: { engines, setup } });
  return lab.run(async () => {
    try {
      await session.connect();
      await session.disconnect();
      return null;
    } catch (error) {
      return error as NetError;
    } finally {
      session.delete();
    }
  });
}

test('the setup callback comes first, then the TLS session, then CONNECT over it, on port 8883', async () => {
  const failure = await secureConnect((setup, client) => {
    expect(client.isConnected).toBe(false);
    events.push('setup');
    setup.sessionCreate();
    setup.remoteCertificateAllocate();
    return setup.trustedCertificateAdd(authority.certificate);
  });
  expect(failure).toBeNull();
  await lab.runUntil(() => lab.outstanding() === 0);
  expect(events).toEqual(['setup', 'TLS session established', 'MQTT packet type 1', 'MQTT packet type 14']);
  await lab.close();
});

test('what the setup callback answers is what the secure connect fails with', async () => {
  expect((await secureConnect(() => NX_INVALID_PARAMETERS))?.status).toBe(NX_INVALID_PARAMETERS);
  expect(events).toEqual([]);
  await lab.close();
});

test('nothing of MQTT is sent without a TLS session: a broker that is not trusted hears no CONNECT', async () => {
  expect(await secureConnect((setup) => setup.remoteCertificateAllocate())).not.toBeNull();
  expect(events.filter((event) => event.startsWith('MQTT'))).toEqual([]);
  await lab.close();
});
