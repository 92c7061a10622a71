import { NX_SUCCESS, type Packet, type Status } from '@strata/contracts';
import {
  CONNECT_CLEAN_SESSION,
  CONNECT_PASSWORD,
  CONNECT_USERNAME,
  CONNECT_WILL,
  MAXIMUM_FIELD,
  MAXIMUM_REMAINING_LENGTH,
  MQTT_CONNECT,
  MQTT_SUBSCRIBE,
} from './codec/control-packet.ts';
import { publishOctet, writeBinary, writeProtocol, writeUint16 } from './codec/encode.ts';
import { firstOctet, lengthOctets, writeFixedHeader } from './codec/fixed-header.ts';
import { checkUtf8, utf8Length, writeUtf8 } from './codec/utf8.ts';
import type { MqttText } from './options.ts';

/**
 * The control packets a client sends, written straight into packets. Sizes are known before anything is written. A packet
 * with room takes the octets in place; otherwise the header goes through an array and the packet grows a chain.
 *
 * Each function answers NX_SUCCESS or NX_NO_PACKET; on failure the caller releases the packet.
 */

/** Octets of a text, or -1 when MQTT cannot carry it as a string. */
export function textLength(text: MqttText): number {
  if (typeof text === 'string') {
    const length = utf8Length(text);
    return length > MAXIMUM_FIELD ? -1 : length;
  }
  return text.length > MAXIMUM_FIELD || checkUtf8(text, 0, text.length) !== 0 ? -1 : text.length;
}

function writeText(target: Uint8Array, at: number, text: MqttText, length: number): number {
  const start = writeUint16(target, at, length);
  if (typeof text === 'string') return writeUtf8(text, target, start);
  target.set(text, start);
  return start + length;
}

/** Whether a PUBLISH of these parts fits MQTT's remaining length. */
export function publishFits(topicLength: number, payloadLength: number): boolean {
  return topicLength + payloadLength + 4 <= MAXIMUM_REMAINING_LENGTH;
}

/** PUBLISH with DUP clear. `id` is 0 for QoS 0. */
export function buildPublish(
  packet: Packet,
  topic: MqttText,
  topicLength: number,
  payload: Uint8Array,
  qos: number,
  retain: boolean,
  id: number,
): Status {
  const status = buildPublishHeader(packet, topic, topicLength, payload.length, qos, retain, id);
  if (status !== NX_SUCCESS || payload.length === 0) return status;
  return packet.appendBytes(payload, 0, payload.length);
}

/** PUBLISH with DUP clear, up to its payload of `payloadLength` octets. */
export function buildPublishHeader(
  packet: Packet,
  topic: MqttText,
  topicLength: number,
  payloadLength: number,
  qos: number,
  retain: boolean,
  id: number,
): Status {
  const header = 2 + topicLength + (qos === 0 ? 0 : 2);
  const remaining = header + payloadLength;
  const fixed = 1 + lengthOctets(remaining);
  const room = packet.dataEnd - packet.append;
  if (fixed + header > room) {
    const bytes = new Uint8Array(fixed + header);
    writePublishHeader(bytes, 0, topic, topicLength, qos, retain, id, remaining);
    return packet.appendBytes(bytes, 0, bytes.length);
  }
  const end = writePublishHeader(packet.bytes, packet.append, topic, topicLength, qos, retain, id, remaining);
  packet.append = end;
  packet.length += fixed + header;
  return NX_SUCCESS;
}

function writePublishHeader(
  target: Uint8Array,
  offset: number,
  topic: MqttText,
  topicLength: number,
  qos: number,
  retain: boolean,
  id: number,
  remaining: number,
): number {
  let at = writeFixedHeader(target, offset, publishOctet(qos, retain), remaining);
  at = writeText(target, at, topic, topicLength);
  return qos === 0 ? at : writeUint16(target, at, id);
}

