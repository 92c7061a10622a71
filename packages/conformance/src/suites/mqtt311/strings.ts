import { NXD_MQTT_INVALID_PARAMETER } from '@strata/contracts';
import { MqttClient } from '@strata/mqtt';
import type { Scenario } from '../../suite/suite.ts';
import { mqtt, octets } from './broker-peer.ts';

/** Octets that are no UTF-8 that MQTT carries, as a PUBLISH to a topic of them. */
const NOT_UTF8: readonly (readonly [what: string, publish: string])[] = [
  ['a lone continuation octet', '30 03 00 01 80'],
  ['an overlong form', '30 04 00 02 c0 af'],
  ['a surrogate', '30 05 00 03 ed a0 80'],
  ['beyond U+10FFFF', '30 06 00 04 f4 90 80 80'],
  ['a sequence that is cut off', '30 04 00 02 e2 82'],
  ['an octet that begins nothing', '30 03 00 01 ff'],
];

const LONE_SURROGATE = 'a\ud800b';
const LONG = 'x'.repeat(65_536);

/** MQTT 3.1.1 1.5.3 and 4.7: strings, topic names and filters. */
export const strings: readonly Scenario[] = [
  ...NOT_UTF8.map(([what, publish]) =>
    mqtt(`a topic from the broker with ${what} closes the connection`, ['1.5.3-1', '3.3.2-1', '4.8.0-1'], (m) =>
      m.connected().violates(publish, 'mqtt-utf8'),
    ),
  ),
  mqtt(
    'strings with lone surrogates are refused before anything is sent',
    ['1.5.3-1', '3.1.3-4', '3.1.3-10', '3.1.3-11', '3.3.2-1', '3.8.3-1', '3.10.3-1'],
    (m) => {
      const { client } = m.connected();
      const bad = NXD_MQTT_INVALID_PARAMETER;
      const time = { now: 0, alarm: () => ({ set() {}, cancel() {} }), defer() {} } as never;
      m.status(MqttClient.check({ clientId: LONE_SURROGATE, time, pool: {} as never }), bad, 'create');
      m.status(client.willMessageSet(LONE_SURROGATE, '', false, 0), bad, 'will');
      m.status(client.loginSet(LONE_SURROGATE), bad, 'login');
      m.status(client.publish(LONE_SURROGATE, '', false, 0), bad, 'publish');
      m.status(client.publish(octets('c0 80'), '', false, 0), bad, 'publish with octets');
      m.status(client.subscribe(LONE_SURROGATE, 0), bad, 'subscribe');
      m.status(client.unsubscribe(LONE_SURROGATE), bad, 'unsubscribe');
      m.expect();
    },
  ),
  mqtt('U+0000 in a topic from the broker closes the connection', ['1.5.3-2', '4.7.3-2'], (m) =>
    m.connected().violates('30 05 00 03 61 00 62', 'mqtt-string-null'),
  ),
  mqtt('U+0000 is refused before anything is sent', ['1.5.3-2', '4.7.3-2'], (m) => {
    const { client } = m.connected();
    for (const status of [
      client.publish('a\0', '', false, 1),
      client.subscribe('a\0', 0),
      client.unsubscribe('\0'),
      client.loginSet('a\0'),
      client.willMessageSet('a\0', '', false, 0),
    ]) {
      m.status(status, NXD_MQTT_INVALID_PARAMETER, 'a string with U+0000');
    }
    m.expect();
  }),
  mqtt('a byte order mark is a character like others, in both directions', ['1.5.3-3'], (m, t) => {
    m.connected().client.publish('\ufeffa', '', false, 0);
    m.expect('30 06 00 04 ef bb bf 61');
    m.tell('30 06 00 04 ef bb bf 61');
    t.equal(m.client.receive()?.topic, '\ufeffa', 'the topic');
  }),
  mqtt(
    'topic names from the broker with wildcards close the connection; such names are not sent',
    ['3.3.2-2', '4.7.1-1', '4.8.0-1'],
    (m) => {
      m.connected();
      for (const topic of ['+', '#', 'a/+/b', 'a/#', 'a+', '#a']) {
        m.status(m.client.publish(topic, '', false, 0), NXD_MQTT_INVALID_PARAMETER, `publish to ${topic}`);
        m.status(m.client.willMessageSet(topic, '', false, 0), NXD_MQTT_INVALID_PARAMETER, `will on ${topic}`);
      }
      m.expect();
      m.violates('30 05 00 03 61 2f 23', 'mqtt-topic-wildcard');
      m.connected().violates('32 07 00 03 2b 2f 61 00 01', 'mqtt-topic-wildcard');
    },
  ),
  mqtt('the multi-level wildcard stands alone in the last level', ['4.7.1-2'], (m) => {
    m.connected();
    for (const filter of ['a#', 'a/#/b', '#/a', 'a/b#', '##']) {
      m.status(m.client.subscribe(filter, 0), NXD_MQTT_INVALID_PARAMETER, `subscribe to ${filter}`);
      m.status(m.client.unsubscribe(filter), NXD_MQTT_INVALID_PARAMETER, `unsubscribe from ${filter}`);
    }
    m.expect();
    for (const filter of ['#', 'a/#', '/#']) m.status(m.client.subscribe(filter, 0), 0, `subscribe to ${filter}`);
  }),
  mqtt('the single-level wildcard fills a whole level', ['4.7.1-3'], (m) => {
    m.connected();
    for (const filter of ['a+', '+a', 'a/b+/c', '++']) {
      m.status(m.client.subscribe(filter, 0), NXD_MQTT_INVALID_PARAMETER, `subscribe to ${filter}`);
    }
    m.expect();
    for (const filter of ['+', '+/a', 'a/+', '/+', '+/+/#']) m.status(m.client.subscribe(filter, 0), 0, filter);
  }),
  mqtt('topics and filters have a character at least', ['4.7.3-1', '4.8.0-1'], (m) => {
    m.connected();
    m.status(m.client.publish('', 'x', false, 0), NXD_MQTT_INVALID_PARAMETER, 'publish');
    m.status(m.client.subscribe('', 0), NXD_MQTT_INVALID_PARAMETER, 'subscribe');
    m.status(m.client.unsubscribe(''), NXD_MQTT_INVALID_PARAMETER, 'unsubscribe');
    m.status(m.client.willMessageSet('', 'x', false, 0), NXD_MQTT_INVALID_PARAMETER, 'will');
    m.expect();
    m.violates('30 03 00 00 78', 'mqtt-topic-empty');
  }),
  mqtt('topics and filters have 65535 octets at most', ['4.7.3-3'], (m) => {
    m.connected();
    m.status(m.client.publish(LONG, '', false, 0), NXD_MQTT_INVALID_PARAMETER, 'publish');
    m.status(m.client.subscribe(LONG, 0), NXD_MQTT_INVALID_PARAMETER, 'subscribe');
    m.status(m.client.unsubscribe('ü'.repeat(32_768)), NXD_MQTT_INVALID_PARAMETER, 'unsubscribe');
    m.expect();
    m.status(m.client.publish(LONG.slice(1), '', false, 0), 0, 'publish to 65535 octets');
    m.settle();
  }),
];
