import { describe, expect, test } from '@jest/globals';
import { NX_SUCCESS, NXD_MQTT_INVALID_PARAMETER } from '@strata/contracts';
import { HexBroker } from './hex-broker.ts';

/*
 * What a broker that counts octets sees, assembled here by hand from MQTT 3.1.1: nothing of the client's codec is used.
 */

const hex = (...octets: number[]): string => octets.map((octet) => octet.toString(16).padStart(2, '0')).join('');
const text = (value: string): string => Buffer.from(value, 'utf8').toString('hex');
const u16 = (value: number): string => hex(value >> 8, value & 255);
/** A field with its length in front. */
const field = (octets: string): string => u16(octets.length / 2) + octets;

/** Remaining length as 2.2.3 describes it, and what it counts. */
function packet(first: number, body: string): string {
  let left = body.length / 2;
  let length = '';
  do {
    const digit = left % 128;
    left = Math.floor(left / 128);
    length += hex(left > 0 ? digit + 128 : digit);
  } while (left > 0);
  return hex(first) + length + body;
}

interface Hello {
  readonly id: string;
  readonly clean: boolean;
  readonly keepAlive: number;
  readonly will: {
    readonly topic: string;
    readonly message: string;
    readonly qos: number;
    readonly retain: boolean;
  } | null;
  readonly user: string | null;
  readonly password: string | null;
}

/** CONNECT by 3.1: protocol name and level, flags, keep-alive, then client id, will, user name, password. */
function connectOf({ id, clean, keepAlive, will, user, password }: Hello): string {
  let flags = clean ? 2 : 0;
  if (will !== null) flags += 4 + will.qos * 8 + (will.retain ? 32 : 0);
  if (user !== null) flags += 128 + (password === null ? 0 : 64);
  let body = `00044d51545404${hex(flags)}${u16(keepAlive)}${field(text(id))}`;
  if (will !== null) body += field(text(will.topic)) + field(text(will.message));
  if (user !== null) body += field(text(user));
  if (user !== null && password !== null) body += field(text(password));
  return packet(0x10, body);
}

/** Every combination; a client without an id has clean sessions only (MQTT-3.1.3-7). */
function hellos(id: string): Hello[] {
  const wills: Hello['will'][] = [null];
  for (const qos of [0, 1, 2]) {
    for (const retain of [false, true]) {
      for (const message of ['', 'gone']) wills.push({ topic: 'w/ü', message, qos, retain });
    }
  }
  const list: Hello[] = [];
  for (const clean of id === '' ? [true] : [true, false]) {
    for (const will of wills) {
      for (const user of [null, '', 'me']) {
        for (const password of [null, '', 'secret']) {
          const keepAlive = [0, 1, 60, 65_535][list.length % 4] as number;
          list.push({ id, clean, keepAlive, will, user, password });
        }
      }
    }
  }
  return list;
}

/** Begins to connect with what `hello` says. */
function greet({ client }: HexBroker, hello: Hello): void {
  const { will, user, password } = hello;
  if (will !== null) expect(client.willMessageSet(will.topic, will.message, will.retain, will.qos)).toBe(NX_SUCCESS);
  if (user !== null || password !== null) expect(client.loginSet(user, password)).toBe(NX_SUCCESS);
  client.connect({ keepAliveSeconds: hello.keepAlive, cleanSession: hello.clean });
}

