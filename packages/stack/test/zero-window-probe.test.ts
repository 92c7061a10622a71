import { expect, test } from '@jest/globals';
import { NX_SUCCESS, NX_WINDOW_OVERFLOW, type Packet } from '@strata/contracts';
import { netxProfile } from '@strata/stack';
import type { TcpSocket } from '@strata/tcp';
import { ScriptedPeer } from '@strata/testkit';

const PORT = 7;
const PEER_PORT = 40_000;

/** A connection that the peer opened with this window; the peer's next sequence number is 101. */
function connect(peer: ScriptedPeer, window: number): { socket: TcpSocket; first: number } {
  let socket: TcpSocket | null = null;
  peer.host.tcp.listen(PORT, {
    onConnection: (made) => {
      socket = made;
    },
  });
  const ports = { sourcePort: PEER_PORT, destinationPort: PORT };
  peer.sendTcp({ ...ports, flags: 'S', sequence: 100, window, options: [2, 4, 5, 0xb4] });
  const first = peer.expectTcp({ flags: 'S.', acknowledgment: 101 }).tcp!.sequence + 1;
  peer.sendTcp({ ...ports, flags: '.', sequence: 101, acknowledgment: first, window });
  peer.advance(0);
  if (socket === null) throw new Error('the connection was not handed over');
  return { socket, first };
}

test('a probe of a closed window carries the next octet also when that lies in a later part of a packet chain', () => {
  const peer = new ScriptedPeer({ profile: netxProfile });
  const data = Uint8Array.from({ length: 2000 }, (_, i) => (i * 7) & 255);
  const packet = peer.host.tcp.createSocket().allocate() as Packet;
  const held = packet.dataEnd - packet.append;
  expect(packet.appendBytes(data, 0, data.length)).toBe(NX_SUCCESS);
  const { socket, first } = connect(peer, held);
  const ports = { sourcePort: PEER_PORT, destinationPort: PORT };

  // The window takes exactly what the first part of the chain holds; the rest goes when it opens again.
  expect(socket.send(packet)).toBe(NX_WINDOW_OVERFLOW);
  peer.expectTcp({ flags: 'P.', sequence: first, payload: data.subarray(0, 1460) });
  peer.expectTcp({ flags: 'P.', sequence: first + 1460, payload: data.subarray(1460, held) });
  peer.sendTcp({ ...ports, flags: '.', sequence: 101, acknowledgment: first + held, window: 4000 });
  peer.advance(0);
  expect(socket.send(packet)).toBe(NX_SUCCESS);
  peer.expectTcp({ flags: 'P.', sequence: first + held, payload: data.subarray(held) });

  peer.sendTcp({ ...ports, flags: '.', sequence: 101, acknowledgment: first + held, window: 0 });
  peer.expectSilence(850_000);
  peer.expectTcp({ flags: '.', sequence: first + held, payload: data.subarray(held, held + 1) });

  peer.sendTcp({ ...ports, flags: 'R', sequence: 101 });
  peer.advance(0);
  peer.close();
});
