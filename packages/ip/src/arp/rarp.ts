import {
  type Alarm,
  DROP_RARP_MESSAGE,
  DROP_RARP_NOT_ASKED,
  NEVER,
  NX_ALREADY_ENABLED,
  NX_INVALID_INTERFACE,
  NX_IP_ADDRESS_ERROR,
  NX_NOT_ENABLED,
  NX_PHYSICAL_HEADER,
  NX_SUCCESS,
  type Packet,
  SECOND,
  type Status,
  type Timed,
  TRACE_ARP_RARP_ANSWERED,
  TRACE_ARP_RARP_SENT,
} from '@strata/contracts';
import {
  ARP_LENGTH,
  ArpRepr,
  ETHERTYPE_RARP,
  emitArp,
  ipv4Mask,
  parseRarp,
  RARP_REPLY,
  RARP_REQUEST,
} from '@strata/wire';
import { RarpCounters } from '../counters.ts';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import { isHostAddress } from '../martian.ts';

/** From one request to the next: doubled each time, up to the longest. Microseconds. */
const FIRST_INTERVAL = 1 * SECOND;
const LONGEST_INTERVAL = 32 * SECOND;

/**
 * Asks the links for the addresses of the interfaces that have none (RFC 903; NetX Duo UG 3, "RARP"). An answer counts only
 * while it is asked for, and only when it is addressed to the interface it comes by: nobody else may give this host an address.
 */
export class Rarp implements Timed {
  readonly counters: RarpCounters;
  private readonly ip: IpInstance;
  private readonly alarm: Alarm;
  private readonly message: ArpRepr;
  /** Interfaces whose address is asked for. */
  private readonly asking: Set<IpInterface>;
  private interval: number;
  private deadline: number;

  constructor(ip: IpInstance) {
    this.counters = new RarpCounters();
    this.ip = ip;
    this.message = new ArpRepr();
    this.asking = new Set();
    this.interval = FIRST_INTERVAL;
    this.deadline = 0.5;
    this.deadline = NEVER;
    this.alarm = ip.time.alarm(this);
  }

  /** True while an address is asked for. */
  get enabled(): boolean {
    return this.asking.size > 0;
  }

  /**
   * As nx_rarp_enable: asks, on every interface without an address, until an answer comes. NX_ALREADY_ENABLED,
   * NX_IP_ADDRESS_ERROR when all have addresses, NX_INVALID_INTERFACE without an interface.
   */
  enable(): Status {
    const { interfaces } = this.ip;
    if (interfaces.length === 0) return NX_INVALID_INTERFACE;
    if (this.enabled) return NX_ALREADY_ENABLED;
    for (const each of interfaces) if (each.address === 0) this.asking.add(each);
    if (!this.enabled) return NX_IP_ADDRESS_ERROR;
    this.interval = FIRST_INTERVAL;
    this.askAll();
    return NX_SUCCESS;
  }

  /** As nx_rarp_disable. NX_NOT_ENABLED. */
  disable(): Status {
    if (!this.enabled) return NX_NOT_ENABLED;
    this.asking.clear();
    this.deadline = NEVER;
    return NX_SUCCESS;
  }

  /** @internal */
  detach(outgoing: IpInterface): void {
    this.asking.delete(outgoing);
    if (!this.enabled) this.deadline = NEVER;
  }

  nextDeadline(): number {
    return this.deadline;
  }

  onTime(now: number): void {
    if (this.deadline > now || !this.enabled) return;
    this.interval = Math.min(2 * this.interval, LONGEST_INTERVAL);
    this.askAll();
  }

  private askAll(): void {
    this.deadline = this.ip.time.now + this.interval;
    this.alarm.set(this.deadline);
    for (const each of this.asking) this.ask(each);
  }

  private ask(outgoing: IpInterface): void {
    const packet = this.ip.controlPool.allocate(NX_PHYSICAL_HEADER);
    if (packet === null) return;
    const message = this.message;
    message.operation = RARP_REQUEST;
    message.senderMsw = outgoing.macMsw;
    message.senderLsw = outgoing.macLsw;
    message.senderAddress = 0;
    message.targetMsw = outgoing.macMsw;
    message.targetLsw = outgoing.macLsw;
    message.targetAddress = 0;
    emitArp(packet.view, packet.prepend, message);
    packet.append = packet.prepend + ARP_LENGTH;
    packet.length = ARP_LENGTH;
    packet.interfaceIndex = outgoing.index;
    this.counters.requestsSent++;
    if (this.ip.tracer !== null) this.ip.tracer.event(TRACE_ARP_RARP_SENT, this.counters.requestsSent, 0, 0, 0, packet);
    outgoing.link?.send(packet, ETHERTYPE_RARP, 0xffff, -1);
  }

  /** @internal Takes a packet whose `prepend` is at the hardware type. */
  accept(packet: Packet, incoming: IpInterface): void {
    const message = this.message;
    const held = packet.append - packet.prepend;
    const reason = parseRarp(packet.view, packet.prepend, held, message) || this.judge(message, incoming);
    if (reason !== 0) {
      if (reason !== DROP_RARP_NOT_ASKED) this.counters.invalidMessages++;
      this.ip.arp.drop(packet, reason);
      return;
    }
    const address = message.targetAddress;
    this.counters.responsesReceived++;
    this.detach(incoming);
    if (this.ip.tracer !== null) {
      this.ip.tracer.event(TRACE_ARP_RARP_ANSWERED, address, message.senderAddress, 0, 0, packet);
    }
    packet.release();
    this.ip.setAddress(incoming, address, classMask(address));
  }

  private judge(message: ArpRepr, incoming: IpInterface): number {
    // Requests are the business of servers.
    if (message.operation !== RARP_REPLY || !this.asking.has(incoming)) return DROP_RARP_NOT_ASKED;
    if (message.targetMsw !== incoming.macMsw || message.targetLsw !== incoming.macLsw) return DROP_RARP_NOT_ASKED;
    const address = message.targetAddress;
    const mask = classMask(address);
    // RFC 1122 3.2.1.3: all ones is the network's broadcast address, not a host's.
    return isHostAddress(address) && (address | mask) !== -1 ? 0 : DROP_RARP_MESSAGE;
  }
}

/** RARP says nothing of the mask: that of the address's class (RFC 791 2.3). */
function classMask(address: number): number {
  const first = address >>> 24;
  if (first < 128) return ipv4Mask(8);
  return first < 192 ? ipv4Mask(16) : ipv4Mask(24);
}
