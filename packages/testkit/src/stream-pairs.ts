import type { IpFamily, PacketStream } from '@strata/contracts';
import { type Host, Lab, type Profile, type StreamConnection } from '@strata/stack';
import { LabAuthority, NodeTlsEngines } from '@strata/tls/engine-node';
import type { StreamPair } from './packet-stream-contract.ts';

const PORT = 4433;
/** Client, server, prefix length. */
const ADDRESSES: Readonly<Record<IpFamily, readonly [string, string, number]>> = {
  4: ['192.0.2.1', '192.0.2.2', 24],
  6: ['2001:db8::1', '2001:db8::2', 64],
};

/** Two hosts on a cable of 1 ms, and what both ends of one connection between them are. */
async function pair(
  profile: Profile,
  family: IpFamily,
  connect: (
    device: Host,
    server: Host,
    address: string,
    accept: (connection: StreamConnection) => void,
  ) => Promise<PacketStream>,
): Promise<StreamPair> {
  const lab = new Lab({ seed: 3, profile });
  const [device, server] = [lab.host('client', { packets: 256 }), lab.host('server', { packets: 256 })];
  const cable = lab.bridge({ faults: { delayMicroseconds: 1000 } });
  const [own, other, length] = ADDRESSES[family];
  device.attach(cable.a, { address: `${own}/${length}` });
  server.attach(cable.b, { address: `${other}/${length}` });
  const accepted: StreamConnection[] = [];
  const client = await lab.run(() => connect(device, server, other, (connection) => accepted.push(connection)));
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
export function tcpPair(profile: Profile, family: IpFamily = 4): Promise<StreamPair> {
  return pair(profile, family, async (device, server, address, accept) => {
    server.listen(PORT, accept);
    return (await device.connect(address, PORT)).packets;
  });
}

/** An open TLS session of one version over TCP. */
export function tlsPair(profile: Profile, version: number, family: IpFamily = 4): Promise<StreamPair> {
  return pair(profile, family, async (device, server, address, accept) => {
    const engines = new NodeTlsEngines();
    const authority = new LabAuthority(device.environment.epochSeconds, 'stream pairs');
    const identity = authority.issue({ commonName: 'server', purpose: 'server', hosts: [address] });
    const versions = { minimumVersion: version, maximumVersion: version };
    server.listenTls(PORT, { engines, identity, ...versions }, accept);
    const trusted = [authority.certificate];
    return (await device.connectTls(address, PORT, { engines, host: address, trusted })).packets;
  });
}
