import { describe, expect, test } from '@jest/globals';
import {
  NX_IN_PROGRESS,
  NX_NOT_CONNECTED,
  NX_PTR_ERROR,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NXD_MQTT_ALREADY_CONNECTED,
  NXD_MQTT_COMMUNICATION_FAILURE,
  NXD_MQTT_CONNECT_FAILURE,
  NXD_MQTT_CONNECTING,
  NXD_MQTT_INSUFFICIENT_BUFFER_SPACE,
  NXD_MQTT_INVALID_PARAMETER,
  NXD_MQTT_INVALID_STATE,
  NXD_MQTT_NO_MESSAGE,
  NXD_MQTT_NOT_CONNECTED,
  NXD_MQTT_PACKET_POOL_FAILURE,
  NXD_MQTT_QOS2_NOT_SUPPORTED,
  type Packet,
} from '@strata/contracts';
import { MqttClient, type MqttClientOptions } from '@strata/mqtt';
import { BrokerLab, hex } from './scripted-broker.ts';

const LONG = 'x'.repeat(65536);
const LONE_SURROGATE = 'a\ud800b';

/** Takes every packet of the client's pool but `left`. */
function drain(lab: BrokerLab, left: number): Packet[] {
  const taken: Packet[] = [];
  while (lab.pool.available > left) taken.push(lab.pool.allocate(0) as Packet);
  return taken;
}

function giveBack(packets: Packet[]): void {
  for (const packet of packets) packet.release();
}

describe('create', () => {
  test.each([
    ['text', 'device-7', NX_SUCCESS],
    ['octets', hex('64 65'), NX_SUCCESS],
    ['empty', '', NX_SUCCESS],
    ['longer than 65535 octets', LONG, NXD_MQTT_INVALID_PARAMETER],
    ['a lone surrogate', LONE_SURROGATE, NXD_MQTT_INVALID_PARAMETER],
    ['U+0000', 'a\0b', NXD_MQTT_INVALID_PARAMETER],
    ['octets that are not UTF-8', hex('c0 80'), NXD_MQTT_INVALID_PARAMETER],
  ])('judges the client identifier: %s', (_what, clientId, status) => {
    const lab = new BrokerLab();
    const options: MqttClientOptions = { clientId, time: lab.time, pool: lab.pool };
    expect(MqttClient.check(options)).toBe(status);
    if (status === NX_SUCCESS) expect(new MqttClient(options).state).toBe(1);
    else expect(() => new MqttClient(options)).toThrow(RangeError);
  });
});

describe('login_set', () => {
  test.each([
    ['user and password', 'user', 'secret', NX_SUCCESS],
    ['no password', 'user', null, NX_SUCCESS],
    ['nothing', null, null, NX_SUCCESS],
    ['an empty user name', '', null, NX_SUCCESS],
    ['a password of any octets', 'user', hex('00 ff fe'), NX_SUCCESS],
    ['a user name with U+0000', 'a\0', null, NXD_MQTT_INVALID_PARAMETER],
    ['a user name with a lone surrogate', LONE_SURROGATE, null, NXD_MQTT_INVALID_PARAMETER],
    ['a user name that is too long', LONG, null, NXD_MQTT_INVALID_PARAMETER],
    ['a password that is too long', 'user', LONG, NXD_MQTT_INVALID_PARAMETER],
  ])('%s', (_what, user, password, status) => {
    const lab = new BrokerLab();
    expect(lab.client.loginSet(user, password)).toBe(status);
    lab.end();
  });

  test('a password without a user name is not sent', () => {
    const lab = new BrokerLab();
    lab.client.loginSet(null, 'secret');
    lab.client.connect();
    lab.settle();
    expect(lab.heardSince()[0]).toBe('< 10 13 00 04 4d 51 54 54 04 02 00 00 00 07 6e 65 74 78 63 6c 69');
    lab.end();
  });
});

describe('will_message_set', () => {
  test.each([
    ['QoS 0', 'w', 'gone', 0, NX_SUCCESS],
    ['QoS 1 without message', 'w', '', 1, NX_SUCCESS],
    ['an empty topic', '', 'gone', 0, NXD_MQTT_INVALID_PARAMETER],
    ['QoS 3', 'w', 'gone', 3, NXD_MQTT_INVALID_PARAMETER],
    ['QoS -1', 'w', 'gone', -1, NXD_MQTT_INVALID_PARAMETER],
    ['QoS 0.5', 'w', 'gone', 0.5, NXD_MQTT_INVALID_PARAMETER],
    ['QoS 2', 'w', 'gone', 2, NXD_MQTT_QOS2_NOT_SUPPORTED],
    ['an empty topic with QoS 2', '', 'gone', 2, NXD_MQTT_INVALID_PARAMETER],
    ['a wildcard', 'w/+', 'gone', 0, NXD_MQTT_INVALID_PARAMETER],
    ['a message that is too long', 'w', LONG, 0, NXD_MQTT_INVALID_PARAMETER],
  ])('%s', (_what, topic, message, qos, status) => {
    const lab = new BrokerLab();
    expect(lab.client.willMessageSet(topic, message, false, qos)).toBe(status);
    lab.end();
  });
});

