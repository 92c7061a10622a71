import { describe, expect, test } from '@jest/globals';
import {
  NX_NOT_CONNECTED,
  NX_NOT_SUPPORTED,
  NXD_MQTT_INSUFFICIENT_BUFFER_SPACE,
  NXD_MQTT_INVALID_PARAMETER,
} from '@strata/contracts';
import type { MqttMessageStream, MqttPayloadSource } from '@strata/mqtt';
import { SeededRandom } from '@strata/time';
import { BrokerLab, hex, toHex } from '../scripted-broker.ts';

function lab(options: ConstructorParameters<typeof BrokerLab>[0] = {}): BrokerLab {
  return new BrokerLab({
    packets: 24,
    ...options,
    client: { extensions: { qos2: true, chainedPackets: true }, maximumPacketSize: 4096, ...options.client },
  });
}

function octetAt(offset: number): number {
  return (offset * 7 + (offset >> 8)) & 255;
}

/** A payload that is nowhere as a whole. */
function source(length: number): MqttPayloadSource & { asked: number } {
  return {
    length,
    asked: 0,
    read(offset, target, at, count) {
      this.asked++;
      for (let n = 0; n < count; n++) target[at + n] = octetAt(offset + n);
      return count;
    },
  };
}

function message(octet: number, topic: string, id: number, length: number): Uint8Array {
  const header: number[] = [0, topic.length, ...[...topic].map((letter) => letter.charCodeAt(0))];
  if (octet & 6) header.push(id >> 8, id & 255);
  const remaining = header.length + length;
  const fixed: number[] = [octet];
  for (let left = remaining; ; left >>>= 7) {
    if (left < 128) {
      fixed.push(left);
      break;
    }
    fixed.push((left & 127) | 128);
  }
  const bytes = new Uint8Array(fixed.length + remaining);
  bytes.set([...fixed, ...header]);
  for (let n = 0; n < length; n++) bytes[fixed.length + header.length + n] = octetAt(n);
  return bytes;
}

/** Reads what is there and judges it. */
function drain(stream: MqttMessageStream, from: number): number {
  const into = new Uint8Array(3000);
  let at = from;
  for (let count = stream.read(into, 5, 2990); count > 0; count = stream.read(into, 5, 2990)) {
    for (let n = 0; n < count; n++) if (into[5 + n] !== octetAt(at + n)) throw new Error(`octet ${at + n}`);
    at += count;
  }
  return at;
}

describe('sending piece by piece', () => {
  test.each([0, 1, 2])('a message larger than the pool leaves whole, with QoS %i', (qos) => {
    const of = lab().connected({ cleanSession: false });
    const length = 300_000;
    expect(of.client.publishFrom('big', source(length), true, qos)).toBe(0);
    of.client.publish('a', 'next', false, 0);
    of.settle();
    const octets = Buffer.concat(of.stream.taken.slice(1));
    const expected = message(0x31 | (qos << 1), 'big', 1, length);
    expect(octets.subarray(0, expected.length).equals(expected)).toBe(true);
    expect(toHex(octets.subarray(expected.length))).toBe('30 07 00 01 61 6e 65 78 74');
    expect(of.streamPool.minimumAvailable).toBeGreaterThan(60);
    expect(of.client.unacknowledged).toBe(qos === 0 ? 0 : 1);
    if (qos === 1) of.say('40 02 00 01');
    if (qos === 2) of.say('50 02 00 01', '70 02 00 01');
    of.expectNoLeak();
    of.end();
  });

  test('a stream that takes a few octets at a time gets all of them, and nothing between them', () => {
    const of = lab().connected({ cleanSession: false, keepAliveSeconds: 3600 });
    of.stream.window = 0;
    of.client.publishFrom('big', source(20_000), false, 1);
    of.client.publish('a', 'next', false, 1);
    const random = new SeededRandom('trickle');
    for (let n = 0; n < 3000; n++) {
      of.stream.open(random.below(20));
      of.settle();
    }
    of.stream.open(1e6);
    of.settle();
    const octets = Buffer.concat(of.stream.taken.slice(1));
    const expected = message(0x32, 'big', 1, 20_000);
    expect(octets.subarray(0, expected.length).equals(expected)).toBe(true);
    expect(octets.length).toBe(expected.length + 11);
    of.end();
  });

  test('cut in the middle, it is sent again from its beginning, with DUP', () => {
    const of = lab().connected({ cleanSession: false });
    of.stream.window = 5000;
    const payload = source(50_000);
    of.client.publishFrom('big', payload, false, 2);
    of.settle();
    expect(of.client.inspect()).toMatchObject({ transmitQueue: [{ streamed: true, step: 'awaits PUBREC' }] });
    expect(of.client.inspect().sending.sourceBytes).toBeGreaterThan(40_000);
    of.stream.close(NX_NOT_CONNECTED);
    of.settle();
    of.client.connect({ cleanSession: false });
    of.settle();
    const octets = Buffer.concat(of.stream.taken.slice(1));
    expect(octets.equals(message(0x3c, 'big', 1, 50_000))).toBe(true);
    of.end();
  });

  test('a source that has nothing yet holds the connection’s other packets back until it has', () => {
    const of = lab().connected({ cleanSession: false });
    let ready = 1000;
    const slow: MqttPayloadSource = {
      length: 4000,
      read(offset, target, at, count) {
        const given = Math.min(count, ready - offset);
        target.fill(0x41, at, at + given);
        return given;
      },
    };
    of.client.publishFrom('big', slow, false, 0);
    of.client.publish('a', 'x', false, 0);
    of.settle();
    const before = Buffer.concat(of.stream.taken.slice(1)).length;
    expect(before).toBe(1008);
    of.runTo(of.tick + 1000);
    ready = 4000;
    of.client.payloadReady();
    of.settle();
    expect(Buffer.concat(of.stream.taken.slice(1)).length).toBe(4008 + 6);
    of.end();
  });

  test('a source that cannot go on ends the connection', () => {
    const of = lab().connected({ cleanSession: false });
    of.client.publishFrom('big', { length: 4000, read: () => -1 }, false, 0);
    of.settle();
    expect(of.heardSince().slice(-2)).toEqual(['reset', 'disconnected 0x10007']);
    of.end();
  });

  test.each(['40 02 00 01', '50 02 00 01'])('nothing acknowledges a message of which a part has left: %s', (octets) => {
    for (const qos of [1, 2]) {
      const of = lab().connected();
      of.stream.window = 3000;
      of.client.publishFrom('big', source(20_000), false, qos);
      of.say(octets);
      expect(of.client.failure().reasonName).toBe('mqtt-packet-id-unknown');
      of.end();
    }
  });

  test('256 MB at most', () => {
    const of = lab().connected();
    expect(of.client.publishFrom('b', source(268_435_455 - 4), false, 1)).toBe(NXD_MQTT_INVALID_PARAMETER);
    of.stream.window = 5;
    expect(of.client.publishFrom('b', source(268_435_455 - 5), false, 1)).toBe(0);
    of.settle();
    expect(toHex(of.stream.taken.at(-1) as Uint8Array)).toBe('32 ff ff ff 7f');
    of.end();
  });

  test('is an extension', () => {
    const of = new BrokerLab().connected();
    expect(of.client.publishFrom('b', source(5), false, 1)).toBe(NX_NOT_SUPPORTED);
    of.end();
  });
});