describe('CONNECT', () => {
  test('every combination of clean session, will, login and keep-alive, in one segment', () => {
    for (const id of ['', 'c']) {
      const broker = new HexBroker({ packets: 64, client: { clientId: id, extensions: { qos2: true } } });
      for (const hello of hellos(id)) {
        greet(broker, hello);
        broker.run(0.01);
        broker.at.say('20020000');
        broker.run(0.01);
        broker.client.disconnect();
        broker.run(0.01);
        expect([hello, broker.at.segments, broker.at.ended]).toEqual([hello, [connectOf(hello), 'e000'], 'fin']);
      }
      broker.end();
    }
  });

  const long = 'x'.repeat(65_535);
  const BASE: Hello = { id: 'c', clean: true, keepAlive: 0, will: null, user: null, password: null };
  test.each<[string, Hello]>([
    ['client id', { ...BASE, id: long }],
    ['will topic', { ...BASE, will: { topic: long, message: 'm', qos: 1, retain: true } }],
    ['will message', { ...BASE, will: { topic: 'w', message: long, qos: 0, retain: false } }],
    ['user name', { ...BASE, user: long }],
    ['password', { ...BASE, user: 'u', password: long }],
    [
      'all of them',
      { ...BASE, id: long, will: { topic: long, message: long, qos: 2, retain: false }, user: long, password: long },
    ],
  ])('with the longest %s there is, 65535 octets', (_what, hello) => {
    const broker = new HexBroker({ packets: 1024, client: { clientId: hello.id, extensions: { qos2: true } } });
    greet(broker, hello);
    broker.run(60);
    expect(broker.at.octets).toBe(connectOf(hello));
    broker.at.say('20020000');
    broker.run(1);
    expect(broker.client.isConnected).toBe(true);
    broker.end();
  });

  test('one octet more is refused when it is set', () => {
    const { client } = new HexBroker();
    const more = `${long}x`;
    expect([
      client.loginSet(more),
      client.loginSet('u', more),
      client.willMessageSet(more, '', false, 0),
      client.willMessageSet('w', more, false, 0),
    ]).toEqual(new Array(4).fill(NXD_MQTT_INVALID_PARAMETER));
    expect(() => new HexBroker({ client: { clientId: more } })).toThrow(RangeError);
  });
});

describe('requests', () => {
  test('SUBSCRIBE and UNSUBSCRIBE carry one filter each, and identifiers count from 1', () => {
    const broker = new HexBroker({ client: { extensions: { qos2: true } } });
    const { client } = broker;
    const at = broker.connected();
    const filters = ['a', '#', '+', 'a/+/b/#', '/', '$SYS/#', 'ü/€/😀', '\ufeffbom', 'x'.repeat(65_535)];
    const wanted: string[] = [];
    filters.forEach((filter, index) => {
      const qos = index % 3;
      expect(client.subscribe(filter, qos)).toBe(NX_SUCCESS);
      expect(client.unsubscribe(filter)).toBe(NX_SUCCESS);
      wanted.push(packet(0x82, u16(2 * index + 1) + field(text(filter)) + hex(qos)));
      wanted.push(packet(0xa2, u16(2 * index + 2) + field(text(filter))));
      broker.run(20);
    });
    expect(at.octets).toBe(wanted.join(''));
    // Whatever fits a segment has one of its own.
    expect(at.segments.slice(0, 16)).toEqual(wanted.slice(0, 16));
    broker.end();
  });

  test('PUBLISH of every QoS, retained or not, empty or not, has a segment of its own', () => {
    const broker = new HexBroker({ client: { extensions: { qos2: true } } });
    const at = broker.connected();
    const wanted: string[] = [];
    let id = 0;
    for (const qos of [0, 1, 2]) {
      for (const retain of [false, true]) {
        for (const payload of ['', 'x', '\u0000ÿ']) {
          expect(broker.client.publish('t/1', payload, retain, qos)).toBe(NX_SUCCESS);
          const identifier = qos === 0 ? '' : u16(++id);
          wanted.push(packet(0x30 + qos * 2 + (retain ? 1 : 0), field(text('t/1')) + identifier + text(payload)));
        }
      }
    }
    broker.run(1);
    expect(at.segments).toEqual(wanted);
    broker.end();
  });

  test.each([
    [127, '7f'],
    [128, '8001'],
    [16_383, 'ff7f'],
    [16_384, '808001'],
    [200_000, 'c09a0c'],
  ])('a remaining length of %i is written %s, with and without an identifier', (remaining, written) => {
    for (const qos of [0, 1]) {
      const broker = new HexBroker({ packets: 800 });
      const at = broker.connected();
      const payload = 'p'.repeat(remaining - 3 - qos * 2);
      expect(broker.client.publish('t', payload, false, qos)).toBe(NX_SUCCESS);
      broker.run(20);
      expect(at.octets).toBe(`${hex(0x30 + qos * 2)}${written}000174${qos === 0 ? '' : '0001'}${text(payload)}`);
      broker.end();
    }
  });
});
