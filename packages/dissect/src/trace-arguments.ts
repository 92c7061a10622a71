import type { TraceArgument } from '@strata/contracts';
import { formatIpv4 } from '@strata/wire';
import { dnsCodeName, dnsTypeName } from './application/dns.ts';
import { mqttTypeName } from './application/mqtt-message.ts';
import { tlsAlertName, tlsContentName, tlsVersionName } from './application/tls.ts';
import { describeDrop, describeStatus } from './explain.ts';
import { ETHERTYPE_NAMES } from './network/ethernet.ts';
import { ICMP_NAMES } from './network/icmpv4.ts';
import { ICMPV6_NAMES } from './network/icmpv6.ts';
import { IP_PROTOCOL_NAMES } from './network/protocols.ts';
import { durationText, hex } from './text.ts';
import { tcpFlagsText } from './transport/tcp.ts';

/** TCP states by the numbers of NetX (NX_TCP_CLOSED is 1). */
const TCP_STATES: readonly string[] = [
  '',
  'CLOSED',
  'LISTEN',
  'SYN_SENT',
  'SYN_RECEIVED',
  'ESTABLISHED',
  'CLOSE_WAIT',
  'FIN_WAIT_1',
  'FIN_WAIT_2',
  'CLOSING',
  'TIMED_WAIT',
  'LAST_ACK',
];

/** States of the MQTT client; 1 to 3 are NetX Duo's. */
const MQTT_STATES: readonly string[] = ['deleted', 'idle', 'connecting', 'connected', 'disconnecting'];

/** DHCP messages (RFC 2132 9.6), and the states of the client by its numbers (RFC 2131 figure 5). */
const DHCP_MESSAGES: readonly string[] = [
  '',
  'DISCOVER',
  'OFFER',
  'REQUEST',
  'DECLINE',
  'ACK',
  'NAK',
  'RELEASE',
  'INFORM',
];
const DHCP_STATES: readonly string[] = [
  'STOPPED',
  'INIT',
  'SELECTING',
  'REQUESTING',
  'REBOOTING',
  'CHECKING',
  'BOUND',
  'RENEWING',
  'REBINDING',
  'DECLINED',
  'RELEASING',
];

/** Phases of loss recovery, by the engine's numbers. */
const RECOVERY_PHASES: readonly string[] = ['open', 'disorder', 'window reduction', 'fast recovery', 'loss'];

/** Why TCP sends something again. */
const REPEAT_CAUSES: readonly string[] = [
  'no cause',
  'the retransmission timer expired',
  'a segment sent later was delivered, and the reordering window is over (RACK)',
  'enough was SACKed above it (RFC 6675)',
  'a probe of the tail (TLP)',
  'a rescue retransmission (RFC 6675)',
  'three duplicate ACKs',
];

/** What showed that a repair was needless. */
const UNDO_EVIDENCE: readonly string[] = [
  'none',
  'every repeat was reported as a duplicate',
  'the echoed timestamp is older than the first repeat',
  'segments sent once were delivered after the timeout',
];

/** States of a TLS session, by its numbers. */
const TLS_STATES: readonly string[] = ['idle', 'connecting', 'in handshake', 'open', 'ending', 'closed'];

/** ARP operations (RFC 826, RFC 903). */
const ARP_OPERATIONS: readonly string[] = ['', 'a request', 'an answer', 'a RARP request', 'a RARP answer'];

/** Kinds of errors that IP reports to transports. */
const NETWORK_ERRORS: readonly string[] = [
  '',
  'network unreachable',
  'host unreachable',
  'protocol unreachable',
  'port unreachable',
  'packet too big',
  'source route failed',
  'prohibited',
  'time exceeded',
  'parameter problem',
  'the next hop does not answer',
];

/**
 * An argument of a trace event as it is meant.
 * @param next the argument behind it: the code of an ICMP error
 */
export function argumentText(kind: TraceArgument, value: number, next: number): string {
  switch (kind) {
    case 'bytes':
      return `${value} B`;
    case 'microseconds':
      return durationText(value);
    case 'address':
      return formatIpv4(value);
    case 'port':
      return String(value & 0xffff);
    case 'sequence':
      return String(value >>> 0);
    case 'tcpState':
      return TCP_STATES[value] || `state ${value}`;
    case 'tcpFlags':
      return tcpFlagsText(value);
    case 'recoveryPhase':
      return RECOVERY_PHASES[value] ?? `phase ${value}`;
    case 'repeatCause':
      return REPEAT_CAUSES[value] ?? `cause ${value}`;
    case 'undoEvidence':
      return UNDO_EVIDENCE[value] ?? `evidence ${value}`;
    case 'mqttType':
      return mqttTypeName(value);
    case 'dhcpMessage':
      return DHCP_MESSAGES[value] ?? `message ${value}`;
    case 'dhcpState':
      return DHCP_STATES[value] ?? `state ${value}`;
    case 'mqttState':
      return MQTT_STATES[value] ?? `in state ${value}`;
    case 'tlsState':
      return TLS_STATES[value] ?? `state ${value}`;
    case 'tlsVersion':
      return tlsVersionName(value);
    case 'tlsRecord':
      return tlsContentName(value);
    case 'tlsAlert':
      return tlsAlertName(value);
    case 'dnsType':
      return dnsTypeName(value);
    case 'dnsCode':
      return dnsCodeName(value);
    case 'etherType':
      return ETHERTYPE_NAMES.get(value) ?? `type ${hex(value, 4)}`;
    case 'arpOperation':
      return ARP_OPERATIONS[value] ?? `operation ${value}`;
    case 'ipProtocol':
      return IP_PROTOCOL_NAMES.get(value) ?? `protocol ${value}`;
    case 'icmpError':
      return ICMP_NAMES.message(value, next);
    case 'icmpv6Error':
      return ICMPV6_NAMES.message(value, next);
    case 'ndMessage':
      return ICMPV6_NAMES.message(value, 0);
    case 'networkError':
      return NETWORK_ERRORS[value] ?? `kind ${value}`;
    case 'yesNo':
      return value === 0 ? 'no' : 'yes';
    case 'status':
      return describeStatus(value);
    case 'reason':
      return describeDrop(value);
    case 'hex':
    case 'address6':
      return hex(value, 1);
    case 'count':
    case 'none':
      return String(value);
  }
}
