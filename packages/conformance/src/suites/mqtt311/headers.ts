import { NXD_MQTT_INVALID_PARAMETER } from '@strata/contracts';
import type { Scenario } from '../../suite/suite.ts';
import { mqtt, QOS2 } from './broker-peer.ts';

/** First octets whose flags are not those of the type, with bodies that would be right. */
const WRONG_FLAGS: readonly string[] = [
  '21 02 00 00',
  '42 02 00 01',
  '51 02 00 01',
  '74 02 00 01',
  '82 06 00 01 00 01 61 00',
  '91 03 00 01 00',
  'b8 02 00 01',
  'd4 00',
];

/** MQTT 3.1.1 2: the fixed header and the packet identifier; 4.8: errors. */
export const headers: readonly Scenario[] = [
  mqtt(
    'every packet of the client has the flags of its type',
    ['2.2.2-1', '3.8.1-1', '3.10.1-1', '3.14.1-1', '3.6.1-1', '2.3.1-6'],
    (m) => {
      m.connected({ keepAliveSeconds: 0 });
      const { client } = m;
      client.subscribe('a', 2);
      client.unsubscribe('a');
      client.publish('a', '', true, 0);
      client.publish('a', '', false, 1);
      client.publish('a', '', false, 2);
      m.expect(
        '82 06 00 01 00 01 61 02',
        'a2 05 00 02 00 01 61',
        '31 03 00 01 61',
        '32 05 00 01 61 00 03',
        '34 05 00 01 61 00 04',
      );
      m.tell('50 02 00 04', '32 05 00 01 61 00 09', '34 05 00 01 61 00 0a', '62 02 00 0a');
      m.expect('62 02 00 04', '40 02 00 09', '50 02 00 0a', '70 02 00 0a');
      client.disconnect();
      m.expect('e0 00');
    },
    QOS2,
  ),
  ...WRONG_FLAGS.map((packet) =>
    mqtt(
      `wrong flags close the connection: ${packet}`,
      ['2.2.2-2', '4.8.0-1'],
      (m) => {
        const reason = packet.startsWith('82') ? 'mqtt-direction' : 'mqtt-flags';
        m.connected().violates(packet, reason);
      },
      QOS2,
    ),
  ),
  mqtt(
    'a PUBREL with other flags than 0010 closes the connection',
    ['3.6.1-1', '2.2.2-2'],
    (m) => {
      m.connected().tell('34 05 00 01 61 00 07');
      m.expect('50 02 00 07');
      m.violates('60 02 00 07', 'mqtt-flags');
    },
    QOS2,
  ),
  mqtt(
    'SUBSCRIBE, UNSUBSCRIBE and DISCONNECT with wrong flags close the connection like others',
    ['3.8.1-1', '3.10.1-1', '3.14.1-1'],
    (m) => {
      m.connected().violates('80 06 00 01 00 01 61 00', 'mqtt-flags');
      m.connected().violates('a0 05 00 01 00 01 61', 'mqtt-flags');
      m.connected().violates('e1 00', 'mqtt-flags');
    },
  ),
  mqtt(
    'SUBSCRIBE, UNSUBSCRIBE and PUBLISH above QoS 0 have an identifier, never 0 and never one in use; QoS 0 has none',
    ['2.3.1-1', '2.3.1-2', '2.3.1-5', '4.3.2-1'],
    (m, t) => {
      m.connected();
      m.client.publish('keep', '', false, 1);
      m.all();
      const seen = new Set<string>();
      for (let n = 0; n < 40; n++) {
        m.client.publish('a', '', false, 1);
        m.client.publish('a', '', false, 0);
        if (n % 3 === 0) m.client.subscribe('a', 0);
        if (n % 3 === 1) m.client.unsubscribe('a');
        m.settle();
        for (const packet of m.all()) {
          const [first, size] = packet.split(' ');
          if (first === '30') t.equal(packet, '30 03 00 01 61', 'a PUBLISH of QoS 0');
          else if (first === '32' && size !== '08') seen.add(packet.slice(-5));
          else if (first !== '32') seen.add(packet.slice(6, 11));
        }
      }
      t.equal(seen.size, 67, 'different identifiers');
      t.ok(!seen.has('00 00') && !seen.has('00 01'), 'an identifier was 0, or one in use');
    },
  ),
  mqtt('a resent message keeps its identifier, and only PUBACK frees it', ['2.3.1-3', '3.3.1-1'], (m) => {
    m.connected({ cleanSession: false });
    m.client.publish('a', '1', false, 1);
    m.client.publish('a', '2', false, 1);
    m.expect('32 06 00 01 61 00 01 31', '32 06 00 01 61 00 02 32');
    m.tell('40 02 00 01');
    for (let round = 0; round < 3; round++) {
      m.cut();
      m.resume();
      m.expect('3a 06 00 01 61 00 02 32');
    }
    m.client.publish('a', '3', false, 1);
    m.expect('32 06 00 01 61 00 01 33');
    m.client.publish('a', '4', false, 1);
    m.expect('32 06 00 01 61 00 03 34');
  }),
  mqtt(
    'a QoS 2 message keeps its identifier until PUBCOMP',
    ['2.3.1-3', '2.3.1-6'],
    (m) => {
      m.connected({ cleanSession: false });
      m.client.publish('a', '1', false, 2);
      m.expect('34 06 00 01 61 00 01 31');
      m.tell('50 02 00 01');
      m.expect('62 02 00 01');
      m.client.publish('a', '2', false, 2);
      m.expect('34 06 00 01 61 00 02 32');
      m.tell('70 02 00 01', '50 02 00 02');
      m.expect('62 02 00 02');
      m.cut();
      m.resume();
      m.expect('62 02 00 02');
    },
    QOS2,
  ),
  mqtt('PUBACK carries the identifier of the PUBLISH', ['2.3.1-6', '3.3.4-1', '4.5.0-2'], (m) => {
    m.connected().tell('32 05 00 01 61 12 34', '32 05 00 01 61 ff ff', '32 05 00 01 61 00 01');
    m.expect('40 02 12 34', '40 02 ff ff', '40 02 00 01');
  }),
  mqtt('identifier 0 from the broker closes the connection', ['2.3.1-1', '4.8.0-1'], (m) => {
    m.connected().violates('32 05 00 01 61 00 00', 'mqtt-packet-id-zero');
    m.connected().violates('40 02 00 00', 'mqtt-packet-id-zero');
  }),
  mqtt('QoS 3 is never sent, and closes the connection when received', ['3.3.1-4', '4.8.0-1'], (m) => {
    m.connected();
    m.status(m.client.publish('a', '', false, 3), NXD_MQTT_INVALID_PARAMETER, 'publish with QoS 3');
    m.expect();
    m.violates('36 05 00 01 61 00 01', 'mqtt-qos');
    m.connected().violates('3e 05 00 01 61 00 01', 'mqtt-qos');
  }),
  mqtt('QoS 0 has DUP 0, always, and closes the connection otherwise', ['3.3.1-2', '4.3.1-1'], (m) => {
    m.connected({ cleanSession: false });
    m.client.publish('a', '', true, 0);
    m.expect('31 03 00 01 61');
    m.cut();
    m.resume();
    m.expect();
    m.violates('38 03 00 01 61', 'mqtt-dup');
  }),
  mqtt(
    'what breaks the protocol closes that connection, and the next one is like new',
    ['4.8.0-1', '4.8.0-2'],
    (m, t) => {
      for (const [packet, reason] of [
        ['00 00', 'mqtt-type'],
        ['f0 00', 'mqtt-type'],
        ['10 00', 'mqtt-length'],
        ['c0 00', 'mqtt-direction'],
        ['30 ff ff ff ff 01', 'mqtt-remaining-length'],
        ['40 02 00 63', 'mqtt-packet-id-unknown'],
        ['20 02 00 00', 'mqtt-connack-again'],
        ['30 03 00 05 61', 'mqtt-string-length'],
        ['d0 00', 'mqtt-pingresp-unasked'],
      ] as const) {
        m.connected().violates(packet, reason);
      }
      m.connected().tell('30 03 00 01 61');
      t.equal(m.client.messages, 1, 'messages on the connection after');
    },
  ),
  mqtt('a message that the client cannot hold closes the connection', ['4.8.0-2'], (m) => {
    m.connected().violates('30 ff ff ff 7f', 'mqtt-too-large');
  }),
];
