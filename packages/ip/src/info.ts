import { type IpAddress, NX_PHYSICAL_HEADER, PROTOCOL_TCP, PROTOCOL_UDP } from '@strata/contracts';
import { IPV4_HEADER, IPV6_HEADER, TCP_HEADER, UDP_HEADER } from '@strata/wire';
import type { IpInstance } from './instance.ts';
import type { IpInterface } from './interface.ts';

/** What nx_ip_info_get reports, in its order. */
export interface IpInfo {
  readonly totalPacketsSent: number;
  readonly totalBytesSent: number;
  readonly totalPacketsReceived: number;
  readonly totalBytesReceived: number;
  readonly invalidPackets: number;
  readonly receivePacketsDropped: number;
  readonly receiveChecksumErrors: number;
  readonly sendPacketsDropped: number;
  readonly totalFragmentsSent: number;
  readonly totalFragmentsReceived: number;
}

/** What nx_arp_info_get reports. */
export interface ArpInfo {
  readonly requestsSent: number;
  readonly requestsReceived: number;
  readonly responsesSent: number;
  readonly responsesReceived: number;
  readonly dynamicEntries: number;
  readonly staticEntries: number;
  readonly agedEntries: number;
  readonly invalidMessages: number;
}

/** What nx_rarp_info_get reports. */
export interface RarpInfo {
  readonly requestsSent: number;
  readonly responsesReceived: number;
  readonly invalidMessages: number;
}

/** What nx_icmp_info_get reports. `threadsSuspended` is the number of pings that wait for their answer. */
export interface IcmpInfo {
  readonly pingsSent: number;
  readonly pingTimeouts: number;
  readonly threadsSuspended: number;
  readonly pingResponsesReceived: number;
  readonly checksumErrors: number;
  readonly unhandledMessages: number;
}

/** What nx_igmp_info_get reports. */
export interface IgmpInfo {
  readonly reportsSent: number;
  readonly queriesReceived: number;
  readonly checksumErrors: number;
  readonly groupsJoined: number;
}

/** What nx_ip_interface_info_get reports. Addresses are int32. */
export interface InterfaceInfo {
  readonly name: string;
  readonly address: number;
  readonly mask: number;
  readonly mtu: number;
  readonly macMsw: number;
  readonly macLsw: number;
}

/** What nx_ip_max_payload_size_find reports, in octets. */
export interface MaximumPayload {
  readonly startOffset: number;
  readonly length: number;
}

/** What nx_ip_status_check and nx_ip_interface_status_check know: bits of a sum. */
export const NX_IP_INITIALIZE_DONE = 0x0001;
export const NX_IP_ADDRESS_RESOLVED = 0x0002;
export const NX_IP_LINK_ENABLED = 0x0004;
export const NX_IP_ARP_ENABLED = 0x0008;
export const NX_IP_UDP_ENABLED = 0x0010;
export const NX_IP_TCP_ENABLED = 0x0020;
export const NX_IP_IGMP_ENABLED = 0x0040;
export const NX_IP_RARP_COMPLETE = 0x0080;
export const NX_IP_INTERFACE_LINK_ENABLED = 0x0100;

/** The statistics of an instance as NetX's `..._info_get` services report them: snapshots, plain data. */
export class IpInformation {
  private readonly ip: IpInstance;

  constructor(ip: IpInstance) {
    this.ip = ip;
  }

  /** nx_ip_info_get. */
  get general(): IpInfo {
    const {
      totalPacketsSent,
      totalBytesSent,
      totalPacketsReceived,
      totalBytesReceived,
      invalidPackets,
      receivePacketsDropped,
      receiveChecksumErrors,
      sendPacketsDropped,
      totalFragmentsSent,
      totalFragmentsReceived,
    } = this.ip.counters;
    return {
      totalPacketsSent,
      totalBytesSent,
      totalPacketsReceived,
      totalBytesReceived,
      invalidPackets,
      receivePacketsDropped,
      receiveChecksumErrors,
      sendPacketsDropped,
      totalFragmentsSent,
      totalFragmentsReceived,
    };
  }

