import { describe, expect, test } from '@jest/globals';
import { encodeMqtt, MQTT_PUBLISH, type MqttMessage, type PublishPacket } from '@strata/mqtt';
import fc from '../../../test/support/laws.ts';
import { BrokerLab } from './scripted-broker.ts';

const message = fc.record({
  type: fc.constant<typeof MQTT_PUBLISH>(MQTT_PUBLISH),
  topic: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((topic) => !/[+#\0]/.test(topic)),
  payload: fc.uint8Array({ maxLength: 3000 }),
  qos: fc.constantFrom<0 | 1>(0, 1),
  retain: fc.boolean(),
  dup: fc.constant(false),
  id: fc.integer({ min: 1, max: 65535 }),
});

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (let n = 0; at < bytes.length; n++) {
    const size = sizes.length === 0 ? 1400 : (sizes[n % sizes.length] as number);
    parts.push(bytes.slice(at, at + size));
    at += size;
  }
  return parts;
}

describe('control packets in the stream', () => {
  test('arrive the same wherever segments begin and end', () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 1400 }), { maxLength: 6 }),
        fc.boolean(),
        (messages, sizes, together) => {
          const lab = new BrokerLab({ packets: 128 }).connected();
          const all = Uint8Array.from(
            messages.flatMap((sent) => Array.from(encodeMqtt(sent as PublishPacket).bytes as Uint8Array)),
          );
          const segments = cut(
            all,
            sizes.length > 0 && all.length / Math.min(...sizes) > 300 ? [1400, ...sizes] : sizes,
          );
          for (const segment of segments.slice(0, 400)) {
            lab.stream.deliver(segment);
            if (!together) lab.settle();
          }
          if (segments.length > 400)
            for (const rest of cut(all.slice(segments.slice(0, 400).reduce((n, s) => n + s.length, 0)), []))
              lab.sayBytes(rest);
          lab.settle();
          const received: MqttMessage[] = [];
          for (let got = lab.client.receive(); got !== null; got = lab.client.receive()) received.push(got);
          expect(received).toEqual(
            messages.map(({ topic, payload, qos, retain, id }) => ({
              topic,
              payload,
              qos,
              retain,
              dup: false,
              id: qos === 0 ? 0 : id,
            })),
          );
          lab.end();
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a message in single octets is packed together: it takes the packets of its size', () => {
    const lab = new BrokerLab().connected();
    const { bytes } = encodeMqtt({
      type: MQTT_PUBLISH,
      topic: 't',
      payload: new Uint8Array(4000).fill(7),
      qos: 0,
      retain: false,
      dup: false,
      id: 0,
    });
    for (const octet of bytes as Uint8Array) lab.sayBytes(Uint8Array.of(octet));
    expect(lab.networkPool.total - lab.networkPool.available).toBeLessThanOrEqual(3);
    expect(lab.client.receive()?.payload.length).toBe(4000);
    lab.end();
  });

  test('a message over many segments with the next one behind it is not copied', () => {
    const lab = new BrokerLab({ packets: 4 }).connected();
    const big = encodeMqtt({
      type: MQTT_PUBLISH,
      topic: 't',
      payload: new Uint8Array(50_000).fill(7),
      qos: 0,
      retain: false,
      dup: false,
      id: 0,
    });
    const all = Uint8Array.from([...(big.bytes as Uint8Array), ...(big.bytes as Uint8Array)]);
    const bigger = new BrokerLab({ packets: 4, client: { maximumPacketSize: 60_000 } }).connected();
    for (const part of cut(all, [1400])) bigger.sayBytes(part);
    expect(bigger.pool.minimumAvailable).toBeGreaterThanOrEqual(3);
    expect([bigger.client.receive()?.payload.length, bigger.client.receive()?.payload.length]).toEqual([
      50_000, 50_000,
    ]);
    bigger.end();
    lab.end();
  });

  test('the largest packet accepted is a limit, by default half of what the pool holds', () => {
    const lab = new BrokerLab({ packets: 8 }).connected();
    const limit = (8 * 1536) / 2;
    for (const size of [limit, limit + 1]) {
      const { bytes } = encodeMqtt({
        type: MQTT_PUBLISH,
        topic: 't',
        payload: new Uint8Array(size - 6),
        qos: 0,
        retain: false,
        dup: false,
        id: 0,
      });
      expect((bytes as Uint8Array).length).toBe(size);
      for (const part of cut(bytes as Uint8Array, [1400])) if (lab.client.isConnected) lab.sayBytes(part);
    }
    expect(lab.client.messages).toBe(1);
    expect(lab.client.failure().reasonName).toBe('mqtt-too-large');
    lab.end();
  });

  test('a byte order mark at the front of a topic is kept', () => {
    const lab = new BrokerLab().connected();
    lab.say('30 06 00 04 ef bb bf 61');
    expect(lab.client.receive()?.topic).toBe('\ufeffa');
    lab.client.publish('\ufeffa', '', false, 0);
    expect(lab.heardSince().at(-1)).toBe('< 30 06 00 04 ef bb bf 61');
    lab.end();
  });
});