describe('receiving piece by piece', () => {
  test.each([
    [0x30, []],
    [0x32, ['< 40 02 00 09']],
    [0x34, ['< 50 02 00 09']],
  ])('a message larger than the pool is read as it comes, and acknowledged when it is whole (%p)', (octet, answers) => {
    const of = lab().connected();
    const bytes = message(octet, 'big/one', 9, 200_000);
    const after = hex('30 04 00 01 61 7a');
    const all = Buffer.concat([bytes, after]);
    const random = new SeededRandom('pieces');
    let stream: MqttMessageStream | null = null;
    let read = 0;
    for (let at = 0; at < all.length; ) {
      const count = Math.min(1 + random.below(1460), all.length - at);
      of.sayBytes(all.subarray(at, at + count));
      at += count;
      stream ??= of.client.receiveStream();
      if (stream !== null) read = drain(stream, read);
      if (at < bytes.length) expect(of.heardSince().filter((line) => line.startsWith('<'))).toEqual([]);
    }
    expect(stream).toMatchObject({
      topic: 'big/one',
      length: 200_000,
      id: octet === 0x30 ? 0 : 9,
      ended: true,
      broken: false,
    });
    expect(read).toBe(200_000);
    expect(of.heardSince().filter((line) => line.startsWith('<'))).toEqual(answers);
    expect(of.client.receive()?.topic).toBe('a');
    expect(of.pool.minimumAvailable).toBeGreaterThan(10);
    of.expectNoLeak();
    of.end();
  });

  test('while nobody reads, at most half the pool is held and the broker waits', () => {
    const of = new BrokerLab({
      packets: 64,
      onePool: true,
      client: { extensions: { chainedPackets: true }, maximumPacketSize: 4096 },
    }).connected();
    const bytes = message(0x32, 'big', 9, 60_000);
    for (let at = 0; at < bytes.length; at += 1460) of.sayBytes(bytes.subarray(at, at + 1460));
    expect(of.heardSince()).toEqual(['received 1', 'streamed']);
    expect(of.client.inspect().receiving.stalled).toBe(true);
    const into = { topic: new Uint8Array(9), message: new Uint8Array(70_000), topicLength: 0, messageLength: 0 };
    expect(of.client.receive()).toBeNull();
    expect(of.client.messageGet(into)).toBe(NXD_MQTT_INSUFFICIENT_BUFFER_SPACE);
    expect(of.client.isStreamNext).toBe(true);
    const stream = of.client.receiveStream() as MqttMessageStream;
    expect(drain(stream, 0)).toBe(60_000);
    of.settle();
    expect(of.heardSince()).toContain('< 40 02 00 09');
    of.end();
  });

  test('cut in the middle, the reader is told, and a QoS 2 message comes again whole', () => {
    const of = lab().connected({ cleanSession: false });
    const bytes = message(0x34, 'big', 9, 20_000);
    of.sayBytes(bytes.subarray(0, 10_000));
    const first = of.client.receiveStream() as MqttMessageStream;
    const got = drain(first, 0);
    expect(got).toBeGreaterThan(5000);
    of.stream.close(NX_NOT_CONNECTED);
    of.settle();
    expect([first.broken, first.ended, first.read(new Uint8Array(9), 0, 9)]).toEqual([true, false, 0]);
    of.accepts = false;
    of.client.connect({ cleanSession: false });
    of.settle();
    of.say('20 02 01 00');
    of.heardSince();
    const again = message(0x3c, 'big', 9, 20_000);
    for (let at = 0; at < again.length; at += 1400) of.sayBytes(again.subarray(at, at + 1400));
    const second = of.client.receiveStream() as MqttMessageStream;
    expect([drain(second, 0), second.dup, second.ended]).toEqual([20_000, true, true]);
    // Acknowledged, and once more sent: acknowledged again and thrown away.
    for (let at = 0; at < again.length; at += 1400) of.sayBytes(again.subarray(at, at + 1400));
    expect(of.heardSince().filter((line) => line.startsWith('<'))).toEqual(['< 50 02 00 09', '< 50 02 00 09']);
    expect(of.client.messages).toBe(0);
    of.say('62 02 00 09');
    of.expectNoLeak();
    of.end();
  });

  test('a reader that has read enough throws the rest away; the message is acknowledged all the same', () => {
    const of = lab().connected();
    const bytes = message(0x32, 'big', 9, 50_000);
    of.sayBytes(bytes.subarray(0, 1400));
    (of.client.receiveStream() as MqttMessageStream).discard();
    for (let at = 1400; at < bytes.length; at += 1400) of.sayBytes(bytes.subarray(at, at + 1400));
    expect(of.heardSince()).toContain('< 40 02 00 09');
    of.expectNoLeak();
    of.end();
  });

  test.each([
    ['a topic with a wildcard', '30 a0 9c 01 00 03 61 2f 23', 'mqtt-topic-wildcard'],
    ['an empty topic', '30 a0 9c 01 00 00', 'mqtt-topic-empty'],
    ['identifier 0', '32 a0 9c 01 00 01 61 00 00', 'mqtt-packet-id-zero'],
    ['QoS 3', '36 a0 9c 01 00 01 61 00 01', 'mqtt-qos'],
    ['a topic that is larger than the client holds', `30 a0 9c 01 20 00${' 61'.repeat(1200)}`, 'mqtt-too-large'],
    ['another type of that size', '90 a0 9c 01', 'mqtt-too-large'],
  ])('%s closes the connection', (_what, octets, reason) => {
    const of = lab().connected();
    of.say(octets);
    expect(of.client.failure().reasonName).toBe(reason);
    of.end();
  });

  test('before CONNACK no message is begun', () => {
    const of = lab({ accepts: false });
    of.client.connect();
    of.settle();
    of.say('30 a0 9c 01 00 01 61');
    expect(of.client.failure().reasonName).toBe('mqtt-connack-missing');
    of.end();
  });

  test('delete gives everything back in the middle of a message, read or not', () => {
    for (const opened of [false, true]) {
      const of = lab().connected();
      of.sayBytes(message(0x32, 'big', 9, 50_000).subarray(0, 9000));
      if (opened) of.client.receiveStream();
      of.client.delete();
      of.settle();
      of.expectNoLeak();
    }
  });
});

