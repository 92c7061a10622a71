import {
  DROP_MQTT_CLIENT_ID,
  DROP_MQTT_CONNACK_FLAGS,
  DROP_MQTT_CONNECT_FLAGS,
  DROP_MQTT_INCOMPLETE,
  DROP_MQTT_NO_FILTER,
  DROP_MQTT_PACKET_ID_ZERO,
  DROP_MQTT_PROTOCOL_LEVEL,
  DROP_MQTT_PROTOCOL_NAME,
  DROP_MQTT_QOS,
  DROP_MQTT_REMAINING_LENGTH,
  DROP_MQTT_RETURN_CODE,
  DROP_MQTT_SESSION_PRESENT,
  DROP_MQTT_STRING_LENGTH,
  DROP_MQTT_TRAILING,
} from '@strata/contracts';
import {
  type AcknowledgePacket,
  CONNECT_CLEAN_SESSION,
  CONNECT_PASSWORD,
  CONNECT_USERNAME,
  CONNECT_WILL,
  CONNECT_WILL_RETAIN,
  type EmptyPacket,
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
  type Qos,
  SUBACK_FAILURE,
  type Subscription,
} from './control-packet.ts';
import { checkFirstOctet, checkRemainingLength, MAXIMUM_LENGTH_OCTETS } from './fixed-header.ts';
import { checkTopicFilter, checkTopicName } from './topic.ts';
import { checkUtf8, readUtf8 } from './utf8.ts';

/** What {@link decodeMqtt} answers. */
export interface DecodeResult {
  /** 0, or one of the DROP_MQTT_ reasons; DROP_MQTT_INCOMPLETE means that more octets are needed. */
  readonly reason: number;
  readonly packet: MqttPacket | null;
  /** Octets of the control packet as its fixed header has it, 0 when that is not known. */
  readonly size: number;
}

/**
 * Decodes one control packet, of either direction, from the front of `bytes`. Strict: what MQTT 3.1.1 calls malformed is
 * refused with a reason. Never throws. For tools and tests: it makes objects and strings.
 */
export function decodeMqtt(bytes: Uint8Array, offset = 0): DecodeResult {
  if (offset >= bytes.length) return failed(DROP_MQTT_INCOMPLETE, 0);
  const octet = bytes[offset] as number;
  let reason = checkFirstOctet(octet);
  if (reason !== 0) return failed(reason, 0);
  let remaining = 0;
  let at = offset + 1;
  for (let shift = 0; ; shift += 7) {
    if (shift === 7 * MAXIMUM_LENGTH_OCTETS) return failed(DROP_MQTT_REMAINING_LENGTH, 0);
    if (at >= bytes.length) return failed(DROP_MQTT_INCOMPLETE, 0);
    const digit = bytes[at++] as number;
    remaining |= (digit & 0x7f) << shift;
    if (digit >= 0x80) continue;
    if (digit === 0 && shift > 0) return failed(DROP_MQTT_REMAINING_LENGTH, 0);
    break;
  }
  const size = at + remaining - offset;
  reason = checkRemainingLength(octet, remaining);
  if (reason !== 0) return failed(reason, size);
  if (offset + size > bytes.length) return failed(DROP_MQTT_INCOMPLETE, size);
  const reader = new Reader(bytes, at, offset + size);
  const packet = readBody(octet, reader);
  if (reader.reason === 0 && reader.at !== reader.end) reader.reason = DROP_MQTT_TRAILING;
  return reader.reason === 0 ? { reason: 0, packet, size } : failed(reader.reason, size);
}

function failed(reason: number, size: number): DecodeResult {
  return { reason, packet: null, size };
}

