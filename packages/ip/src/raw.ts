import {
  type DatagramInfo,
  type Deferred,
  DROP_IPV4_RAW_FILTERED,
  DROP_IPV4_RAW_QUEUE_FULL,
  type IpAddress,
  NX_ALREADY_ENABLED,
  NX_INVALID_INTERFACE,
  NX_INVALID_PARAMETERS,
  NX_IP_ADDRESS_ERROR,
  NX_NOT_ENABLED,
  NX_SUCCESS,
  type Packet,
  type Status,
} from '@strata/contracts';
import { partsOf } from './fragment/datagram.ts';
import type { IpInstance } from './instance.ts';

/** NetX's number for raw packets without a protocol of their own (NX_IP_RAW). */
export const PROTOCOL_RAW = 255;

/** Decides which raw packets are queued: NX_SUCCESS keeps one (nx_ip_raw_packet_filter_set). */
export type RawPacketFilter = (protocol: number, packet: Packet) => Status;

/** Packets queued at first (NX_IP_RAW_MAX_QUEUE_DEPTH). */
const QUEUE_MAXIMUM = 20;

/**
 * Raw IP (NetX Duo UG 3, "Raw IP Packets"): packets of protocols that no transport has registered for go to the
 * application, and the application sends packets of any protocol.
 */
export class RawIp implements Deferred {
  enabled: boolean;
  /** Null: everything is queued. */
  filter: RawPacketFilter | null;
  /** Packets queued at most; the newest is dropped when there are that many (nx_ip_raw_receive_queue_max_set). */
  queueMaximum: number;
  /** Told after the event in which packets were queued. Null: nobody is told. */
  listener: { receivable(): void } | null;
  packetsSent: number;
  packetsReceived: number;
  packetsDropped: number;
  private readonly ip: IpInstance;
  private head: Packet | null;
  private tail: Packet | null;
  private count: number;
  private scheduled: boolean;

  constructor(ip: IpInstance) {
    this.enabled = false;
    this.filter = null;
    this.queueMaximum = QUEUE_MAXIMUM;
    this.listener = null;
    this.packetsSent = 0;
    this.packetsReceived = 0;
    this.packetsDropped = 0;
    this.ip = ip;
    this.head = null;
    this.tail = null;
    this.count = 0;
    this.scheduled = false;
  }

  /** As nx_ip_raw_packet_enable. NX_ALREADY_ENABLED. */
  enable(): Status {
    if (this.enabled) return NX_ALREADY_ENABLED;
    this.enabled = true;
    return NX_SUCCESS;
  }

  /** As nx_ip_raw_packet_disable: what is queued is released. NX_NOT_ENABLED. */
  disable(): Status {
    if (!this.enabled) return NX_NOT_ENABLED;
    this.enabled = false;
    for (let packet = this.receive(); packet !== null; packet = this.receive()) packet.release();
    return NX_SUCCESS;
  }

  /** As nx_ip_raw_receive_queue_max_set. */
  setQueueMaximum(packets: number): Status {
    if (!(packets >= 0)) return NX_INVALID_PARAMETERS;
    this.queueMaximum = packets;
    return NX_SUCCESS;
  }

  /** Packets queued now. */
  get queued(): number {
    return this.count;
  }

  /** @internal Pool packets that they hold. */
  get packetsQueued(): number {
    let count = 0;
    for (let packet = this.head; packet !== null; packet = packet.queueNext) count += partsOf(packet);
    return count;
  }

  /** The oldest packet, its `prepend` behind the IP header (which is at `ipHeader`), now the caller's; null when none waits. */
  receive(): Packet | null {
    const packet = this.head;
    if (packet === null) return null;
    this.head = packet.queueNext;
    if (this.head === null) this.tail = null;
    packet.queueNext = null;
    packet.holder = '';
    this.count--;
    return packet;
  }

  /**
   * Sends a packet of any protocol; `prepend` is at its payload, with NX_IP_PACKET of head-room (nxd_ip_raw_packet_send).
   * NX_SUCCESS takes it. NX_NOT_ENABLED, NX_INVALID_PARAMETERS (protocol), NX_IP_ADDRESS_ERROR (no route).
   *
   * @param timeToLive 0: the default
   */
  send(packet: Packet, destination: IpAddress, protocol = PROTOCOL_RAW, timeToLive = 0, typeOfService = 0): Status {
    return this.sendFrom(packet, destination, -1, protocol, timeToLive, typeOfService);
  }

  /** As {@link send}, by one interface (nxd_ip_raw_packet_source_send). NX_INVALID_INTERFACE. */
  sendFrom(
    packet: Packet,
    destination: IpAddress,
    interfaceIndex: number,
    protocol = PROTOCOL_RAW,
    timeToLive = 0,
    typeOfService = 0,
  ): Status {
    if (!this.enabled) return NX_NOT_ENABLED;
    if (!(protocol >= 0 && protocol <= 255)) return NX_INVALID_PARAMETERS;
    if (interfaceIndex >= 0 && this.ip.interfaceAt(interfaceIndex) === null) return NX_INVALID_INTERFACE;
    const flow = this.ip.openFlow(destination, protocol, null, interfaceIndex);
    if (flow === null) return NX_IP_ADDRESS_ERROR;
    flow.timeToLive = timeToLive;
    flow.typeOfService = typeOfService;
    const status = this.ip.send(packet, flow);
    if (status === NX_SUCCESS) this.packetsSent++;
    return status;
  }

  /** @internal Offers a datagram that no transport wants; `prepend` is at its payload. 0: taken. Otherwise a DROP_ reason. */
  offer(packet: Packet, info: DatagramInfo): number {
    if (this.filter !== null && this.filter(info.protocol, packet) !== NX_SUCCESS) {
      this.packetsDropped++;
      return DROP_IPV4_RAW_FILTERED;
    }
    if (this.count >= this.queueMaximum) {
      this.packetsDropped++;
      return DROP_IPV4_RAW_QUEUE_FULL;
    }
    this.packetsReceived++;
    packet.queueNext = null;
    packet.holder = 'raw receive queue';
    if (this.tail === null) this.head = packet;
    else this.tail.queueNext = packet;
    this.tail = packet;
    this.count++;
    if (this.listener !== null && !this.scheduled) {
      this.scheduled = true;
      this.ip.time.defer(this);
    }
    return 0;
  }

  /** @internal */
  run(): void {
    this.scheduled = false;
    this.listener?.receivable();
  }
}
