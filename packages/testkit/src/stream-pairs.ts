import type { PacketStream } from '@strata/contracts';
import { type Host, Lab, type Profile, type StreamConnection } from '@strata/stack';
import { LabAuthority, NodeTlsEngines } from '@strata/tls/engine-node';
import type { StreamPair } from './packet-stream-contract.ts';

const PORT = 4433;
const ADDRESS = '192.0.2.2';

/** Two hosts on a cable of 1 ms, and what both ends of one connection between them are. */
async function pair(
  profile: Profile,
  connect: (device: Host, server: Host, accept: (connection: StreamConnection) => void) => Promise<PacketStream>,
): Promise<StreamPair> {
  const lab = new Lab({ seed: 3, profile });
  const [device, server] = [lab.host('client', { packets: 256 }), lab.host('server', { packets: 256 })];
  const cable = lab.bridge({ faults: { delayMicroseconds: 1000 } });
  device.attach(cable.a, { address: '192.0.2.1/24' });
  server.attach(cable.b, { address: `${ADDRESS}/24` });
  const accepted: StreamConnection[] = [];
  const client = await lab.run(() => connect(device, server, (connection) => accepted.push(connection)));
  await lab.runUntil(() => accepted.length > 0);
  return {
    lab,
    client,
    server: (accepted[0] as StreamConnection).packets,
    clientPool: device.pool,
    serverPool: server.pool,
    close: () => undefined,
  };
}

/** An open TCP connection. */
export function tcpPair(profile: Profile): Promise<StreamPair> {
  return pair(profile, async (device, server, accept) => {
    server.listen(PORT, accept);
    return (await device.connect(ADDRESS, PORT)).packets;
  });
}

/** An open TLS session of one version over TCP. */
export function tlsPair(profile: Profile, version: number): Promise<StreamPair> {
  return pair(profile, async (device, server, accept) => {
    const engines = new NodeTlsEngines();
    const authority = new LabAuthority(device.environment.epochSeconds, 'stream pairs');
    const identity = authority.issue({ commonName: 'server', purpose: 'server', hosts: [ADDRESS] });
    const versions = { minimumVersion: version, maximumVersion: version };
    server.listenTls(PORT, { engines, identity, ...versions }, accept);
    const trusted = [authority.certificate];
    return (await device.connectTls(ADDRESS, PORT, { engines, host: ADDRESS, trusted })).packets;
  });
}
