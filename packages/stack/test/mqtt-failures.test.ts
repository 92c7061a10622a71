import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Host, Lab, MqttSession, type NetError, type StreamConnection } from '@strata/stack';

let lab: Lab;
let device: Host;
let broker: Host;
let session: MqttSession;
let unplug: () => void;

beforeEach(() => {
  lab = new Lab({ seed: 1 });
  [device, broker] = [lab.host('device'), lab.host('broker')];
  const bridge = lab.bridge();
  device.attach(bridge.a, { address: '192.0.2.1/24' });
  broker.attach(bridge.b, { address: '192.0.2.2/24' });
  unplug = () =>
    bridge.setFaults({ outages: [{ fromMicroseconds: lab.now, toMicroseconds: Number.MAX_SAFE_INTEGER }] });
  session = new MqttSession(device, { clientId: 'c', broker: '192.0.2.2' });
});

afterEach(async () => {
  session.delete();
  await lab.runFor(300);
  expect(device.pool.available).toBe(device.pool.total);
  await lab.close();
});

/** Serves one connection after another: what is said after each packet of the client. */
function serve(script: (connection: StreamConnection, times: number) => Promise<void> | void): void {
  broker.listen(1883, (connection) => {
    void (async () => {
      let times = 0;
      try {
        for await (const _ of connection) await script(connection, times++);
        await connection.close();
      } catch {}
    })();
  });
}

const say = (connection: StreamConnection, hex: string) => connection.send(Buffer.from(hex, 'hex'));

function failureOf(work: () => Promise<unknown>): Promise<string> {
  return lab.run(() =>
    work().then(
      () => 'no failure',
      (error: NetError) => error.chain(),
    ),
  );
}

test('a connection that cannot be made says whether it was refused, or nobody answered', async () => {
  expect(await failureOf(() => session.connect())).toBe(
    'connect to MQTT broker 192.0.2.2: NXD_MQTT_CONNECT_FAILURE (0x10005) ← tcp 192.0.2.2 port 1883: ' +
      'NX_NOT_CONNECTED (0x38) ← refused: nothing listens there (RST)',
  );
  unplug();
  expect(await failureOf(() => session.connect())).toMatch(
    /NXD_MQTT_CONNECT_FAILURE .* ← timed out: the peer did not answer$/,
  );
  expect(await failureOf(() => device.connect('192.0.2.2', 7))).toMatch(
    /^connect tcp 192\.0\.2\.2:7: NX_NOT_CONNECTED \(0x38\) ← timed out/,
  );
});

test('a connection that breaks says how', async () => {
  serve((connection, times) => (times === 0 ? say(connection, '20020000') : connection.abort()));
  await lab.run(() => session.connect());
  expect(await failureOf(() => session.subscribe('a'))).toBe(
    'subscribe to "a": NXD_MQTT_COMMUNICATION_FAILURE (0x10007) ← tcp 192.0.2.2 port 1883: NX_NOT_CONNECTED (0x38) ← ' +
      'reset by the peer (RST)',
  );
});

test('what is asked for after a violation has its status, though the closing is not over', async () => {
  serve((connection, times) => say(connection, times === 0 ? '20020000' : '900300010030050001616869ff00'));
  await lab.run(() => session.connect());
  await lab.run(() => session.subscribe('a'));
  expect(
    await failureOf(async () => {
      await session.receive();
      await session.receive();
    }),
  ).toBe(
    'receive an MQTT message: control packet types 0 and 15 are reserved (MQTT 2.2.1): NXD_MQTT_SERVER_MESSAGE_FAILURE (0x10008)',
  );
});

test('a broker that acknowledges nothing but PINGREQ is not waited for longer than asked', async () => {
  serve(async (connection, times) => {
    if (times !== 1) await say(connection, times === 0 ? '20020000' : 'd000');
  });
  await lab.run(() => session.connect({ keepAliveSeconds: 5 }));
  expect(await failureOf(() => session.publish('a', 'x', { qos: 1, timeoutSeconds: 30 }))).toBe(
    'publish to "a": the broker sent no PUBACK: NX_NO_RESPONSE (0x29)',
  );
  expect([session.isConnected, session.client.counters.pings]).toEqual([true, 7]);
});

test('once the broker has everything and our end, only its own is missing', async () => {
  broker.tcp.listen(1883, {
    onConnection: (socket) => {
      socket.listener = {
        established() {},
        sendable() {},
        peerFinished() {},
        closed() {},
        receivable() {
          for (let packet = socket.receive(); packet !== null; packet = socket.receive()) {
            const isConnect = packet.bytes[packet.prepend] === 0x10;
            packet.release();
            if (!isConnect) continue;
            const answer = socket.allocate();
            answer?.appendBytes(Uint8Array.of(0x20, 2, 0, 0), 0, 4);
            if (answer !== null) socket.send(answer);
          }
        },
      };
    },
  });
  await lab.run(() => session.connect());
  expect(session.isDelivered).toBe(false);
  const left = failureOf(() => session.disconnect({ timeoutSeconds: 2 }));
  expect(await left).toMatch(/NX_NOT_SUCCESSFUL/);
  expect(session.isDelivered).toBe(true);
});
