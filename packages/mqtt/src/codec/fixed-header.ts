import { DROP_MQTT_DUP, DROP_MQTT_FLAGS, DROP_MQTT_LENGTH, DROP_MQTT_QOS, DROP_MQTT_TYPE } from '@strata/contracts';
import {
  MQTT_CONNACK,
  MQTT_CONNECT,
  MQTT_DISCONNECT,
  MQTT_PINGREQ,
  MQTT_PINGRESP,
  MQTT_PUBACK,
  MQTT_PUBCOMP,
  MQTT_PUBLISH,
  MQTT_PUBREC,
  MQTT_PUBREL,
  MQTT_SUBACK,
  MQTT_SUBSCRIBE,
  MQTT_UNSUBACK,
  MQTT_UNSUBSCRIBE,
  PUBLISH_DUP,
} from './control-packet.ts';

/** The most octets a remaining length takes (2.2.3). */
export const MAXIMUM_LENGTH_OCTETS = 4;

/** The first octet of a control packet without its own flags: type, and the reserved flags of table 2.2. */
export function firstOctet(type: number): number {
  const reserved = type === MQTT_PUBREL || type === MQTT_SUBSCRIBE || type === MQTT_UNSUBSCRIBE ? 2 : 0;
  return (type << 4) | reserved;
}

/** Judges the first octet: a type that exists, with its flags (2.2.2). 0 or the reason. */
export function checkFirstOctet(octet: number): number {
  const type = octet >> 4;
  if (type === 0 || type === 15) return DROP_MQTT_TYPE;
  if (type !== MQTT_PUBLISH) return octet === firstOctet(type) ? 0 : DROP_MQTT_FLAGS;
  const qos = (octet >> 1) & 3;
  if (qos === 3) return DROP_MQTT_QOS;
  return qos === 0 && octet & PUBLISH_DUP ? DROP_MQTT_DUP : 0;
}

/** Judges what can be said of the remaining length before the rest has come. 0 or the reason. */
export function checkRemainingLength(octet: number, remaining: number): number {
  switch (octet >> 4) {
    case MQTT_CONNACK:
    case MQTT_PUBACK:
    case MQTT_PUBREC:
    case MQTT_PUBREL:
    case MQTT_PUBCOMP:
    case MQTT_UNSUBACK:
      return remaining === 2 ? 0 : DROP_MQTT_LENGTH;
    case MQTT_PINGREQ:
    case MQTT_PINGRESP:
    case MQTT_DISCONNECT:
      return remaining === 0 ? 0 : DROP_MQTT_LENGTH;
    case MQTT_CONNECT:
      return remaining >= 12 ? 0 : DROP_MQTT_LENGTH;
    case MQTT_PUBLISH:
      return remaining >= ((octet & 6) === 0 ? 3 : 5) ? 0 : DROP_MQTT_LENGTH;
    case MQTT_SUBSCRIBE:
    case MQTT_UNSUBSCRIBE:
      // An empty payload is a violation of its own and is named by whoever reads the body.
      return remaining >= 2 ? 0 : DROP_MQTT_LENGTH;
    case MQTT_SUBACK:
      return remaining >= 3 ? 0 : DROP_MQTT_LENGTH;
    default:
      return DROP_MQTT_TYPE;
  }
}

/** Octets that the remaining length `value` takes, 1 to 4. */
export function lengthOctets(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
}

/** Writes first octet and remaining length; returns the offset after them. */
export function writeFixedHeader(target: Uint8Array, offset: number, first: number, remaining: number): number {
  let at = offset;
  target[at++] = first;
  let left = remaining;
  while (left >= 0x80) {
    target[at++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  target[at++] = left;
  return at;
}
