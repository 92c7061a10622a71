import {
  DROP_MQTT_CLIENT_ID,
  DROP_MQTT_CONNECT_FLAGS,
  DROP_MQTT_DUP,
  DROP_MQTT_LENGTH,
  DROP_MQTT_NO_FILTER,
  DROP_MQTT_PACKET_ID_ZERO,
  DROP_MQTT_QOS,
  DROP_MQTT_RETURN_CODE,
  DROP_MQTT_SESSION_PRESENT,
  DROP_MQTT_STRING_LENGTH,
  DROP_MQTT_TOO_LARGE,
} from '@strata/contracts';
import {
  CONNECT_CLEAN_SESSION,
  CONNECT_PASSWORD,
  CONNECT_USERNAME,
  CONNECT_WILL,
  CONNECT_WILL_RETAIN,
  type ConnectPacket,
  MAXIMUM_FIELD,
  MAXIMUM_REMAINING_LENGTH,
  MQTT_CONNACK,
  MQTT_CONNECT,
  MQTT_DISCONNECT,
  MQTT_PINGREQ,
  MQTT_PINGRESP,
  MQTT_PUBLISH,
  MQTT_SUBACK,
  MQTT_SUBSCRIBE,
  MQTT_UNSUBSCRIBE,
  type MqttPacket,
  PROTOCOL_LEVEL_3_1_1,
  PUBLISH_DUP,
  PUBLISH_RETAIN,
  SUBACK_FAILURE,
} from './control-packet.ts';
import { firstOctet, lengthOctets, writeFixedHeader } from './fixed-header.ts';
import { checkFilterText, checkStringText, checkTopicText } from './topic.ts';
import { utf8Length, writeUtf8 } from './utf8.ts';

/** What {@link encodeMqtt} answers: the octets, or why there are none. */
export interface EncodeResult {
  /** 0, or one of the DROP_MQTT_ reasons. */
  readonly reason: number;
  readonly bytes: Uint8Array | null;
}

/** Encodes any control packet. For tools and tests; the client's own path writes straight into packets. */
export function encodeMqtt(packet: MqttPacket): EncodeResult {
  const reason = checkMqtt(packet);
  if (reason !== 0) return { reason, bytes: null };
  const bytes = new Uint8Array(encodedSize(packet));
  emitMqtt(packet, bytes, 0);
  return { reason: 0, bytes };
}

/** Judges whether MQTT can carry the packet. 0 or the reason. */
export function checkMqtt(packet: MqttPacket): number {
  const reason = checkFields(packet);
  if (reason !== 0) return reason;
  return remainingLength(packet) > MAXIMUM_REMAINING_LENGTH ? DROP_MQTT_TOO_LARGE : 0;
}

function checkFields(packet: MqttPacket): number {
  switch (packet.type) {
    case MQTT_CONNECT:
      return checkConnect(packet);
    case MQTT_CONNACK:
      if (!inRange(packet.returnCode, 0, 5)) return DROP_MQTT_RETURN_CODE;
      return packet.sessionPresent && packet.returnCode !== 0 ? DROP_MQTT_SESSION_PRESENT : 0;
    case MQTT_PUBLISH:
      if (!inRange(packet.qos, 0, 2)) return DROP_MQTT_QOS;
      if (packet.qos === 0 && packet.dup) return DROP_MQTT_DUP;
      if (packet.qos !== 0 && !inRange(packet.id, 1, 65535)) return DROP_MQTT_PACKET_ID_ZERO;
      return checkTopicText(packet.topic);
    case MQTT_SUBSCRIBE:
      if (!packet.subscriptions.every(({ qos }) => inRange(qos, 0, 2))) return DROP_MQTT_QOS;
      return checkFilters(
        packet.id,
        packet.subscriptions.map(({ filter }) => filter),
      );
    case MQTT_UNSUBSCRIBE:
      return checkFilters(packet.id, packet.filters);
    case MQTT_SUBACK:
      if (!inRange(packet.id, 1, 65535)) return DROP_MQTT_PACKET_ID_ZERO;
      if (packet.returnCodes.length === 0) return DROP_MQTT_LENGTH;
      return packet.returnCodes.every((code) => inRange(code, 0, 2) || code === SUBACK_FAILURE)
        ? 0
        : DROP_MQTT_RETURN_CODE;
    case MQTT_PINGREQ:
    case MQTT_PINGRESP:
    case MQTT_DISCONNECT:
      return 0;
    default:
      return inRange(packet.id, 1, 65535) ? 0 : DROP_MQTT_PACKET_ID_ZERO;
  }
}

function checkFilters(id: number, filters: readonly string[]): number {
  if (!inRange(id, 1, 65535)) return DROP_MQTT_PACKET_ID_ZERO;
  if (filters.length === 0) return DROP_MQTT_NO_FILTER;
  for (const filter of filters) {
    const reason = checkFilterText(filter);
    if (reason !== 0) return reason;
  }
  return 0;
}

function checkConnect(packet: ConnectPacket): number {
  if (!inRange(packet.keepAlive, 0, 65535)) return DROP_MQTT_LENGTH;
  if (packet.clientId === '' && !packet.cleanSession) return DROP_MQTT_CLIENT_ID;
  if (packet.password !== null && packet.username === null) return DROP_MQTT_CONNECT_FLAGS;
  let reason = checkStringText(packet.clientId);
  if (reason === 0 && packet.will !== null) {
    if (!inRange(packet.will.qos, 0, 2)) return DROP_MQTT_QOS;
    if (packet.will.payload.length > MAXIMUM_FIELD) return DROP_MQTT_STRING_LENGTH;
    reason = checkTopicText(packet.will.topic);
  }
  if (reason === 0 && packet.username !== null) reason = checkStringText(packet.username);
  if (reason === 0 && packet.password !== null && packet.password.length > MAXIMUM_FIELD) {
    reason = DROP_MQTT_STRING_LENGTH;
  }
  return reason;
}

