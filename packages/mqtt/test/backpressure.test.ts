import { describe, expect, test } from '@jest/globals';
import { NX_SUCCESS, NX_TX_QUEUE_DEPTH, type Packet } from '@strata/contracts';
import { decodeMqtt, MQTT_PUBACK, MQTT_PUBLISH } from '@strata/mqtt';
import { SeededRandom } from '@strata/time';
import { BrokerLab } from './scripted-broker.ts';

/** All the client sent on one stream, as control packets; fails on anything that is not one. */
function sentPackets(lab: BrokerLab, stream = lab.stream) {
  const all = Uint8Array.from(stream.taken.flatMap((part) => Array.from(part)));
  const packets = [];
  for (let at = 0; at < all.length; ) {
    const { reason, packet, size } = decodeMqtt(all, at);
    if (packet === null) throw new Error(`the client broke the framing: reason 0x${reason.toString(16)} at ${at}`);
    packets.push(packet);
    at += size;
  }
  return packets;
}

describe('a stream that takes no more', () => {
  test('a packet taken in part is finished before anything else, whatever is asked meanwhile', () => {
    const lab = new BrokerLab().connected({ keepAliveSeconds: 5 });
    lab.stream.window = 3;
    expect(lab.client.publish('a', 'first', false, 1)).toBe(NX_SUCCESS);
    expect(lab.client.publish('a', 'second', false, 0)).toBe(NX_SUCCESS);
    expect(lab.client.subscribe('b', 1)).toBe(NX_SUCCESS);
    lab.say('32 05 00 01 61 00 09');
    lab.runTo(415);
    for (let octet = 0; octet < 100; octet++) {
      lab.stream.open(1);
      lab.settle();
    }
    const packets = sentPackets(lab);
    expect(packets.map((packet) => packet.type)).toEqual([1, 3, 12, 3, 8, 4]);
    lab.end();
  });

  test('writable is told once there is room after a refusal, and not otherwise', () => {
    const lab = new BrokerLab({ client: { sendQueueMaximum: 3 } }).connected();
    lab.stream.window = 0;
    const statuses = [1, 2, 3, 4, 5].map((n) => lab.client.publish('a', String(n), false, 0));
    expect(statuses).toEqual([0, 0, 0, NX_TX_QUEUE_DEPTH, NX_TX_QUEUE_DEPTH]);
    lab.stream.open(6);
    lab.settle();
    expect(lab.heardSince()).toEqual(['< 30 04 00 01 61 31', 'writable']);
    lab.stream.open(100);
    lab.settle();
    expect(lab.heardSince()).toEqual(['< 30 04 00 01 61 32', '< 30 04 00 01 61 33']);
    lab.end();
  });

  test('resending after a reconnect stops and goes on with the stream; new messages come behind', () => {
    const lab = new BrokerLab().connected({ cleanSession: false });
    for (const n of '1234') lab.client.publish('a', n, false, 1);
    lab.stream.close(0x38);
    lab.settle();
    lab.accepts = false;
    lab.client.connect({ cleanSession: false });
    lab.settle();
    lab.stream.window = 10;
    lab.say('20 02 01 00');
    expect(lab.client.publish('a', '5', false, 1)).toBe(NX_SUCCESS);
    expect(lab.client.inspect().sending.partialBytes).toBe(6);
    lab.stream.open(1000);
    lab.settle();
    const published = sentPackets(lab).flatMap((packet) =>
      packet.type === MQTT_PUBLISH ? [`${packet.id} ${packet.dup} ${String.fromCharCode(...packet.payload)}`] : [],
    );
    expect(published).toEqual(['1 true 1', '2 true 2', '3 true 3', '4 true 4', '5 false 5']);
    lab.end();
  });

  test('a message refused before its first octet left, and then lost with the stream, counts as tried: DUP', () => {
    const lab = new BrokerLab().connected({ cleanSession: false });
    lab.stream.window = 0;
    lab.client.publish('a', '1', false, 1);
    lab.client.publish('a', '2', false, 1);
    lab.stream.close(0x38);
    lab.settle();
    lab.heardSince();
    lab.client.connect({ cleanSession: false });
    lab.settle();
    expect(lab.heardSince().slice(1, 3)).toEqual(['< 3a 06 00 01 61 00 01 31', '< 32 06 00 01 61 00 02 32']);
    lab.end();
  });

  test('a broker that sends QoS 1 messages and takes no PUBACK is held back, and loses none', () => {
    const lab = new BrokerLab({ client: { sendQueueMaximum: 4 } }).connected();
    lab.stream.window = 0;
    for (let n = 1; n <= 30; n++) lab.stream.deliver(Uint8Array.of(0x32, 5, 0, 1, 0x61, 0, n));
    lab.settle();
    expect(lab.client.inspect().receiving.stalled).toBe(true);
    expect(lab.streamPool.total - lab.streamPool.available).toBeLessThan(8);
    expect(lab.client.messages).toBeLessThan(8);
    lab.stream.open(1000);
    lab.settle();
    expect(lab.client.messages).toBe(30);
    const acknowledged = sentPackets(lab).flatMap((packet) => (packet.type === MQTT_PUBACK ? [packet.id] : []));
    expect(acknowledged).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
    lab.end();
  });

  test.each([1, 2, 3, 4, 5])(
    'random windows never break the framing nor the order, and nothing accepted is lost (seed %i)',
    (seed) => {
      const random = new SeededRandom(seed);
      const lab = new BrokerLab({ packets: 512 }).connected({ keepAliveSeconds: 3 });
      lab.stream.window = 0;
      const accepted: string[] = [];
      for (let step = 0; step < 300; step++) {
        const text = `m${step}`;
        if (lab.client.publish('t', text.padEnd(random.below(4000), '.'), false, random.below(2)) === NX_SUCCESS)
          accepted.push(text);
        if (random.below(3) === 0) {
          lab.stream.open(random.below(6000));
          lab.settle();
        }
        if (random.below(5) === 0) lab.sayBytes(Uint8Array.of(0x32, 5, 0, 1, 0x61, 1, random.below(256)));
        lab.time.advanceTo(lab.time.now + random.below(1000));
        lab.settle();
        if (random.below(2) === 0) lab.client.receive();
      }
      lab.stream.open(Number.POSITIVE_INFINITY);
      lab.settle();
      const texts = sentPackets(lab).flatMap((packet) =>
        packet.type === MQTT_PUBLISH ? [{ text: new TextDecoder().decode(packet.payload).replace(/\.+$/, '') }] : [],
      );
      // All of it, once, and in the order of asking.
      expect(texts.map(({ text }) => text)).toEqual(accepted);
      expect(accepted.length).toBeGreaterThan(100);
      lab.end();
    },
  );
});

