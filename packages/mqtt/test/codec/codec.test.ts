import { describe, expect, test } from '@jest/globals';
import { DROP_MQTT_INCOMPLETE, DROP_REASONS } from '@strata/contracts';
import {
  decodeMqtt,
  encodedSize,
  encodeMqtt,
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
  MQTT_TYPE_NAMES,
  MQTT_UNSUBACK,
  MQTT_UNSUBSCRIBE,
  type MqttPacket,
  topicMatches,
} from '@strata/mqtt';
import { SeededRandom } from '@strata/time';
import * as oracle from 'mqtt-packet';
import fc from '../../../../test/support/laws.ts';
import { hex, toHex } from '../scripted-broker.ts';

const text = fc
  .string({ unit: 'binary', maxLength: 30 })
  .filter((s) => !/[\ud800-\udfff]/u.test(s) && !s.includes('\0'));
const topic = text.filter((s) => s.length > 0 && !/[+#]/.test(s));
const level = fc.oneof(
  fc.constant('+'),
  text.filter((s) => !/[+#/]/.test(s)),
);
const filter = fc
  .tuple(fc.array(level, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, hash]) => [...levels, ...(hash ? ['#'] : [])].join('/'))
  .filter((s) => s.length > 0);
const qos = fc.constantFrom<0 | 1 | 2>(0, 1, 2);
const id = fc.integer({ min: 1, max: 65535 });
const bytes = fc.uint8Array({ maxLength: 300 });

const packets: fc.Arbitrary<MqttPacket> = fc.oneof(
  fc
    .record({
      clientId: text,
      cleanSession: fc.boolean(),
      keepAlive: fc.integer({ min: 0, max: 65535 }),
      will: fc.option(fc.record({ topic, payload: bytes, qos, retain: fc.boolean() })),
      username: fc.option(text),
      password: fc.option(bytes),
    })
    .map((fields) => ({
      type: MQTT_CONNECT,
      ...fields,
      cleanSession: fields.cleanSession || fields.clientId === '',
      password: fields.username === null ? null : fields.password,
    })),
  fc
    .record({ sessionPresent: fc.boolean(), returnCode: fc.integer({ min: 0, max: 5 }) })
    .map((f) => ({ type: MQTT_CONNACK, ...f, sessionPresent: f.sessionPresent && f.returnCode === 0 })),
  fc
    .record({ topic, payload: bytes, qos, retain: fc.boolean(), dup: fc.boolean(), id })
    .map((f) => ({ type: MQTT_PUBLISH, ...f, dup: f.dup && f.qos > 0, id: f.qos === 0 ? 0 : f.id })),
  fc.record({ type: fc.constantFrom(MQTT_PUBACK, MQTT_PUBREC, MQTT_PUBREL, MQTT_PUBCOMP, MQTT_UNSUBACK), id }),
  fc.record({
    type: fc.constant<typeof MQTT_SUBSCRIBE>(MQTT_SUBSCRIBE),
    id,
    subscriptions: fc.array(fc.record({ filter, qos }), { minLength: 1, maxLength: 5 }),
  }),
  fc.record({
    type: fc.constant<typeof MQTT_SUBACK>(MQTT_SUBACK),
    id,
    returnCodes: fc.array(fc.constantFrom(0, 1, 2, 0x80), { minLength: 1, maxLength: 5 }),
  }),
  fc.record({
    type: fc.constant<typeof MQTT_UNSUBSCRIBE>(MQTT_UNSUBSCRIBE),
    id,
    filters: fc.array(filter, { minLength: 1, maxLength: 5 }),
  }),
  fc.record({ type: fc.constantFrom(MQTT_PINGREQ, MQTT_PINGRESP, MQTT_DISCONNECT) }),
) as fc.Arbitrary<MqttPacket>;

/** The same control packet in mqtt-packet's terms. */
function toOracle(packet: MqttPacket): oracle.Packet {
  switch (packet.type) {
    case MQTT_CONNECT:
      return {
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clientId: packet.clientId,
        clean: packet.cleanSession,
        keepalive: packet.keepAlive,
        ...(packet.will === null
          ? {}
          : {
              will: {
                ...packet.will,
                payload: Buffer.from(packet.will.payload),
              } as unknown as oracle.IConnectPacket['will'],
            }),
        ...(packet.username === null ? {} : { username: packet.username }),
        ...(packet.password === null ? {} : { password: Buffer.from(packet.password) }),
      } as oracle.Packet;
    case MQTT_CONNACK:
      return { cmd: 'connack', returnCode: packet.returnCode, sessionPresent: packet.sessionPresent };
    case MQTT_PUBLISH:
      return {
        cmd: 'publish',
        topic: packet.topic,
        payload: Buffer.from(packet.payload),
        qos: packet.qos,
        retain: packet.retain,
        dup: packet.dup,
        ...(packet.qos === 0 ? {} : { messageId: packet.id }),
      };
    case MQTT_SUBSCRIBE:
      return {
        cmd: 'subscribe',
        messageId: packet.id,
        subscriptions: packet.subscriptions.map((s) => ({ topic: s.filter, qos: s.qos })),
      };
    case MQTT_SUBACK:
      return { cmd: 'suback', messageId: packet.id, granted: [...packet.returnCodes] };
    case MQTT_UNSUBSCRIBE:
      return { cmd: 'unsubscribe', messageId: packet.id, unsubscriptions: [...packet.filters] };
    case MQTT_PINGREQ:
    case MQTT_PINGRESP:
    case MQTT_DISCONNECT:
      return { cmd: (MQTT_TYPE_NAMES[packet.type] as string).toLowerCase() } as oracle.Packet;
    default:
      return { cmd: (MQTT_TYPE_NAMES[packet.type] as string).toLowerCase(), messageId: packet.id } as oracle.Packet;
  }
}

/** What mqtt-packet makes of the octets: the packets, or an error. */
function askOracle(octets: Uint8Array): { packets: oracle.Packet[]; error: boolean } {
  const parser = oracle.parser();
  const found: oracle.Packet[] = [];
  let error = false;
  parser.on('packet', (packet: oracle.Packet) => found.push(packet));
  parser.on('error', () => {
    error = true;
  });
  parser.parse(Buffer.from(octets));
  return { packets: found, error };
}

describe('the codec', () => {
  test('decodes what it encodes, for every control packet', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const encoded = encodeMqtt(packet);
        expect(encoded.reason).toBe(0);
        const octets = encoded.bytes as Uint8Array;
        expect(octets.length).toBe(encodedSize(packet));
        expect(decodeMqtt(octets)).toEqual({ reason: 0, packet, size: octets.length });
      }),
      { numRuns: 1000 },
    );
  });

  test('encodes octet for octet as mqtt-packet does', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        expect(toHex(encodeMqtt(packet).bytes as Uint8Array)).toBe(toHex(oracle.generate(toOracle(packet))));
      }),
      { numRuns: 1000 },
    );
  });

  test('mqtt-packet reads what it writes', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        // mqtt-packet judges no wildcards of its own and strips a byte order mark, which MQTT-1.5.3-3 forbids.
        const octets = encodeMqtt(packet).bytes as Uint8Array;
        const { packets: found, error } = askOracle(octets);
        expect(error).toBe(false);
        expect(found).toHaveLength(1);
        expect(found[0]).toMatchObject({ cmd: toOracle(packet).cmd });
        if (packet.type === MQTT_PUBLISH) {
          const publish = found[0] as oracle.IPublishPacket;
          expect(toHex(publish.payload as Buffer)).toBe(toHex(packet.payload));
          expect([publish.qos, publish.retain, publish.dup]).toEqual([packet.qos, packet.retain, packet.dup]);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('every prefix of a control packet is incomplete, never wrong', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const octets = encodeMqtt(packet).bytes as Uint8Array;
        const reasons = new Set(Array.from(octets, (_, length) => decodeMqtt(octets.subarray(0, length)).reason));
        expect(reasons).toEqual(new Set([DROP_MQTT_INCOMPLETE]));
      }),
      { numRuns: 100 },
    );
  });

  test('never throws; what it accepts of 20,000 damaged packets it encodes again to the same octets', () => {
    const random = new SeededRandom('damage');
    const samples = fc.sample(packets, { numRuns: 200 }).map((packet) => encodeMqtt(packet).bytes as Uint8Array);
    let accepted = 0;
    const reasons = new Set<number>();
    for (let run = 0; run < 20_000; run++) {
      const octets = Uint8Array.from(samples[random.below(samples.length)] as Uint8Array);
      for (let n = random.below(4); n >= 0; n--) octets[random.below(octets.length)] = random.below(256);
      const { reason, packet, size } = decodeMqtt(octets);
      if (reason !== 0) {
        reasons.add(reason);
        continue;
      }
      accepted++;
      const again = encodeMqtt(packet as MqttPacket).bytes as Uint8Array;
      if (Buffer.compare(again, octets.subarray(0, size)) !== 0) expect(toHex(again)).toBe(toHex(octets));
    }
    for (const reason of reasons) expect(DROP_REASONS.map(([number]) => number)).toContain(reason);
    expect(accepted).toBeGreaterThan(1000);
  });

  test.each([
    [0, 1],
    [124, 1],
    [125, 2],
    [16_380, 2],
    [16_381, 3],
    [2_097_148, 3],
    [2_097_149, 4],
  ])('a payload of %i octets has the shortest remaining length', (payload, octets) => {
    const { bytes: encoded } = encodeMqtt({
      type: MQTT_PUBLISH,
      topic: 'a',
      payload: new Uint8Array(payload),
      qos: 0,
      retain: false,
      dup: false,
      id: 0,
    });
    const all = encoded as Uint8Array;
    expect(all.length).toBe(1 + octets + 3 + payload);
    expect(decodeMqtt(all).size).toBe(all.length);
    expect(toHex(all.subarray(0, 8))).toBe(
      toHex(
        oracle
          .generate({ cmd: 'publish', topic: 'a', payload: Buffer.alloc(payload), qos: 0, retain: false, dup: false })
          .subarray(0, 8),
      ),
    );
  });
});