describe('connect', () => {
  test('NX_PTR_ERROR without anyone to open a stream', () => {
    const lab = new BrokerLab();
    const client = new MqttClient({ clientId: 'a', time: lab.time, pool: lab.pool });
    expect(client.connect()).toBe(NX_PTR_ERROR);
    expect(client.connect({ connector: lab })).toBe(NX_IN_PROGRESS);
    client.delete();
    lab.expectNoLeak();
  });

  test.each([-1, 65536, 1.5, Number.NaN])('NXD_MQTT_INVALID_PARAMETER for a keep-alive of %p s', (keepAliveSeconds) => {
    const lab = new BrokerLab();
    expect(lab.client.connect({ keepAliveSeconds })).toBe(NXD_MQTT_INVALID_PARAMETER);
    lab.end();
  });

  test('NXD_MQTT_INVALID_PARAMETER for an empty client identifier without a clean session', () => {
    const lab = new BrokerLab({ client: { clientId: '' } });
    expect(lab.client.connect({ cleanSession: false })).toBe(NXD_MQTT_INVALID_PARAMETER);
    expect(lab.client.connect({ cleanSession: true })).toBe(NX_IN_PROGRESS);
    lab.settle();
    expect(lab.heardSince()[0]).toBe('< 10 0c 00 04 4d 51 54 54 04 02 00 00 00 00');
    lab.end();
  });

  test('each state has its status', () => {
    const lab = new BrokerLab({ accepts: false });
    const { client } = lab;
    expect(client.connect()).toBe(NX_IN_PROGRESS);
    expect(client.connect()).toBe(NXD_MQTT_CONNECTING);
    lab.settle();
    expect(client.connect()).toBe(NXD_MQTT_CONNECTING);
    lab.say('20 02 00 00');
    expect(client.connect()).toBe(NXD_MQTT_ALREADY_CONNECTED);
    lab.stream.answersFin = false;
    client.disconnect();
    lab.settle();
    expect(client.connect()).toBe(NXD_MQTT_INVALID_STATE);
    lab.stream.close(NX_SUCCESS);
    lab.settle();
    expect(client.connect()).toBe(NX_IN_PROGRESS);
    client.delete();
    expect(client.connect()).toBe(NXD_MQTT_INVALID_STATE);
    lab.end();
  });

  test('NXD_MQTT_CONNECT_FAILURE at once when the stream cannot begin; the next attempt is free', () => {
    const lab = new BrokerLab();
    lab.refusesToBegin = true;
    expect(lab.client.connect()).toBe(NXD_MQTT_CONNECT_FAILURE);
    expect(lab.client.state).toBe(1);
    lab.refusesToBegin = false;
    expect(lab.client.connect()).toBe(NX_IN_PROGRESS);
    lab.settle();
    expect(lab.heardSince().at(-1)).toBe('connected 0x0 code=0 present=false');
    lab.end();
  });
});

