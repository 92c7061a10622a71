import { describe, expect, test } from '@jest/globals';
import { DROP_REASONS, NXD_MQTT_SERVER_MESSAGE_FAILURE, TRACE_MQTT_VIOLATION } from '@strata/contracts';
import { SeededRandom } from '@strata/time';
import { BrokerLab, hex } from './scripted-broker.ts';

/** What a connected client is told, and the reason with which it must close. Packet 1 is a QoS 1 publish in flight, 2 a SUBSCRIBE, 3 an UNSUBSCRIBE. */
const WHEN_CONNECTED: readonly (readonly [what: string, octets: string, reason: string])[] = [
  ['type 0', '00 00', 'mqtt-type'],
  ['type 0 with flags', '0f 00', 'mqtt-type'],
  ['type 15', 'f0 00', 'mqtt-type'],
  ['type 15, first octet only', 'ff', 'mqtt-type'],
  ['CONNACK with flags', '21 02 00 00', 'mqtt-flags'],
  ['PUBACK with flags', '41 02 00 01', 'mqtt-flags'],
  ['PUBACK with DUP', '48 02 00 01', 'mqtt-flags'],
  ['PUBREC with flags', '52 02 00 01', 'mqtt-flags'],
  ['PUBREL without its flags', '60 02 00 01', 'mqtt-flags'],
  ['PUBREL with wrong flags', '63 02 00 01', 'mqtt-flags'],
  ['PUBCOMP with flags', '72 02 00 01', 'mqtt-flags'],
  ['SUBSCRIBE without its flags', '80 06 00 01 00 01 61 00', 'mqtt-flags'],
  ['SUBACK with flags', '92 03 00 02 00', 'mqtt-flags'],
  ['UNSUBSCRIBE without its flags', 'a0 05 00 01 00 01 61', 'mqtt-flags'],
  ['UNSUBACK with flags', 'b2 02 00 03', 'mqtt-flags'],
  ['PINGRESP with flags', 'd1 00', 'mqtt-flags'],
  ['DISCONNECT with flags', 'e1 00', 'mqtt-flags'],
  ['remaining length of five octets', '30 ff ff ff ff 01', 'mqtt-remaining-length'],
  ['remaining length that never ends', '30 80 80 80 80 80 80', 'mqtt-remaining-length'],
  ['remaining length longer than needed: 2 in two octets', '40 82 00 00 01', 'mqtt-remaining-length'],
  ['remaining length longer than needed: 0 in four octets', 'd0 80 80 80 00', 'mqtt-remaining-length'],
  ['a packet of 256 MB', '30 ff ff ff 7f', 'mqtt-too-large'],
  ['a packet larger than accepted', '30 81 80 04', 'mqtt-too-large'],
  ['CONNACK without body', '20 00', 'mqtt-length'],
  ['CONNACK too short', '20 01 00', 'mqtt-length'],
  ['CONNACK too long', '20 03 00 00 00', 'mqtt-length'],
  ['PUBACK without body', '40 00', 'mqtt-length'],
  ['PUBACK too short', '40 01 00', 'mqtt-length'],
  ['PUBACK too long (as MQTT 5 has it)', '40 03 00 01 10', 'mqtt-length'],
  ['PUBREC too long', '50 03 00 01 00', 'mqtt-length'],
  ['PUBCOMP without body', '70 00', 'mqtt-length'],
  ['SUBACK without return code', '90 02 00 02', 'mqtt-length'],
  ['SUBACK without body', '90 00', 'mqtt-length'],
  ['SUBACK with two return codes for one filter', '90 04 00 02 00 00', 'mqtt-length'],
  ['UNSUBACK too short', 'b0 01 00', 'mqtt-length'],
  ['UNSUBACK too long', 'b0 03 00 03 00', 'mqtt-length'],
  ['PINGRESP with a body', 'd0 01 00', 'mqtt-length'],
  ['DISCONNECT with a body', 'e0 01 00', 'mqtt-length'],
  ['PUBLISH without body', '30 00', 'mqtt-length'],
  ['PUBLISH with half a length', '30 01 00', 'mqtt-length'],
  ['PUBLISH QoS 1 without identifier', '32 03 00 01 61', 'mqtt-length'],
  ['CONNECT from a broker', '10 0d 00 04 4d 51 54 54 04 02 00 00 00 01 61', 'mqtt-direction'],
  ['SUBSCRIBE from a broker', '82 06 00 01 00 01 61 00', 'mqtt-direction'],
  ['UNSUBSCRIBE from a broker', 'a2 05 00 01 00 01 61', 'mqtt-direction'],
  ['PINGREQ from a broker', 'c0 00', 'mqtt-direction'],
  ['DISCONNECT from a broker', 'e0 00', 'mqtt-direction'],
  ['a second CONNACK', '20 02 00 00', 'mqtt-connack-again'],
  ['PINGRESP without PINGREQ', 'd0 00', 'mqtt-pingresp-unasked'],
  ['PUBLISH QoS 3', '36 05 00 01 61 00 01', 'mqtt-qos'],
  ['PUBLISH QoS 3 with DUP', '3e 05 00 01 61 00 01', 'mqtt-qos'],
  ['PUBLISH QoS 0 with DUP', '38 03 00 01 61', 'mqtt-dup'],
  ['PUBLISH QoS 2, which is not supported', '34 05 00 01 61 00 09', 'mqtt-qos2-unsupported'],
  ['PUBLISH QoS 1 with identifier 0', '32 05 00 01 61 00 00', 'mqtt-packet-id-zero'],
  ['PUBLISH with an empty topic', '30 03 00 00 61', 'mqtt-topic-empty'],
  ['PUBLISH with an empty topic, QoS 1', '32 05 00 00 00 01 61', 'mqtt-topic-empty'],
  ['PUBLISH whose topic runs past the end', '30 03 00 02 61', 'mqtt-string-length'],
  ['PUBLISH whose topic is said to have 65535 octets', '30 05 ff ff 61 62 63', 'mqtt-string-length'],
  ['PUBLISH QoS 1 whose identifier is cut off', '32 05 00 02 61 62 01', 'mqtt-string-length'],
  ['PUBLISH to a topic with +', '30 05 00 03 61 2f 2b', 'mqtt-topic-wildcard'],
  ['PUBLISH to #', '30 03 00 01 23', 'mqtt-topic-wildcard'],
  ['PUBLISH to a topic with # inside', '30 05 00 03 61 23 62', 'mqtt-topic-wildcard'],
  ['PUBLISH with U+0000 in the topic', '30 05 00 03 61 00 62', 'mqtt-string-null'],
  ['PUBLISH whose topic is a lone continuation octet', '30 03 00 01 80', 'mqtt-utf8'],
  ['PUBLISH whose topic is overlong UTF-8 (C0 80)', '30 04 00 02 c0 80', 'mqtt-utf8'],
  ['PUBLISH whose topic is overlong UTF-8 (E0 80 80)', '30 05 00 03 e0 80 80', 'mqtt-utf8'],
  ['PUBLISH whose topic is a high surrogate (ED A0 80)', '30 05 00 03 ed a0 80', 'mqtt-utf8'],
  ['PUBLISH whose topic is a low surrogate (ED BF BF)', '30 05 00 03 ed bf bf', 'mqtt-utf8'],
  ['PUBLISH whose topic is a pair of surrogates in UTF-8', '30 08 00 06 ed a0 81 ed b0 80', 'mqtt-utf8'],
  ['PUBLISH whose topic lies above U+10FFFF', '30 06 00 04 f4 90 80 80', 'mqtt-utf8'],
  ['PUBLISH whose topic uses F8', '30 07 00 05 f8 88 80 80 80', 'mqtt-utf8'],
  ['PUBLISH whose topic ends in the middle of a character', '30 04 00 02 61 c3', 'mqtt-utf8'],
  ['PUBLISH whose topic is Latin-1', '30 05 00 03 67 fc 6e', 'mqtt-utf8'],
  ['PUBACK with identifier 0', '40 02 00 00', 'mqtt-packet-id-zero'],
  ['SUBACK with identifier 0', '90 03 00 00 00', 'mqtt-packet-id-zero'],
  ['UNSUBACK with identifier 0', 'b0 02 00 00', 'mqtt-packet-id-zero'],
  ['PUBACK out of nowhere', '40 02 12 34', 'mqtt-packet-id-unknown'],
  ['PUBACK twice', '40 02 00 01 40 02 00 01', 'mqtt-packet-id-unknown'],
  ['PUBACK for a SUBSCRIBE', '40 02 00 02', 'mqtt-packet-id-unknown'],
  ['SUBACK out of nowhere', '90 03 00 63 00', 'mqtt-packet-id-unknown'],
  ['SUBACK for a PUBLISH', '90 03 00 01 00', 'mqtt-packet-id-unknown'],
  ['SUBACK for an UNSUBSCRIBE', '90 03 00 03 00', 'mqtt-packet-id-unknown'],
  ['UNSUBACK for a SUBSCRIBE', 'b0 02 00 02', 'mqtt-packet-id-unknown'],
  ['PUBREC for a QoS 1 message', '50 02 00 01', 'mqtt-packet-id-unknown'],
  ['PUBREL out of nowhere', '62 02 00 01', 'mqtt-packet-id-unknown'],
  ['PUBCOMP out of nowhere', '70 02 00 01', 'mqtt-packet-id-unknown'],
  ['SUBACK with return code 3', '90 03 00 02 03', 'mqtt-return-code'],
  ['SUBACK with return code 0x7f', '90 03 00 02 7f', 'mqtt-return-code'],
  ['SUBACK with return code 0x81', '90 03 00 02 81', 'mqtt-return-code'],
  ['an HTTP answer', '48 54 54 50 2f 31 2e 31', 'mqtt-flags'],
  ['a TLS alert', '15 03 03 00 02 02 28', 'mqtt-flags'],
  ['a good message, then garbage', '30 05 00 01 61 68 69 ff ff', 'mqtt-type'],
];

