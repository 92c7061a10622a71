import { describe, expect, test } from '@jest/globals';
import { NX_NOT_CONNECTED, NX_NOT_SUCCESSFUL, NXD_MQTT_INTERNAL_ERROR, TRACE_MQTT_RESTORED } from '@strata/contracts';
import {
  MemoryMqttStore,
  MqttClient,
  type MqttStore,
  type MqttStoreChange,
  STORE_MESSAGE,
  STORE_PUBLISH,
  STORE_PUBREL,
} from '@strata/mqtt';
import { PacketPool } from '@strata/packet';
import { Scheduler, SeededRandom } from '@strata/time';
import { BrokerLab, hex } from '../scripted-broker.ts';

function withStore(store: MqttStore, clientId = 'netxcli'): BrokerLab {
  const reconnect = { random: new SeededRandom('store') };
  return new BrokerLab({ client: { clientId, extensions: { qos2: true, store, reconnect } } });
}

function sent(lab: BrokerLab): string[] {
  return lab.heardSince().filter((line) => line.startsWith('<'));
}

/** The next program, after the last one has stopped without a word. */
function restarted(store: MqttStore, present = true): BrokerLab {
  const lab = withStore(store);
  lab.accepts = false;
  lab.client.connect({ cleanSession: false });
  lab.settle();
  lab.heardSince();
  lab.say(present ? '20 02 01 00' : '20 02 00 00');
  return lab;
}

describe('a session that outlives the program', () => {
  test('every step of QoS 1 and 2 goes on where it was', () => {
    const store = new MemoryMqttStore();
    let lab = withStore(store).connected({ cleanSession: false });
    lab.client.publish('a', '1', false, 1);
    lab.client.publish('a', '2', true, 2);
    lab.client.publish('a', '3', false, 2);
    lab.say('50 02 00 03', '34 06 00 01 62 00 07 78', '32 06 00 01 62 00 08 79');
    lab = restarted(store);
    expect(lab.events.find(({ id }) => id === TRACE_MQTT_RESTORED)).toMatchObject({ a: 3, b: 2, c: 1 });
    expect(sent(lab)).toEqual(['< 62 02 00 03', '< 3a 06 00 01 61 00 01 31', '< 3d 06 00 01 61 00 02 32']);
    expect([lab.client.receive()?.id, lab.client.messages]).toEqual([7, 1]);
    lab.say('3c 06 00 01 62 00 07 78');
    expect(sent(lab)).toEqual(['< 50 02 00 07']);
    lab.say('40 02 00 01', '70 02 00 03', '62 02 00 07', '50 02 00 02', '70 02 00 02');
    lab = restarted(store);
    expect(sent(lab)).toEqual([]);
    expect([lab.client.receive()?.id, lab.client.messages]).toEqual([8, 0]);
    lab.say('34 06 00 01 62 00 07 7a');
    expect(lab.client.receive()?.payload).toEqual(Uint8Array.of(0x7a));
    lab.end();
  });

  test('new identifiers avoid those that were in flight when the program stopped', () => {
    const store = new MemoryMqttStore();
    withStore(store).connected({ cleanSession: false }).client.publish('a', '1', false, 2);
    const lab = restarted(store);
    lab.client.publish('a', '2', false, 1);
    expect(lab.client.lastPacketId).toBe(2);
    lab.end();
  });

  test('a clean session forgets what was kept, and keeps nothing', () => {
    const store = new MemoryMqttStore();
    let lab = withStore(store).connected({ cleanSession: false });
    lab.client.publish('a', '1', false, 1);
    lab = withStore(store).connected({ cleanSession: true });
    lab.client.publish('a', '2', false, 1);
    lab.say('34 06 00 01 62 00 07 78');
    expect([...store.load()].map(({ kind }) => kind)).toEqual([1]);
    lab.end();
  });

  test('subscriptions are made again when the broker has lost the session, and only then', () => {
    const store = new MemoryMqttStore();
    let lab = withStore(store).connected({ cleanSession: false });
    lab.client.subscribe('a/#', 2);
    lab.client.subscribe('b', 0);
    lab.say('90 03 00 01 02', '90 03 00 02 00');
    lab.client.unsubscribe('b');
    lab.say('b0 02 00 03');
    expect(sent(restarted(store, true))).toEqual([]);
    lab = restarted(store, false);
    expect(sent(lab)).toEqual(['< 82 08 00 01 00 03 61 2f 23 02']);
    lab.end();
  });

  test('the store is one client’s', () => {
    const store = new MemoryMqttStore();
    withStore(store).end();
    expect(() => withStore(store, 'other')).toThrow(/another client/);
  });

  test.each<[string, number, number, string]>([
    ['nothing in the place of a message to send', STORE_PUBLISH, 1, ''],
    ['another packet', STORE_PUBLISH, 1, '40 02 00 01'],
    ['a message of another identifier', STORE_PUBLISH, 2, '32 06 00 01 61 00 01 78'],
    ['a message of QoS 0', STORE_PUBLISH, 0, '30 04 00 01 61 78'],
    ['a message that is cut off', STORE_PUBLISH, 1, '32 06 00 01 61 00 01'],
    ['a message with more behind it', STORE_PUBLISH, 1, '32 06 00 01 61 00 01 78 79'],
    ['a received message without its topic', STORE_MESSAGE, 1, '30 04 00 09 61 78'],
    ['a length without end', STORE_MESSAGE, 1, '30 ff ff ff ff ff'],
  ])('a store that holds %s is refused, and nothing is held', (_what, kind, key, octets) => {
    const store = new MemoryMqttStore();
    const good = hex('32 06 00 01 61 00 07 78');
    store.commit([{ op: 'put', kind: STORE_MESSAGE, key: 9, octets: good }], true);
    store.commit([{ op: 'put', kind: STORE_PUBREL, key: 8, octets: new Uint8Array(0) }], true);
    store.commit([{ op: 'put', kind, key, octets: hex(octets) }], true);
    const pool = new PacketPool({ name: 'client', payloadSize: 256, packets: 8 });
    const make = () =>
      new MqttClient({ clientId: 'c', time: new Scheduler(), pool, extensions: { qos2: true, store } });
    expect(make).toThrow(/something in the place of a message/);
    expect(pool.available).toBe(pool.total);
  });

  test('a pool that is too small for what is kept is said to be, and holds nothing of it', () => {
    const store = new MemoryMqttStore();
    for (let key = 1; key < 9; key++) store.commit([{ op: 'put', kind: STORE_PUBREL, key, octets: hex('') }], true);
    const pool = new PacketPool({ name: 'client', payloadSize: 256, packets: 4 });
    const make = () =>
      new MqttClient({ clientId: 'c', time: new Scheduler(), pool, extensions: { qos2: true, store } });
    expect(make).toThrow(/pool is too small/);
    expect(pool.available).toBe(pool.total);
  });

  test('delete leaves in the store what it keeps; disconnect leaves received messages to be taken', () => {
    const store = new MemoryMqttStore();
    let lab = withStore(store).connected({ cleanSession: false });
    lab.client.publish('a', '1', false, 1);
    lab.say('32 06 00 01 62 00 08 79', '30 04 00 01 62 30');
    lab.client.disconnect();
    lab.settle();
    expect(lab.client.messages).toBe(1);
    lab.end();
    lab = withStore(store);
    expect([lab.client.messages, lab.client.unacknowledged]).toEqual([1, 1]);
    lab.end();
  });
});

