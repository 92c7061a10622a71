import { expect, test } from '@jest/globals';
import { SECOND } from '@strata/contracts';
import { SeededRandom } from '@strata/time';
import { modernTcpProfile, netxTcpProfile, type TcpProfile, type TcpSocket } from '../src/index.ts';
import { Ear, ScriptedPeer } from './support/peer.ts';

/** Random segments near the window, with random flags, options and lengths, at a host with connections in many states. */
function bombard(profile: TcpProfile, seed: number, count: number): void {
  const random = new SeededRandom(seed);
  const peer = new ScriptedPeer(profile, { packets: 96 });
  const sockets: TcpSocket[] = [];
  peer.tcp.listen(80, { backlog: 4, onConnection: (socket) => sockets.push(socket) });
  const open = () => {
    const socket = peer.tcp.createSocket({ windowSize: 4000 });
    socket.listener = new Ear();
    sockets.push(socket);
    socket.bind(0);
    socket.connect(peer.remote, 9123);
    peer.expect('S');
    peer.hostPort = socket.localPort;
    if (random.below(4) > 0) peer.emit('S.', { ack: 1, win: random.below(3000) });
    return socket;
  };
  let socket = open();
  const flags = ['', '.', 'P.', 'F.', 'S', 'S.', 'R', 'R.', 'PU.', 'FPU', 'SF.', 'SR'];
  for (let i = 0; i < count; i++) {
    const toServer = random.below(8) === 0;
    const options = Array.from({ length: 4 * random.below(4) }, () =>
      random.below(3) === 0 ? random.below(256) : random.below(10),
    );
    peer.emit(flags[random.below(flags.length)] as string, {
      seq: random.below(5) === 0 ? random.uint32() : random.below(5000) - 500,
      ack: random.below(5) === 0 ? random.uint32() : random.below(2000) - 100,
      win: random.below(3) === 0 ? 0 : random.below(65536),
      len: random.below(4) === 0 ? random.below(1460) : random.below(20),
      urgent: random.below(3000),
      options,
      sourcePort: toServer ? 1 + random.below(6) : 9123,
      destinationPort: toServer ? 80 : socket.localPort,
    });
    const act = random.below(40);
    if (act === 0) peer.send(socket, 1 + random.below(1400));
    else if (act === 1) peer.receive(socket);
    else if (act === 2) socket.shutdown();
    else if (act === 3) peer.advance(random.below(3 * SECOND));
    else if (act === 4 || socket.state < 3) {
      if (random.below(2)) socket.disconnect(random.below(2) === 0);
      if (sockets.length > 12) {
        for (const old of sockets.splice(0)) old.destroy();
      }
      while (peer.waiting > 0) (peer as unknown as { sent: unknown[] }).sent.shift();
      socket = open();
    }
  }
  peer.advance(400 * SECOND);
  for (const one of sockets) one.destroy();
  peer.finish();
}

test.each([
  ['netx', netxTcpProfile],
  ['modern', modernTcpProfile],
])('%s: random segments throw nothing, loop nowhere and leak nothing', (_name, profile) => {
  for (let seed = 0; seed < 8; seed++) expect(() => bombard(profile, seed, 600)).not.toThrow();
});

test('a listener whose sockets could not be made is refused at once: no SYN finds that out', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  expect(() => peer.tcp.listen(80, { socket: { windowSize: 1_000_000 }, onConnection: () => {} })).toThrow(RangeError);
  peer.emit('S', { destinationPort: 80 });
  peer.expect('R.');
  peer.finish();
});
