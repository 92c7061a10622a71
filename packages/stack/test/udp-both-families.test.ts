import { describe, expect, test } from '@jest/globals';
import {
  ERROR_PORT_UNREACHABLE,
  type IpAddress,
  NX_ENTRY_NOT_FOUND,
  NX_IP_ADDRESS_ERROR,
  NX_NO_MORE_ENTRIES,
  NX_NOT_BOUND,
  NX_PORT_UNAVAILABLE,
  NX_SUCCESS,
  NX_UDP_PACKET,
  type Packet,
} from '@strata/contracts';
import { datagramSource, type UdpSocket } from '@strata/udp';
import { formatAddress, parseAddress } from '@strata/wire';
import { type Host, Lab, modernProfile, netxProfile, type Profile } from '../src/index.ts';

const at = (text: string) => parseAddress(text) as IpAddress;

async function pair(profile: Profile = modernProfile): Promise<{ lab: Lab; a: Host; b: Host }> {
  const lab = new Lab({ profile, seed: 'udp' });
  const cable = lab.bridge();
  const a = lab.host('a', { interfaces: [{ port: cable.a, address: '192.0.2.1/24', addresses: ['2001:db8::1/64'] }] });
  const b = lab.host('b', { interfaces: [{ port: cable.b, address: '192.0.2.2/24', addresses: ['2001:db8::2/64'] }] });
  await lab.run(() => Promise.all([a.settled(), b.settled()]));
  return { lab, a, b };
}

function send(host: Host, socket: UdpSocket, to: string, port: number, data: Uint8Array): number {
  const packet = host.pool.allocate(NX_UDP_PACKET) as Packet;
  if (packet.appendBytes(data, 0, data.length) !== NX_SUCCESS) throw new Error('the pool is too small');
  const status = socket.send(packet, at(to), port);
  if (status !== NX_SUCCESS) packet.release();
  return status;
}

/** Everything that waits, with where it came from. */
function receiveAll(socket: UdpSocket): { bytes: Uint8Array; from: string; to: string; port: number }[] {
  const list = [];
  for (let packet = socket.receive(); packet !== null; packet = socket.receive()) {
    const source = datagramSource(packet);
    const bytes = new Uint8Array(packet.length);
    packet.extract(0, bytes, 0, bytes.length);
    packet.release();
    if (source === null) throw new Error('no source');
    expect(source.protocol).toBe(17);
    list.push({ bytes, from: formatAddress(source.address), to: formatAddress(source.destination), port: source.port });
  }
  return list;
}

async function end(lab: Lab, ...sockets: UdpSocket[]): Promise<void> {
  for (const socket of sockets) if (socket.port !== 0) socket.unbind();
  await lab.runFor(120);
  expect(lab.outstanding()).toBe(0);
  await lab.close();
}

const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255);

