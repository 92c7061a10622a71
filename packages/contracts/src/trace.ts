/**
 * Tracing: numbered events with four numbers each, as NetX's trace insertion points. A layer holds `tracer`, or null, and
 * an event costs one branch when nobody listens. Every event is a plain record, so it can cross to a worker or a page.
 */
export interface Tracer {
  /**
   * @param id one of the TRACE_ constants; the layer is `id >> 8`
   * @param ref the packet concerned, or null. Its `frameId` is 0 until it has been on a link.
   */
  event(id: number, a: number, b: number, c: number, d: number, ref: TraceRef | null): void;
}

/** What an event may point to. Every packet is one. */
export interface TraceRef {
  readonly frameId: number;
}

/** Layer numbers: the upper byte of an event id, and the order of floors. */
export const LAYER_TIME = 0;
export const LAYER_PACKET = 1;
export const LAYER_LINK = 2;
export const LAYER_ETHERNET = 3;
export const LAYER_ARP = 4;
export const LAYER_IP = 5;
export const LAYER_ICMP = 6;
export const LAYER_UDP = 7;
export const LAYER_TCP = 8;
export const LAYER_TLS = 9;
export const LAYER_MQTT = 10;
export const LAYER_DHCP = 11;
export const LAYER_DNS = 12;
export const LAYER_ND = 13;

/** The names that `--trace` takes, by layer number. */
export const LAYER_NAMES: readonly string[] = [
  'time',
  'packet',
  'link',
  'ethernet',
  'arp',
  'ip',
  'icmp',
  'udp',
  'tcp',
  'tls',
  'mqtt',
  'dhcp',
  'dns',
  'nd',
];

/**
 * How an argument of an event is to be shown. An `address6` is four arguments, shown where the text names the first; an
 * `icmpError` or `icmpv6Error` is two, type and code.
 */
export type TraceArgument =
  | 'none'
  | 'count'
  | 'bytes'
  | 'microseconds'
  | 'address'
  | 'address6'
  | 'port'
  | 'sequence'
  | 'tcpState'
  | 'tcpFlags'
  | 'recoveryPhase'
  | 'repeatCause'
  | 'undoEvidence'
  | 'mqttType'
  | 'mqttState'
  | 'dhcpMessage'
  | 'dhcpState'
  | 'tlsState'
  | 'tlsVersion'
  | 'tlsRecord'
  | 'tlsAlert'
  | 'dnsType'
  | 'dnsCode'
  | 'etherType'
  | 'arpOperation'
  | 'ipProtocol'
  | 'icmpError'
  | 'icmpv6Error'
  | 'ndMessage'
  | 'networkError'
  | 'yesNo'
  | 'status'
  | 'reason'
  | 'hex';

/**
 * What an event means, for whoever prints or stores it. `text` names the arguments in braces: `{a}` … `{d}`; `{a:query|queries}`
 * is the number with its noun, which may leave the second form to an s.
 */
export interface TraceEventDescription {
  readonly id: number;
  readonly name: string;
  readonly arguments: readonly [TraceArgument, TraceArgument, TraceArgument, TraceArgument];
  readonly text: string;
  /** True when the event explains a frame and belongs in the capture as a comment. */
  readonly comment: boolean;
}
