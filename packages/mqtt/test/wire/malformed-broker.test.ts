import { describe, expect, test } from '@jest/globals';
import {
  NXD_MQTT_COMMUNICATION_FAILURE,
  NXD_MQTT_CONNECT_FAILURE,
  NXD_MQTT_SERVER_MESSAGE_FAILURE,
} from '@strata/contracts';
import { HexBroker, type HexConnection } from './hex-broker.ts';

/*
 * Brokers that say what no broker may say, or stop in the middle of it, over TCP. Every sequence is written out or made from
 * MQTT 3.1.1's own tables; nothing of the client's codec is used.
 */

/** How a broker goes on after what it has said. */
type After = 'fin' | 'reset' | 'silence';
const AFTER: readonly After[] = ['fin', 'reset', 'silence'];

interface Case {
  readonly what: string;
  /** Each text in a segment of its own. */
  readonly say: readonly string[];
  readonly after: After;
  /** False: the octets alone are no violation, only how the broker goes on ends the connection. */
  readonly violation: boolean;
}

/** What a broker may send, whole: the client has PUBLISH 1, SUBSCRIBE 2, UNSUBSCRIBE 3 and, with QoS 2, PUBLISH 4 in flight. */
const GOOD: Readonly<Record<string, string>> = {
  PUBACK: '40020001',
  SUBACK: '9003000201',
  UNSUBACK: 'b0020003',
  'PUBLISH QoS 0': '300700026162686921',
  'PUBLISH QoS 1': '320900026162000a686921',
  'PUBLISH of 200 octets': `30c8010001 61${'00'.repeat(197)}`.replaceAll(' ', ''),
};
const QOS2: Readonly<Record<string, string>> = {
  PUBREC: '50020004',
  'PUBLISH QoS 2': '340900026162000b686921',
};

const octetsIn = (text: string): string[] => text.match(/../g) as string[];

/** Cut after each octet, and then the end, a reset, or nothing more. */
function unfinished(table: Readonly<Record<string, string>>): Case[] {
  const cases: Case[] = [];
  for (const [name, whole] of Object.entries(table)) {
    const octets = octetsIn(whole);
    const cuts = octets.length > 20 ? [1, 2, 3, 5, 100, octets.length - 1] : octets.map((_, at) => at).slice(1);
    for (const cut of cuts) {
      for (const after of AFTER) {
        cases.push({
          what: `${name}, ${cut} octets of it`,
          say: [octets.slice(0, cut).join('')],
          after,
          violation: false,
        });
      }
    }
  }
  return cases;
}

/** First octet, body, of everything with a length of its own. */
const BODIES: readonly (readonly [name: string, first: number, body: string])[] = [
  ['PUBACK', 0x40, '0001'],
  ['PUBREC', 0x50, '0004'],
  ['PUBREL', 0x62, '000a'],
  ['PUBCOMP', 0x70, '0004'],
  ['SUBACK', 0x90, '000201'],
  ['UNSUBACK', 0xb0, '0003'],
  ['PINGRESP', 0xd0, ''],
  ['CONNACK', 0x20, '0000'],
  ['PUBLISH', 0x30, '00016168'],
];

const CLIENT_ONLY: readonly string[] = [
  '100d00044d51545404020000000161',
  '820600010001 6100'.replace(' ', ''),
  'a205000100016 1'.replace(' ', ''),
  'c000',
  'e000',
];

const hex = (...octets: number[]): string => octets.map((octet) => octet.toString(16).padStart(2, '0')).join('');