describe('publish', () => {
  test.each([
    ['an empty topic', '', 'x', 0, NXD_MQTT_INVALID_PARAMETER],
    ['+ in the topic', 'a/+/b', 'x', 0, NXD_MQTT_INVALID_PARAMETER],
    ['# in the topic', 'a/#', 'x', 0, NXD_MQTT_INVALID_PARAMETER],
    ['U+0000 in the topic', 'a\0', 'x', 0, NXD_MQTT_INVALID_PARAMETER],
    ['a lone surrogate in the topic', LONE_SURROGATE, 'x', 0, NXD_MQTT_INVALID_PARAMETER],
    ['octets that are not UTF-8', hex('ff'), 'x', 0, NXD_MQTT_INVALID_PARAMETER],
    ['a topic that is too long', LONG, 'x', 0, NXD_MQTT_INVALID_PARAMETER],
    ['QoS 3', 'a', 'x', 3, NXD_MQTT_INVALID_PARAMETER],
    ['QoS 4', 'a', 'x', 4, NXD_MQTT_INVALID_PARAMETER],
    ['QoS -1', 'a', 'x', -1, NXD_MQTT_INVALID_PARAMETER],
    ['QoS 2', 'a', 'x', 2, NXD_MQTT_QOS2_NOT_SUPPORTED],
    ['an empty topic with QoS 2', '', 'x', 2, NXD_MQTT_INVALID_PARAMETER],
    ['QoS 0 without connection', 'a', 'x', 0, NXD_MQTT_NOT_CONNECTED],
    ['QoS 1 without connection', 'a', 'x', 1, NXD_MQTT_NOT_CONNECTED],
  ])('%s, not connected', (_what, topic, payload, qos, status) => {
    const lab = new BrokerLab();
    expect(lab.client.publish(topic, payload, false, qos)).toBe(status);
    lab.end();
  });

  test('QoS 2 is judged before the connection, and when connected', () => {
    const lab = new BrokerLab().connected();
    expect(lab.client.publish('a', 'x', false, 2)).toBe(NXD_MQTT_QOS2_NOT_SUPPORTED);
    lab.end();
  });

  test('topics and payloads may be given as octets', () => {
    const lab = new BrokerLab().connected();
    expect(lab.client.publish(hex('c3 a9'), hex('00 ff'), true, 0)).toBe(NX_SUCCESS);
    expect(lab.heardSince()).toEqual(['< 31 06 00 02 c3 a9 00 ff']);
    lab.end();
  });

  test('the longest topic there is goes out in a chain', () => {
    const lab = new BrokerLab().connected();
    const topic = 'é'.repeat(32767);
    expect(lab.client.publish(topic, 'x', false, 1)).toBe(NX_SUCCESS);
    const sent = lab.stream.taken.at(-1) as Uint8Array;
    expect([sent.length, sent[4], sent[5]]).toEqual([4 + 2 + 65534 + 2 + 1, 0xff, 0xfe]);
    lab.end();
  });

  test('NXD_MQTT_PACKET_POOL_FAILURE when the stream has no packet, and nothing is sent', () => {
    const lab = new BrokerLab().connected();
    const taken: Packet[] = [];
    while (lab.streamPool.available > 0) taken.push(lab.streamPool.allocate(0) as Packet);
    expect(lab.client.publish('a', 'x', false, 0)).toBe(NXD_MQTT_PACKET_POOL_FAILURE);
    giveBack(taken);
    expect(lab.heardSince()).toEqual([]);
    lab.end();
  });

  test('NXD_MQTT_PACKET_POOL_FAILURE when a large message does not fit the pool, all or nothing', () => {
    const lab = new BrokerLab({ packets: 12 }).connected();
    const big = new Uint8Array(20 * 1536);
    expect(lab.client.publish('a', big, false, 1)).toBe(NXD_MQTT_PACKET_POOL_FAILURE);
    expect([lab.client.unacknowledged, lab.pool.available]).toEqual([0, 12]);
    expect(lab.client.publish('a', new Uint8Array(70 * 1536), false, 0)).toBe(NXD_MQTT_PACKET_POOL_FAILURE);
    expect(lab.heardSince()).toEqual([]);
    lab.end();
  });

  test('NXD_MQTT_PACKET_POOL_FAILURE when no copy can be kept, or the pool is down to its reserve', () => {
    const lab = new BrokerLab().connected();
    const taken = drain(lab, 0);
    expect(lab.client.publish('a', 'x', false, 1)).toBe(NXD_MQTT_PACKET_POOL_FAILURE);
    giveBack(taken);
    const most = drain(lab, 4);
    expect(lab.client.publish('a', 'x', false, 1)).toBe(NXD_MQTT_PACKET_POOL_FAILURE);
    expect(lab.client.publish('a', 'x', false, 0)).toBe(NX_SUCCESS);
    giveBack(most);
    expect(lab.client.publish('a', 'x', false, 1)).toBe(NX_SUCCESS);
    lab.end();
  });

  test('NXD_MQTT_PACKET_POOL_FAILURE at the maximum depth of the transmit queue', () => {
    const lab = new BrokerLab({ client: { transmitQueueMaximum: 2 } }).connected();
    expect(lab.client.publish('a', '1', false, 1)).toBe(NX_SUCCESS);
    expect(lab.client.subscribe('a', 1)).toBe(NX_SUCCESS);
    expect(lab.client.publish('a', '2', false, 1)).toBe(NXD_MQTT_PACKET_POOL_FAILURE);
    expect(lab.client.subscribe('b', 1)).toBe(NXD_MQTT_PACKET_POOL_FAILURE);
    expect(lab.client.unsubscribe('b')).toBe(NXD_MQTT_PACKET_POOL_FAILURE);
    expect(lab.client.publish('a', '3', false, 0)).toBe(NX_SUCCESS);
    lab.say('40 02 00 01');
    expect(lab.client.publish('a', '4', false, 1)).toBe(NX_SUCCESS);
    lab.end();
  });

  test('NX_TX_QUEUE_DEPTH when too much waits for the stream', () => {
    const lab = new BrokerLab({ client: { sendQueueMaximum: 2 } }).connected();
    lab.stream.window = 0;
    expect([1, 2, 3].map(() => lab.client.publish('a', 'x', false, 0))).toEqual([0, 0, NX_TX_QUEUE_DEPTH]);
    expect(lab.client.publish('a', 'x', false, 1)).toBe(NX_TX_QUEUE_DEPTH);
    expect(lab.client.subscribe('a', 1)).toBe(NX_TX_QUEUE_DEPTH);
    lab.end();
  });

  test('NXD_MQTT_COMMUNICATION_FAILURE when the stream fails; a QoS 1 message stays and is delivered after a reconnect', () => {
    const lab = new BrokerLab().connected({ cleanSession: false });
    lab.stream.failSends = NX_NOT_CONNECTED;
    expect(lab.client.publish('a', 'x', false, 1)).toBe(NXD_MQTT_COMMUNICATION_FAILURE);
    lab.settle();
    expect(lab.heardSince()).toEqual(['reset', 'disconnected 0x10007']);
    expect(lab.client.failure().streamStatus).toBe(NX_NOT_CONNECTED);
    expect(lab.client.unacknowledged).toBe(1);
    lab.client.connect({ cleanSession: false });
    lab.settle();
    expect(lab.heardSince()).toContain('< 3a 06 00 01 61 00 01 78');
    lab.end();
  });

  test('a QoS 0 message is lost with its stream', () => {
    const lab = new BrokerLab().connected({ cleanSession: false });
    lab.stream.failSends = NX_NOT_CONNECTED;
    expect(lab.client.publish('a', 'x', false, 0)).toBe(NXD_MQTT_COMMUNICATION_FAILURE);
    expect(lab.client.unacknowledged).toBe(0);
    lab.end();
  });
});

