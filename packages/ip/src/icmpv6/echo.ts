import {
  type DatagramInfo,
  type Disposition,
  DROP_ICMP_ECHO_GROUP,
  DROP_ICMP_ECHO_REPLY_FAILED,
  DROP_IPV6_SOURCE_ADDRESS,
  DROP_IPV6_TENTATIVE,
  HANDLED,
  type Packet,
  PROTOCOL_ICMPV6,
  TRACE_ICMPV6_ECHO_ANSWERED,
} from '@strata/contracts';
import { fold, ICMP_CHECKSUM, ICMP_CODE, ICMPV6_ECHO_REPLY, type IcmpRepr, ipv6Address, sumPacket } from '@strata/wire';
import type { IpInterface } from '../interface.ts';
import { isMulticast6, isUnspecified6 } from '../ipv6/scope.ts';
import { selectSource } from '../ipv6/selection.ts';
import type { Icmpv6 } from './icmpv6.ts';

/**
 * An echo request: sends it back in its own packet, from the address it went to, or from one of the receiving interface when
 * that was a group (RFC 4443 4.2).
 */
export function answerEcho(icmp: Icmpv6, packet: Packet, info: DatagramInfo): Disposition {
  const { ip } = icmp;
  const { source0, source1, source2, source3 } = info;
  if (isUnspecified6(source0, source1, source2, source3)) return DROP_IPV6_SOURCE_ADDRESS;
  const remote = ipv6Address(source0, source1, source2, source3);
  const { destination0, destination1, destination2, destination3 } = info;
  let local = ipv6Address(destination0, destination1, destination2, destination3);
  if (!info.toUnicast) {
    if (!isMulticast6(destination0)) return DROP_IPV6_TENTATIVE;
    if (!ip.policy.ipv6.icmp.answerGroupEcho) return DROP_ICMP_ECHO_GROUP;
    const own = selectSource(ip.interfaceAt(info.interfaceIndex) as IpInterface, remote);
    if (own === null) return DROP_ICMP_ECHO_REPLY_FAILED;
    local = own.address;
  }
  const flow = ip.openFlow(remote, PROTOCOL_ICMPV6, local, replyInterface(info));
  if (flow === null) return DROP_ICMP_ECHO_REPLY_FAILED;
  const at = packet.prepend;
  const { view } = packet;
  view.setUint8(at, ICMPV6_ECHO_REPLY);
  view.setUint8(at + ICMP_CODE, 0);
  view.setUint16(at + ICMP_CHECKSUM, 0);
  view.setUint16(at + ICMP_CHECKSUM, ~fold(sumPacket(packet) + flow.pseudoHeaderSum + packet.length) & 0xffff);
  packet.frameId = 0;
  const tracer = ip.tracer;
  if (tracer !== null) tracer.event(TRACE_ICMPV6_ECHO_ANSWERED, source0, source1, source2, source3, packet);
  if (ip.send(packet, flow) !== 0) return DROP_ICMP_ECHO_REPLY_FAILED;
  icmp.counters.pingsAnswered++;
  return HANDLED;
}

/** Where the answer to a datagram from a link-local address must leave; -1 when the routes decide. */
export function replyInterface(info: DatagramInfo): number {
  return info.source0 >>> 22 === 0x3fa && info.interfaceIndex !== 127 ? info.interfaceIndex : -1;
}

/** An echo reply: gives it to the ping that waits for it. */
export function echoReplied(icmp: Icmpv6, packet: Packet, header: IcmpRepr, info: DatagramInfo): Disposition {
  return icmp.ip.icmp.echo.replied(packet, header, info);
}