/** All of these end the connection as soon as they have come, however little that is. */
function violations(qos2: boolean): Case[] {
  const cases: Case[] = [];
  const add = (what: string, ...say: string[]): void => {
    cases.push({ what, say, after: 'silence', violation: true });
  };
  for (const [name, first, body] of BODIES) {
    const size = body.length / 2;
    const type = first & 0xf0;
    for (let flags = 0; flags < 16; flags++) {
      const isPublish = type === 0x30 && (flags & 6) !== 6 && !(flags & 8);
      if ((first & 15) === flags || isPublish) continue;
      add(`${name} with flags ${flags}`, hex(type | flags, size) + body);
    }
    add(`${name}, length of five octets`, hex(first, 0x80 | size, 0x80, 0x80, 0x80, 1));
    add(`${name}, length without end`, hex(first, 0xff, 0xff, 0xff, 0xff, 0xff));
    for (const zeros of [1, 2, 3]) {
      const padded = [size | 0x80, ...new Array(zeros - 1).fill(0x80), 0];
      add(`${name}, length in ${zeros} octets too many`, hex(first, ...padded) + body);
    }
    if (type === 0x30) continue;
    for (const wrong of [0, 1, 2, 3, 4, 127]) {
      if (wrong !== size) add(`${name} with remaining length ${wrong}`, hex(first, wrong) + body.slice(0, 2 * wrong));
    }
    add(`${name} of 256 MB`, hex(first, 0xff, 0xff, 0xff, 0x7f));
  }
  for (const octets of CLIENT_ONLY) {
    add(`${octets}, which only clients send`, octets);
    if (octets.length > 4) add(`the beginning of ${octets}`, octets.slice(0, 4));
  }
  for (const type of [0x00, 0xf0]) for (const low of [0, 2, 15]) add(`type ${hex(type | low)}`, hex(type | low, 0));
  for (const [what, octets] of [
    ['PUBACK twice', '4002000140020001'],
    ['PUBACK for a SUBSCRIBE', '40020002'],
    ['PUBACK out of nowhere', '40024321'],
    ['PUBACK of identifier 0', '40020000'],
    ['SUBACK twice', '90030002009003000200'],
    ['SUBACK for a PUBLISH', '9003000101'],
    ['SUBACK out of nowhere', '9003432101'],
    ['UNSUBACK twice', 'b0020003b0020003'],
    ['UNSUBACK for a SUBSCRIBE', 'b0020002'],
    ['PUBREC for QoS 1', '50020001'],
    ['PUBCOMP without PUBREC', '70020004'],
    ['PUBREL out of nowhere', '62020009'],
    ['PUBREL of identifier 0', '62020000'],
    ['CONNACK again', '20020000'],
    ['CONNACK again, refusing', '20020005'],
    ['PINGRESP unasked', 'd000'],
    ['PUBLISH QoS 3', '36050001610001'],
    ['PUBLISH QoS 0 with DUP', '380400016168'],
    ['PUBLISH QoS 1 of identifier 0', '32050001610000'],
    ['PUBLISH without topic', '30020000'],
    ['PUBLISH QoS 1 without topic', '320400000001'],
    ['PUBLISH without octets', '3000'],
    ['PUBLISH with half a topic length', '300100'],
    ['PUBLISH whose topic ends beyond it', '3004000361'],
    ['PUBLISH whose topic would be 65535 octets', '307fffff'],
    ['PUBLISH QoS 1 whose identifier is cut off', '320400016100'],
    ['PUBLISH larger than the client takes', '30ffffff7f000161'],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n').toString('hex')],
    ['a TLS alert', '15030300020228'],
    ['an SSH banner', Buffer.from('SSH-2.0-x\r\n').toString('hex')],
    ['a second MQTT 5 SUBACK', '900400020000'],
    ['an MQTT 5 PUBACK', '4003000110'],
    ['an MQTT 5 DISCONNECT', 'e0028b00'],
    ['an MQTT 5 AUTH', 'f000'],
  ] as const) {
    add(what, octets);
    if (octets.length > 4) add(`${what}, octet by octet`, ...octetsIn(octets));
  }
  for (let code = 3; code < 256; code += 7) if (code !== 0x80) add(`SUBACK with code ${code}`, `90030002${hex(code)}`);
  for (const topic of [
    '23',
    '2b',
    '612f23',
    '2b2f61',
    '6100',
    '00',
    '80',
    'bf',
    'c080',
    'c1bf',
    'c2',
    'e08080',
    'e282',
    'eda080',
    'edbfbf',
    'eda080edb080',
    'f0808080',
    'f09f98',
    'f4908080',
    'f888808080',
    'fe',
    'ff',
    '61ff62',
    'c328',
  ]) {
    const size = topic.length / 2;
    add(`PUBLISH to ${topic}`, `30${hex(size + 2)}00${hex(size)}${topic}`);
    add(`PUBLISH QoS 1 to ${topic}`, `32${hex(size + 4)}00${hex(size)}${topic}0007`);
  }
  if (!qos2) {
    add('PUBLISH QoS 2', '3406000161000768');
    add('PUBREC', '50020004');
  } else add('PUBREC of identifier 0', '50020000');
  return cases;
}

/** To a client that waits for CONNACK. */
function greetings(): Case[] {
  const cases: Case[] = [];
  const add = (what: string, ...say: string[]): void => {
    cases.push({ what, say, after: 'silence', violation: true });
  };
  for (let code = 6; code < 256; code += 5) add(`CONNACK ${code}`, `200200${hex(code)}`);
  add('CONNACK 255', '200200ff');
  for (let flags = 1; flags < 256; flags += 3) add(`CONNACK with flags ${flags}`, `2002${hex(flags)}00`);
  for (let low = 1; low < 16; low++) add(`CONNACK ${hex(0x20 | low)}`, `${hex(0x20 | low)}020000`);
  for (const [name, first, body] of BODIES) {
    if (name !== 'CONNACK') add(`${name} before CONNACK`, hex(first, body.length / 2) + body);
    if (name !== 'CONNACK' && body !== '') add(`the beginning of ${name} before CONNACK`, hex(first, body.length / 2));
  }
  for (const octets of CLIENT_ONLY) add(`${octets} before CONNACK`, octets);
  for (const octets of ['2000', '200100', '2003000000', '20820000', '20ffffffff01', '20ffffff7f', '00', 'ff'])
    add(octets, octets);
  for (const cut of ['20', '2002', '200200']) {
    for (const after of AFTER) cases.push({ what: `CONNACK cut: ${cut}`, say: [cut], after, violation: false });
  }
  for (const after of AFTER) cases.push({ what: 'nothing', say: [], after, violation: false });
  return cases;
}

