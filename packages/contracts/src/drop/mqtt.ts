import type { DropDescription } from '../drop.ts';

/** Why a control packet is refused, or a connection was given up (MQTT 3.1.1). Reasons 0x100 and up. */
export const DROP_MQTT_INCOMPLETE = 0x100;
export const DROP_MQTT_TYPE = 0x101;
export const DROP_MQTT_FLAGS = 0x102;
export const DROP_MQTT_REMAINING_LENGTH = 0x103;
export const DROP_MQTT_LENGTH = 0x104;
export const DROP_MQTT_TOO_LARGE = 0x105;
export const DROP_MQTT_DIRECTION = 0x106;
export const DROP_MQTT_STRING_LENGTH = 0x107;
export const DROP_MQTT_UTF8 = 0x108;
export const DROP_MQTT_STRING_NULL = 0x109;
export const DROP_MQTT_TOPIC_EMPTY = 0x10a;
export const DROP_MQTT_TOPIC_WILDCARD = 0x10b;
export const DROP_MQTT_FILTER = 0x10c;
export const DROP_MQTT_NO_FILTER = 0x10d;
export const DROP_MQTT_PACKET_ID_ZERO = 0x10e;
export const DROP_MQTT_PACKET_ID_UNKNOWN = 0x10f;
export const DROP_MQTT_QOS = 0x110;
export const DROP_MQTT_DUP = 0x111;
export const DROP_MQTT_QOS2_UNSUPPORTED = 0x112;
export const DROP_MQTT_PROTOCOL_NAME = 0x113;
export const DROP_MQTT_PROTOCOL_LEVEL = 0x114;
export const DROP_MQTT_CONNECT_FLAGS = 0x115;
export const DROP_MQTT_CLIENT_ID = 0x116;
export const DROP_MQTT_CONNACK_FLAGS = 0x117;
export const DROP_MQTT_RETURN_CODE = 0x118;
export const DROP_MQTT_SESSION_PRESENT = 0x119;
export const DROP_MQTT_CONNACK_MISSING = 0x11a;
export const DROP_MQTT_CONNACK_AGAIN = 0x11b;
export const DROP_MQTT_PINGRESP_UNASKED = 0x11c;
export const DROP_MQTT_TRAILING = 0x11d;
export const DROP_MQTT_PING_TIMEOUT = 0x120;
export const DROP_MQTT_PEER_CLOSED = 0x121;
export const DROP_MQTT_REFUSED = 0x122;
export const DROP_MQTT_CONNECT_TIMEOUT = 0x123;
export const DROP_MQTT_CUT_OFF = 0x124;