describe.each([
  ['IPv4', '192.0.2.1', '192.0.2.2', 65_507],
  ['IPv6', '2001:db8::1', '2001:db8::2', 65_527],
])('UDP over %s', (_, from, to, largest) => {
  test.each([netxProfile, modernProfile])(
    'the largest datagram there is, in fragments, both ways ($name)',
    async (profile) => {
      const { lab, a, b } = await pair(profile);
      const [left, right] = [a.udp.createSocket(), b.udp.createSocket()];
      left.bind(1000);
      right.bind(2000);
      const data = pattern(largest);
      expect(send(a, left, to, 2000, data)).toBe(NX_SUCCESS);
      await lab.runFor(3);
      const [got] = receiveAll(right);
      expect([got?.from, got?.to, got?.port, got?.bytes.length]).toEqual([from, to, 1000, largest]);
      expect(Buffer.from(got?.bytes ?? []).equals(Buffer.from(data))).toBe(true);
      expect(send(b, right, from, 1000, data)).toBe(NX_SUCCESS);
      await lab.runFor(3);
      expect(receiveAll(left)).toHaveLength(1);
      await end(lab, left, right);
    },
  );

  test('one octet more is refused', async () => {
    const { lab, a } = await pair();
    const socket = a.udp.createSocket();
    socket.bind(0);
    expect(send(a, socket, to, 2000, pattern(largest + 1))).not.toBe(NX_SUCCESS);
    await end(lab, socket);
  });

  test('a connected socket hears that nobody is there; one that is not connected only if it wants to', async () => {
    const { lab, a } = await pair();
    const heard: string[] = [];
    const listener = (name: string) => ({
      receivable: () => {},
      failed: (_socket: UdpSocket, kind: number, remote: IpAddress, port: number) =>
        heard.push(`${name} ${kind} ${formatAddress(remote)} ${port}`),
    });
    const connected = a.udp.createSocket({ listener: listener('connected') });
    const plain = a.udp.createSocket({ listener: listener('plain') });
    const curious = a.udp.createSocket({ listener: listener('curious') });
    curious.receiveErrors = true;
    for (const socket of [connected, plain, curious]) socket.bind(0);
    connected.connect(at(to), 9);
    for (const socket of [connected, plain, curious]) expect(send(a, socket, to, 9, pattern(10))).toBe(NX_SUCCESS);
    await lab.runFor(2);
    expect(heard).toEqual(['connected', 'curious'].map((name) => `${name} ${ERROR_PORT_UNREACHABLE} ${to} 9`));
    await end(lab, connected, plain, curious);
  });

  test('binds: any address against one address, and two addresses side by side', async () => {
    const { lab, a } = await pair();
    const sockets = [1, 2, 3].map(() => a.udp.createSocket()) as [UdpSocket, UdpSocket, UdpSocket];
    const [first, second, third] = sockets;
    expect(first.bind(7000, at(from))).toBe(NX_SUCCESS);
    expect(second.bind(7000)).toBe(NX_PORT_UNAVAILABLE);
    expect(second.bind(7000, at(from))).toBe(NX_PORT_UNAVAILABLE);
    expect(second.bind(7000, at(from === '192.0.2.1' ? '2001:db8::1' : '192.0.2.1'))).toBe(NX_SUCCESS);
    expect(third.bind(7000, at(to))).toBe(NX_IP_ADDRESS_ERROR);
    await end(lab, ...sockets);
  });

  test('the receive queue is bounded in datagrams, and for large ones in packets', async () => {
    const { lab, a, b } = await pair();
    const [left, right] = [a.udp.createSocket(), b.udp.createSocket({ queueMaximum: 3 })];
    left.bind(1000);
    right.bind(2000);
    await lab.run(() => a.ping(to));
    for (let i = 0; i < 5; i++) send(a, left, to, 2000, pattern(10 + i));
    await lab.runFor(2);
    expect(receiveAll(right).map(({ bytes }) => bytes.length)).toEqual([10, 11, 12]);
    expect(right.counters.receivePacketsDropped).toBe(2);
    right.queueMaximum = 100;
    for (let i = 0; i < 10; i++) {
      send(a, left, to, 2000, pattern(60_000));
      await lab.runFor(1);
    }
    expect(right.queued).toBeLessThan(7);
    expect(b.pool.available).toBeGreaterThan(b.pool.total / 4);
    await end(lab, left, right);
  });
});

