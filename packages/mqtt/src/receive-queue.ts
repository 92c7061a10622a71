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
import type { Persistence } from './persistence.ts';
import type { StreamedMessage } from './streamed-message.ts';

/**
 * Received messages in order of arrival, kept in the packets they came in until the application takes them. A queued packet
 * uses five of TCP's fields: `marks` is the first octet, `sequence` the packet identifier, `transmissions` the octets of the
 * topic, `sequenceLength` the offset of the topic within the packet, `sentAt` its name in the store. An empty packet stands
 * for a message that is received piece by piece.
 */
export class ReceiveQueue {
  count: number;
  private head: Packet | null;
  private tail: Packet | null;
  private readonly persistence: Persistence | null;
  private readonly streams: Map<Packet, StreamedMessage>;
  /** Handed to the application, and not at their end. */
  private readonly opened: Set<StreamedMessage>;

  constructor(persistence: Persistence | null = null) {
    this.count = 0;
    this.head = null;
    this.tail = null;
    this.persistence = persistence;
    this.streams = new Map();
    this.opened = new Set();
  }

  /** The message at the front is received piece by piece: `openStream` hands it out. */
  get isStreamNext(): boolean {
    return this.head !== null && this.streams.has(this.head);
  }

  /** Takes a complete PUBLISH. `key`: its name in the store, 0 when it is not kept. */
  add(packet: Packet, octet: number, id: number, topicAt: number, topicLength: number, key: number): void {
    packet.marks = octet;
    packet.sequence = id;
    packet.sequenceLength = topicAt;
    packet.transmissions = topicLength;
    packet.sentAt = key;
    packet.queueNext = null;
    packet.holder = 'mqtt receive queue';
    if (this.tail === null) this.head = packet;
    else this.tail.queueNext = packet;
    this.tail = packet;
    this.count++;
  }

  /** Takes a message that is only beginning, and an empty packet to stand for it. */
  addStream(place: Packet, message: StreamedMessage): void {
    this.add(place, 0, 0, 0, 0, 0);
    this.streams.set(place, message);
  }

  /** The oldest message, if it is one that is received piece by piece; otherwise null. */
  openStream(): StreamedMessage | null {
    const message = this.head === null ? undefined : this.streams.get(this.head);
    if (message === undefined) return null;
    for (const one of this.opened) if (one.ended || one.broken) this.opened.delete(one);
    this.opened.add(message);
    this.streams.delete(this.head as Packet);
    this.drop();
    return message;
  }

  /** Copies the oldest message out and releases it; it stays when a buffer is too small (NetX Duo MQTT 3, message_get). */
  get(into: MqttMessageBuffers): Status {
    const packet = this.head;
    if (packet === null) return NXD_MQTT_NO_MESSAGE;
    if (this.isStreamNext) return NXD_MQTT_INSUFFICIENT_BUFFER_SPACE;
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
    if (packet === null || this.isStreamNext) return null;
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

  /** Releases everything; what the store keeps stays there. */
  clear(): void {
    while (this.head !== null) this.drop(false);
    for (const message of this.opened) message.discard();
    this.opened.clear();
  }

  /** Quirk `mqtt-unread-leak`: forgets every message without giving its packet back. */
  forget(): void {
    this.head = null;
    this.tail = null;
    this.count = 0;
  }

  /** Releases everything that no store keeps. */
  clearUnkept(): void {
    for (let left = this.count; left > 0; left--) {
      const packet = this.head as Packet;
      if (packet.sentAt === 0) {
        this.drop();
        continue;
      }
      this.head = packet.queueNext;
      packet.queueNext = null;
      if (this.head === null) this.head = packet;
      else (this.tail as Packet).queueNext = packet;
      this.tail = packet;
    }
    for (const message of this.opened) message.discard();
    this.opened.clear();
  }

  /** @param taken false: not because the application has it */
  private drop(taken = true): void {
    const packet = this.head as Packet;
    this.head = packet.queueNext;
    if (this.head === null) this.tail = null;
    packet.queueNext = null;
    this.count--;
    if (taken && packet.sentAt > 0) this.persistence?.taken(packet.sentAt);
    const stream = this.streams.get(packet);
    if (stream !== undefined) {
      this.streams.delete(packet);
      stream.discard();
    }
    packet.release();
  }
}

function payloadOffset(packet: Packet): number {
  return packet.sequenceLength + packet.transmissions + ((packet.marks & 6) === 0 ? 0 : 2);
}
