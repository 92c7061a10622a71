import { NXD_MQTT_INVALID_PARAMETER, SECOND } from '@strata/contracts';
import type { Scenario } from '../../suite/suite.ts';
import { mqtt, QOS2 } from './broker-peer.ts';

/** Protocol name and level. */
const PROTOCOL = '00 04 4d 51 54 54 04';

/** MQTT 3.1.1 3.1, 3.12, 3.14 and 7: CONNECT, keep-alive, the end of a connection, the transport. */
export const connecting: readonly Scenario[] = [
  mqtt('nothing is sent before CONNECT', ['3.1.0-1'], (m, t) => {
    for (const _round of [1, 2]) {
      t.equal(m.connect()[0], 0x10, 'the first octet');
      m.expect();
      m.client.disconnect();
      m.settle();
    }
  }),
  mqtt(
    'the payload of CONNECT is client identifier, will topic, will message, user name, password',
    ['3.1.3-1', '3.1.3-3', '3.1.2-9', '3.1.2-19', '3.1.2-21'],
    (m, t) => {
      m.client.willMessageSet('w', 'gone', true, 1);
      m.client.loginSet('user', 'pw');
      const packet = Array.from(m.connect({ keepAliveSeconds: 60 }), (o) => o.toString(16).padStart(2, '0')).join(' ');
      const payload = '00 03 64 65 76 00 01 77 00 04 67 6f 6e 65 00 04 75 73 65 72 00 02 70 77';
      t.equal(packet, `10 22 ${PROTOCOL} ee 00 3c ${payload}`, 'CONNECT');
    },
  ),
  mqtt(
    'without will and login, their flags are 0 and their fields absent',
    ['3.1.2-11', '3.1.2-13', '3.1.2-15', '3.1.2-18', '3.1.2-20', '3.1.3-3'],
    (m, t) => {
      const packet = Array.from(m.connect(), (o) => o.toString(16).padStart(2, '0')).join(' ');
      t.equal(packet, `10 0f ${PROTOCOL} 02 00 00 00 03 64 65 76`, 'CONNECT');
    },
  ),
  mqtt('a password goes only with a user name', ['3.1.2-22', '3.1.2-20'], (m, t) => {
    m.client.loginSet(null, 'pw');
    const packet = m.connect();
    t.equal([packet[9], packet.length], [2, 17], 'connect flags and size');
  }),
  mqtt('a will has QoS 0, 1 or 2', ['3.1.2-14'], (m, t) => {
    for (const qos of [3, -1, 4]) {
      m.status(m.client.willMessageSet('w', '', false, qos), NXD_MQTT_INVALID_PARAMETER, `a will of QoS ${qos}`);
    }
    t.equal(m.connect()[9], 2, 'the connect flags');
  }),
  mqtt(
    'retain and QoS of a will stand in the flags as they were set',
    ['3.1.2-9', '3.1.2-14'],
    (m, t) => {
      m.client.willMessageSet('w', '', false, 2);
      t.equal(m.connect({ cleanSession: false })[9], 0x14, 'the connect flags');
    },
    QOS2,
  ),
  mqtt(
    'an empty client identifier is refused without a clean session',
    ['3.1.3-7'],
    (m, t) => {
      m.status(m.client.connect({ cleanSession: false }), NXD_MQTT_INVALID_PARAMETER, 'connect');
      t.equal(m.connect({ cleanSession: true }).length, 14, 'octets of CONNECT');
    },
    { client: { clientId: '' } },
  ),
  mqtt('packets are never further apart than the keep-alive; PINGREQ fills silence', ['3.1.2-23'], (m, t) => {
    m.connected({ keepAliveSeconds: 5 });
    let last = m.now;
    for (let pings = 0; pings < 5; ) {
      m.advance(SECOND / 100);
      for (const packet of m.all()) {
        t.equal(packet, 'c0 00', 'what the client sends when the application is silent');
        t.ok(m.now - last <= 5 * SECOND, 'the silence was longer than the keep-alive');
        last = m.now;
        pings++;
        m.say('d0 00');
      }
      t.ok(m.now - last <= 5 * SECOND, 'the silence was longer than the keep-alive');
    }
  }),
  mqtt('a keep-alive of 0 means no PINGREQ', ['3.1.2-23'], (m) => {
    m.connected({ keepAliveSeconds: 0 });
    m.advance(3600 * SECOND);
    m.expect();
  }),
  mqtt('after DISCONNECT the client closes, and sends nothing more', ['3.14.4-1', '3.14.4-2', '3.14.1-1'], (m, t) => {
    m.connected({ keepAliveSeconds: 5 });
    m.client.publish('a', 'x', false, 1);
    m.client.disconnect();
    m.say('32 05 00 01 61 00 01');
    m.expect('32 06 00 01 61 00 01 78', 'e0 00');
    t.equal(m.ending, 'fin', 'how the connection ended');
    m.advance(20 * SECOND);
    m.expect();
  }),
  mqtt('control packets are found in the stream wherever segments are cut', ['7.1.2-1'], (m, t) => {
    const stream = '32 06 00 01 61 00 01 78 30 04 00 01 62 79 32 05 00 01 63 00 02'.split(' ');
    m.connected();
    for (const octet of stream) m.tell(octet);
    m.tell(stream.join(' '));
    m.expect('40 02 00 01', '40 02 00 02', '40 02 00 01', '40 02 00 02');
    t.equal(m.client.messages, 6, 'messages');
  }),
  mqtt('the client needs nothing but what the document has', ['7.0.0-2'], (m, t) => {
    m.connected();
    m.client.subscribe('a', 1);
    m.expect('82 06 00 01 00 01 61 01');
    m.tell('90 03 00 01 01', '32 06 00 01 61 00 01 78');
    m.expect('40 02 00 01');
    m.client.publish('b', 'y', false, 1);
    m.expect('32 06 00 01 62 00 02 79');
    m.tell('40 02 00 02');
    m.client.disconnect();
    m.expect('e0 00');
    t.equal(m.told.at(-1), 'disconnected 0x0', 'what the application heard last');
  }),
];
