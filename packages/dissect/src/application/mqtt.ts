import type { Context } from '../context.ts';
import { decodeMqttMessage, looksLikeMqtt, readMqttHeader } from './mqtt-packet.ts';

/**
 * The control packets in one TCP segment, seen alone: what went before is not known, so a segment that begins within a
 * packet is recognised only when its first bytes cannot begin one. {@link ConversationFollower} knows better.
 */
export function decodeMqttSegment(context: Context, start: number, end: number): void {
  let at = start;
  while (at < end) {
    const header = looksLikeMqtt(context.bytes, at, end) ? readMqttHeader(context.bytes, at, end) : null;
    if (header === null || header.state !== 'ok') {
      const layer = context.layer('mqtt', 'MQTT', at, end, null);
      layer.text = `part of a packet, ${end - at} B`;
      layer.summary = `MQTT part of a packet, ${end - at} B`;
      return;
    }
    const message = decodeMqttMessage(context.bytes, at, end, header);
    if (!message.complete) {
      message.layer.summary += ` (${message.layer.length} of ${message.length} B)`;
      message.layer.text = message.layer.summary.slice(5);
    }
    context.layers.push(message.layer);
    context.mqtt.push(message);
    at += message.length;
  }
}