/** SUBSCRIBE or UNSUBSCRIBE with one filter. */
export function buildRequest(
  packet: Packet,
  type: number,
  filter: MqttText,
  filterLength: number,
  qos: number,
  id: number,
): Status {
  const remaining = 4 + filterLength + (type === MQTT_SUBSCRIBE ? 1 : 0);
  const size = 1 + lengthOctets(remaining) + remaining;
  const inPlace = size <= packet.dataEnd - packet.append;
  const target = inPlace ? packet.bytes : new Uint8Array(size);
  let at = writeFixedHeader(target, inPlace ? packet.append : 0, firstOctet(type), remaining);
  at = writeUint16(target, at, id);
  at = writeText(target, at, filter, filterLength);
  if (type === MQTT_SUBSCRIBE) target[at] = qos;
  return finish(packet, target, size);
}

/** An acknowledgement: fixed header and packet identifier. */
export function buildAcknowledgement(packet: Packet, type: number, id: number): void {
  const at = writeFixedHeader(packet.bytes, packet.append, firstOctet(type), 2);
  packet.append = writeUint16(packet.bytes, at, id);
  packet.length += 4;
}

/** PINGREQ or DISCONNECT. */
export function buildEmpty(packet: Packet, type: number): void {
  packet.append = writeFixedHeader(packet.bytes, packet.append, firstOctet(type), 0);
  packet.length += 2;
}

/** What CONNECT is made of. The texts have been judged when they were set. */
export interface ConnectParts {
  readonly clientId: MqttText;
  readonly keepAlive: number;
  readonly cleanSession: boolean;
  readonly willTopic: MqttText | null;
  readonly willMessage: Uint8Array;
  /** QoS and retain bits as they stand in the connect flags. */
  readonly willFlags: number;
  readonly username: MqttText | null;
  readonly password: Uint8Array | null;
}

/** The connect flags of {@link buildConnect}. A password goes only with a user name (MQTT-3.1.2-22). */
export function connectFlags(parts: ConnectParts): number {
  let flags = parts.cleanSession ? CONNECT_CLEAN_SESSION : 0;
  if (parts.willTopic !== null) flags |= CONNECT_WILL | parts.willFlags;
  if (parts.username !== null) flags |= CONNECT_USERNAME | (parts.password === null ? 0 : CONNECT_PASSWORD);
  return flags;
}

export function buildConnect(packet: Packet, parts: ConnectParts): Status {
  const { clientId, willTopic, willMessage, username } = parts;
  const flags = connectFlags(parts);
  const password = flags & CONNECT_PASSWORD ? parts.password : null;
  const clientIdLength = textLength(clientId);
  const topicLength = willTopic === null ? 0 : textLength(willTopic);
  const usernameLength = username === null ? 0 : textLength(username);
  let remaining = 12 + clientIdLength;
  if (willTopic !== null) remaining += 4 + topicLength + willMessage.length;
  if (username !== null) remaining += 2 + usernameLength;
  if (password !== null) remaining += 2 + password.length;
  const size = 1 + lengthOctets(remaining) + remaining;
  const inPlace = size <= packet.dataEnd - packet.append;
  const target = inPlace ? packet.bytes : new Uint8Array(size);
  let at = writeFixedHeader(target, inPlace ? packet.append : 0, firstOctet(MQTT_CONNECT), remaining);
  at = writeProtocol(target, at);
  target[at++] = flags;
  at = writeUint16(target, at, parts.keepAlive);
  at = writeText(target, at, clientId, clientIdLength);
  if (willTopic !== null) {
    at = writeText(target, at, willTopic, topicLength);
    at = writeBinary(target, at, willMessage);
  }
  if (username !== null) at = writeText(target, at, username, usernameLength);
  if (password !== null) writeBinary(target, at, password);
  return finish(packet, target, size);
}

/** Accounts for `size` octets: written in place already, or to be appended from an array. */
function finish(packet: Packet, target: Uint8Array, size: number): Status {
  if (target !== packet.bytes) return packet.appendBytes(target, 0, size);
  packet.append += size;
  packet.length += size;
  return NX_SUCCESS;
}
