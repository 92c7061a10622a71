import { decodeMqttSegment } from './application/mqtt.ts';
import type { MqttMessage } from './application/mqtt-message.ts';
import { Context, type Decoder, type DecoderTable, type DecodeSettings } from './context.ts';
import type { IpFacts, TcpFacts, UdpFacts } from './facts.ts';
import { type Layer, type Problem, problemsOf } from './field.ts';
import { decodeArp } from './network/arp.ts';
import { decodeEthernet } from './network/ethernet.ts';
import { decodeIcmpv4, decodeIgmp } from './network/icmpv4.ts';
import { decodeIcmpv6 } from './network/icmpv6.ts';
import { decodeIpv4 } from './network/ipv4.ts';
import { decodeIpv6 } from './network/ipv6.ts';
import { decodeTcp } from './transport/tcp.ts';
import { decodeUdp } from './transport/udp.ts';

export interface DissectOptions {
  /** What the bytes begin with: an Ethernet header (default), an IPv4 or IPv6 header, or an MQTT control packet. */
  readonly link?: 'ethernet' | 'ip' | 'mqtt' | undefined;
  /** Whether to judge checksums. Default true; false for frames whose checksums somebody else fills in later. */
  readonly checksums?: boolean | undefined;
  /** TCP ports that carry MQTT. Default 1883. */
  readonly mqttPorts?: readonly number[] | undefined;
  /** TCP ports that carry TLS. Default 443 and 8883. */
  readonly tlsPorts?: readonly number[] | undefined;
}

/** A frame taken apart. */
export interface Dissection {
  readonly bytes: Uint8Array;
  /** Outermost first; offsets are those of `bytes`. */
  readonly layers: readonly Layer[];
  /** One line for the whole frame. */
  readonly summary: string;
  /** Everything that is wrong with it, from all fields, with the name of the layer in front. */
  readonly problems: readonly Problem[];
  readonly ip: IpFacts | null;
  readonly udp: UdpFacts | null;
  readonly tcp: TcpFacts | null;
  readonly mqtt: readonly MqttMessage[];
}

const TABLE: DecoderTable = {
  etherTypes: new Map<number, Decoder>([
    [0x0800, decodeIpv4],
    [0x0806, decodeArp],
    [0x8035, decodeArp],
    [0x86dd, decodeIpv6],
  ]),
  ipProtocols: new Map<number, Decoder>([
    [1, decodeIcmpv4],
    [2, decodeIgmp],
    [6, decodeTcp],
    [17, decodeUdp],
    [58, decodeIcmpv6],
  ]),
};

const DEFAULT_MQTT_PORTS: readonly number[] = [1883];
const DEFAULT_TLS_PORTS: readonly number[] = [443, 8883];

/** Takes a frame apart. Never throws, whatever the bytes; what is wrong with them is in the tree. */
export function dissect(bytes: Uint8Array, options: DissectOptions = {}): Dissection {
  const settings: DecodeSettings = {
    checksums: options.checksums ?? true,
    mqttPorts: options.mqttPorts ?? DEFAULT_MQTT_PORTS,
    tlsPorts: options.tlsPorts ?? DEFAULT_TLS_PORTS,
  };
  const context = new Context(bytes, TABLE, settings, false);
  if (options.link === 'mqtt') decodeMqttSegment(context, 0, bytes.length);
  else if (options.link === 'ip') {
    const version = bytes.length > 0 ? (bytes[0] as number) >>> 4 : 0;
    if (version === 6) decodeIpv6(context, 0, bytes.length);
    else decodeIpv4(context, 0, bytes.length);
  } else decodeEthernet(context, 0, bytes.length);
  const { layers, ip, udp, tcp, mqtt } = context;
  return { bytes, layers, summary: summarize(layers, mqtt), problems: collect(layers), ip, udp, tcp, mqtt };
}

/** A frame in one line: what its innermost protocol says, such as `MQTT PUBLISH qos1 id=3 "plant/7/temp" 12 B`. */
export function summary(bytes: Uint8Array, options: DissectOptions = {}): string {
  return dissect(bytes, options).summary;
}

function summarize(layers: readonly Layer[], mqtt: readonly MqttMessage[]): string {
  const records = layers.filter((layer) => layer.protocol === 'tls' || layer.protocol === 'mqtt');
  if (records.length > 1 || mqtt.length > 1) return records.map((layer) => layer.summary).join('; ');
  const known = layers.filter((layer) => layer.protocol !== 'data');
  return known[known.length - 1]?.summary ?? `${layers[0]?.length ?? 0} B`;
}

function collect(layers: readonly Layer[]): Problem[] {
  const named = (layer: Layer) =>
    problemsOf(layer).map(({ kind, text }): Problem => ({ kind, text: `${layer.name}: ${text}` }));
  return layers.flatMap(named);
}
