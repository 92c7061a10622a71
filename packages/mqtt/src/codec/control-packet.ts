/** Control packet types (MQTT 3.1.1, table 2.1): the upper four bits of the first octet. */
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

/** Names by type number; 0 and 15 are reserved. */
export const MQTT_TYPE_NAMES: readonly string[] = [
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

/** Flag bits of PUBLISH in the first octet. */
export const PUBLISH_DUP = 0x08;
export const PUBLISH_RETAIN = 0x01;

/** Connect flags (3.1.2.3). */
export const CONNECT_CLEAN_SESSION = 0x02;
export const CONNECT_WILL = 0x04;
export const CONNECT_WILL_RETAIN = 0x20;
export const CONNECT_PASSWORD = 0x40;
export const CONNECT_USERNAME = 0x80;

/** Protocol level of MQTT 3.1.1. */
export const PROTOCOL_LEVEL_3_1_1 = 4;

/** SUBACK's return code for a refused filter; 0, 1 and 2 are the QoS granted. */
export const SUBACK_FAILURE = 0x80;

/** The longest string or binary field: its length prefix has 16 bits. */
export const MAXIMUM_FIELD = 65_535;
/** The largest remaining length (2.2.3). */
export const MAXIMUM_REMAINING_LENGTH = 268_435_455;

export type Qos = 0 | 1 | 2;

/** The message the broker is to publish when this connection ends without DISCONNECT. */
export interface MqttWill {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
}

export interface ConnectPacket {
  readonly type: typeof MQTT_CONNECT;
  readonly clientId: string;
  readonly cleanSession: boolean;
  /** Seconds, 0..65535; 0 = off. */
  readonly keepAlive: number;
  readonly will: MqttWill | null;
  readonly username: string | null;
  /** Null: none. Only together with a user name. */
  readonly password: Uint8Array | null;
}

export interface ConnackPacket {
  readonly type: typeof MQTT_CONNACK;
  readonly sessionPresent: boolean;
  /** 0 accepted, 1..5 why not. */
  readonly returnCode: number;
}

export interface PublishPacket {
  readonly type: typeof MQTT_PUBLISH;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly dup: boolean;
  /** 1..65535 for QoS 1 and 2; 0 for QoS 0, which has none. */
  readonly id: number;
}

/** The five acknowledgements that carry an identifier and nothing else. */
export interface AcknowledgePacket {
  readonly type:
    | typeof MQTT_PUBACK
    | typeof MQTT_PUBREC
    | typeof MQTT_PUBREL
    | typeof MQTT_PUBCOMP
    | typeof MQTT_UNSUBACK;
  readonly id: number;
}

export interface Subscription {
  readonly filter: string;
  readonly qos: Qos;
}

export interface SubscribePacket {
  readonly type: typeof MQTT_SUBSCRIBE;
  readonly id: number;
  readonly subscriptions: readonly Subscription[];
}

export interface SubackPacket {
  readonly type: typeof MQTT_SUBACK;
  readonly id: number;
  /** One per filter: the QoS granted, or {@link SUBACK_FAILURE}. */
  readonly returnCodes: readonly number[];
}

export interface UnsubscribePacket {
  readonly type: typeof MQTT_UNSUBSCRIBE;
  readonly id: number;
  readonly filters: readonly string[];
}

/** The three control packets that are a fixed header and nothing else. */
export interface EmptyPacket {
  readonly type: typeof MQTT_PINGREQ | typeof MQTT_PINGRESP | typeof MQTT_DISCONNECT;
}

/** Any control packet of MQTT 3.1.1. */
export type MqttPacket =
  | ConnectPacket
  | ConnackPacket
  | PublishPacket
  | AcknowledgePacket
  | SubscribePacket
  | SubackPacket
  | UnsubscribePacket
  | EmptyPacket;
