/**
 * aedes as the broker of a scenario of @strata/testkit (`mqttSessionScenario`): the soak and its test start it alike. The
 * caller hands over what it is built from, so that it runs from the sources and from the build.
 */
import { Aedes } from 'aedes';

/** @param netOf that of @strata/sockets */
export function aedesBroker(netOf) {
  return async (host, published) => {
    const random = host.random.fork('aedes');
    const aedes = await Aedes.createBroker({
      id: 'scenario',
      // aedes draws the first packet identifier of each client from Math.random; a scenario must repeat itself.
      preConnect: (client, _packet, callback) => {
        client._nextId = 1 + random.below(65535);
        callback(null, true);
      },
    });
    keepPubrelsApart(aedes.persistence);
    aedes.on('publish', (packet, client) => {
      if (client !== null) published(packet.topic, String(packet.payload), packet.qos);
    });
    const server = netOf(host).createServer((socket) => aedes.handle(socket));
    server.listen(1883);
    return {
      publish(topic, payload, qos) {
        const packet = { cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain: false, dup: false };
        aedes.publish(packet, () => host.touch());
        host.touch();
      },
      async close() {
        await new Promise((resolve) => aedes.close(() => resolve()));
        server.close();
      },
    };
  };
}

/**
 * aedes' memory takes one PUBREL for another when a client has several (they have no `brokerId` and no `brokerCounter` to tell
 * them apart), and then forgets the first one's identifier. Names of their own help.
 */
function keepPubrelsApart(persistence) {
  const update = persistence.outgoingUpdate.bind(persistence);
  persistence.outgoingUpdate = (client, packet) => {
    if (packet.cmd === 'pubrel') {
      packet.brokerId = `pubrel ${packet.messageId}`;
      packet.brokerCounter = packet.messageId;
    }
    return update(client, packet);
  };
}