describe('subscribe and unsubscribe', () => {
  test.each([
    ['an empty filter', '', 0, NXD_MQTT_INVALID_PARAMETER],
    ['# that is not last', 'a/#/b', 0, NXD_MQTT_INVALID_PARAMETER],
    ['# that shares its level', 'a#', 0, NXD_MQTT_INVALID_PARAMETER],
    ['+ that shares its level', 'a/b+', 0, NXD_MQTT_INVALID_PARAMETER],
    ['+ followed by text', '+a', 0, NXD_MQTT_INVALID_PARAMETER],
    ['U+0000', 'a\0', 0, NXD_MQTT_INVALID_PARAMETER],
    ['a filter that is too long', LONG, 0, NXD_MQTT_INVALID_PARAMETER],
    ['QoS 3', 'a', 3, NXD_MQTT_INVALID_PARAMETER],
    ['QoS 2', 'a', 2, NXD_MQTT_QOS2_NOT_SUPPORTED],
    ['a good filter without connection', '+/a/#', 1, NXD_MQTT_NOT_CONNECTED],
  ])('%s, not connected', (_what, filter, qos, status) => {
    const lab = new BrokerLab();
    expect(lab.client.subscribe(filter, qos)).toBe(status);
    if (qos === 0 || qos === 1) expect(lab.client.unsubscribe(filter)).toBe(status);
    lab.end();
  });

  test.each(['#', '+', '/', '//', '+/+', '/#', 'a/+/b/#', '$SYS/#'])('accepts the filter %s', (filter) => {
    const lab = new BrokerLab().connected();
    expect(lab.client.subscribe(filter, 1)).toBe(NX_SUCCESS);
    expect(lab.client.unsubscribe(filter)).toBe(NX_SUCCESS);
    lab.end();
  });

  test('answer before their acknowledgement comes; a refused filter is still an acknowledgement', () => {
    const lab = new BrokerLab().connected();
    expect(lab.client.subscribe('a', 1)).toBe(NX_SUCCESS);
    expect([lab.client.lastPacketId, lab.client.unacknowledged]).toEqual([1, 1]);
    lab.say('90 03 00 01 80');
    expect(lab.heardSince()).toEqual(['< 82 06 00 01 00 01 61 01', 'acknowledged 9 id=1 code=128']);
    expect(lab.client.isConnected).toBe(true);
    lab.end();
  });

  test('NXD_MQTT_PACKET_POOL_FAILURE without packets, NXD_MQTT_COMMUNICATION_FAILURE when the stream fails', () => {
    const lab = new BrokerLab().connected();
    const taken = drain(lab, 0);
    expect(lab.client.subscribe('a', 1)).toBe(NXD_MQTT_PACKET_POOL_FAILURE);
    expect(lab.client.unsubscribe('a')).toBe(NXD_MQTT_PACKET_POOL_FAILURE);
    giveBack(taken);
    lab.stream.failSends = NX_NOT_CONNECTED;
    expect(lab.client.subscribe('a', 1)).toBe(NXD_MQTT_COMMUNICATION_FAILURE);
    lab.settle();
    expect(lab.client.unacknowledged).toBe(0);
    lab.end();
  });
});