export const DROP_MQTT: readonly DropDescription[] = [
  [DROP_MQTT_INCOMPLETE, 'mqtt-incomplete', 'the control packet ends before its remaining length says'],
  [DROP_MQTT_TYPE, 'mqtt-type', 'control packet types 0 and 15 are reserved (MQTT 2.2.1)'],
  [DROP_MQTT_FLAGS, 'mqtt-flags', 'the flags of the fixed header are not those of this type (MQTT-2.2.2-1)'],
  [
    DROP_MQTT_REMAINING_LENGTH,
    'mqtt-remaining-length',
    'the remaining length is not 1 to 4 octets of the shortest form (MQTT 2.2.3)',
  ],
  [DROP_MQTT_LENGTH, 'mqtt-length', 'the remaining length is impossible for this type'],
  [DROP_MQTT_TOO_LARGE, 'mqtt-too-large', 'the control packet is larger than the client accepts'],
  [DROP_MQTT_DIRECTION, 'mqtt-direction', 'a broker does not send this type'],
  [DROP_MQTT_STRING_LENGTH, 'mqtt-string-length', 'a length prefix points past the end of the control packet'],
  [DROP_MQTT_UTF8, 'mqtt-utf8', 'a string is not well-formed UTF-8 or encodes a surrogate (MQTT-1.5.3-1)'],
  [DROP_MQTT_STRING_NULL, 'mqtt-string-null', 'a string contains U+0000 (MQTT-1.5.3-2)'],
  [DROP_MQTT_TOPIC_EMPTY, 'mqtt-topic-empty', 'a topic name or filter has no characters (MQTT-4.7.3-1)'],
  [DROP_MQTT_TOPIC_WILDCARD, 'mqtt-topic-wildcard', 'a topic name contains a wildcard (MQTT-3.3.2-2)'],
  [DROP_MQTT_FILTER, 'mqtt-filter', 'a wildcard shares its level of the filter, or # is not last (MQTT-4.7.1-2, -3)'],
  [DROP_MQTT_NO_FILTER, 'mqtt-no-filter', 'the payload lists no topic filter (MQTT-3.8.3-3, 3.10.3-2)'],
  [DROP_MQTT_PACKET_ID_ZERO, 'mqtt-packet-id-zero', 'the packet identifier is 0 (MQTT-2.3.1-1)'],
  [
    DROP_MQTT_PACKET_ID_UNKNOWN,
    'mqtt-packet-id-unknown',
    'the acknowledged packet identifier is not in flight (MQTT-2.3.1-6)',
  ],
  [DROP_MQTT_QOS, 'mqtt-qos', 'QoS 3 does not exist (MQTT-3.3.1-4)'],
  [DROP_MQTT_DUP, 'mqtt-dup', 'a QoS 0 PUBLISH has the DUP flag (MQTT-3.3.1-2)'],
  [
    DROP_MQTT_QOS2_UNSUPPORTED,
    'mqtt-qos2-unsupported',
    'a QoS 2 PUBLISH, which was never subscribed to and is not supported',
  ],
  [DROP_MQTT_PROTOCOL_NAME, 'mqtt-protocol-name', 'the protocol name is not MQTT (MQTT-3.1.2-1)'],
  [DROP_MQTT_PROTOCOL_LEVEL, 'mqtt-protocol-level', 'the protocol level is not 4 (MQTT-3.1.2-2)'],
  [
    DROP_MQTT_CONNECT_FLAGS,
    'mqtt-connect-flags',
    'the connect flags contradict each other or use the reserved bit (MQTT-3.1.2-3)',
  ],
  [DROP_MQTT_CLIENT_ID, 'mqtt-client-id', 'an empty client identifier needs a clean session (MQTT-3.1.3-7)'],
  [DROP_MQTT_CONNACK_FLAGS, 'mqtt-connack-flags', 'reserved bits of the acknowledge flags are set (MQTT 3.2.2.1)'],
  [DROP_MQTT_RETURN_CODE, 'mqtt-return-code', 'the return code is a reserved one (MQTT 3.2.2.3, MQTT-3.9.3-2)'],
  [
    DROP_MQTT_SESSION_PRESENT,
    'mqtt-session-present',
    'a session is said to be present that cannot be (MQTT-3.2.2-1, -4)',
  ],
  [DROP_MQTT_CONNACK_MISSING, 'mqtt-connack-missing', 'the first control packet is not a CONNACK (MQTT-3.2.0-1)'],
  [DROP_MQTT_CONNACK_AGAIN, 'mqtt-connack-again', 'a second CONNACK on one connection'],
  [DROP_MQTT_PINGRESP_UNASKED, 'mqtt-pingresp-unasked', 'a PINGRESP without a PINGREQ'],
  [DROP_MQTT_TRAILING, 'mqtt-trailing', 'octets are left over after the last field'],
  [DROP_MQTT_PING_TIMEOUT, 'mqtt-ping-timeout', 'no PINGRESP came in time'],
  [DROP_MQTT_PEER_CLOSED, 'mqtt-peer-closed', 'the broker closed the connection'],
  [DROP_MQTT_REFUSED, 'mqtt-refused', 'the broker refused the connection with its return code'],
  [DROP_MQTT_CONNECT_TIMEOUT, 'mqtt-connect-timeout', 'the connection was not accepted within the wait option'],
  [DROP_MQTT_CUT_OFF, 'mqtt-cut-off', 'the broker closed the connection in the middle of a control packet'],
];
