import { decodeUtf8, quote } from '../text.ts';
import type { MqttCursor } from './mqtt-cursor.ts';
import {
  MQTT_CONNACK,
  MQTT_CONNECT,
  MQTT_PUBACK,
  MQTT_PUBCOMP,
  MQTT_PUBLISH,
  MQTT_PUBREC,
  MQTT_PUBREL,
  MQTT_SUBACK,
  MQTT_SUBSCRIBE,
  MQTT_UNSUBACK,
  MQTT_UNSUBSCRIBE,
  type MqttMessage,
} from './mqtt-message.ts';

const CONNACK_CODES: readonly string[] = [
  'accepted',
  'unacceptable protocol version',
  'identifier rejected',
  'server unavailable',
  'bad user name or password',
  'not authorized',
];

/** Decodes what follows the fixed header and returns what the one-line summary says behind the packet's name. */
export function decodeBody(message: MqttMessage, cursor: MqttCursor): string {
  switch (message.type) {
    case MQTT_CONNECT:
      return connect(cursor);
    case MQTT_CONNACK:
      return connack(cursor);
    case MQTT_PUBLISH:
      return publish(message, cursor);
    case MQTT_PUBACK:
      return acknowledgment(message, cursor, 'MQTT 3.1.1 3.4.2');
    case MQTT_PUBREC:
      return acknowledgment(message, cursor, 'MQTT 3.1.1 3.5.2');
    case MQTT_PUBREL:
      return acknowledgment(message, cursor, 'MQTT 3.1.1 3.6.2');
    case MQTT_PUBCOMP:
      return acknowledgment(message, cursor, 'MQTT 3.1.1 3.7.2');
    case MQTT_SUBSCRIBE:
      return topics(message, cursor, true);
    case MQTT_SUBACK:
      return suback(message, cursor);
    case MQTT_UNSUBSCRIBE:
      return topics(message, cursor, false);
    case MQTT_UNSUBACK:
      return acknowledgment(message, cursor, 'MQTT 3.1.1 3.11.2');
    default:
      cursor.finish();
      return '';
  }
}

function connect(cursor: MqttCursor): string {
  const protocol = cursor.text('Protocol name', 'MQTT 3.1.1 3.1.2.1');
  const level = cursor.u8('Protocol level', 'MQTT 3.1.1 3.1.2.2');
  if (protocol === null || level === null) return '';
  const known = (protocol.text === 'MQTT' && level.value === 4) || (protocol.text === 'MQIsdp' && level.value === 3);
  level.text =
    level.value === 4
      ? '4 (MQTT 3.1.1)'
      : level.value === 3
        ? '3 (MQTT 3.1)'
        : level.value === 5
          ? '5 (MQTT 5)'
          : level.text;
  if (!known) {
    const what = `${protocol.quoted} level ${level.value}`;
    if (protocol.text !== 'MQTT' || level.value !== 5) level.problem('malformed', `${what} is no version of MQTT`);
    return ` ${what}`;
  }
  const flagField = cursor.u8('Connect flags', 'MQTT 3.1.1 3.1.2.3');
  const keepAlive = cursor.u16('Keep alive', 'MQTT 3.1.1 3.1.2.10');
  if (flagField === null || keepAlive === null) return '';
  keepAlive.text = keepAlive.value === 0 ? 'off' : `${keepAlive.value} s`;
  const flags = flagField.value as number;
  flagField.text = connectFlagsText(flags);
  const will = (flags & 4) !== 0;
  const willQos = (flags >>> 3) & 3;
  if ((flags & 1) !== 0) flagField.problem('malformed', 'the lowest flag is reserved (MQTT-3.1.2-3)');
  if (willQos === 3) flagField.problem('malformed', 'the QoS of the will cannot be 3 (MQTT-3.1.2-14)');
  if (!will && (flags & 0x38) !== 0)
    flagField.problem('malformed', 'QoS or retain of a will that is not there (MQTT-3.1.2-11)');
  if ((flags & 0xc0) === 0x40) flagField.problem('malformed', 'a password needs a user name (MQTT-3.1.2-22)');
  const client = cursor.text('Client identifier', 'MQTT 3.1.1 3.1.3.1');
  let words = ` ${client?.quoted ?? '?'} ${(flags & 2) !== 0 ? 'clean' : 'persistent'} keepalive=${keepAlive.value}s`;
  if (client?.text === '' && (flags & 2) === 0)
    client.field.problem('malformed', 'an empty identifier needs a clean session (MQTT-3.1.3-7)');
  if (will) {
    const topic = cursor.text('Will topic', 'MQTT 3.1.1 3.1.3.2');
    const size = cursor.blob('Will message', 'MQTT 3.1.1 3.1.3.3');
    if (topic !== null) words += ` will=${topic.quoted} qos${willQos}${(flags & 0x20) !== 0 ? ' retain' : ''}`;
    if (size >= 0) words += ` ${size} B`;
  }
  if ((flags & 0x80) !== 0) {
    const user = cursor.text('User name', 'MQTT 3.1.1 3.1.3.4');
    if (user !== null) words += ` user=${user.quoted}`;
  }
  if ((flags & 0x40) !== 0 && cursor.blob('Password', 'MQTT 3.1.1 3.1.3.5') >= 0) words += ' password';
  cursor.finish();
  return words;
}