/** What a client that waits for CONNACK is told. `clean` false asks for the old session. */
const WHEN_CONNECTING: readonly (readonly [what: string, octets: string, reason: string, clean: boolean])[] = [
  ['return code 6', '20 02 00 06', 'mqtt-return-code', true],
  ['return code 255', '20 02 00 ff', 'mqtt-return-code', true],
  ['reserved acknowledge flags', '20 02 02 00', 'mqtt-connack-flags', true],
  ['all acknowledge flags', '20 02 ff 00', 'mqtt-connack-flags', false],
  ['a session present after a clean session was asked for', '20 02 01 00', 'mqtt-session-present', true],
  ['a session present although refused', '20 02 01 05', 'mqtt-session-present', false],
  ['CONNACK too long', '20 03 00 00 00', 'mqtt-length', true],
  ['CONNACK too short', '20 01 00', 'mqtt-length', true],
  ['CONNACK with flags', '28 02 00 00', 'mqtt-flags', true],
  ['PUBLISH first', '30 03 00 01 61', 'mqtt-connack-missing', true],
  ['PINGRESP first', 'd0 00', 'mqtt-connack-missing', true],
  ['SUBACK first', '90 03 00 01 00', 'mqtt-connack-missing', true],
  ['CONNECT back', '10 0d 00 04 4d 51 54 54 04 02 00 00 00 01 61', 'mqtt-connack-missing', true],
  ['type 0', '00', 'mqtt-type', true],
  ['an SSH banner', '53 53 48 2d 32 2e 30', 'mqtt-flags', true],
  ['endless remaining length', '20 ff ff ff ff ff', 'mqtt-remaining-length', true],
];