function goOn(connection: HexConnection, { say, after }: Case): void {
  connection.say(...say);
  if (after === 'fin') connection.finish();
  if (after === 'reset') connection.reset();
}

const ends = (status: number): string => `disconnected ${status.toString(16)}`;

describe.each([
  ['of the default profile', false],
  ['with QoS 2', true],
])('a client %s', (_profile, qos2) => {
  test('closes for whatever a broker says wrong, or breaks off in the middle of, and gives everything back', () => {
    const broker = new HexBroker({ client: { extensions: { qos2 }, maximumPacketSize: 100_000 } });
    const { client, told } = broker;
    const all = [...violations(qos2), ...unfinished(qos2 ? { ...GOOD, ...QOS2 } : GOOD)];
    // What QoS 2 makes no difference to is tried in samples there.
    const cases = all.filter(({ what }, at) => !qos2 || at % 4 === 0 || /PUBREC|PUBREL|PUBCOMP|QoS 2/.test(what));
    for (const one of cases) {
      const at = broker.connected({ keepAliveSeconds: 5 });
      client.publish('p', 'x', false, 1);
      client.subscribe('s', 1);
      client.unsubscribe('u');
      if (qos2) client.publish('q', 'x', false, 2);
      broker.run(0.01);
      expect([one.what, at.segments.length]).toEqual([one.what, qos2 ? 4 : 3]);
      goOn(at, one);
      const { what } = one;
      broker.run(one.violation ? 0.1 : 10);
      const { status, reasonName } = client.failure();
      expect([what, client.state, told.filter((line) => line.startsWith('disconnected'))]).toEqual([
        what,
        1,
        [ends(one.violation ? NXD_MQTT_SERVER_MESSAGE_FAILURE : NXD_MQTT_COMMUNICATION_FAILURE)],
      ]);
      if (one.violation) expect([what, status, at.ended]).toEqual([what, NXD_MQTT_SERVER_MESSAGE_FAILURE, 'fin']);
      if (one.after === 'fin') expect([what, reasonName]).toEqual([what, 'mqtt-cut-off']);
      if (one.after === 'silence' && !one.violation) expect([what, reasonName]).toEqual([what, 'mqtt-ping-timeout']);
      expect([what, client.messages]).toEqual([what, 0]);
      // Everything but what would be sent again is back.
      expect([what, broker.device.pool.total - broker.device.pool.available]).toEqual([what, client.unacknowledged]);
    }
    expect(all.length).toBeGreaterThan(400);
    broker.end();
  });
});

test('a client that waits for CONNACK takes nothing else, and nothing less, and gives everything back', () => {
  const broker = new HexBroker();
  const { told, device } = broker;
  const cases = greetings();
  for (const one of cases) {
    const { what } = one;
    told.length = 0;
    goOn(broker.begin({ waitTicks: 500 }), one);
    broker.run(one.violation ? 0.1 : 6);
    const status = one.violation
      ? NXD_MQTT_SERVER_MESSAGE_FAILURE
      : one.after === 'silence'
        ? NXD_MQTT_COMMUNICATION_FAILURE
        : NXD_MQTT_CONNECT_FAILURE;
    expect([what, one.after, ...told]).toEqual([what, one.after, `connected ${status.toString(16)} -1 false`]);
    expect([what, device.pool.available]).toEqual([what, device.pool.total]);
    if (one.after === 'silence') expect([what, broker.at.ended]).toEqual([what, 'reset']);
  }
  expect(cases.length).toBeGreaterThan(150);
  broker.end();
});

test('a broker that never ends its side is cut off, and a broker that refuses is believed', () => {
  const broker = new HexBroker({ answersFin: false, client: { closeTimeoutTicks: 500 } });
  const { told } = broker;
  broker.connected().say('0000');
  broker.run(4);
  expect(told).toEqual([]);
  broker.run(2);
  expect(told).toEqual([ends(NXD_MQTT_SERVER_MESSAGE_FAILURE)]);
  for (const code of [1, 2, 3, 4, 5]) {
    told.length = 0;
    broker.begin().say(`200200${hex(code)}`);
    broker.run(0.1);
    expect(told).toEqual([`connected ${(0x10080 + code).toString(16)} ${code} false`]);
  }
  broker.end();
});