function readBody(octet: number, reader: Reader): MqttPacket {
  const type = octet >> 4;
  switch (type) {
    case MQTT_CONNECT:
      return readConnect(reader);
    case MQTT_CONNACK: {
      const flags = reader.uint8();
      const returnCode = reader.uint8();
      if (flags > 1) reader.fail(DROP_MQTT_CONNACK_FLAGS);
      if (returnCode > 5) reader.fail(DROP_MQTT_RETURN_CODE);
      if (flags === 1 && returnCode !== 0) reader.fail(DROP_MQTT_SESSION_PRESENT);
      return { type, sessionPresent: flags === 1, returnCode };
    }
    case MQTT_PUBLISH: {
      const qos = ((octet >> 1) & 3) as Qos;
      const topic = reader.string(checkTopicName);
      const id = qos === 0 ? 0 : reader.id();
      const payload = reader.rest();
      return {
        type,
        topic,
        payload,
        qos,
        retain: (octet & PUBLISH_RETAIN) !== 0,
        dup: (octet & PUBLISH_DUP) !== 0,
        id,
      };
    }
    case MQTT_SUBSCRIBE: {
      const id = reader.id();
      const subscriptions: Subscription[] = [];
      if (reader.at === reader.end) reader.fail(DROP_MQTT_NO_FILTER);
      while (reader.more()) {
        const filter = reader.string(checkTopicFilter);
        const qos = reader.uint8();
        if (qos > 2) reader.fail(DROP_MQTT_QOS);
        subscriptions.push({ filter, qos: qos as Qos });
      }
      return { type, id, subscriptions };
    }
    case MQTT_UNSUBSCRIBE: {
      const id = reader.id();
      const filters: string[] = [];
      if (reader.at === reader.end) reader.fail(DROP_MQTT_NO_FILTER);
      while (reader.more()) filters.push(reader.string(checkTopicFilter));
      return { type, id, filters };
    }
    case MQTT_SUBACK: {
      const id = reader.id();
      const returnCodes = Array.from(reader.rest());
      if (!returnCodes.every((code) => code <= 2 || code === SUBACK_FAILURE)) reader.fail(DROP_MQTT_RETURN_CODE);
      return { type, id, returnCodes };
    }
    case MQTT_PINGREQ:
    case MQTT_PINGRESP:
    case MQTT_DISCONNECT:
      return { type } as EmptyPacket;
    default:
      return { type, id: reader.id() } as AcknowledgePacket;
  }
}

function readConnect(reader: Reader): MqttPacket {
  // The name is compared before the level is: a foreign protocol has no level of ours (3.1.2.1).
  const name = reader.string(checkUtf8);
  if (name !== 'MQTT') reader.fail(DROP_MQTT_PROTOCOL_NAME);
  if (reader.uint8() !== PROTOCOL_LEVEL_3_1_1) reader.fail(DROP_MQTT_PROTOCOL_LEVEL);
  const flags = reader.uint8();
  const willQos = (flags >> 3) & 3;
  const hasWill = (flags & CONNECT_WILL) !== 0;
  const cleanSession = (flags & CONNECT_CLEAN_SESSION) !== 0;
  if (flags & 1 || willQos === 3) reader.fail(DROP_MQTT_CONNECT_FLAGS);
  if (!hasWill && flags & (CONNECT_WILL_RETAIN | 0x18)) reader.fail(DROP_MQTT_CONNECT_FLAGS);
  if (flags & CONNECT_PASSWORD && !(flags & CONNECT_USERNAME)) reader.fail(DROP_MQTT_CONNECT_FLAGS);
  const keepAlive = reader.uint16();
  const clientId = reader.string(checkUtf8);
  if (clientId === '' && !cleanSession) reader.fail(DROP_MQTT_CLIENT_ID);
  const will = hasWill
    ? {
        topic: reader.string(checkTopicName),
        payload: reader.binary(),
        qos: willQos as Qos,
        retain: (flags & CONNECT_WILL_RETAIN) !== 0,
      }
    : null;
  const username = flags & CONNECT_USERNAME ? reader.string(checkUtf8) : null;
  const password = flags & CONNECT_PASSWORD ? reader.binary() : null;
  return { type: MQTT_CONNECT, clientId, cleanSession, keepAlive, will, username, password };
}

/** Reads fields in order; after the first failure everything reads as nothing, and the first reason stays. */
class Reader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  reason: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.reason = 0;
  }

  fail(reason: number): void {
    if (this.reason === 0) this.reason = reason;
  }

  more(): boolean {
    return this.reason === 0 && this.at < this.end;
  }

  uint8(): number {
    if (this.at + 1 > this.end) {
      this.fail(DROP_MQTT_STRING_LENGTH);
      return 0;
    }
    return this.bytes[this.at++] as number;
  }

  uint16(): number {
    const high = this.uint8();
    return (high << 8) | this.uint8();
  }

  id(): number {
    const id = this.uint16();
    if (id === 0) this.fail(DROP_MQTT_PACKET_ID_ZERO);
    return id;
  }

  binary(): Uint8Array {
    const length = this.uint16();
    if (this.reason !== 0) return new Uint8Array(0);
    if (this.at + length > this.end) {
      this.fail(DROP_MQTT_STRING_LENGTH);
      return new Uint8Array(0);
    }
    this.at += length;
    return this.bytes.slice(this.at - length, this.at);
  }

  string(check: (bytes: Uint8Array, start: number, end: number) => number): string {
    const length = this.uint16();
    if (this.reason !== 0) return '';
    const start = this.at;
    if (start + length > this.end) {
      this.fail(DROP_MQTT_STRING_LENGTH);
      return '';
    }
    this.at = start + length;
    const reason = check(this.bytes, start, this.at);
    if (reason !== 0) {
      this.fail(reason);
      return '';
    }
    return readUtf8(this.bytes, start, this.at);
  }

  rest(): Uint8Array {
    const start = this.at;
    if (this.reason !== 0) return new Uint8Array(0);
    this.at = this.end;
    return this.bytes.slice(start, this.end);
  }
}
