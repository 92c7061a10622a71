import { describe, expect, test } from '@jest/globals';
import { NXD_MQTT_SERVER_MESSAGE_FAILURE } from '@strata/contracts';
import { MQTT_TYPE_NAMES, type MqttExtensions } from '@strata/mqtt';
import { BrokerLab, toHex } from './scripted-broker.ts';

/** A well-formed packet of each type that a broker may send, with its right flags. Identifier 1 awaits nothing. */
const BODIES: Readonly<Record<number, readonly number[]>> = {
  1: [0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 1, 0x61],
  2: [0, 0],
  4: [0, 1],
  5: [0, 1],
  6: [0, 1],
  7: [0, 1],
  8: [0, 1, 0, 1, 0x61, 0],
  9: [0, 1, 0],
  10: [0, 1, 0, 1, 0x61],
  11: [0, 1],
  12: [],
  13: [],
  14: [],
};

function flagsOf(type: number): number {
  return type === 6 || type === 8 || type === 10 ? 2 : 0;
}

function packet(first: number, body: readonly number[]): Uint8Array {
  return Uint8Array.of(first, body.length, ...body);
}

/** PUBLISH with these topic octets. */
function publish(qos: number, topic: readonly number[], id = 7): Uint8Array {
  return packet(0x30 | (qos << 1), [
    topic.length >> 8,
    topic.length & 255,
    ...topic,
    ...(qos ? [id >> 8, id & 255] : []),
  ]);
}

const BAD_TOPICS: readonly (readonly number[])[] = [
  [],
  [0],
  [0x61, 0],
  [0x2b],
  [0x23],
  [0x61, 0x2f, 0x23],
  [0x61, 0x2b],
  [0x80],
  [0xbf],
  [0xc0, 0x80],
  [0xc1, 0xbf],
  [0xc2],
  [0xc2, 0x20],
  [0xe0, 0x80, 0x80],
  [0xe0, 0x9f, 0xbf],
  [0xe2, 0x82],
  [0xed, 0xa0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80],
  [0xf0, 0x80, 0x80, 0x80],
  [0xf0, 0x8f, 0xbf, 0xbf],
  [0xf0, 0x9f, 0x98],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xfe],
  [0xff],
];

/** Every sequence here breaks the protocol, whatever the client has in flight below identifier 1000. */
function violations(qos2: boolean): (readonly [what: string, octets: Uint8Array])[] {
  const cases: (readonly [string, Uint8Array])[] = [];
  for (const type of [0, 15]) {
    for (let flags = 0; flags < 16; flags++) {
      cases.push(['a reserved type', packet((type << 4) | flags, [])]);
      cases.push(['a reserved type with a body', packet((type << 4) | flags, [0, 1, 0x61])]);
    }
  }
  for (const [number, body] of Object.entries(BODIES)) {
    const type = Number(number);
    const name = MQTT_TYPE_NAMES[type] as string;
    for (let flags = 0; flags < 16; flags++) {
      if (flags !== flagsOf(type)) cases.push([`${name} with flags ${flags}`, packet((type << 4) | flags, body)]);
    }
    const right = (type << 4) | flagsOf(type);
    if (type !== 13) cases.push([`${name}, unasked`, packet(right, body)]);
    cases.push([
      `${name} with a length in more octets than needed`,
      Uint8Array.of(right, body.length | 128, 0, ...body),
    ]);
    cases.push([`${name} with a length of five octets`, Uint8Array.of(right, 0x80, 0x80, 0x80, 0x80, 1)]);
    cases.push([`${name} of 256 MB`, Uint8Array.of(right, 0xff, 0xff, 0xff, 0x7f)]);
    if (type === 9) continue;
    for (let size = 0; size < 8; size++) {
      if (size === body.length || type === 1 || type === 8 || type === 10) continue;
      cases.push([`${name} of ${size} octets`, packet(right, new Array(size).fill(1))]);
    }
  }
  for (const size of [0, 1, 2, 4, 5]) cases.push([`SUBACK of ${size} octets`, packet(0x90, new Array(size).fill(1))]);
  for (const qos of [0, 1, 2]) {
    for (const topic of BAD_TOPICS) cases.push([`PUBLISH QoS ${qos} to ${topic}`, publish(qos, topic)]);
    cases.push([`PUBLISH QoS ${qos} without topic`, packet(0x30 | (qos << 1), [])]);
    cases.push([`PUBLISH QoS ${qos} with half a length`, packet(0x30 | (qos << 1), [0])]);
    for (const length of [2, 3, 255, 256, 0xffff])
      cases.push([
        `PUBLISH QoS ${qos} whose topic ends beyond it`,
        packet(0x30 | (qos << 1), [length >> 8, length & 255, 0x61]),
      ]);
    if (qos > 0) cases.push([`PUBLISH QoS ${qos} with identifier 0`, publish(qos, [0x61], 0)]);
    if (qos > 0) cases.push([`PUBLISH QoS ${qos} with half an identifier`, packet(0x30 | (qos << 1), [0, 1, 0x61, 0])]);
  }
  for (const first of [0x36, 0x37, 0x3e, 0x3f, 0x38, 0x39]) {
    cases.push([`PUBLISH ${first.toString(16)}`, packet(first, [0, 1, 0x61, 0, 7])]);
  }
  if (!qos2) cases.push(['PUBLISH QoS 2', publish(2, [0x61])]);
  for (const type of [4, 5, 6, 7, 11]) {
    for (const id of [0, 1000, 65535]) {
      cases.push([`${MQTT_TYPE_NAMES[type]} for ${id}`, packet((type << 4) | flagsOf(type), [id >> 8, id & 255])]);
    }
  }
  for (const id of [0, 1000]) cases.push([`SUBACK for ${id}`, packet(0x90, [id >> 8, id & 255, 0])]);
  return cases;
}