/** Control packets of either direction that are malformed, with the reason. What a client refuses is in malformed-broker.test.ts. */
const MALFORMED: readonly (readonly [what: string, octets: string, reason: string])[] = [
  ['CONNECT of MQTT 3.1', '10 0f 00 06 4d 51 49 73 64 70 03 02 00 00 00 01 61', 'mqtt-protocol-name'],
  ['CONNECT of MQTT 5', '10 0e 00 04 4d 51 54 54 05 02 00 00 00 00 01 61', 'mqtt-protocol-level'],
  ['CONNECT with the reserved flag', '10 0d 00 04 4d 51 54 54 04 03 00 00 00 01 61', 'mqtt-connect-flags'],
  ['CONNECT with will QoS but no will', '10 0d 00 04 4d 51 54 54 04 0a 00 00 00 01 61', 'mqtt-connect-flags'],
  ['CONNECT with will retain but no will', '10 0d 00 04 4d 51 54 54 04 22 00 00 00 01 61', 'mqtt-connect-flags'],
  ['CONNECT with will QoS 3', '10 11 00 04 4d 51 54 54 04 1e 00 00 00 01 61 00 01 77 00 00', 'mqtt-connect-flags'],
  ['CONNECT with a password and no user', '10 0f 00 04 4d 51 54 54 04 42 00 00 00 01 61 00 00', 'mqtt-connect-flags'],
  ['CONNECT, empty client identifier, old session', '10 0c 00 04 4d 51 54 54 04 00 00 00 00 00', 'mqtt-client-id'],
  ['CONNECT whose will is missing', '10 0d 00 04 4d 51 54 54 04 06 00 00 00 01 61', 'mqtt-string-length'],
  ['CONNECT whose user name is missing', '10 0d 00 04 4d 51 54 54 04 82 00 00 00 01 61', 'mqtt-string-length'],
  ['CONNECT with octets left over', '10 0e 00 04 4d 51 54 54 04 02 00 00 00 01 61 00', 'mqtt-trailing'],
  [
    'CONNECT with a wildcard in the will topic',
    '10 12 00 04 4d 51 54 54 04 06 00 00 00 01 61 00 01 23 00 01 78',
    'mqtt-topic-wildcard',
  ],
  ['CONNECT too short', '10 04 00 04 4d 51', 'mqtt-length'],
  ['SUBSCRIBE without filter', '82 02 00 01', 'mqtt-no-filter'],
  ['SUBSCRIBE with identifier 0', '82 06 00 00 00 01 61 00', 'mqtt-packet-id-zero'],
  ['SUBSCRIBE with QoS 3', '82 06 00 01 00 01 61 03', 'mqtt-qos'],
  ['SUBSCRIBE with reserved QoS bits', '82 06 00 01 00 01 61 04', 'mqtt-qos'],
  ['SUBSCRIBE without QoS', '82 05 00 01 00 01 61', 'mqtt-string-length'],
  ['SUBSCRIBE with an empty filter', '82 05 00 01 00 00 00', 'mqtt-topic-empty'],
  ['SUBSCRIBE to a#', '82 07 00 01 00 02 61 23 00', 'mqtt-filter'],
  ['SUBSCRIBE to #/a', '82 08 00 01 00 03 23 2f 61 00', 'mqtt-filter'],
  ['UNSUBSCRIBE without filter', 'a2 02 00 01', 'mqtt-no-filter'],
  ['UNSUBSCRIBE with half a filter', 'a2 05 00 01 00 02 61', 'mqtt-string-length'],
  ['PUBREL with wrong flags', '60 02 00 01', 'mqtt-flags'],
  ['PUBREC with identifier 0', '50 02 00 00', 'mqtt-packet-id-zero'],
  ['PINGREQ with a body', 'c0 01 00', 'mqtt-length'],
];

