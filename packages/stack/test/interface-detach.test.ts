import { expect, test } from '@jest/globals';
import type { IpAddress } from '@strata/contracts';
import { parseAddress } from '@strata/wire';
import { type Host, Lab, modernProfile, NetError, netxProfile, type StreamConnection } from '../src/index.ts';

const text = (each: string) => new TextEncoder().encode(each);
const at = (text: string) => parseAddress(text) as IpAddress;

/** A device on two links, with a server on each. */
function labOf(profile: typeof netxProfile): {
  lab: Lab;
  device: Host;
  near: Host;
  far: Host;
  accepted: StreamConnection[];
} {
  const lab = new Lab({ profile, seed: 'detach' });
  const [one, two] = [lab.bridge(), lab.bridge()];
  const device = lab.host('device', {
    interfaces: [
      { port: one.a, address: '192.0.2.1/24' },
      { port: two.a, address: '198.51.100.1/24' },
    ],
  });
  const near = lab.host('near', { interfaces: [{ port: one.b, address: '192.0.2.2/24' }] });
  const far = lab.host('far', { interfaces: [{ port: two.b, address: '198.51.100.2/24' }] });
  const accepted: StreamConnection[] = [];
  for (const server of [near, far]) server.listen(7, (connection) => accepted.push(connection));
  return { lab, device, near, far, accepted };
}

test.each([netxProfile, modernProfile])(
  'connections over a detached interface end at once, without a segment, and others go on ($name)',
  async (profile) => {
    const { lab, device, near, far, accepted } = labOf(profile);
    const group = device.udp.createSocket();
    group.bind(5353);
    await lab.run(async () => {
      const [lost, kept] = [await device.connect('198.51.100.2', 7), await device.connect('192.0.2.2', 7)];
      const [lostThere, keptThere] = accepted;
      expect(group.joinGroup(at('239.1.1.1'), 1)).toBe(0);
      device.detach(device.ip.interfaces[1]!);
      const before = far.drivers[0]!.framesReceived;
      await expect(lost.send(text('x'))).rejects.toThrow(NetError);
      await kept.send(text('still here'));
      expect(new TextDecoder().decode((await keptThere!.receive())!)).toBe('still here');
      expect(far.drivers[0]!.framesReceived).toBe(before);
      expect(() => device.detach(device.ip.loopback)).toThrow(NetError);
      // The socket's group went with the interface, and is not taken from who joins on its successor.
      const third = lab.bridge();
      const again = device.attach(third.a, { address: '203.0.113.1/24' });
      expect([again.index, again.name]).toEqual([1, 'eth1']);
      device.joinGroup('239.1.1.1', 1);
      group.unbind();
      expect(device.ip.groups.joined).toBe(1);
      await kept.close();
      await keptThere!.close();
      lostThere!.abort();
    });
    await lab.runFor(600);
    expect([lab.outstanding(), near.pool.available, device.pool.available]).toEqual([
      0,
      near.pool.total,
      device.pool.total,
    ]);
    await lab.close();
  },
);
