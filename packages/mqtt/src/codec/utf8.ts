import { DROP_MQTT_STRING_NULL, DROP_MQTT_UTF8 } from '@strata/contracts';

/**
 * MQTT's strings (1.5.3): UTF-8 without surrogates and without U+0000. A byte order mark is a character like any other and
 * is kept. Written here because the platform's encoder replaces lone surrogates instead of refusing them, and its decoder
 * drops the mark.
 */

/** Octets of `text` in UTF-8, or -1 when MQTT cannot carry it: a lone surrogate or U+0000. */
export function utf8Length(text: string): number {
  let octets = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      if (unit === 0) return -1;
      octets++;
    } else if (unit < 0x800) octets += 2;
    else if (unit < 0xd800 || unit > 0xdfff) octets += 3;
    else {
      const low = unit < 0xdc00 ? text.charCodeAt(++i) : Number.NaN;
      if (!(low >= 0xdc00 && low <= 0xdfff)) return -1;
      octets += 4;
    }
  }
  return octets;
}

/** Writes `text`, for which {@link utf8Length} was not negative, and returns the offset after it. */
export function writeUtf8(text: string, target: Uint8Array, offset: number): number {
  let at = offset;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i) as number;
    if (code < 0x80) target[at++] = code;
    else if (code < 0x800) {
      target[at++] = 0xc0 | (code >> 6);
      target[at++] = 0x80 | (code & 0x3f);
    } else if (code < 0x10000) {
      target[at++] = 0xe0 | (code >> 12);
      target[at++] = 0x80 | ((code >> 6) & 0x3f);
      target[at++] = 0x80 | (code & 0x3f);
    } else {
      i++;
      target[at++] = 0xf0 | (code >> 18);
      target[at++] = 0x80 | ((code >> 12) & 0x3f);
      target[at++] = 0x80 | ((code >> 6) & 0x3f);
      target[at++] = 0x80 | (code & 0x3f);
    }
  }
  return at;
}

/** The octets of a text that is not MQTT's to judge (a payload, a password). Lone surrogates become U+FFFD. */
export function encodeText(text: string): Uint8Array {
  const whole = text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
  let octets = 0;
  for (let i = 0; i < whole.length; i++) {
    const code = whole.codePointAt(i) as number;
    if (code > 0xffff) i++;
    octets += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  const target = new Uint8Array(octets);
  writeUtf8(whole, target, 0);
  return target;
}

/** 0 when the octets are a string MQTT allows, otherwise the reason. */
export function checkUtf8(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const lead = bytes[at++] as number;
    if (lead < 0x80) {
      if (lead === 0) return DROP_MQTT_STRING_NULL;
      continue;
    }
    // RFC 3629 section 4: the second octet's range excludes overlong forms, surrogates, and what lies above U+10FFFF.
    let more = 1;
    let low = 0x80;
    let high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) more = 1;
    else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2;
      if (lead === 0xe0) low = 0xa0;
      else if (lead === 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      if (lead === 0xf0) low = 0x90;
      else if (lead === 0xf4) high = 0x8f;
    } else return DROP_MQTT_UTF8;
    if (at + more > end) return DROP_MQTT_UTF8;
    const second = bytes[at++] as number;
    if (second < low || second > high) return DROP_MQTT_UTF8;
    for (; more > 1; more--) if (((bytes[at++] as number) & 0xc0) !== 0x80) return DROP_MQTT_UTF8;
  }
  return 0;
}

/** The string of octets that {@link checkUtf8} accepted. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let at = start;
  while (at < end) {
    const lead = bytes[at++] as number;
    if (lead < 0x80) text += String.fromCharCode(lead);
    else if (lead < 0xe0) text += String.fromCharCode(((lead & 0x1f) << 6) | ((bytes[at++] as number) & 0x3f));
    else if (lead < 0xf0) {
      const second = (bytes[at++] as number) & 0x3f;
      text += String.fromCharCode(((lead & 0x0f) << 12) | (second << 6) | ((bytes[at++] as number) & 0x3f));
    } else {
      const second = (bytes[at++] as number) & 0x3f;
      const third = (bytes[at++] as number) & 0x3f;
      const fourth = (bytes[at++] as number) & 0x3f;
      text += String.fromCodePoint(((lead & 0x07) << 18) | (second << 12) | (third << 6) | fourth);
    }
  }
  return text;
}
