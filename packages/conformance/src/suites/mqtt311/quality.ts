import { NXD_MQTT_QOS2_NOT_SUPPORTED } from '@strata/contracts';
import type { Scenario } from '../../suite/suite.ts';
import { mqtt, QOS2 } from './broker-peer.ts';

/** MQTT 3.1.1 4: session state, the three qualities of service, delivery again, order; 3.8 and 3.10: requests. */
export const quality: readonly Scenario[] = [
  mqtt('QoS 0 is sent once, with QoS 0 and DUP 0, and expects nothing', ['4.3.1-1', '3.3.4-1'], (m, t) => {
    m.connected({ cleanSession: false });
    m.client.publish('a', 'x', false, 0);
    m.expect('30 04 00 01 61 78');
    t.equal(m.client.unacknowledged, 0, 'unacknowledged messages');
    m.tell('30 04 00 01 61 78');
    m.expect();
  }),
  mqtt('QoS 1: unacknowledged until PUBACK, DUP 0 at first', ['4.3.2-1'], (m, t) => {
    m.connected();
    m.client.publish('a', 'x', false, 1);
    m.expect('32 06 00 01 61 00 01 78');
    t.equal(m.client.unacknowledged, 1, 'unacknowledged messages');
    m.tell('40 02 00 01');
    t.equal([m.client.unacknowledged, m.told.at(-1)], [0, 'acknowledged 4 1 0'], 'after PUBACK');
  }),
  mqtt('QoS 1 received: PUBACK; the same identifier afterwards is a new message', ['4.3.2-2', '4.5.0-2'], (m, t) => {
    m.connected().tell('32 06 00 01 61 00 07 78', '32 06 00 01 61 00 07 79', '3a 06 00 01 61 00 07 7a');
    m.expect('40 02 00 07', '40 02 00 07', '40 02 00 07');
    t.equal(m.client.messages, 3, 'messages');
  }),
  mqtt(
    'QoS 2 sent: PUBLISH, PUBREL after PUBREC, and the message never again after that',
    ['4.3.3-1', '3.3.4-1'],
    (m, t) => {
      m.connected({ cleanSession: false });
      m.client.publish('a', 'x', false, 2);
      m.expect('34 06 00 01 61 00 01 78');
      m.cut();
      m.resume();
      m.expect('3c 06 00 01 61 00 01 78');
      m.tell('50 02 00 01');
      m.expect('62 02 00 01');
      m.cut();
      m.resume();
      m.expect('62 02 00 01');
      m.tell('70 02 00 01');
      t.equal(m.client.unacknowledged, 0, 'unacknowledged messages');
      m.cut();
      m.resume();
      m.expect();
    },
    QOS2,
  ),
  mqtt(
    'QoS 2 received: PUBREC, no duplicates until PUBREL, then PUBCOMP and the identifier is free',
    ['4.3.3-2', '4.5.0-2'],
    (m, t) => {
      m.connected({ cleanSession: false }).tell('34 06 00 01 61 00 07 78', '3c 06 00 01 61 00 07 78');
      m.expect('50 02 00 07', '50 02 00 07');
      m.cut();
      m.resume();
      m.tell('3c 06 00 01 61 00 07 78', '62 02 00 07');
      m.expect('50 02 00 07', '70 02 00 07');
      t.equal(m.client.messages, 1, 'messages');
      m.tell('34 06 00 01 61 00 07 79');
      m.expect('50 02 00 07');
      t.equal(m.client.messages, 2, 'messages after the identifier was used again');
    },
    QOS2,
  ),
  mqtt(
    'without the extension QoS 2 is refused, and closes the connection when received',
    ['4.3.3-1', '4.3.3-2'],
    (m) => {
      m.connected();
      m.status(m.client.publish('a', '', false, 2), NXD_MQTT_QOS2_NOT_SUPPORTED, 'publish');
      m.status(m.client.subscribe('a', 2), NXD_MQTT_QOS2_NOT_SUPPORTED, 'subscribe');
      m.status(m.client.willMessageSet('a', '', false, 2), NXD_MQTT_QOS2_NOT_SUPPORTED, 'will');
      m.expect();
      m.violates('34 05 00 01 61 00 01', 'mqtt-qos2-unsupported');
    },
  ),
  mqtt(
    'the session outlives the connection: all that is unacknowledged is sent again, in order, with DUP',
    ['3.1.2-4', '3.1.3-2', '4.1.0-1', '4.1.0-2', '4.4.0-1', '3.3.1-1', '4.6.0-1'],
    (m) => {
      m.connected({ cleanSession: false });
      for (const text of ['1', '2', '3']) m.client.publish('a', text, false, 1);
      m.settle();
      m.tell('40 02 00 02');
      m.all();
      m.cut();
      m.resume();
      m.expect('3a 06 00 01 61 00 01 31', '3a 06 00 01 61 00 03 33');
    },
  ),
  mqtt(
    'PUBRELs are sent again in the order of the PUBRECs, PUBLISHes in their own',
    ['4.4.0-1', '4.6.0-1', '4.6.0-4', '4.1.0-1'],
    (m) => {
      m.connected({ cleanSession: false });
      for (const text of ['1', '2', '3', '4']) m.client.publish('a', text, false, 2);
      m.settle();
      m.all();
      m.tell('50 02 00 03 50 02 00 01');
      m.expect('62 02 00 03', '62 02 00 01');
      m.cut();
      m.resume();
      m.expect('62 02 00 03', '62 02 00 01', '3c 06 00 01 61 00 02 32', '3c 06 00 01 61 00 04 34');
    },
    QOS2,
  ),
  mqtt('a clean session has no past', ['3.1.2-6'], (m, t) => {
    m.connected({ cleanSession: false });
    m.client.publish('a', 'x', false, 1);
    m.settle();
    m.cut();
    m.connected({ cleanSession: true }).expect();
    t.equal(m.client.unacknowledged, 0, 'unacknowledged messages');
  }),
  mqtt(
    'a clean session has no past: QoS 2 of both directions',
    ['3.1.2-6'],
    (m, t) => {
      m.connected({ cleanSession: false });
      m.client.publish('a', 'x', false, 2);
      m.tell('50 02 00 01', '34 06 00 01 61 00 07 78');
      m.cut();
      m.connected({ cleanSession: true }).tell('34 06 00 01 61 00 07 79');
      m.expect('50 02 00 07');
      t.equal([m.client.messages, m.client.unacknowledged], [2, 0], 'messages and unacknowledged ones');
    },
    QOS2,
  ),
  mqtt('PUBACKs go in the order of the messages', ['4.6.0-2'], (m) => {
    m.connected().tell('32 05 00 01 61 00 09 32 05 00 01 62 00 03 30 03 00 01 61 32 05 00 01 61 00 05');
    m.expect('40 02 00 09', '40 02 00 03', '40 02 00 05');
  }),
  mqtt(
    'PUBRECs go in the order of the messages, PUBRELs in that of the PUBRECs',
    ['4.6.0-3', '4.6.0-4'],
    (m) => {
      m.connected().tell('34 05 00 01 61 00 09 34 05 00 01 62 00 03 32 05 00 01 61 00 05');
      m.expect('50 02 00 09', '50 02 00 03', '40 02 00 05');
      for (const topic of ['x', 'y']) m.client.publish(topic, '', false, 2);
      m.settle();
      m.all();
      m.tell('50 02 00 02 50 02 00 01');
      m.expect('62 02 00 02', '62 02 00 01');
    },
    QOS2,
  ),
  mqtt('SUBSCRIBE and UNSUBSCRIBE name a filter, and a QoS in two bits', ['3.8.3-3', '3.8.3-4', '3.10.3-2'], (m, t) => {
    m.connected();
    for (const qos of [3, -1, 255]) t.ok(m.client.subscribe('a', qos) !== 0, `subscribe with QoS ${qos}`);
    m.client.subscribe('a/+', 0);
    m.client.subscribe('b', 1);
    m.client.unsubscribe('b');
    m.expect('82 08 00 01 00 03 61 2f 2b 00', '82 06 00 02 00 01 62 01', 'a2 05 00 03 00 01 62');
  }),
  mqtt(
    'a subscription to QoS 2 says so in two bits',
    ['3.8.3-4'],
    (m) => {
      m.connected().client.subscribe('b', 2);
      m.expect('82 06 00 01 00 01 62 02');
    },
    QOS2,
  ),
];
