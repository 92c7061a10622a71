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
 * Asks the link for the address of the first interface (RFC 903; NetX Duo UG 3, "RARP"). An answer counts only while it is
 * asked for, and only when it is addressed to this interface: nobody else may give this host an address.
 */
export class Rarp implements Timed {
  readonly counters: RarpCounters;
  private readonly ip: IpInstance;
  private readonly alarm: Alarm;
  private readonly message: ArpRepr;
  private outgoing: IpInterface | null;
  private interval: number;
  private deadline: number;

  constructor(ip: IpInstance) {
    this.counters = new RarpCounters();
    this.ip = ip;
    this.message = new ArpRepr();
    this.outgoing = null;
    this.interval = FIRST_INTERVAL;
    this.deadline = 0.5;
    this.deadline = NEVER;
    this.alarm = ip.time.alarm(this);
  }

  /** True while an address is asked for. */
  get enabled(): boolean {
    return this.outgoing !== null;
  }

  /**
   * As nx_rarp_enable: asks until an answer comes. NX_ALREADY_ENABLED, NX_IP_ADDRESS_ERROR when the interface has an address,
   * NX_INVALID_INTERFACE without an interface.
   */
  enable(): Status {
    const outgoing = this.ip.interfaces[0] ?? null;
    if (outgoing === null || outgoing.link === null) return NX_INVALID_INTERFACE;
    if (this.enabled) return NX_ALREADY_ENABLED;
    if (outgoing.address !== 0) return NX_IP_ADDRESS_ERROR;
    this.outgoing = outgoing;
    this.interval = FIRST_INTERVAL;
    this.ask(outgoing);
    return NX_SUCCESS;
  }

  /** As nx_rarp_disable. NX_NOT_ENABLED. */
  disable(): Status {
    if (!this.enabled) return NX_NOT_ENABLED;
    this.outgoing = null;
    this.deadline = NEVER;
    return NX_SUCCESS;
  }

  nextDeadline(): number {
    return this.deadline;
  }

  onTime(now: number): void {
    if (this.deadline > now || this.outgoing === null) return;
    this.interval = Math.min(2 * this.interval, LONGEST_INTERVAL);
    this.ask(this.outgoing);
  }

  private ask(outgoing: IpInterface): void {
    this.deadline = this.ip.time.now + this.interval;
    this.alarm.set(this.deadline);
    const packet = this.ip.pool.allocate(NX_PHYSICAL_HEADER);
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
    this.disable();
    if (this.ip.tracer !== null) {
      this.ip.tracer.event(TRACE_ARP_RARP_ANSWERED, address, message.senderAddress, 0, 0, packet);
    }
    packet.release();
    this.ip.setAddress(incoming, address, classMask(address));
  }

  private judge(message: ArpRepr, incoming: IpInterface): number {
    // Requests are the business of servers.
    if (message.operation !== RARP_REPLY || this.outgoing !== incoming) return DROP_RARP_NOT_ASKED;
    if (message.targetMsw !== incoming.macMsw || message.targetLsw !== incoming.macLsw) return DROP_RARP_NOT_ASKED;
    return isHostAddress(message.targetAddress) ? 0 : DROP_RARP_MESSAGE;
  }
}

/** RARP says nothing of the mask: that of the address's class (RFC 791 2.3). */
function classMask(address: number): number {
  const first = address >>> 24;
  if (first < 128) return ipv4Mask(8);
  return first < 192 ? ipv4Mask(16) : ipv4Mask(24);
}