function connectFlagsText(flags: number): string {
  const set: string[] = [];
  if ((flags & 0x80) !== 0) set.push('user name');
  if ((flags & 0x40) !== 0) set.push('password');
  if ((flags & 0x20) !== 0) set.push('will retain');
  if ((flags & 4) !== 0) set.push(`will qos${(flags >>> 3) & 3}`);
  if ((flags & 2) !== 0) set.push('clean session');
  return set.length === 0 ? 'none' : set.join(', ');
}

function connack(cursor: MqttCursor): string {
  const flags = cursor.u8('Acknowledge flags', 'MQTT 3.1.1 3.2.2.1');
  const code = cursor.u8('Return code', 'MQTT 3.1.1 3.2.2.3');
  if (flags === null || code === null) return '';
  const value = code.value as number;
  const present = ((flags.value as number) & 1) !== 0;
  flags.text = present ? 'session present' : 'none';
  if ((flags.value as number) > 1) flags.problem('malformed', 'all flags but session present are reserved');
  const name = CONNACK_CODES[value];
  code.text = name === undefined ? String(value) : `${name} (${value})`;
  if (name === undefined) code.problem('malformed', 'return codes above 5 are reserved');
  if (present && value !== 0) flags.problem('malformed', 'a refusal cannot have a session present (MQTT-3.2.2-4)');
  cursor.finish();
  if (value !== 0) return ` refused: ${code.text}`;
  return present ? ' accepted session-present' : ' accepted';
}