describe('malformed control packets have a reason', () => {
  test.each(MALFORMED)('%s', (_what, octets, reason) => {
    const result = decodeMqtt(hex(octets));
    expect(DROP_REASONS.find(([number]) => number === result.reason)?.[1]).toBe(reason);
  });

  test.each([
    [{ type: MQTT_PUBLISH, topic: '', payload: hex(''), qos: 0, retain: false, dup: false, id: 0 }, 'mqtt-topic-empty'],
    [
      { type: MQTT_PUBLISH, topic: 'a', payload: hex(''), qos: 1, retain: false, dup: false, id: 0 },
      'mqtt-packet-id-zero',
    ],
    [{ type: MQTT_PUBLISH, topic: 'a', payload: hex(''), qos: 0, retain: false, dup: true, id: 0 }, 'mqtt-dup'],
    [{ type: MQTT_PUBLISH, topic: 'a', payload: hex(''), qos: 3, retain: false, dup: false, id: 1 }, 'mqtt-qos'],
    [{ type: MQTT_PUBLISH, topic: '\ud800', payload: hex(''), qos: 0, retain: false, dup: false, id: 0 }, 'mqtt-utf8'],
    [{ type: MQTT_SUBSCRIBE, id: 1, subscriptions: [] }, 'mqtt-no-filter'],
    [{ type: MQTT_SUBSCRIBE, id: 0, subscriptions: [{ filter: 'a', qos: 0 }] }, 'mqtt-packet-id-zero'],
    [{ type: MQTT_SUBACK, id: 1, returnCodes: [3] }, 'mqtt-return-code'],
    [{ type: MQTT_CONNACK, sessionPresent: true, returnCode: 1 }, 'mqtt-session-present'],
    [{ type: MQTT_CONNACK, sessionPresent: false, returnCode: 6 }, 'mqtt-return-code'],
    [{ type: MQTT_PUBREL, id: 65536 }, 'mqtt-packet-id-zero'],
  ])('and are not encoded: %j', (packet, reason) => {
    const result = encodeMqtt(packet as MqttPacket);
    expect(result.bytes).toBeNull();
    expect(DROP_REASONS.find(([number]) => number === result.reason)?.[1]).toBe(reason);
  });
});

describe('topics', () => {
  test.each([
    ['#', 'a/b', true],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
    ['sport/#', 'sport', true],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['a/+/c', 'a/b/c', true],
    ['a/+/c', 'a/b/d', false],
    ['a/b', 'a/b/c', false],
    ['A', 'a', false],
  ])('filter %s and topic %s: %p', (pattern, name, matches) => {
    expect(topicMatches(pattern, name)).toBe(matches);
  });
});