function inRange(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}

/** Octets of the whole control packet, which {@link checkMqtt} accepted. */
export function encodedSize(packet: MqttPacket): number {
  const remaining = remainingLength(packet);
  return 1 + lengthOctets(remaining) + remaining;
}

function remainingLength(packet: MqttPacket): number {
  switch (packet.type) {
    case MQTT_CONNECT: {
      let size = 10 + stringSize(packet.clientId);
      if (packet.will !== null) size += stringSize(packet.will.topic) + 2 + packet.will.payload.length;
      if (packet.username !== null) size += stringSize(packet.username);
      if (packet.password !== null) size += 2 + packet.password.length;
      return size;
    }
    case MQTT_PUBLISH:
      return stringSize(packet.topic) + (packet.qos === 0 ? 0 : 2) + packet.payload.length;
    case MQTT_SUBSCRIBE:
      return packet.subscriptions.reduce((size, { filter }) => size + stringSize(filter) + 1, 2);
    case MQTT_UNSUBSCRIBE:
      return packet.filters.reduce((size, filter) => size + stringSize(filter), 2);
    case MQTT_SUBACK:
      return 2 + packet.returnCodes.length;
    case MQTT_PINGREQ:
    case MQTT_PINGRESP:
    case MQTT_DISCONNECT:
      return 0;
    default:
      return 2;
  }
}

function stringSize(text: string): number {
  return 2 + utf8Length(text);
}

/** Writes a control packet that {@link checkMqtt} accepted; returns the offset after it. */
export function emitMqtt(packet: MqttPacket, target: Uint8Array, offset: number): number {
  let first = firstOctet(packet.type);
  if (packet.type === MQTT_PUBLISH) first = publishOctet(packet.qos, packet.retain) | (packet.dup ? PUBLISH_DUP : 0);
  let at = writeFixedHeader(target, offset, first, remainingLength(packet));
  switch (packet.type) {
    case MQTT_CONNECT: {
      const { will } = packet;
      at = writeProtocol(target, at);
      target[at++] =
        (packet.cleanSession ? CONNECT_CLEAN_SESSION : 0) |
        (will === null ? 0 : CONNECT_WILL | (will.qos << 3) | (will.retain ? CONNECT_WILL_RETAIN : 0)) |
        (packet.username === null ? 0 : CONNECT_USERNAME) |
        (packet.password === null ? 0 : CONNECT_PASSWORD);
      at = writeUint16(target, at, packet.keepAlive);
      at = writeString(target, at, packet.clientId);
      if (will !== null) {
        at = writeString(target, at, will.topic);
        at = writeBinary(target, at, will.payload);
      }
      if (packet.username !== null) at = writeString(target, at, packet.username);
      if (packet.password !== null) at = writeBinary(target, at, packet.password);
      return at;
    }
    case MQTT_CONNACK:
      target[at++] = packet.sessionPresent ? 1 : 0;
      target[at++] = packet.returnCode;
      return at;
    case MQTT_PUBLISH:
      at = writeString(target, at, packet.topic);
      if (packet.qos !== 0) at = writeUint16(target, at, packet.id);
      target.set(packet.payload, at);
      return at + packet.payload.length;
    case MQTT_SUBSCRIBE:
      at = writeUint16(target, at, packet.id);
      for (const { filter, qos } of packet.subscriptions) {
        at = writeString(target, at, filter);
        target[at++] = qos;
      }
      return at;
    case MQTT_UNSUBSCRIBE:
      at = writeUint16(target, at, packet.id);
      for (const filter of packet.filters) at = writeString(target, at, filter);
      return at;
    case MQTT_SUBACK:
      at = writeUint16(target, at, packet.id);
      for (const code of packet.returnCodes) target[at++] = code;
      return at;
    case MQTT_PINGREQ:
    case MQTT_PINGRESP:
    case MQTT_DISCONNECT:
      return at;
    default:
      return writeUint16(target, at, packet.id);
  }
}

/** The first octet of a PUBLISH without DUP. */
export function publishOctet(qos: number, retain: boolean): number {
  return (MQTT_PUBLISH << 4) | (qos << 1) | (retain ? PUBLISH_RETAIN : 0);
}

/** Protocol name and level: the first seven octets of CONNECT's variable header. */
export function writeProtocol(target: Uint8Array, offset: number): number {
  const at = writeString(target, offset, 'MQTT');
  target[at] = PROTOCOL_LEVEL_3_1_1;
  return at + 1;
}

export function writeUint16(target: Uint8Array, offset: number, value: number): number {
  target[offset] = value >> 8;
  target[offset + 1] = value & 0xff;
  return offset + 2;
}

/** A string with its length in front. */
export function writeString(target: Uint8Array, offset: number, text: string): number {
  const end = writeUtf8(text, target, offset + 2);
  writeUint16(target, offset, end - offset - 2);
  return end;
}

/** Octets with their length in front. */
export function writeBinary(target: Uint8Array, offset: number, bytes: Uint8Array): number {
  target.set(bytes, writeUint16(target, offset, bytes.length));
  return offset + 2 + bytes.length;
}
