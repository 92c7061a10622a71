import { LAYER_MQTT, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_MQTT << 8;

/** CONNECT is handed to the stream. a keep-alive in seconds, b connect flags, c octets, d messages waiting to be resent. */
export const TRACE_MQTT_CONNECT = LAYER | 0x01;
/** CONNACK arrived. a return code, b session present, c the status it means. */
export const TRACE_MQTT_CONNACK = LAYER | 0x02;
/** PUBLISH is handed to the stream for the first time. a QoS, b packet identifier, c octets, d retain. */
export const TRACE_MQTT_PUBLISH_SENT = LAYER | 0x03;
/** PUBLISH arrived and was queued. a QoS, b packet identifier, c octets, d messages in the receive queue. */
export const TRACE_MQTT_PUBLISH_RECEIVED = LAYER | 0x04;
/** Any other control packet is handed to the stream. a type, b packet identifier, c octets. */
export const TRACE_MQTT_SENT = LAYER | 0x05;
/** An acknowledgement arrived. a type, b packet identifier, c return code of SUBACK, d transmit queue after it. */
export const TRACE_MQTT_ACKNOWLEDGED = LAYER | 0x06;
/** A PUBLISH kept over a reconnect is sent again. a QoS, b packet identifier, c octets, d times sent before. */
export const TRACE_MQTT_RESENT = LAYER | 0x07;
/** PINGREQ is handed to the stream. a keep-alive in seconds. */
export const TRACE_MQTT_PING = LAYER | 0x08;
/** PINGRESP arrived. a microseconds since PINGREQ. */
export const TRACE_MQTT_PING_ANSWERED = LAYER | 0x09;
/** No PINGRESP came in time. a microseconds since PINGREQ. */
export const TRACE_MQTT_PING_TIMEOUT = LAYER | 0x0a;
/** The broker broke the protocol. a reason, b first octet of the control packet. */
export const TRACE_MQTT_VIOLATION = LAYER | 0x0b;
/** The client changed state. a from, b to. */
export const TRACE_MQTT_STATE = LAYER | 0x0c;
/** The connection is over, or was not made. a status, b reason or 0, c status of the stream below. */
export const TRACE_MQTT_ENDED = LAYER | 0x0d;
/** The stream takes no more for now. a status, b octets of the packet not yet taken, c packets behind it. */
export const TRACE_MQTT_BLOCKED = LAYER | 0x0e;
/** A packet was needed and the pool was empty; it is tried again at the next tick. a type it was for. */
export const TRACE_MQTT_POOL_EMPTY = LAYER | 0x0f;
/** A QoS 2 message that was received before arrived again; it is acknowledged and not handed on. a QoS, b packet identifier. */
export const TRACE_MQTT_DUPLICATE = LAYER | 0x10;
/** PUBREL arrived. a packet identifier, b QoS 2 messages still held, c 1 when it was held and 0 when it had been let go before. */
export const TRACE_MQTT_RELEASED = LAYER | 0x11;
/** Another attempt to connect is due. a attempts in this series, b microseconds until it begins. */
export const TRACE_MQTT_RECONNECT = LAYER | 0x12;
/** The session was taken up from its store. a messages to send again, b received and not taken, c QoS 2 messages held. */
export const TRACE_MQTT_RESTORED = LAYER | 0x13;

export const MQTT_EVENTS: readonly TraceEventDescription[] = [
  {
    id: TRACE_MQTT_CONNECT,
    name: 'mqtt.connect',
    arguments: ['count', 'hex', 'bytes', 'count'],
    text: 'CONNECT keep-alive {a} s, flags {b}, {c}; {d} unacknowledged kept',
    comment: true,
  },
  {
    id: TRACE_MQTT_CONNACK,
    name: 'mqtt.connack',
    arguments: ['count', 'count', 'status', 'none'],
    text: 'CONNACK return code {a}, session present {b}: {c}',
    comment: true,
  },
  {
    id: TRACE_MQTT_PUBLISH_SENT,
    name: 'mqtt.publish-sent',
    arguments: ['count', 'count', 'bytes', 'count'],
    text: 'PUBLISH sent: QoS {a}, id {b}, {c}, retain {d}',
    comment: true,
  },
  {
    id: TRACE_MQTT_PUBLISH_RECEIVED,
    name: 'mqtt.publish-received',
    arguments: ['count', 'count', 'bytes', 'count'],
    text: 'PUBLISH received: QoS {a}, id {b}, {c}; {d} in the receive queue',
    comment: false,
  },
  {
    id: TRACE_MQTT_SENT,
    name: 'mqtt.sent',
    arguments: ['mqttType', 'count', 'bytes', 'none'],
    text: '{a} sent: id {b}, {c}',
    comment: true,
  },
  {
    id: TRACE_MQTT_ACKNOWLEDGED,
    name: 'mqtt.acknowledged',
    arguments: ['mqttType', 'count', 'hex', 'count'],
    text: '{a} for id {b}, code {c}; {d} still in the transmit queue',
    comment: false,
  },
  {
    id: TRACE_MQTT_RESENT,
    name: 'mqtt.resent',
    arguments: ['count', 'count', 'bytes', 'count'],
    text: 'PUBLISH sent again with DUP: QoS {a}, id {b}, {c}; not acknowledged the {d:time} before',
    comment: true,
  },
  {
    id: TRACE_MQTT_PING,
    name: 'mqtt.ping',
    arguments: ['count', 'none', 'none', 'none'],
    text: 'PINGREQ: nothing else was sent for almost the keep-alive of {a} s',
    comment: true,
  },
  {
    id: TRACE_MQTT_PING_ANSWERED,
    name: 'mqtt.ping-answered',
    arguments: ['microseconds', 'none', 'none', 'none'],
    text: 'PINGRESP after {a}',
    comment: false,
  },
  {
    id: TRACE_MQTT_PING_TIMEOUT,
    name: 'mqtt.ping-timeout',
    arguments: ['microseconds', 'none', 'none', 'none'],
    text: 'no PINGRESP for {a}: the connection is given up',
    comment: true,
  },
  {
    id: TRACE_MQTT_VIOLATION,
    name: 'mqtt.violation',
    arguments: ['reason', 'hex', 'none', 'none'],
    text: 'the broker broke the protocol ({a}) in the control packet that begins with {b}: the connection is closed',
    comment: true,
  },
  {
    id: TRACE_MQTT_STATE,
    name: 'mqtt.state',
    arguments: ['mqttState', 'mqttState', 'none', 'none'],
    text: 'the client was {a} and is {b}',
    comment: false,
  },
  {
    id: TRACE_MQTT_ENDED,
    name: 'mqtt.ended',
    arguments: ['status', 'reason', 'status', 'none'],
    text: 'connection over: {a}, {b}; the stream said {c}',
    comment: false,
  },
  {
    id: TRACE_MQTT_BLOCKED,
    name: 'mqtt.blocked',
    arguments: ['status', 'bytes', 'count', 'none'],
    text: 'the stream takes no more for now ({a}): {b} of this packet and {c:packet} more wait',
    comment: false,
  },
  {
    id: TRACE_MQTT_POOL_EMPTY,
    name: 'mqtt.pool-empty',
    arguments: ['mqttType', 'none', 'none', 'none'],
    text: 'the packet pool is empty: {a} waits for the next tick',
    comment: false,
  },
  {
    id: TRACE_MQTT_DUPLICATE,
    name: 'mqtt.duplicate',
    arguments: ['count', 'count', 'none', 'none'],
    text: 'PUBLISH received before: QoS {a}, id {b}; acknowledged again, not handed on again',
    comment: false,
  },
  {
    id: TRACE_MQTT_RELEASED,
    name: 'mqtt.released',
    arguments: ['count', 'count', 'count', 'none'],
    text: 'PUBREL for id {a}, held {c}; {b:QoS 2 message} still held',
    comment: false,
  },
  {
    id: TRACE_MQTT_RECONNECT,
    name: 'mqtt.reconnect',
    arguments: ['count', 'microseconds', 'none', 'none'],
    text: 'attempt {a} to connect again begins in {b}',
    comment: false,
  },
  {
    id: TRACE_MQTT_RESTORED,
    name: 'mqtt.restored',
    arguments: ['count', 'count', 'count', 'none'],
    text: 'session from the store: {a} to send again, {b} not taken by the application, {c:QoS 2 message} held',
    comment: false,
  },
];
