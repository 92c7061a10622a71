import {
  NX_NO_PACKET,
  NX_SUCCESS,
  NX_UDP_PACKET,
  type Packet,
  type PacketAllocator,
  type Random,
  type Status,
  type TimeService,
  type Tracer,
} from '@strata/contracts';
import { datagramSource, type UdpService, type UdpSocket } from '@strata/udp';
import { ipv4Address } from '@strata/wire';
import { DhcpClient, type DhcpListener } from './client.ts';
import type { DhcpInterface } from './interface.ts';
import { DHCP_CLIENT_PORT, DHCP_SERVER_PORT, decodeReply } from './message.ts';
import { type DhcpPolicy, rfc2131Policy } from './policy.ts';

/** Longer messages than any link carries are no answers. */
const LONGEST_MESSAGE = 65_507;

/** How to make a {@link DhcpService}. */
export interface DhcpServiceOptions {
  readonly udp: UdpService;
  readonly pool: PacketAllocator;
  readonly time: TimeService;
  readonly random: Random;
  readonly policy?: DhcpPolicy;
  readonly tracer?: Tracer | null;
}

/** The DHCP clients of one host: one for each interface, behind one socket on port 68. */
export class DhcpService {
  readonly time: TimeService;
  readonly random: Random;
  readonly policy: DhcpPolicy;
  tracer: Tracer | null;
  readonly clients: DhcpClient[];
  private readonly socket: UdpSocket;
  private readonly pool: PacketAllocator;

  constructor(options: DhcpServiceOptions) {
    this.time = options.time;
    this.random = options.random;
    this.policy = options.policy ?? rfc2131Policy;
    this.tracer = options.tracer ?? null;
    this.clients = [];
    this.pool = options.pool;
    this.socket = options.udp.createSocket({
      name: 'dhcp',
      listener: {
        receivable: () => this.receive(),
        failed: () => {},
      },
    });
    this.socket.broadcast = true;
  }

  /** The client of an interface; made, and stopped, the first time. */
  client(of: DhcpInterface, listener: DhcpListener | null = null): DhcpClient {
    const found = this.clients.find((client) => client.on.index === of.index);
    if (found !== undefined) return found;
    const client = new DhcpClient(this, of, listener);
    this.clients.push(client);
    return client;
  }

  /** An interface is gone: its client stops for good, without a word to its server. */
  forget(interfaceIndex: number): void {
    const at = this.clients.findIndex((client) => client.on.index === interfaceIndex);
    if (at >= 0) this.clients.splice(at, 1)[0]?.close();
  }

  /** Stops all clients without giving their leases back, and frees the port. */
  close(): void {
    for (const client of this.clients) client.close();
    this.clients.length = 0;
    if (this.socket.port !== 0) this.socket.unbind();
  }

  /** @internal Takes the client's port. NX_PORT_UNAVAILABLE when another socket has it. */
  open(): Status {
    return this.socket.port === 0 ? this.socket.bind(DHCP_CLIENT_PORT) : NX_SUCCESS;
  }

  /** @internal Sends a message by the client's interface. Addresses are int32; `from` 0 for a host that has none. */
  send(client: DhcpClient, bytes: Uint8Array, from: number, to: number): Status {
    const packet = this.pool.allocate(NX_UDP_PACKET);
    if (packet === null) return NX_NO_PACKET;
    let status = packet.appendBytes(bytes, 0, bytes.length);
    if (status === NX_SUCCESS) {
      this.socket.interfaceIndex = client.on.index;
      status = this.socket.send(packet, ipv4Address(to), DHCP_SERVER_PORT, ipv4Address(from));
    }
    if (status !== NX_SUCCESS) packet.release();
    return status;
  }

  private receive(): void {
    for (let packet = this.socket.receive(); packet !== null; packet = this.socket.receive()) {
      this.judge(packet);
      packet.release();
    }
  }

  private judge(packet: Packet): void {
    const source = datagramSource(packet);
    const client = this.clients.find((one) => one.on.index === source?.interfaceIndex);
    if (source === null || client === undefined || packet.length > LONGEST_MESSAGE) return;
    const bytes = new Uint8Array(packet.length);
    packet.extract(0, bytes, 0, bytes.length);
    const reply = source.port === DHCP_SERVER_PORT ? decodeReply(bytes) : null;
    if (reply === null) client.ignore(packet);
    else client.receive(reply, packet);
  }
}