describe('an empty pool', () => {
  test('a QoS 1 message that cannot be acknowledged is not taken; both happen when there is a packet', () => {
    const lab = new BrokerLab().connected();
    const taken: Packet[] = [];
    while (lab.streamPool.available > 0) taken.push(lab.streamPool.allocate(0) as Packet);
    lab.say('32 05 00 01 61 00 09', '30 03 00 01 62');
    lab.runTo(lab.tick + 20);
    expect(lab.heardSince()).toEqual([]);
    expect(lab.client.counters.poolEmpty).toBe(21);
    for (const packet of taken) packet.release();
    lab.runTo(lab.tick + 1);
    expect(lab.heardSince()).toEqual(['< 40 02 00 09', 'received 1', 'received 2']);
    lab.end();
  });

  test('messages that share a segment wait for packets to be copied into, in order', () => {
    const lab = new BrokerLab({ packets: 2 }).connected();
    lab.say('30 04 00 01 61 31 30 04 00 01 61 32 30 04 00 01 61 33 30 04 00 01 61 34');
    expect(lab.heardSince()).toEqual(['received 1', 'received 2']);
    const texts: (string | undefined)[] = [];
    for (let n = 0; n < 4; n++) {
      texts.push(new TextDecoder().decode(lab.client.receive()?.payload));
      lab.runTo(lab.tick + 1);
    }
    expect(texts).toEqual(['1', '2', '3', '4']);
    lab.end();
  });

  test('a flood: messages that nobody takes hold half the pool, the rest is held back by the stream until they are', () => {
    const lab = new BrokerLab({ packets: 64 }).connected();
    lab.sayBytes(Uint8Array.from({ length: 100 * 5 }, (_, i) => [0x30, 3, 0, 1, 0x61][i % 5] as number));
    expect(lab.client.messages).toBe(33);
    expect(lab.pool.available).toBe(31);
    for (let taken = 0; taken < 100; taken++) expect(lab.client.receive()).not.toBeNull();
    expect(lab.client.receive()).toBeNull();
    lab.end();
  });

  test('a broker that closes behind a flood: everything it sent before can still be received', () => {
    const lab = new BrokerLab({ packets: 64 }).connected();
    lab.sayBytes(Uint8Array.from({ length: 100 * 5 }, (_, i) => [0x30, 3, 0, 1, 0x61][i % 5] as number));
    lab.stream.finish();
    lab.settle();
    for (let taken = 0; taken < 100; taken++) expect(lab.client.receive()).not.toBeNull();
    lab.settle();
    expect(lab.client.isConnected).toBe(false);
    expect(lab.client.failure().explanation).toMatch(/broker closed/);
    lab.end();
  });

  test('a ping answered while the client waits for its own pool is not held against the broker', () => {
    const lab = new BrokerLab({ packets: 1 }).connected({ keepAliveSeconds: 5 });
    const only = lab.pool.allocate(0) as Packet;
    lab.runTo(410);
    lab.say('30 03 00 01 61 d0 00');
    lab.runTo(2000);
    expect(lab.client.isConnected).toBe(true);
    only.release();
    lab.runTo(2001);
    expect(lab.client.messages).toBe(1);
    expect(lab.client.inspect().keepAlive.pingOutstanding).toBe(false);
    lab.end();
  });

  test('a QoS 1 message already queued waits for a packet to leave in', () => {
    const lab = new BrokerLab().connected();
    const taken: Packet[] = [];
    while (lab.streamPool.available > 0) taken.push(lab.streamPool.allocate(0) as Packet);
    expect(lab.client.publish('a', 'x', false, 1)).toBe(NX_SUCCESS);
    lab.runTo(lab.tick + 5);
    expect(lab.heardSince()).toEqual([]);
    for (const packet of taken) packet.release();
    lab.runTo(lab.tick + 1);
    expect(lab.heardSince()).toEqual(['< 32 06 00 01 61 00 01 78']);
    lab.end();
  });

  test('DISCONNECT waits for a packet', () => {
    const lab = new BrokerLab().connected();
    const taken: Packet[] = [];
    while (lab.streamPool.available > 0) taken.push(lab.streamPool.allocate(0) as Packet);
    lab.client.disconnect();
    lab.runTo(lab.tick + 5);
    expect(lab.heardSince()).toEqual([]);
    for (const packet of taken) packet.release();
    lab.runTo(lab.tick + 1);
    expect(lab.heardSince()).toEqual(['< e0 00', 'fin', 'disconnected 0x0']);
    lab.end();
  });
});
