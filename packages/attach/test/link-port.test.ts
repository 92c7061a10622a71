import { expect } from '@jest/globals';
import { joinPorts, localMac, TapDevice, UdpLink } from '@strata/attach';
import { PacketPool } from '@strata/packet';
import { SeededRandom } from '@strata/time';
import { linkPortContract } from '../../ethernet/test/link-port-contract.ts';
import { FakeLibc } from './fake-libc.ts';

const mac = (name: string) => localMac(new SeededRandom(name));

linkPortContract('a TAP device', () => {
  const left = new FakeLibc();
  const right = new FakeLibc();
  left.peer = right;
  right.peer = left;
  const a = TapDevice.open({ name: 'tap0', mac: mac('a') }, left);
  const b = TapDevice.open({ name: 'tap1', mac: mac('b') }, right);
  return {
    a,
    b,
    async settle() {
      for (let turn = 0; turn < 3; turn++) await Promise.all([left.turn(), right.turn()]);
    },
    teardown() {
      a.close();
      b.close();
    },
  };
});

linkPortContract('a TAP device behind another, joined to it', () => {
  const [left, nearer, farther, right] = [new FakeLibc(), new FakeLibc(), new FakeLibc(), new FakeLibc()];
  left.peer = nearer;
  nearer.peer = left;
  right.peer = farther;
  farther.peer = right;
  const open = (name: string, c: FakeLibc) => TapDevice.open({ name, mac: mac(name) }, c);
  const [a, near, far, b] = [open('tap0', left), open('tap1', nearer), open('tap2', farther), open('tap3', right)];
  const pool = new PacketPool({ name: 'joint', payloadSize: 1568, packets: 4 });
  const joint = joinPorts(near, far, pool);
  return {
    a,
    b,
    async settle() {
      for (let turn = 0; turn < 5; turn++) await Promise.all([left, nearer, farther, right].map((c) => c.turn()));
    },
    teardown() {
      joint.separate();
      for (const port of [a, near, far, b]) port.close();
      expect(pool.available).toBe(pool.total);
    },
  };
});

linkPortContract('a cable of UDP datagrams', async () => {
  const local = { address: '127.0.0.1', port: 0 };
  const a = await UdpLink.open({ local, mac: mac('a') });
  const b = await UdpLink.open({ local, mac: mac('b') });
  a.setRemote(b.local);
  b.setRemote(a.local);
  return {
    a,
    b,
    /** Everything sent has come to the other socket, whether it was handed up or dropped there. */
    async settle() {
      const arrived = () => b.counters.framesReceived + b.counters.receiveDropped;
      for (let turn = 0; turn < 10_000 && (turn < 3 || a.counters.framesSent > arrived()); turn++) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    teardown() {
      a.close();
      b.close();
    },
  };
});
