import { describe, expect, test } from '@jest/globals';
import { CAPABILITY_RX_CHECKSUM, CAPABILITY_TX_CHECKSUM, DROP_UDP_CHECKSUM, NX_SUCCESS } from '@strata/contracts';
import { modernIpPolicy } from '@strata/ip';
import { internetChecksum, ipBytes, ipv4, udp } from '../../ip/test/frames.ts';
import { UdpHost } from './udp-host.ts';

const LENGTH = 4000;
const DATA = 'x'.repeat(LENGTH);

/** The datagram that fragments carry. */
function joined(host: UdpHost): number[] {
  return host.take().flatMap(({ bytes }) => Array.from(bytes.subarray(((bytes[0] as number) & 15) * 4)));
}

describe('datagrams in fragments and links that know of checksums', () => {
  test('a link that fills in checksums cannot for a datagram in pieces, so it is filled in before', () => {
    const host = new UdpHost({ policy: modernIpPolicy, capabilities: CAPABILITY_TX_CHECKSUM });
    host.ip.enableFragments();
    const socket = host.udp.createSocket();
    socket.bind(5000);
    expect(host.sendText(socket, DATA)).toBe(NX_SUCCESS);
    const datagram = joined(host);
    const pseudo = [...ipBytes('192.0.2.1'), ...ipBytes('192.0.2.2'), 0, 17, (LENGTH + 8) >> 8, (LENGTH + 8) & 255];
    expect(datagram).toHaveLength(LENGTH + 8);
    expect(internetChecksum([...pseudo, ...datagram])).toBe(0);
    socket.unbind();
    host.finish();
  });

  test('a link that verifies checksums has not verified that of a datagram in pieces', () => {
    const host = new UdpHost({ policy: modernIpPolicy, capabilities: CAPABILITY_RX_CHECKSUM });
    host.ip.enableFragments();
    const socket = host.udp.createSocket();
    socket.bind(5000);
    const datagram = udp({ destinationPort: 5000, checksum: 0x1234 }, new Uint8Array(100));
    host.injectIp(ipv4({ fragment: 0x2000 }, datagram.subarray(0, 64)));
    host.injectIp(ipv4({ fragment: 8 }, datagram.subarray(64)));
    expect([host.drops(DROP_UDP_CHECKSUM), socket.queued]).toEqual([1, 0]);
    socket.unbind();
    host.finish();
  });
});
