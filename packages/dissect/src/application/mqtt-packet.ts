import { Layer } from '../field.ts';
import { hex } from '../text.ts';
import { decodeBody } from './mqtt-bodies.ts';
import { MqttCursor } from './mqtt-cursor.ts';
import {
  MQTT_PUBLISH,
  MQTT_PUBREL,
  MQTT_SUBSCRIBE,
  MQTT_UNSUBSCRIBE,
  MqttMessage,
  mqttTypeName,
} from './mqtt-message.ts';

/** The fixed header at `at`: its length and what it announces; `needMore`, or `bad` when the length field is (2.2.3). */
export interface MqttHeader {
  readonly state: 'ok' | 'needMore' | 'bad';
  readonly headerLength: number;
  readonly remaining: number;
}

const NEED_MORE: MqttHeader = { state: 'needMore', headerLength: 0, remaining: 0 };
const BAD: MqttHeader = { state: 'bad', headerLength: 0, remaining: 0 };

export function readMqttHeader(bytes: Uint8Array, at: number, end: number): MqttHeader {
  let remaining = 0;
  for (let i = 0; i < 4; i++) {
    const next = at + 1 + i;
    if (next >= end) return NEED_MORE;
    const octet = bytes[next] as number;
    remaining += (octet & 127) * 128 ** i;
    if (octet < 128) return { state: 'ok', headerLength: 2 + i, remaining };
  }
  return BAD;
}

/** True when a control packet can begin at `at`: known type, its flags as MQTT 3.1.1 2.2.2 fixes them, a valid length. */
export function looksLikeMqtt(bytes: Uint8Array, at: number, end: number): boolean {
  if (at >= end) return false;
  const type = (bytes[at] as number) >>> 4;
  const flags = (bytes[at] as number) & 15;
  if (type === 0 || type === 15) return false;
  if (type !== MQTT_PUBLISH && flags !== fixedFlags(type)) return false;
  return readMqttHeader(bytes, at, end).state !== 'bad';
}

function fixedFlags(type: number): number {
  return type === MQTT_PUBREL || type === MQTT_SUBSCRIBE || type === MQTT_UNSUBSCRIBE ? 2 : 0;
}

/**
 * Decodes the control packet at `at`, whose fixed header {@link readMqttHeader} has found to be `ok`.
 *
 * @param end where the bytes that are here end; the packet may go on behind it
 */
export function decodeMqttMessage(bytes: Uint8Array, at: number, end: number, header: MqttHeader): MqttMessage {
  const type = (bytes[at] as number) >>> 4;
  const flags = (bytes[at] as number) & 15;
  const length = header.headerLength + header.remaining;
  const here = Math.min(length, end - at);
  const name = mqttTypeName(type);
  const layer = new Layer('mqtt', `MQTT ${name}`, at, here, 'MQTT 3.1.1 2.2');
  const message = new MqttMessage(type, flags, length, here === length, layer);
  layer.add('Type', at, 1, type, `${name} (${type})`, 'MQTT 3.1.1 2.2.1');
  const flagField = layer.add('Flags', at, 1, flags, hex(flags, 1), 'MQTT 3.1.1 2.2.2');
  const remaining = layer.add(
    'Remaining length',
    at + 1,
    header.headerLength - 1,
    header.remaining,
    undefined,
    'MQTT 3.1.1 2.2.3',
  );
  if (header.headerLength > 2 && header.remaining < 128 ** (header.headerLength - 2)) {
    remaining.problem('unusual', 'the length is written in more bytes than it needs');
  }
  if (type === 0 || type === 15) flagField.problem('malformed', `packet type ${type} is reserved`);
  else if (type !== MQTT_PUBLISH && flags !== fixedFlags(type)) {
    flagField.problem('malformed', `the flags of ${name} must be ${fixedFlags(type)}`);
  }
  const cursor = new MqttCursor(bytes, at + header.headerLength, at + here, at + length, layer);
  layer.summary = `MQTT ${name}${decodeBody(message, cursor)}`;
  layer.text = layer.summary.slice(5);
  return message;
}