function inFlight(): BrokerLab {
  const lab = new BrokerLab({ client: { maximumPacketSize: 65536 } });
  lab.connected({ keepAliveSeconds: 60 });
  lab.client.publish('t', 'x', false, 1);
  lab.client.subscribe('s/#', 1);
  lab.client.unsubscribe('s/#');
  lab.settle();
  lab.heardSince();
  return lab;
}

describe('a broker that breaks the protocol', () => {
  test.each(WHEN_CONNECTED)('closes the connection on %s', (_what, octets, reason) => {
    // Whole, and octet by octet: where segments end makes no difference.
    for (const segments of [[octets], octets.split(' ')]) {
      const lab = inFlight();
      lab.say(...segments);
      const log = lab.heardSince();
      expect(log.filter((line) => line === 'fin' || line.startsWith('disconnected'))).toEqual([
        'fin',
        `disconnected 0x${NXD_MQTT_SERVER_MESSAGE_FAILURE.toString(16)}`,
      ]);
      expect(lab.client.failure().reasonName).toBe(reason);
      expect(lab.events.filter((event) => event.id === TRACE_MQTT_VIOLATION)).toHaveLength(1);
      expect([lab.client.state, lab.client.counters.violations]).toEqual([1, 1]);
      lab.end();
    }
  });

  test.each(WHEN_CONNECTING)('does not connect on %s', (_what, octets, reason, clean) => {
    for (const segments of [[octets], octets.split(' ')]) {
      const lab = new BrokerLab({ accepts: false });
      lab.client.connect({ cleanSession: clean });
      lab.settle();
      lab.heardSince();
      lab.say(...segments);
      expect(lab.heardSince()).toEqual(['reset', 'connected 0x10008 code=-1 present=false']);
      expect(lab.client.failure().reasonName).toBe(reason);
      expect(lab.client.state).toBe(1);
      lab.end();
    }
  });

  test('every reason has a name and a sentence of its own', () => {
    const rows = DROP_REASONS.filter(([reason]) => reason >= 0x100);
    expect(new Set(rows.map(([reason]) => reason)).size).toBe(rows.length);
    expect(new Set(rows.map(([, name]) => name)).size).toBe(rows.length);
    for (const [, name, sentence] of rows) {
      expect(name).toMatch(/^mqtt-[a-z0-9-]+$/);
      expect(sentence.length).toBeGreaterThan(15);
    }
  });

  test('a violation ends the reading: what follows it in the same segment is not acted upon', () => {
    const lab = inFlight();
    lab.say('00 00 30 05 00 01 61 68 69 40 02 00 01');
    expect(lab.heardSince()).toEqual(['fin', 'disconnected 0x10008']);
    expect([lab.client.messages, lab.client.unacknowledged]).toEqual([0, 1]);
    lab.end();
  });

  test('a broker that never answers the FIN is cut off after the closing time', () => {
    const lab = inFlight();
    lab.stream.answersFin = false;
    lab.say('00 00');
    expect(lab.heardSince()).toEqual(['fin']);
    lab.say('30 05 00 01 61 68 69', '30 05 00 01 61 68 69');
    lab.runTo(lab.tick + 2999);
    expect(lab.heardSince()).toEqual([]);
    lab.runTo(lab.tick + 1);
    expect(lab.stream.ended).toBe('reset');
    expect(lab.heardSince()).toEqual(['disconnected 0x10008']);
    lab.end();
  });
});

