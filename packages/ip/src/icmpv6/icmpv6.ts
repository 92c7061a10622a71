import {
  type DatagramInfo,
  type Disposition,
  DROP_ICMP_CHECKSUM,
  DROP_ICMP_TYPE,
  HANDLED,
  type Packet,
} from '@strata/contracts';
import {
  fold,
  ICMPV6_ECHO_REPLY,
  ICMPV6_ECHO_REQUEST,
  ICMPV6_MLD_DONE,
  ICMPV6_MLD_QUERY,
  ICMPV6_MLD_REPORT,
  ICMPV6_MLD2_REPORT,
  ICMPV6_REDIRECT,
  ICMPV6_ROUTER_SOLICITATION,
  IcmpRepr,
  isIcmpv6Error,
  parseIcmp,
  sumPacket,
} from '@strata/wire';
import type { IcmpCounters } from '../counters.ts';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import { answerEcho, echoReplied } from './echo.ts';
import { Icmpv6Errors } from './errors.ts';

/** ICMPv6 of one IP instance (RFC 4443): echo in `echo.ts`, errors in `errors.ts`, Neighbor Discovery in `../nd`. */
export class Icmpv6 {
  readonly ip: IpInstance;
  /** Shared with ICMP: `nx_icmp_info_get` counts both. */
  readonly counters: IcmpCounters;
  readonly errors: Icmpv6Errors;
  private readonly header: IcmpRepr;

  constructor(ip: IpInstance) {
    this.ip = ip;
    this.counters = ip.icmp.counters;
    this.errors = new Icmpv6Errors(ip, this.counters);
    this.header = new IcmpRepr();
  }

  /**
   * Takes a message whose `prepend` is at the type field. HANDLED takes the packet; any other answer is the reason to drop it.
   * `fragmented`: it came with a fragment header.
   */
  accept(packet: Packet, info: DatagramInfo, fragmented: boolean): Disposition {
    const { header, counters } = this;
    const reason = parseIcmp(packet.view, packet.prepend, packet.append - packet.prepend, header);
    if (reason !== 0) {
      counters.unhandledMessages++;
      return reason;
    }
    if (!info.checksumVerified && fold(sumPacket(packet) + info.pseudoHeaderSum + packet.length) !== 0xffff) {
      counters.checksumErrors++;
      return DROP_ICMP_CHECKSUM;
    }
    const { type } = header;
    if (type === ICMPV6_ECHO_REQUEST) {
      const disposition = answerEcho(this, packet, info);
      if (disposition !== HANDLED) counters.unhandledMessages++;
      return disposition;
    }
    if (type === ICMPV6_ECHO_REPLY) return echoReplied(this, packet, header, info);
    if (type >= ICMPV6_ROUTER_SOLICITATION && type <= ICMPV6_REDIRECT) {
      const disposition = this.ip.nd.receiver.accept(packet, info, type, fragmented);
      if (disposition !== HANDLED) counters.unhandledMessages++;
      return disposition;
    }
    if (isIcmpv6Error(type)) {
      const disposition = this.errors.receive(packet, header);
      if (disposition !== HANDLED) counters.unhandledMessages++;
      return disposition;
    }
    if (isMulticastListener(type)) {
      const incoming = this.ip.interfaceAt(info.interfaceIndex) as IpInterface;
      const refusal = this.ip.groups.mld.accept(packet, incoming, info.source0, info.destination0, info.timeToLive);
      if (refusal !== 0) {
        counters.unhandledMessages++;
        return refusal;
      }
      packet.release();
      return HANDLED;
    }
    counters.unhandledMessages++;
    return DROP_ICMP_TYPE;
  }
}

function isMulticastListener(type: number): boolean {
  return (
    (type >= ICMPV6_MLD_QUERY && type <= ICMPV6_MLD_DONE) || type === ICMPV6_MLD2_REPORT || type === ICMPV6_MLD_REPORT
  );
}
