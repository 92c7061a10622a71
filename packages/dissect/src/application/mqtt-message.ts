import type { Layer } from '../field.ts';

export const MQTT_CONNECT = 1;
export const MQTT_CONNACK = 2;
export const MQTT_PUBLISH = 3;
export const MQTT_PUBACK = 4;
export const MQTT_PUBREC = 5;
export const MQTT_PUBREL = 6;
export const MQTT_PUBCOMP = 7;
export const MQTT_SUBSCRIBE = 8;
export const MQTT_SUBACK = 9;
export const MQTT_UNSUBSCRIBE = 10;
export const MQTT_UNSUBACK = 11;
export const MQTT_PINGREQ = 12;
export const MQTT_PINGRESP = 13;
export const MQTT_DISCONNECT = 14;

const NAMES: readonly string[] = [
  'reserved 0',
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
  'reserved 15',
];

/** `PUBLISH` for 3. */
export function mqttTypeName(type: number): string {
  return NAMES[type] ?? `type ${type}`;
}

/** One MQTT control packet, as far as it is there. */
export class MqttMessage {
  readonly type: number;
  readonly flags: number;
  /** All its bytes, fixed header included, whether they are here or not. */
  readonly length: number;
  /** False when only the beginning is here. */
  readonly complete: boolean;
  /** -1 when it has none. */
  packetId: number;
  topic: string | null;
  /** Bytes of application message, for PUBLISH. */
  payloadLength: number;
  readonly layer: Layer;

  constructor(type: number, flags: number, length: number, complete: boolean, layer: Layer) {
    this.type = type;
    this.flags = flags;
    this.length = length;
    this.complete = complete;
    this.packetId = -1;
    this.topic = null;
    this.payloadLength = 0;
    this.layer = layer;
  }

  /** `MQTT PUBLISH qos1 id=3 "plant/7/temp" 12 B`. */
  get summary(): string {
    return this.layer.summary;
  }
}