  /** nx_arp_info_get. */
  get arp(): ArpInfo {
    const { counters, cache } = this.ip.arp;
    const { requestsSent, requestsReceived, responsesSent, responsesReceived, agedEntries, invalidMessages } = counters;
    const { dynamicEntries, staticEntries } = cache;
    return {
      requestsSent,
      requestsReceived,
      responsesSent,
      responsesReceived,
      dynamicEntries,
      staticEntries,
      agedEntries,
      invalidMessages,
    };
  }

  /** nx_rarp_info_get. */
  get rarp(): RarpInfo {
    const { requestsSent, responsesReceived, invalidMessages } = this.ip.rarp.counters;
    return { requestsSent, responsesReceived, invalidMessages };
  }

  /** nx_icmp_info_get. */
  get icmp(): IcmpInfo {
    const { counters, echo } = this.ip.icmp;
    const { pingsSent, pingTimeouts, pingResponsesReceived, checksumErrors, unhandledMessages } = counters;
    return {
      pingsSent,
      pingTimeouts,
      threadsSuspended: echo.waiting,
      pingResponsesReceived,
      checksumErrors,
      unhandledMessages,
    };
  }

  /** nx_igmp_info_get. */
  get igmp(): IgmpInfo {
    const { reportsSent, queriesReceived, checksumErrors } = this.ip.groups.igmp.counters;
    return { reportsSent, queriesReceived, checksumErrors, groupsJoined: this.ip.groups.joined };
  }

  /** nx_ip_interface_info_get. Null for an interface that does not exist (NX_INVALID_INTERFACE). */
  interface(index: number): InterfaceInfo | null {
    const found = this.ip.interfaceAt(index);
    if (found === null) return null;
    const { name, address, mask, mtu, macMsw, macLsw } = found;
    return { name, address, mask, mtu, macMsw, macLsw };
  }

  /**
   * nx_ip_max_payload_size_find: how much data one packet to a peer can carry without being cut, as far as the path is known, and
   * how far into a pool packet it begins, behind the room for every header. Null without a route (NX_IP_ADDRESS_ERROR).
   *
   * @param protocol PROTOCOL_TCP or PROTOCOL_UDP, whose header goes off too; any other has none
   */
  maximumPayload(remote: IpAddress, protocol: number, interfaceIndex = -1): MaximumPayload | null {
    const flow = this.ip.openFlow(remote, protocol, null, interfaceIndex);
    if (flow === null) return null;
    const transport = protocol === PROTOCOL_TCP ? TCP_HEADER : protocol === PROTOCOL_UDP ? UDP_HEADER : 0;
    const headers = (remote.family === 4 ? IPV4_HEADER : IPV6_HEADER) + transport;
    return { startOffset: NX_PHYSICAL_HEADER + headers, length: Math.max(0, flow.mtu - headers) };
  }

  /** nx_ip_interface_status_check without waiting: the NX_IP_ bits that hold, 0 for an interface that does not exist. */
  status(index = 0): number {
    const { ip } = this;
    const found = ip.interfaceAt(index);
    if (found === null) return 0;
    let bits = NX_IP_INITIALIZE_DONE | NX_IP_ARP_ENABLED;
    if (found.address !== 0) bits |= NX_IP_ADDRESS_RESOLVED;
    if (isUp(found)) bits |= NX_IP_LINK_ENABLED | NX_IP_INTERFACE_LINK_ENABLED;
    if (ip.receiver.sinkOf(17) !== null) bits |= NX_IP_UDP_ENABLED;
    if (ip.receiver.sinkOf(6) !== null) bits |= NX_IP_TCP_ENABLED;
    if (ip.groups.igmp.enabled) bits |= NX_IP_IGMP_ENABLED;
    if (ip.rarp.counters.responsesReceived > 0) bits |= NX_IP_RARP_COMPLETE;
    return bits;
  }
}

function isUp(each: IpInterface): boolean {
  return each.link === null || each.up;
}