/** What a broker must not answer CONNECT with. */
function notConnacks(): (readonly [what: string, octets: Uint8Array, cleanSession: boolean])[] {
  const cases: (readonly [string, Uint8Array, boolean])[] = [];
  for (let flags = 2; flags < 256; flags++) cases.push([`flags ${flags}`, packet(0x20, [flags, 0]), false]);
  for (let code = 6; code < 256; code++) cases.push([`return code ${code}`, packet(0x20, [0, code]), false]);
  for (let code = 1; code < 6; code++)
    cases.push([`return code ${code} and a session`, packet(0x20, [1, code]), false]);
  cases.push(['a session after a clean one was asked for', packet(0x20, [1, 0]), true]);
  for (let flags = 1; flags < 16; flags++) cases.push([`header flags ${flags}`, packet(0x20 | flags, [0, 0]), true]);
  for (const [number, body] of Object.entries(BODIES)) {
    const type = Number(number);
    if (type !== 2) cases.push([MQTT_TYPE_NAMES[type] as string, packet((type << 4) | flagsOf(type), body), true]);
  }
  for (const size of [0, 1, 3, 4])
    cases.push([`CONNACK of ${size} octets`, packet(0x20, new Array(size).fill(0)), true]);
  for (const qos of [0, 1, 2]) cases.push([`PUBLISH QoS ${qos}`, publish(qos, [0x61]), true]);
  return cases;
}

const BOTH: readonly (readonly [string, MqttExtensions])[] = [
  ['the default profile', {}],
  ['every extension', { qos2: true, chainedPackets: true, inFlightMaximum: 3 }],
];

describe.each(BOTH)('in %s', (_name, extensions) => {
  const cases = violations(extensions.qos2 === true);

  test(`a connected client closes, with a reason, on each of ${cases.length} sequences, whole and octet by octet`, () => {
    const lab = new BrokerLab({ client: { extensions, maximumPacketSize: 65_536 } });
    const { client } = lab;
    let n = 0;
    for (const [what, octets] of cases) {
      lab.connected({ cleanSession: false });
      const streams = lab.streams.length;
      const before = client.counters.violations;
      if (n++ % 2 === 0) lab.sayBytes(octets);
      else for (const octet of octets) if (client.isConnected) lab.sayBytes(Uint8Array.of(octet));
      lab.settle();
      const { status, reasonName } = client.failure();
      const told = lab.heardSince();
      expect([what, toHex(octets), client.state, status, client.counters.violations - before]).toEqual([
        what,
        toHex(octets),
        1,
        NXD_MQTT_SERVER_MESSAGE_FAILURE,
        1,
      ]);
      expect(reasonName).toMatch(/^mqtt-/);
      // Nothing was answered and nothing handed on: the connection was closed, once.
      expect([what, ...told]).toEqual([what, 'fin', 'disconnected 0x10008']);
      expect([lab.streams.length, client.messages]).toEqual([streams, 0]);
    }
    expect(n).toBeGreaterThan(300);
    lab.end();
  });

  test('a connecting client cuts the connection off on each answer that is none', () => {
    const lab = new BrokerLab({ accepts: false, client: { extensions } });
    const { client } = lab;
    const answers = notConnacks();
    for (const [what, octets, cleanSession] of answers) {
      client.connect({ cleanSession });
      lab.settle();
      lab.heardSince();
      lab.sayBytes(octets);
      expect([what, ...lab.heardSince()]).toEqual([what, 'reset', 'connected 0x10008 code=-1 present=false']);
      expect([client.state, client.failure().reasonName.slice(0, 5)]).toEqual([1, 'mqtt-']);
    }
    expect(answers.length).toBeGreaterThan(500);
    lab.end();
  });

  test('a SUBACK with a reserved return code closes, whatever the code', () => {
    const lab = new BrokerLab({ client: { extensions } });
    for (let code = 3; code < 256; code++) {
      if (code === 0x80) continue;
      lab.connected();
      lab.client.subscribe('a', 1);
      lab.settle();
      lab.heardSince();
      lab.sayBytes(packet(0x90, [0, 1, code]));
      expect([code, ...lab.heardSince()]).toEqual([code, 'fin', 'disconnected 0x10008']);
      expect(lab.client.failure().reasonName).toBe('mqtt-return-code');
    }
    lab.end();
  });

  test('what comes behind a violation is not looked at', () => {
    const lab = new BrokerLab({ client: { extensions } });
    for (const [, octets] of violations(extensions.qos2 === true).filter((_, index) => index % 7 === 0)) {
      lab.connected();
      lab.sayBytes(Uint8Array.of(...octets, ...publish(1, [0x61]), ...publish(0, [0x61])));
      lab.sayBytes(publish(1, [0x61]));
      expect(lab.client.messages).toBe(0);
      expect(lab.heardSince()).toEqual(['fin', 'disconnected 0x10008']);
    }
    lab.end();
  });
});