describe.each([
  ['IPv4', '239.1.2.3', '224.0.0.1'],
  ['IPv6', 'ff05::1:3', 'ff02::1'],
])('groups over %s', (_, group, unicastLike) => {
  test('a socket that joined receives, after it left or was unbound it does not', async () => {
    const { lab, a, b } = await pair();
    const [sender, receiver] = [a.udp.createSocket(), b.udp.createSocket()];
    expect(receiver.joinGroup(at(group))).toBe(NX_NOT_BOUND);
    sender.bind(1000);
    receiver.bind(5353);
    expect(receiver.joinGroup(at('192.0.2.2'))).toBe(NX_IP_ADDRESS_ERROR);
    expect(receiver.joinGroup(at(group))).toBe(NX_SUCCESS);
    await lab.runFor(1);
    expect(send(a, sender, group, 5353, pattern(20))).toBe(NX_SUCCESS);
    await lab.runFor(1);
    expect(receiveAll(receiver).map(({ to }) => to)).toEqual([group]);
    expect(receiver.leaveGroup(at(group))).toBe(NX_SUCCESS);
    expect(receiver.leaveGroup(at(group))).toBe(NX_ENTRY_NOT_FOUND);
    send(a, sender, group, 5353, pattern(20));
    await lab.runFor(1);
    expect(receiveAll(receiver)).toEqual([]);
    receiver.joinGroup(at(group));
    const joined = b.ip.groups.joined;
    receiver.unbind();
    expect(b.ip.groups.joined).toBe(joined - 1);
    expect(at(unicastLike)).toBeTruthy();
    await end(lab, sender, receiver);
  });

  test('a socket may be bound to the group’s address: then it hears that and nothing else', async () => {
    const { lab, a, b } = await pair();
    const [sender, receiver] = [a.udp.createSocket(), b.udp.createSocket()];
    sender.bind(1000);
    expect(receiver.bind(5353, at(group))).toBe(NX_SUCCESS);
    receiver.joinGroup(at(group));
    await lab.runFor(1);
    send(a, sender, group, 5353, pattern(20));
    send(a, sender, group.includes(':') ? '2001:db8::2' : '192.0.2.2', 5353, pattern(20));
    await lab.runFor(1);
    expect(receiveAll(receiver).map(({ to }) => to)).toEqual([group]);
    await end(lab, sender, receiver);
  });

  test('a closed port draws no error when the datagram went to a group', async () => {
    const { lab, a, b } = await pair();
    const [sender, other] = [a.udp.createSocket(), b.udp.createSocket()];
    sender.bind(1000);
    other.bind(1);
    other.joinGroup(at(group));
    await lab.runFor(1);
    const before = b.ip.icmp.counters.errorsSent;
    send(a, sender, group, 5353, pattern(20));
    await lab.runFor(1);
    expect(b.ip.icmp.counters.errorsSent).toBe(before);
    await end(lab, sender, other);
  });
});

test.each(['192.0.2.2', '2001:db8::2'])(
  'hop count and class of a datagram to %s can be set and are told',
  async (to) => {
    const { lab, a, b } = await pair();
    const [left, right] = [a.udp.createSocket({ timeToLive: 7, typeOfService: 0xb9 }), b.udp.createSocket()];
    left.bind(1000);
    right.bind(2000);
    send(a, left, to, 2000, pattern(3000));
    await lab.runFor(2);
    const packet = right.receive();
    expect(packet === null ? null : datagramSource(packet)).toMatchObject({ timeToLive: 7, typeOfService: 0xb9 });
    packet?.release();
    await end(lab, left, right);
  },
);

test('a host joins groups without a socket, and leaves them', async () => {
  const { lab, a } = await pair();
  for (const group of ['239.1.2.3', 'ff05::5']) {
    const before = a.ip.groups.joined;
    a.joinGroup(group);
    a.joinGroup(group);
    a.leaveGroup(group);
    expect(a.ip.groups.joined).toBe(before + 1);
    a.leaveGroup(group);
    expect(a.ip.groups.joined).toBe(before);
    expect(() => a.leaveGroup(group)).toThrow('NX_ENTRY_NOT_FOUND');
  }
  expect(() => a.joinGroup('192.0.2.9')).toThrow('NX_IP_ADDRESS_ERROR');
  await end(lab);
});

test('NetX has room for seven groups', async () => {
  const { lab, a } = await pair(netxProfile);
  const socket = a.udp.createSocket();
  socket.bind(1000);
  for (let i = 0; i < 7; i++) expect(socket.joinGroup(at(`239.0.0.${i}`))).toBe(NX_SUCCESS);
  expect(socket.joinGroup(at('239.0.0.9'))).toBe(NX_NO_MORE_ENTRIES);
  await end(lab, socket);
});
