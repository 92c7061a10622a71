import { expect, test } from '@jest/globals';
import { NX_INVALID_PARAMETERS, type Status } from '@strata/contracts';
import { Lab, MqttSession, NetError } from '@strata/stack';
import { NodeTlsEngines } from '@strata/tls/engine-node';

/** Connects to a host that only notes which ports are opened; what `connect` failed with, and those ports. */
async function attempt(
  secure: boolean,
  setup: () => Status,
): Promise<{ error: NetError; ports: number[]; calls: number }> {
  const lab = new Lab();
  const [device, broker] = [lab.host('device'), lab.host('broker')];
  const bridge = lab.bridge();
  device.attach(bridge.a, { address: '192.0.2.1/24' });
  broker.attach(bridge.b, { address: '192.0.2.2/24' });
  const ports: number[] = [];
  const servers = [1883, 8883].map((port) =>
    broker.listen(port, (connection) => {
      ports.push(port);
      connection.abort();
    }),
  );
  let calls = 0;
  const session = new MqttSession(device, {
    clientId: 'dev',
    broker: '192.0.2.2',
    ...(secure
      ? {
          tls: {
            engines: new NodeTlsEngines(),
            setup: () => {
              calls++;
              return setup();
            },
          },
        }
      : {}),
  });
  const error = await lab.run(() =>
    session.connect({ timeoutSeconds: 20 }).then(
      () => null,
      (one: unknown) => one,
    ),
  );
  session.delete();
  for (const server of servers) server?.close();
  await lab.runFor(60);
  await lab.close();
  if (!(error instanceof NetError)) throw new Error('the connection was made');
  return { error, ports, calls };
}

// "The default port number for MQTT with TLS security is 8883, defined in NXD_MQTT_TLS_PORT."
test('a secure connection goes to port 8883 and a plain one to 1883, unless another is named', async () => {
  expect((await attempt(true, () => 0)).ports).toEqual([8883]);
  expect((await attempt(false, () => 0)).ports).toEqual([1883]);
});

// "passing in a user-defined TLS setup callback function. During the MQTT connection phase, once the TCP connection is
// established, the client invokes the TLS setup callback" — NetX Duo 6.4 invokes it before TCP connects, in the application's
// own thread, and so does this one. The text says "five input values" and declares four; they are session, its two
// certificates and the client, and here one object to set the session up with, and the client.
test('the setup callback is called once, before TCP connects; what it answers ends the attempt and nothing is sent', async () => {
  const { error, ports, calls } = await attempt(true, () => NX_INVALID_PARAMETERS);
  expect([error.status, ports, calls]).toEqual([NX_INVALID_PARAMETERS, [], 1]);
});
