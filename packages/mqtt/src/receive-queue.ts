import {
  NX_SUCCESS,
  NXD_MQTT_INSUFFICIENT_BUFFER_SPACE,
  NXD_MQTT_NO_MESSAGE,
  type Packet,
  type Status,
} from '@strata/contracts';
import { PUBLISH_DUP, PUBLISH_RETAIN, type Qos } from './codec/control-packet.ts';
import { readUtf8 } from './codec/utf8.ts';
import type { MqttMessage, MqttMessageBuffers } from './options.ts';

/**
 * Received messages in order of arrival, kept in the packets they came in until the application takes them. A queued packet
 * uses four of TCP's fields: `marks` is the first octet, `sequence` the packet identifier, `transmissions` the octets of the
 * topic, `sequenceLength` the offset of the topic within the packet.
 */
export class ReceiveQueue {
  count: number;
  private head: Packet | null;
  private tail: Packet | null;

  constructor() {
    this.count = 0;
    this.head = null;
    this.tail = null;
  }

  /** Takes a complete PUBLISH. */
  add(packet: Packet, octet: number, id: number, topicAt: number, topicLength: number): void {
    packet.marks = octet;
    packet.sequence = id;
    packet.sequenceLength = topicAt;
    packet.transmissions = topicLength;
    packet.queueNext = null;
    packet.holder = 'mqtt receive queue';
    if (this.tail === null) this.head = packet;
    else this.tail.queueNext = packet;
    this.tail = packet;
    this.count++;
  }

  /** Copies the oldest message out and releases it; it stays when a buffer is too small (NetX Duo MQTT 3, message_get). */
  get(into: MqttMessageBuffers): Status {
    const packet = this.head;
    if (packet === null) return NXD_MQTT_NO_MESSAGE;
    const topicLength = packet.transmissions;
    const payloadAt = payloadOffset(packet);
    const messageLength = packet.length - payloadAt;
    if (topicLength > into.topic.length || messageLength > into.message.length)
      return NXD_MQTT_INSUFFICIENT_BUFFER_SPACE;
    packet.extract(packet.sequenceLength, into.topic, 0, topicLength);
    packet.extract(payloadAt, into.message, 0, messageLength);
    into.topicLength = topicLength;
    into.messageLength = messageLength;
    this.drop();
    return NX_SUCCESS;
  }

  /** The oldest message as an object of its own, or null. */
  take(): MqttMessage | null {
    const packet = this.head;
    if (packet === null) return null;
    const octet = packet.marks;
    const topic = new Uint8Array(packet.transmissions);
    packet.extract(packet.sequenceLength, topic, 0, topic.length);
    const payloadAt = payloadOffset(packet);
    const payload = new Uint8Array(packet.length - payloadAt);
    packet.extract(payloadAt, payload, 0, payload.length);
    const message: MqttMessage = {
      topic: readUtf8(topic, 0, topic.length),
      payload,
      qos: ((octet >> 1) & 3) as Qos,
      retain: (octet & PUBLISH_RETAIN) !== 0,
      dup: (octet & PUBLISH_DUP) !== 0,
      id: packet.sequence,
    };
    this.drop();
    return message;
  }

  /** Octets of the waiting messages, headers included. */
  bytes(): number {
    let bytes = 0;
    for (let packet = this.head; packet !== null; packet = packet.queueNext) bytes += packet.length;
    return bytes;
  }

  /** Releases everything. */
  clear(): void {
    while (this.head !== null) this.drop();
  }

  private drop(): void {
    const packet = this.head as Packet;
    this.head = packet.queueNext;
    if (this.head === null) this.tail = null;
    packet.queueNext = null;
    this.count--;
    packet.release();
  }
}

function payloadOffset(packet: Packet): number {
  return packet.sequenceLength + packet.transmissions + ((packet.marks & 6) === 0 ? 0 : 2);
}
