import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import {
  DROP_ETHERNET_SHORT,
  DROP_ETHERNET_TOO_LONG,
  DROP_LINK_DOWN,
  DROP_LINK_NO_RECEIVER,
  DROP_LINK_QUEUE_OVERFLOW,
  DROP_NO_RECEIVE_PACKET,
  type DropReason,
  type FrameSink,
  NX_SUCCESS,
  type Packet,
} from '@strata/contracts';
import { ETHERNET_HEADER } from '@strata/wire';
import { AttachError } from './error.ts';
import {
  AttachedPort,
  DEFAULT_MTU,
  FAR_END,
  FRAME_OFFSET,
  MAXIMUM_MTU,
  MINIMUM_MTU,
  OUR_END,
  type PortOptions,
  SEND_QUEUE,
} from './port.ts';

/** An end of a {@link UdpLink}: an IPv4 or IPv6 address in text, and a UDP port. */
export interface UdpEnd {
  readonly address: string;
  readonly port: number;
}

/** How to open a {@link UdpLink}. */
export interface UdpLinkOptions extends PortOptions {
  /** Where we listen. Port 0 lets the system choose; see {@link UdpLink.local}. */
  readonly local: UdpEnd;
  /** Where frames go, and the only place they are taken from. It may be set later with {@link UdpLink.setRemote}. */
  readonly remote?: UdpEnd;
  /** 68..65517; default 1500. Both ends should agree. */
  readonly mtu?: number;
}

/**
 * A cable made of UDP datagrams: each carries one Ethernet frame, without anything added. This is what QEMU speaks with
 * `-netdev dgram,id=n0,local.type=inet,local.host=…,local.port=…,remote.type=inet,remote.host=…,remote.port=…` (and
 * `-netdev socket,udp=…,localaddr=…` before 7.2), and it needs no privileges on any system.
 */
export class UdpLink extends AttachedPort {
  private readonly socket: Socket;
  private remote: UdpEnd | null;
  private closed: boolean;
  /** Datagrams handed to the socket that have not left yet. */
  private leaving: number;
  private readonly onSent: (error: Error | null) => void;

  /** Binds the socket. Rejects with an {@link AttachError} when the address or port cannot be had. */
  static async open(options: UdpLinkOptions): Promise<UdpLink> {
    const mtu = options.mtu ?? DEFAULT_MTU;
    if (!Number.isInteger(mtu) || mtu < MINIMUM_MTU || mtu > MAXIMUM_MTU) {
      throw new AttachError('SYSTEM', `the MTU ${mtu} is not between ${MINIMUM_MTU} and ${MAXIMUM_MTU}`, []);
    }
    checkEnd(options.local, 0);
    if (options.remote !== undefined) checkEnd(options.remote, 1);
    const socket = createSocket({ type: isIP(options.local.address) === 6 ? 'udp6' : 'udp4' });
    await bind(socket, options.local);
    return new UdpLink(options, mtu, socket);
  }

  private constructor(options: UdpLinkOptions, mtu: number, socket: Socket) {
    super(options, mtu);
    this.socket = socket;
    this.remote = options.remote ?? null;
    this.closed = false;
    this.leaving = 0;
    this.onSent = (error) => {
      this.leaving--;
      if (error === null) this.counters.framesSent++;
      else this.counters.sendFailed++;
    };
    socket.on('message', (datagram, from) => this.receive(datagram, from));
    // ICMP errors about datagrams sent (nobody listens yet) are reported here; the cable is merely unplugged at the far end.
    socket.on('error', () => {
      this.counters.sendFailed++;
    });
  }

  /** Where we listen, with the port that the system chose. */
  get local(): UdpEnd {
    const { address, port } = this.socket.address();
    return { address, port };
  }

  /** Sets or changes the far end. */
  setRemote(remote: UdpEnd): void {
    checkEnd(remote, 1);
    this.remote = remote;
  }

  attach(sink: FrameSink | null): void {
    this.sink = sink;
  }