describe('message_get', () => {
  test('says NXD_MQTT_NO_MESSAGE at once, in every state', () => {
    const lab = new BrokerLab();
    const into = { topic: new Uint8Array(8), message: new Uint8Array(8), topicLength: 7, messageLength: 7 };
    expect(lab.client.messageGet(into)).toBe(NXD_MQTT_NO_MESSAGE);
    lab.connected();
    expect(lab.client.messageGet(into)).toBe(NXD_MQTT_NO_MESSAGE);
    expect(lab.client.receive()).toBeNull();
    lab.client.delete();
    expect(lab.client.messageGet(into)).toBe(NXD_MQTT_NO_MESSAGE);
    expect([into.topicLength, into.messageLength]).toEqual([7, 7]);
    lab.end();
  });

  test('a buffer of exactly the size is enough, one octet less is not', () => {
    const lab = new BrokerLab().connected();
    lab.say('30 07 00 03 61 2f 62 68 69');
    for (const [topic, message] of [
      [2, 2],
      [3, 1],
    ] as const) {
      const into = { topic: new Uint8Array(topic), message: new Uint8Array(message), topicLength: 0, messageLength: 0 };
      expect(lab.client.messageGet(into)).toBe(NXD_MQTT_INSUFFICIENT_BUFFER_SPACE);
    }
    const into = { topic: new Uint8Array(3), message: new Uint8Array(2), topicLength: 0, messageLength: 0 };
    expect(lab.client.messageGet(into)).toBe(NX_SUCCESS);
    expect([into.topicLength, into.messageLength]).toEqual([3, 2]);
    lab.end();
  });
});

describe('disconnect and delete', () => {
  test('disconnect is a success with nothing to end', () => {
    const lab = new BrokerLab();
    expect(lab.client.disconnect()).toBe(NX_SUCCESS);
    lab.connected();
    expect(lab.client.disconnect()).toBe(NX_IN_PROGRESS);
    expect(lab.client.publish('a', 'x', false, 0)).toBe(NXD_MQTT_NOT_CONNECTED);
    lab.settle();
    expect(lab.client.disconnect()).toBe(NX_SUCCESS);
    lab.end();
  });

  test('disconnect calls off an attempt, which the listener hears as a failed one', () => {
    const lab = new BrokerLab({ accepts: false });
    lab.client.connect();
    expect(lab.client.disconnect()).toBe(NX_SUCCESS);
    lab.settle();
    expect(lab.heardSince()).toEqual(['reset', 'connected 0x10005 code=-1 present=false']);
    lab.end();
  });

  test('delete succeeds once', () => {
    const lab = new BrokerLab();
    expect(lab.client.delete()).toBe(NX_SUCCESS);
    expect(lab.client.delete()).toBe(NX_PTR_ERROR);
    expect(lab.client.state).toBe(0);
    expect(lab.client.publish('a', 'x', false, 0)).toBe(NXD_MQTT_NOT_CONNECTED);
    expect(lab.client.disconnect()).toBe(NX_SUCCESS);
    lab.expectNoLeak();
  });

  test('delete while connected closes without DISCONNECT, so that the broker publishes the will', () => {
    const lab = new BrokerLab().connected();
    lab.client.publish('a', 'x', false, 1);
    lab.say('30 05 00 01 61 68 69');
    lab.heardSince();
    lab.client.delete();
    lab.settle();
    expect(lab.heardSince()).toEqual(['fin', 'disconnected 0x0']);
    expect(lab.client.state).toBe(0);
    lab.expectNoLeak();
  });

  test('delete while connecting returns, and nothing remains', () => {
    const lab = new BrokerLab({ accepts: false });
    lab.client.connect({ keepAliveSeconds: 1 });
    lab.settle();
    lab.client.delete();
    lab.settle();
    expect(lab.heardSince().slice(1)).toEqual(['reset', 'connected 0x10005 code=-1 present=false']);
    expect(lab.time.nextTime()).toBe(Number.POSITIVE_INFINITY);
    lab.expectNoLeak();
  });
});
