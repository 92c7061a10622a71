import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readCapture } from '@strata/pcap-writer';
import { modernProfile, netxProfile } from '@strata/stack';
import { HOST_ADDRESS, layer, ScriptedPeer } from '@strata/testkit';

const PORTS = { sourcePort: 4000, destinationPort: 7 };
const MSS_1460 = [2, 4, 5, 0xb4];

/** What a failed expectation says, and the capture it left. */
function failure(run: () => void): { message: string; frames: number } {
  let message = '';
  try {
    run();
  } catch (error) {
    message = (error as Error).message;
  }
  const path = /capture: (\S+)/.exec(message)?.[1] ?? '';
  expect(existsSync(path)).toBe(true);
  const frames = [...readCapture(readFileSync(path))].filter((event) => event.kind === 'packet').length;
  rmSync(dirname(path), { recursive: true });
  return { message, frames };
}

describe('the scripted peer', () => {
  test.each([netxProfile, modernProfile])('shakes hands, sends, receives, resets ($name)', (profile) => {
    const peer = new ScriptedPeer({ profile });
    const received: number[] = [];
    peer.host.listen(7, async (connection) => {
      await connection.receive();
    });
    peer.host.tcp.listen(8, {
      onConnection: (socket) => {
        socket.notifications.receive = () => {
          const packet = socket.receive();
          if (packet === null) return;
          received.push(packet.length);
          socket.send(packet);
        };
      },
    });
    const ports = { sourcePort: 4000, destinationPort: 8 };
    peer.sendTcp({ ...ports, flags: 'S', sequence: -1, options: MSS_1460 });
    const { tcp } = peer.expectTcp({ flags: 'S.', acknowledgment: 0, maximumSegment: 1460, sourcePort: 8 });
    const next = (tcp?.sequence ?? 0) + 1;
    peer.sendTcp({ ...ports, flags: '.', acknowledgment: next });
    peer.sendTcp({ ...ports, flags: 'P.', acknowledgment: next, data: [104, 105] });
    peer.expectTcp({ flags: 'P.', sequence: next, acknowledgment: 2, payload: 'hi' });
    expect(received).toEqual([2]);
    peer.sendTcp({ ...ports, flags: 'R', sequence: 2 });
    peer.expectSilence(300_000_000);
    peer.close();
  });

  test('answers ARP itself when the script wants it', () => {
    const peer = new ScriptedPeer({ resolved: false });
    peer.send(peer.make.icmp(8, 0, 0x00010001, [1, 2, 3]));
    peer.expect(layer('arp', { Operation: 1, 'Sender address': HOST_ADDRESS }));
    peer.send(peer.make.arp(2));
    peer.expect(layer('icmpv4'));
    peer.close();
  });

  test('a wrong field fails with the conversation of both sides and a capture of it', () => {
    const peer = new ScriptedPeer();
    peer.sendTcp({ ...PORTS, flags: 'S', sequence: 100, options: MSS_1460 });
    const { message, frames } = failure(() => peer.expectTcp({ flags: 'S.' }));
    expect(message).toMatch(/^expected flags SYN, ACK, got RST, ACK/);
    expect(message).toMatch(/host +peer/);
    expect(message).toMatch(/\[SYN\]/);
    expect(message).toMatch(/\[RST, ACK\]/);
    expect(frames).toBe(2);
  });

  test('silence that is broken, and an answer that does not come, fail', () => {
    const peer = new ScriptedPeer();
    peer.sendTcp({ ...PORTS, flags: 'S', options: MSS_1460 });
    expect(failure(() => peer.expectSilence(10)).message).toMatch(/^expected silence for 10 µs, got .*RST/);
    expect(failure(() => peer.expectTcp({})).message).toMatch(/none came within a second/);
  });

  test('a packet that the host still holds fails the end', () => {
    const peer = new ScriptedPeer();
    const packet = peer.host.pool.allocate(0);
    if (packet !== null) packet.holder = 'a forgetful test';
    expect(() => peer.close()).toThrow(/1 of \d+ packets are out[\s\S]*a forgetful test/);
    packet?.release();
  });
});
