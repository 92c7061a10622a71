import { NX_UDP_PACKET, type Packet, type Status } from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import { ipWord, text } from '../../ip/test/frames.ts';
import { type HostOptions, TestHost } from '../../ip/test/host.ts';
import { type UdpPolicy, UdpService, type UdpSocket } from '../src/index.ts';

/** A host with UDP and its peer in the ARP cache. */
export class UdpHost extends TestHost {
  readonly udp: UdpService;

  constructor(options: HostOptions = {}, policy?: UdpPolicy) {
    super(options);
    this.udp = new UdpService({
      network: this.ip,
      time: this.scheduler,
      random: this.random.fork('udp'),
      ...(policy === undefined ? {} : { policy }),
    });
    if (options.address !== null) this.knowPeer();
  }

  /** A packet with text in it. */
  packet(data: string): Packet {
    const packet = this.pool.allocate(NX_UDP_PACKET);
    if (packet === null) throw new Error('the pool is empty');
    const bytes = text(data);
    if (packet.appendBytes(bytes, 0, bytes.length) !== 0) throw new Error('the pool is too small');
    return packet;
  }

  /** Sends text; releases the packet when the socket does not take it, and checks that it came back as it was. */
  sendText(socket: UdpSocket, data: string, to = '192.0.2.2', port = 4000): Status {
    const packet = this.packet(data);
    const before = [packet.prepend, packet.length];
    const status = socket.send(packet, ipv4Address(ipWord(to)), port);
    if (status !== 0) {
      if (before.join() !== [packet.prepend, packet.length].join()) throw new Error('the packet was changed');
      packet.release();
    }
    return status;
  }
}

/** The text of a packet, which is released. */
export function readText(packet: Packet | null): string | null {
  if (packet === null) return null;
  const bytes = new Uint8Array(packet.length);
  packet.extract(0, bytes, 0, bytes.length);
  packet.release();
  return new TextDecoder().decode(bytes);
}