  send(frame: Packet): void {
    const remote = this.remote;
    const reason = this.refusal(frame.length, remote);
    if (reason !== 0 || remote === null) this.traceLost(reason, frame.length, OUR_END, frame);
    else {
      // The socket sends later, when the packet may be somebody else's: it gets a copy.
      const datagram = Buffer.allocUnsafe(frame.length);
      frame.extract(0, datagram, 0, frame.length);
      this.leaving++;
      this.counters.bytesSent += frame.length;
      this.socket.send(datagram, remote.port, remote.address, this.onSent);
    }
    frame.transmitRelease();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.sink = null;
    this.setLink(false);
    this.socket.close();
  }

  /** Why a frame of this length cannot be sent now, counted; 0 when it can. */
  private refusal(length: number, remote: UdpEnd | null): DropReason {
    const { counters } = this;
    if (this.closed) {
      counters.sendLinkDown++;
      return DROP_LINK_DOWN;
    }
    if (remote === null) {
      counters.sendPeerDown++;
      return DROP_LINK_NO_RECEIVER;
    }
    if (length < ETHERNET_HEADER) {
      counters.sendTooShort++;
      return DROP_ETHERNET_SHORT;
    }
    if (length > this.maximumFrame) {
      counters.sendTooLong++;
      return DROP_ETHERNET_TOO_LONG;
    }
    if (this.leaving < SEND_QUEUE) return 0;
    counters.sendQueueFull++;
    return DROP_LINK_QUEUE_OVERFLOW;
  }

  private receive(datagram: Buffer, from: RemoteInfo): void {
    const { counters, remote, sink } = this;
    const length = datagram.length;
    counters.bursts++;
    if (remote !== null && (from.port !== remote.port || from.address !== remote.address)) counters.receiveForeign++;
    else if (sink === null) {
      counters.receiveNoSink++;
      this.traceLost(DROP_LINK_NO_RECEIVER, length, FAR_END, null);
    } else if (length < ETHERNET_HEADER) {
      counters.receiveTooShort++;
      this.traceLost(DROP_ETHERNET_SHORT, length, FAR_END, null);
    } else if (length > this.maximumFrame) {
      counters.receiveTooLong++;
      this.traceLost(DROP_ETHERNET_TOO_LONG, length, FAR_END, null);
    } else this.deliver(datagram, sink);
  }

  private deliver(datagram: Buffer, sink: FrameSink): void {
    const packet = sink.receivePool.allocate(0);
    if (packet !== null) {
      packet.prepend = packet.dataStart + FRAME_OFFSET;
      packet.append = packet.prepend;
    }
    if (packet === null || packet.appendBytes(datagram, 0, datagram.length) !== NX_SUCCESS) {
      this.counters.receiveNoPacket++;
      this.traceLost(DROP_NO_RECEIVE_PACKET, datagram.length, FAR_END, null);
      packet?.release();
      return;
    }
    this.counters.framesReceived++;
    this.counters.bytesReceived += datagram.length;
    this.wake();
    sink.accept(packet);
    this.wake();
  }
}

function checkEnd(end: UdpEnd, lowestPort: number): void {
  if (isIP(end.address) === 0) {
    throw new AttachError('ADDRESS_INVALID', `"${end.address}" is not an IP address`, [
      'Write it as 127.0.0.1 or ::1.',
    ]);
  }
  if (!Number.isInteger(end.port) || end.port < lowestPort || end.port > 65_535) {
    throw new AttachError('ADDRESS_INVALID', `${end.port} is not a UDP port`, [`Ports are ${lowestPort}..65535.`]);
  }
}

function bind(socket: Socket, local: UdpEnd): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      socket.close();
      reject(bindError(error, local));
    };
    socket.once('error', failed);
    socket.bind({ address: local.address, port: local.port }, () => {
      socket.off('error', failed);
      resolve();
    });
  });
}

function bindError(error: NodeJS.ErrnoException, local: UdpEnd): AttachError {
  const where = `UDP ${local.address} port ${local.port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new AttachError('BUSY', `${where} is in use by another program`, [
        'Choose another port; this shows who has it:',
        `  ss -lunp sport = :${local.port}`,
      ]);
    case 'EADDRNOTAVAIL':
      return new AttachError('ADDRESS_INVALID', `${local.address} is not an address of this machine`, []);
    case 'EACCES':
      return new AttachError('NO_PERMISSION', `this user may not listen on ${where}`, ['Choose a port above 1023.']);
    default:
      return new AttachError('SYSTEM', `listening on ${where} failed: ${error.message}`, []);
  }
}
