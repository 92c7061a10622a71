import { describe, expect, test } from '@jest/globals';
import { NX_IN_PROGRESS, NX_NOT_CONNECTED, NX_SUCCESS, TICK } from '@strata/contracts';
import { BrokerLab } from './scripted-broker.ts';

describe('the session', () => {
  test('identifiers start at 1, grow by one, wrap from 65535 to 1 and skip those in flight', () => {
    const lab = new BrokerLab().connected();
    lab.client.publish('keep', 'x', false, 1);
    const ids: number[] = [];
    for (let n = 0; n < 65540; n++) {
      lab.client.publish('a', '', false, 1);
      const id = lab.client.lastPacketId;
      ids.push(id);
      lab.stream.taken.length = 0;
      lab.log.length = 0;
      lab.sayBytes(Uint8Array.of(0x40, 2, id >> 8, id & 255));
    }
    expect(ids.slice(0, 3)).toEqual([2, 3, 4]);
    expect(ids.slice(65532, 65536)).toEqual([65534, 65535, 2, 3]);
    expect(ids).not.toContain(1);
    expect(lab.client.inspect().transmitQueue.map((entry) => entry.id)).toEqual([1]);
    lab.end();
  });

  test('acknowledgements may come in any order', () => {
    const lab = new BrokerLab().connected();
    for (const payload of ['1', '2', '3']) lab.client.publish('a', payload, false, 1);
    lab.say('40 02 00 02');
    lab.say('40 02 00 03');
    lab.say('40 02 00 01');
    expect(lab.heardSince().slice(3)).toEqual([
      'acknowledged 4 id=2 code=0',
      'acknowledged 4 id=3 code=0',
      'acknowledged 4 id=1 code=0',
    ]);
    lab.expectNoLeak();
    lab.end();
  });

  test('messages are never sent again by time alone', () => {
    const lab = new BrokerLab().connected();
    lab.client.publish('a', 'x', false, 1);
    lab.heardSince();
    lab.runTo(100_000);
    expect(lab.heardSince()).toEqual([]);
    lab.end();
  });

  test('SUBSCRIBE and UNSUBSCRIBE do not outlive their connection; messages do', () => {
    const lab = new BrokerLab().connected({ cleanSession: false });
    lab.client.subscribe('a', 1);
    lab.client.publish('a', 'x', false, 1);
    lab.client.unsubscribe('a');
    lab.stream.close(NX_NOT_CONNECTED);
    lab.settle();
    expect(lab.client.inspect().transmitQueue).toMatchObject([
      { id: 2, type: 'PUBLISH', transmissions: 1, wouldResend: true },
    ]);
    lab.heardSince();
    lab.client.connect({ cleanSession: false });
    lab.settle();
    expect(lab.heardSince().slice(1)).toEqual(['< 3a 06 00 01 61 00 02 78', 'connected 0x0 code=0 present=false']);
    lab.end();
  });

  test('messages are sent again although the broker has no session: at least once', () => {
    const lab = new BrokerLab().connected({ cleanSession: true });
    lab.client.publish('a', 'x', true, 1);
    lab.client.disconnect();
    lab.settle();
    lab.heardSince();
    lab.client.connect({ cleanSession: false });
    lab.settle();
    expect(lab.heardSince()).toContain('< 3b 06 00 01 61 00 01 78');
    lab.end();
  });

  test('a message resent twice keeps its identifier and place', () => {
    const lab = new BrokerLab().connected({ cleanSession: false });
    lab.client.publish('a', '1', false, 1);
    lab.client.publish('a', '2', false, 1);
    for (let round = 0; round < 3; round++) {
      lab.stream.close(NX_NOT_CONNECTED);
      lab.settle();
      lab.heardSince();
      lab.client.connect({ cleanSession: false });
      lab.settle();
      expect(lab.heardSince().slice(1, 3)).toEqual(['< 3a 06 00 01 61 00 01 31', '< 3a 06 00 01 61 00 02 32']);
    }
    expect(lab.client.inspect().transmitQueue.map((entry) => entry.transmissions)).toEqual([4, 4]);
    expect(lab.client.counters.messagesResent).toBe(6);
    lab.say('40 02 00 01', '40 02 00 02');
    lab.expectNoLeak();
    lab.end();
  });

  test('a clean session drops what is kept when CONNECT leaves, not before the stream is open', () => {
    const lab = new BrokerLab().connected({ cleanSession: false });
    lab.client.publish('a', 'x', false, 1);
    lab.client.disconnect();
    lab.settle();
    lab.establishes = false;
    lab.client.connect({ cleanSession: true, waitTicks: 50 });
    lab.runTo(lab.tick + 50);
    expect(lab.client.unacknowledged).toBe(1);
    lab.establishes = true;
    lab.client.connect({ cleanSession: true });
    lab.settle();
    expect(lab.client.unacknowledged).toBe(0);
    lab.end();
  });

  test('a duplicate QoS 1 message is delivered again and acknowledged again', () => {
    const lab = new BrokerLab().connected();
    lab.say('32 06 00 01 61 00 07 78', '3a 06 00 01 61 00 07 78');
    expect(lab.heardSince()).toEqual(['< 40 02 00 07', '< 40 02 00 07', 'received 1', 'received 2']);
    expect([lab.client.receive()?.dup, lab.client.receive()?.dup]).toEqual([false, true]);
    lab.end();
  });

  test('disconnect empties the receive queue and keeps the transmit queue', () => {
    const lab = new BrokerLab().connected({ cleanSession: false });
    lab.say('30 03 00 01 61', '32 05 00 01 61 00 01', '30 03 00 01 61 30 03 00 01 62 30 03 00');
    lab.client.publish('a', 'x', false, 1);
    expect([lab.client.messages, lab.client.unacknowledged]).toEqual([4, 1]);
    lab.client.disconnect();
    lab.settle();
    expect([lab.client.messages, lab.client.unacknowledged]).toEqual([0, 1]);
    expect(lab.pool.total - lab.pool.available).toBe(1);
    expect([lab.networkPool.available, lab.streamPool.available]).toEqual([
      lab.networkPool.total,
      lab.streamPool.total,
    ]);
    lab.end();
  });

  test('a lost connection leaves what was received, and already acknowledged, to the application', () => {
    const lab = new BrokerLab().connected();
    lab.say('32 05 00 01 61 00 01');
    lab.stream.close(NX_NOT_CONNECTED);
    lab.settle();
    expect(lab.heardSince()).toEqual(['< 40 02 00 01', 'received 1', 'disconnected 0x10007']);
    expect(lab.client.receive()).toEqual({
      topic: 'a',
      payload: new Uint8Array(0),
      qos: 1,
      retain: false,
      dup: false,
      id: 1,
    });
    lab.end();
  });

  test('a broker that closes is heard of after what it had sent', () => {
    const lab = new BrokerLab().connected();
    lab.stream.deliver(Uint8Array.of(0x30, 3, 0, 1, 0x61));
    lab.stream.finish();
    lab.settle();
    expect(lab.heardSince()).toEqual(['fin', 'received 1', 'disconnected 0x10007']);
    expect(lab.client.failure().reasonName).toBe('mqtt-peer-closed');
    lab.end();
  });

  test('disconnect sends what was accepted before, then DISCONNECT, then nothing', () => {
    const lab = new BrokerLab().connected({ cleanSession: false });
    lab.stream.window = 5;
    lab.client.publish('a', '1', false, 0);
    lab.client.publish('a', '2', false, 1);
    expect(lab.client.disconnect()).toBe(NX_IN_PROGRESS);
    lab.say('32 05 00 01 61 00 01');
    expect(lab.heardSince()).toEqual(['< 30 04 00 01 61']);
    lab.stream.open(1000);
    lab.settle();
    expect(lab.heardSince()).toEqual(['< 31', '< 32 06 00 01 61 00 01 32', '< e0 00', 'fin', 'disconnected 0x0']);
    lab.end();
  });

  test('disconnect on a stream that takes nothing ends after the closing time', () => {
    const lab = new BrokerLab().connected();
    lab.stream.window = 0;
    lab.client.publish('a', '1', false, 0);
    lab.client.disconnect();
    lab.runTo(lab.tick + 3000);
    expect(lab.heardSince()).toEqual(['reset', 'disconnected 0x0']);
    lab.end();
  });

  test('inspect shows identifiers in flight, queues, timers and counters as plain data', () => {
    const lab = new BrokerLab().connected({ cleanSession: false, keepAliveSeconds: 30 });
    lab.client.publish('a', 'x', false, 1);
    lab.client.subscribe('b', 0);
    lab.say('30 03 00 01 61', '30 05 00');
    const state = lab.client.inspect();
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    expect(state).toMatchObject({
      stateName: 'connected',
      cleanSession: false,
      nextPacketId: 3,
      transmitQueue: [
        { id: 1, type: 'PUBLISH', bytes: 8, transmissions: 1, sentAt: 10 * TICK, waiting: false, wouldResend: true },
        { id: 2, type: 'SUBSCRIBE', bytes: 8, transmissions: 1, waiting: false, wouldResend: false },
      ],
      receiveQueue: { messages: 1, bytes: 5 },
      sending: { waiting: 0, partialBytes: 0 },
      receiving: { bytes: 3, stalled: false },
      keepAlive: { seconds: 30, pingOutstanding: false },
      failure: { status: NX_SUCCESS, reason: 0 },
    });
    lab.end();
  });

  test('a thousand reconnects leave nothing behind', () => {
    const lab = new BrokerLab();
    for (let round = 0; round < 1000; round++) {
      lab.connected({ cleanSession: round % 3 === 0, keepAliveSeconds: round % 5 });
      lab.client.publish('a', 'x', false, 1);
      lab.say('30 03 00 01 61', '32 05 00 01 61 00 01');
      if (round % 2 === 0) lab.client.receive();
      lab.say(`40 02 00 0${lab.client.lastPacketId}`);
      if (round % 4 === 0) lab.client.publish('b', 'y', false, 0);
      if (round % 7 === 0) lab.stream.close(NX_NOT_CONNECTED);
      else lab.client.disconnect();
      lab.settle();
      while (lab.client.receive() !== null);
      lab.expectNoLeak();
    }
    lab.end();
  });
});