/** Fails every commit while `broken`. */
class BadStore extends MemoryMqttStore {
  broken = false;

  override commit(changes: readonly MqttStoreChange[], durable: boolean): number {
    return this.broken ? NX_NOT_SUCCESSFUL : super.commit(changes, durable);
  }
}

describe('a store that fails', () => {
  test('a message that cannot be kept is not sent', () => {
    const store = new BadStore();
    const lab = withStore(store).connected({ cleanSession: false });
    store.broken = true;
    expect(lab.client.publish('a', '1', false, 1)).toBe(NXD_MQTT_INTERNAL_ERROR);
    lab.settle();
    expect(lab.heardSince()).toEqual([]);
    expect(lab.client.inspect().store).toEqual({ active: true, failures: 1 });
    expect(lab.client.publish('a', '1', false, 0)).toBe(0);
    lab.expectNoLeak();
    lab.end();
  });

  test('nothing is acknowledged that is not kept; it goes on when the store does', () => {
    const store = new BadStore();
    const lab = withStore(store).connected({ cleanSession: false });
    lab.client.publish('a', '1', false, 2);
    lab.settle();
    lab.heardSince();
    store.broken = true;
    lab.say('34 06 00 01 62 00 07 78', '50 02 00 01');
    lab.runTo(lab.tick + 5);
    expect(lab.heardSince()).toEqual([]);
    store.broken = false;
    lab.runTo(lab.tick + 5);
    expect(lab.heardSince()).toEqual(['< 50 02 00 07', '< 62 02 00 01', 'received 1', 'acknowledged 5 id=1 code=0']);
    store.broken = true;
    lab.say('62 02 00 07');
    expect(lab.heardSince()).toEqual([]);
    store.broken = false;
    lab.runTo(lab.tick + 5);
    expect(lab.heardSince()).toEqual(['< 70 02 00 07']);
    lab.stream.close(NX_NOT_CONNECTED);
    lab.end();
  });
});
