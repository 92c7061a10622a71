import { expect, test } from '@jest/globals';
import { netOf } from '@strata/sockets';
import { type Host, Lab, MqttSession, type MqttSessionOptions, NetError } from '@strata/stack';
import type { ScenarioBroker } from '@strata/testkit';
import { aedesBroker } from '../../../tools/aedes-broker.mjs';

interface World {
  readonly lab: Lab;
  readonly device: Host;
  readonly broker: ScenarioBroker;
  readonly heard: string[];
  readonly cut: (seconds: number) => void;
}

async function world(): Promise<World> {
  const lab = new Lab({ seed: 7 });
  const [device, host] = [lab.host('device', { packets: 96 }), lab.host('broker', { packets: 1024 })];
  const bridge = lab.bridge();
  device.attach(bridge.a, { address: '192.0.2.1/24' });
  host.attach(bridge.b, { address: '192.0.2.2/24' });
  const heard: string[] = [];
  const broker = await aedesBroker(netOf)(host, (topic, payload, qos) => {
    heard.push(`${topic} ${qos} ${payload.length > 20 ? payload.length : payload}`);
  });
  const cut = (seconds: number): void => {
    bridge.setFaults({ outages: [{ fromMicroseconds: lab.now, toMicroseconds: lab.now + seconds * 1e6 }] });
  };
  return { lab, device, broker, heard, cut };
}

async function end({ lab, broker, device }: World, session: MqttSession): Promise<void> {
  session.delete();
  await lab.run(() => broker.close());
  await lab.runFor(300);
  expect(device.pool.available).toBe(device.pool.total);
  await lab.close();
}

function make(w: World, extensions: NonNullable<MqttSessionOptions['client']>['extensions']): MqttSession {
  return new MqttSession(w.device, { clientId: 'dev', broker: '192.0.2.2', client: { extensions: extensions ?? {} } });
}

test('publish with QoS 2 resolves with PUBCOMP; on a session that reconnects, on a later connection if need be', async () => {
  const w = await world();
  const session = make(w, { qos2: true, reconnect: { random: w.lab.random.fork('reconnect') } });
  await w.lab.run(async () => {
    await session.connect({ cleanSession: false, keepAliveSeconds: 5 });
    await session.subscribe('down', 2);
    await session.publish('up', 'one', { qos: 2 });
    w.cut(60);
    w.broker.publish('down', 'meanwhile', 2);
    const [, message] = await Promise.all([session.publish('up', 'two', { qos: 2 }), session.receive()]);
    expect(message.topic).toBe('down');
    await session.publish('up', 'three', { qos: 1 });
    await session.disconnect();
  });
  expect(w.heard).toEqual(['up 2 one', 'up 2 two', 'up 1 three']);
  await end(w, session);
});

test('without the extension a lost connection ends what waits', async () => {
  const w = await world();
  const session = make(w, { qos2: true });
  await w.lab.run(async () => {
    await session.connect({ cleanSession: false, keepAliveSeconds: 5 });
    w.cut(60);
    await expect(session.publish('up', 'two', { qos: 2 })).rejects.toThrow(NetError);
    await expect(session.receive()).rejects.toThrow(NetError);
  });
  await end(w, session);
});

test('a message much larger than the pool goes both ways', async () => {
  const w = await world();
  const session = make(w, { qos2: true, chainedPackets: true });
  const size = 600_000;
  const payload = Uint8Array.from({ length: size }, (_, at) => 97 + (at % 26));
  await w.lab.run(async () => {
    await session.connect({ cleanSession: false });
    await session.subscribe('echo', 2);
    // The broker's answer comes behind its message: whoever does not read does not hear of it.
    const published = session.publish('echo', payload, { qos: 2 });
    const message = await session.next();
    if ('payload' in message) throw new Error('it was held whole');
    expect([message.topic, message.length, message.qos]).toEqual(['echo', size, 2]);
    let at = 0;
    for (let piece = await session.read(message); piece !== null; piece = await session.read(message)) {
      expect(Buffer.compare(piece, payload.subarray(at, at + piece.length))).toBe(0);
      at += piece.length;
    }
    expect(at).toBe(size);
    await published;
    await session.disconnect();
  });
  expect(w.heard).toEqual([`echo 2 ${size}`]);
  await end(w, session);
});