describe('a PINGRESP waits behind a message on a slow link', () => {
  /** The first seconds of a message of 40,000 octets, 1,000 every half second, to a client with a keep-alive of 5 seconds. */
  function slowly(seconds: number): BrokerLab {
    const one = lab();
    one.connected({ keepAliveSeconds: 5 });
    const octets = message(0x30, 't', 0, 40_000);
    for (let piece = 0; piece < 2 * seconds; piece++) {
      one.sayBytes(octets.slice(piece * 1000, (piece + 1) * 1000));
      one.client.receiveStream()?.discard();
      one.runTo(one.tick + 50);
    }
    return one;
  }

  test('pieces of it show that the broker lives', () => {
    const one = slowly(19);
    expect(one.heardSince().filter((line) => line !== 'streamed')).toEqual(['received 1', '< c0 00']);
    one.sayBytes(Uint8Array.of(...message(0x30, 't', 0, 40_000).slice(38_000), 0xd0, 0));
    // It is answered, and the next one is due.
    expect([one.client.isConnected, one.client.counters.pings]).toEqual([true, 2]);
    one.end();
  });

  test('and when no more come, the connection is given up', () => {
    const one = slowly(10);
    one.runTo(one.tick + 200);
    expect(one.client.failure().reasonName).toBe('mqtt-ping-timeout');
    one.end();
  });
});
