import {
  DROP_MQTT_FILTER,
  DROP_MQTT_STRING_LENGTH,
  DROP_MQTT_TOPIC_EMPTY,
  DROP_MQTT_TOPIC_WILDCARD,
  DROP_MQTT_UTF8,
} from '@strata/contracts';
import { MAXIMUM_FIELD } from './control-packet.ts';
import { checkUtf8, utf8Length } from './utf8.ts';

const SLASH = 0x2f;
const PLUS = 0x2b;
const HASH = 0x23;

/** Judges the octets of a topic name (4.7): at least one character, no wildcards. 0 or the reason. */
export function checkTopicName(bytes: Uint8Array, start: number, end: number): number {
  if (end === start) return DROP_MQTT_TOPIC_EMPTY;
  for (let at = start; at < end; at++) {
    const octet = bytes[at] as number;
    if (octet === PLUS || octet === HASH) return DROP_MQTT_TOPIC_WILDCARD;
  }
  return checkUtf8(bytes, start, end);
}

/** Judges the octets of a topic filter (4.7.1): `#` last and alone in its level, `+` alone in its level. 0 or the reason. */
export function checkTopicFilter(bytes: Uint8Array, start: number, end: number): number {
  if (end === start) return DROP_MQTT_TOPIC_EMPTY;
  for (let at = start; at < end; at++) {
    const octet = bytes[at] as number;
    if (octet !== PLUS && octet !== HASH) continue;
    if (at > start && bytes[at - 1] !== SLASH) return DROP_MQTT_FILTER;
    if (at + 1 < end && (octet === HASH || bytes[at + 1] !== SLASH)) return DROP_MQTT_FILTER;
  }
  return checkUtf8(bytes, start, end);
}

/** The same judgement of a topic name given as text. 0 or the reason. */
export function checkTopicText(topic: string): number {
  if (topic.length === 0) return DROP_MQTT_TOPIC_EMPTY;
  if (topic.includes('+') || topic.includes('#')) return DROP_MQTT_TOPIC_WILDCARD;
  return checkStringText(topic);
}

/** The same judgement of a topic filter given as text. 0 or the reason. */
export function checkFilterText(filter: string): number {
  if (filter.length === 0) return DROP_MQTT_TOPIC_EMPTY;
  for (let at = 0; at < filter.length; at++) {
    const unit = filter.charCodeAt(at);
    if (unit !== PLUS && unit !== HASH) continue;
    if (at > 0 && filter.charCodeAt(at - 1) !== SLASH) return DROP_MQTT_FILTER;
    if (at + 1 < filter.length && (unit === HASH || filter.charCodeAt(at + 1) !== SLASH)) return DROP_MQTT_FILTER;
  }
  return checkStringText(filter);
}

/** Judges any string field given as text: valid, and short enough for its length prefix. 0 or the reason. */
export function checkStringText(text: string): number {
  const octets = utf8Length(text);
  if (octets < 0) return DROP_MQTT_UTF8;
  return octets > MAXIMUM_FIELD ? DROP_MQTT_STRING_LENGTH : 0;
}

/** Whether a topic name matches a filter (4.7.1 and 4.7.2: a leading wildcard does not match topics that begin with `$`). */
export function topicMatches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && (filter.startsWith('+') || filter.startsWith('#'))) return false;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '#') return true;
    if (i >= levels.length) return false;
    if (wanted[i] !== '+' && wanted[i] !== levels[i]) return false;
  }
  return wanted.length === levels.length;
}
