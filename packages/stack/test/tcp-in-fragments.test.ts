import { expect, test } from '@jest/globals';
import { NX_RECEIVE_PACKET, type Packet } from '@strata/contracts';
import { PacketPool } from '@strata/packet';
import { fold, sumBytes } from '@strata/wire';
import { Lab, modernProfile, netxProfile } from '../src/index.ts';

const HOST_MAC = [2, 0, 0, 0, 0, 1];
const PEER_MAC = [2, 0, 0, 0, 0, 2];
const HOST = [192, 0, 2, 1];
const PEER = [192, 0, 2, 2];

const word16 = (value: number) => [(value >>> 8) & 255, value & 255];
const word32 = (value: number) => [...word16(value >>> 16), ...word16(value & 0xffff)];

function segment(sequence: number, acknowledgment: number, flags: number, data: readonly number[]): number[] {
  const bytes = [
    ...word16(4000),
    ...word16(7),
    ...word32(sequence),
    ...word32(acknowledgment),
    0x50,
    flags,
    ...word16(65535),
    0,
    0,
    0,
    0,
    ...data,
  ];
  const pseudo = [...PEER, ...HOST, 0, 6, ...word16(bytes.length)];
  const all = Uint8Array.from([...pseudo, ...bytes]);
  const sum = ~fold(sumBytes(new DataView(all.buffer), 0, all.length)) & 0xffff;
  bytes[16] = sum >>> 8;
  bytes[17] = sum & 255;
  return bytes;
}

function fragment(data: readonly number[], offset: number, more: boolean, id: number): number[] {
  const header = [
    0x45,
    0,
    ...word16(20 + data.length),
    ...word16(id),
    ...word16((more ? 0x2000 : 0) | (offset >> 3)),
    64,
    6,
    0,
    0,
    ...PEER,
    ...HOST,
  ];
  const sum = ~sumBytes(new DataView(Uint8Array.from(header).buffer), 0, 20) & 0xffff;
  header[10] = sum >>> 8;
  header[11] = sum & 255;
  return [...HOST_MAC, ...PEER_MAC, 8, 0, ...header, ...data];
}

test.each([netxProfile, modernProfile])(
  'a TCP segment that came in fragments is one segment, its header in the smallest of them ($name)',
  async (profile) => {
    const lab = new Lab({ profile });
    const cable = lab.bridge();
    const host = lab.host('host', {
      interfaces: [{ port: cable.a, address: '192.0.2.1/24', mac: '02:00:00:00:00:01' }],
    });
    const pool = new PacketPool({ name: 'peer', payloadSize: 2048, packets: 64, memory: lab.memory });
    let iss = 0;
    let acknowledged = 0;
    cable.b.attach({
      receivePool: pool,
      accept(frame: Packet) {
        const { view, prepend } = frame;
        if (view.getUint16(prepend + 12) === 0x0800 && view.getUint8(prepend + 23) === 6) {
          if ((view.getUint8(prepend + 47) & 2) !== 0) iss = view.getInt32(prepend + 38);
          acknowledged = view.getInt32(prepend + 42);
        }
        frame.release();
      },
      linkChanged() {},
    });
    const post = (bytes: readonly number[]) => {
      const frame = pool.allocate(NX_RECEIVE_PACKET) as Packet;
      frame.appendBytes(Uint8Array.from(bytes), 0, bytes.length);
      cable.b.send(frame);
    };
    let received = '';
    host.listen(7, async (connection) => {
      try {
        for await (const octets of connection) received += new TextDecoder().decode(octets);
      } catch {
        // The reset at the end of the test.
      }
    });
    // The host learns where the peer is from its request.
    post([
      ...[255, 255, 255, 255, 255, 255],
      ...PEER_MAC,
      ...[8, 6, 0, 1, 8, 0, 6, 4, 0, 1],
      ...PEER_MAC,
      ...PEER,
      ...[0, 0, 0, 0, 0, 0],
      ...HOST,
    ]);
    post(fragment(segment(100, 0, 2, []), 0, false, 1));
    await lab.runFor(1);
    expect(acknowledged).toBe(101);
    const data = Array.from({ length: 3000 }, (_, i) => 97 + (i % 26));
    const whole = segment(101, iss + 1, 0x18, data);
    for (let from = 0, id = 2; from < whole.length; ) {
      const to = Math.min(whole.length, from + (from < 64 ? 8 : 1200));
      post(fragment(whole.slice(from, to), from, to < whole.length, id));
      from = to;
    }
    await lab.runFor(1);
    expect(received).toBe(String.fromCharCode(...data));
    expect(acknowledged).toBe(101 + 3000);
    post(fragment(segment(3101, iss + 1, 4, []), 0, false, 9));
    await lab.runFor(1);
    expect(lab.outstanding()).toBe(0);
    await lab.close();
  },
);
