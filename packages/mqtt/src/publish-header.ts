import { DROP_MQTT_PACKET_ID_ZERO, DROP_MQTT_QOS2_UNSUPPORTED, DROP_MQTT_STRING_LENGTH } from '@strata/contracts';
import { checkTopicName } from './codec/topic.ts';
import type { Inbound } from './inbound.ts';

/** The variable header of the PUBLISH at the front of what has arrived. One record, filled for each. */
export class PublishHeader {
  /** What {@link judge} found. */
  topicLength: number;
  /** 0 with QoS 0. */
  id: number;
  private readonly inbound: Inbound;
  private readonly qos2: boolean;

  constructor(inbound: Inbound, qos2: boolean) {
    this.topicLength = 0;
    this.id = 0;
    this.inbound = inbound;
    this.qos2 = qos2;
  }

  /** Octets of the topic, as its length prefix says; that must have come. */
  readTopicLength(): number {
    const { inbound } = this;
    inbound.look(inbound.headerSize + 2);
    const at = inbound.at + inbound.headerSize;
    return ((inbound.bytes[at] as number) << 8) | (inbound.bytes[at + 1] as number);
  }

  /** Whether the topic ends within the control packet, as soon as its length has come. 0 or the reason. */
  judgeLengths(): number {
    const { octet, headerSize, remaining, length } = this.inbound;
    if (length < headerSize + 2) return 0;
    return this.readTopicLength() + ((octet & 6) === 0 ? 2 : 4) > remaining ? DROP_MQTT_STRING_LENGTH : 0;
  }

  /** Judges the header, which must have come as far as its own lengths allow. 0 or the reason. */
  judge(): number {
    const { inbound } = this;
    const { octet, headerSize, remaining } = inbound;
    const qos = (octet >> 1) & 3;
    const topicLength = this.readTopicLength();
    const header = topicLength + (qos === 0 ? 2 : 4);
    this.topicLength = topicLength;
    this.id = 0;
    if (header > remaining) return DROP_MQTT_STRING_LENGTH;
    inbound.look(headerSize + header);
    const start = inbound.at + headerSize + 2;
    const reason = checkTopicName(inbound.bytes, start, start + topicLength);
    if (reason !== 0) return reason;
    if (qos !== 0) {
      const idAt = start + topicLength;
      this.id = ((inbound.bytes[idAt] as number) << 8) | (inbound.bytes[idAt + 1] as number);
      if (this.id === 0) return DROP_MQTT_PACKET_ID_ZERO;
    }
    return qos === 2 && !this.qos2 ? DROP_MQTT_QOS2_UNSUPPORTED : 0;
  }
}
