import { Aedes, type AedesOptions } from 'aedes';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { HostNet, Server, Socket } from '../../src/index.ts';

/** aedes, unmodified, on a host's port 1883. */
export interface Broker {
  readonly aedes: Aedes;
  readonly server: Server;
  close(): Promise<void>;
}

/** Starts a broker. Its identifiers are set, so that nothing it sends is left to chance. */
export async function startBroker(net: HostNet, options: AedesOptions = {}): Promise<Broker> {
  const aedes = await Aedes.createBroker({ id: 'broker', ...options });
  // Where a client's packet identifiers start is the one random number that aedes puts on the wire.
  aedes.on('client', (client) => Object.assign(client, { _nextId: 1 }));
  const server = net.createServer((socket) => aedes.handle(socket));
  await new Promise<void>((resolve) => {
    server.listen(1883, resolve);
  });
  const close = async () => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    await new Promise<void>((resolve) => {
      aedes.close(() => resolve());
    });
    await closed;
  };
  return { aedes, server, close };
}

/** MQTT.js on a host, connected to `broker`. No timer of the machine's decides anything. */
export function mqttClient(net: HostNet, broker: string, options: IClientOptions = {}): MqttClient {
  return new mqtt.MqttClient(() => net.connect(1883, broker) as Socket as never, {
    clientId: 'mqttjs',
    keepalive: 0,
    reconnectPeriod: 0,
    connectTimeout: 0x7fffffff,
    messageIdProvider: new mqtt.UniqueMessageIdProvider(),
    ...options,
  });
}