function publish(message: MqttMessage, cursor: MqttCursor): string {
  const qos = (message.flags >>> 1) & 3;
  const duplicate = (message.flags & 8) !== 0;
  const flagField = message.layer.find('Flags')!;
  flagField.text = `qos${qos}${duplicate ? ', dup' : ''}${(message.flags & 1) !== 0 ? ', retain' : ''}`;
  if (qos === 3) flagField.problem('malformed', 'there is no QoS 3 (MQTT-3.3.1-4)');
  if (duplicate && qos === 0) flagField.problem('malformed', 'DUP with QoS 0 (MQTT-3.3.1-2)');
  const topic = cursor.text('Topic name', 'MQTT 3.1.1 3.3.2.1');
  message.topic = topic?.text ?? null;
  if (topic !== null && /[#+]/.test(topic.text))
    topic.field.problem('malformed', 'a topic name has no wildcards (MQTT-3.3.2-2)');
  if (topic?.text === '') topic.field.problem('malformed', 'a topic name has at least one character (MQTT-4.7.3-1)');
  if (qos > 0 && topic !== null) identifier(message, cursor, 'MQTT 3.1.1 3.3.2.2');
  const words = ` qos${qos}${duplicate ? ' dup' : ''}${(message.flags & 1) !== 0 ? ' retain' : ''}`;
  const id = message.packetId >= 0 ? ` id=${message.packetId}` : '';
  if (topic === null || (qos > 0 && id === '')) return words;
  message.payloadLength = cursor.left;
  const here = Math.min(cursor.end, cursor.limit);
  if (cursor.left > 0 && here > cursor.at)
    cursor.add('Payload', here - cursor.at, payloadText(cursor, here), 'MQTT 3.1.1 3.3.3');
  return `${words}${id} ${topic.quoted} ${message.payloadLength} B`;
}

/** The payload as text when it is text, otherwise its first bytes. */
function payloadText(cursor: MqttCursor, end: number): string {
  const shown = Math.min(end, cursor.at + 64);
  const { text, valid } = decodeUtf8(cursor.bytes, cursor.at, shown);
  const size = `${cursor.left} B`;
  // A character cut in two at the end of what is shown does not make it binary.
  const printable =
    (valid || (shown < end && !text.slice(0, -4).includes('\ufffd'))) &&
    !/\p{Cc}/u.test(text.replaceAll(/[\t\r\n]/g, ''));
  return printable ? `${size}: ${quote(text)}${shown < cursor.limit ? '…' : ''}` : size;
}

function identifier(message: MqttMessage, cursor: MqttCursor, reference: string): void {
  const field = cursor.u16('Packet identifier', reference);
  if (field === null) return;
  message.packetId = field.value as number;
  if (message.packetId === 0) field.problem('malformed', 'a packet identifier is not 0 (MQTT-2.3.1-1)');
}

function acknowledgment(message: MqttMessage, cursor: MqttCursor, reference: string): string {
  identifier(message, cursor, reference);
  cursor.finish();
  return message.packetId >= 0 ? ` id=${message.packetId}` : '';
}

function topics(message: MqttMessage, cursor: MqttCursor, withQos: boolean): string {
  const reference = withQos ? 'MQTT 3.1.1 3.8.3' : 'MQTT 3.1.1 3.10.3';
  identifier(message, cursor, withQos ? 'MQTT 3.1.1 3.8.2' : 'MQTT 3.1.1 3.10.2');
  if (message.packetId < 0) return '';
  const words: string[] = [];
  while (cursor.left > 0) {
    const filter = cursor.text('Topic filter', reference);
    if (filter === null) break;
    message.topic ??= filter.text;
    if (!validFilter(filter.text))
      filter.field.problem('malformed', 'a wildcard is not alone in its level (MQTT-4.7.1-2, MQTT-4.7.1-3)');
    if (filter.text === '')
      filter.field.problem('malformed', 'a topic filter has at least one character (MQTT-4.7.3-1)');
    if (!withQos) {
      words.push(filter.quoted);
      continue;
    }
    const qos = cursor.u8('Requested QoS', reference);
    if (qos === null) break;
    if ((qos.value as number) > 2) qos.problem('malformed', 'a QoS is 0, 1 or 2 (MQTT-3-8.3-4)');
    words.push(`${filter.quoted} qos${qos.value}`);
  }
  if (words.length === 0 && message.complete) cursor.problem('there is no topic filter (MQTT-3.8.3-3, MQTT-3.10.3-2)');
  return ` id=${message.packetId} ${words.join(', ')}`;
}

function validFilter(filter: string): boolean {
  const levels = filter.split('/');
  return levels.every(
    (level, index) => level === '+' || (level === '#' && index === levels.length - 1) || !/[#+]/.test(level),
  );
}

function suback(message: MqttMessage, cursor: MqttCursor): string {
  identifier(message, cursor, 'MQTT 3.1.1 3.9.2');
  if (message.packetId < 0) return '';
  const words: string[] = [];
  while (cursor.left > 0) {
    const code = cursor.u8('Return code', 'MQTT 3.1.1 3.9.3');
    if (code === null) break;
    const value = code.value as number;
    const word = value === 0x80 ? 'failure' : `qos${value}`;
    code.text = value === 0x80 ? 'failure (0x80)' : `maximum QoS ${value}`;
    if (value > 2 && value !== 0x80) code.problem('malformed', 'this return code is reserved (MQTT-3.9.3-2)');
    words.push(word);
  }
  return ` id=${message.packetId} ${words.join(', ')}`;
}