describe('ten thousand mutated broker sequences', () => {
  const GOOD = [
    '30 09 00 03 61 2f 62 71 30 21 21',
    '32 0b 00 03 63 2f 31 12 34 71 31 21 21',
    '3b 09 00 03 63 2f 31 12 35 64 72',
    '31 05 00 03 74 2f 65',
    '40 02 00 01',
    '90 03 00 02 01',
    'b0 02 00 03',
    '30 86 01 00 03 61 2f 62',
  ];

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('never throw, never leak, and end in order (seed %i)', (seed) => {
    const random = new SeededRandom(`malformed ${seed}`);
    let violations = 0;
    for (let run = 0; run < 50; run++) {
      const lab = inFlight();
      const clean = lab.client.counters.packetsReceived;
      for (let message = 0; message < 20; message++) {
        if (!lab.client.isConnected) {
          lab.client.connect({ cleanSession: random.below(2) === 0 });
          lab.settle();
          lab.client.publish('t', 'x', false, 1);
          lab.settle();
        }
        let bytes = hex(GOOD[random.below(GOOD.length)] as string);
        for (let changes = random.below(3); changes > 0; changes--) bytes = mutate(bytes, random);
        if (bytes.length === 0) continue;
        const cut = random.below(bytes.length + 1);
        if (cut > 0) lab.sayBytes(bytes.slice(0, cut));
        if (cut < bytes.length && lab.client.isConnected) lab.sayBytes(bytes.slice(cut));
        if (random.below(4) === 0) lab.client.receive();
      }
      expect(lab.client.counters.packetsReceived).toBeGreaterThanOrEqual(clean);
      expect(lab.log.filter((line) => line === 'disconnected 0x10008')).toHaveLength(lab.client.counters.violations);
      violations += lab.client.counters.violations;
      lab.end();
    }
    expect(violations).toBeGreaterThan(100);
  });
});

function mutate(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = random.below(Math.max(1, bytes.length));
  const copy = Uint8Array.from(bytes);
  switch (random.below(5)) {
    case 0:
      copy[at] = random.below(256);
      return copy;
    case 1:
      copy[at] = (copy[at] as number) ^ (1 << random.below(8));
      return copy;
    case 2:
      return copy.slice(0, at);
    case 3:
      return Uint8Array.from([...copy.slice(0, at), random.below(256), ...copy.slice(at)]);
    default:
      return Uint8Array.from([...copy.slice(0, at), ...copy.slice(at + 1)]);
  }
}
