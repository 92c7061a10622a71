import { describe, expect, test } from '@jest/globals';
import { NX_IN_PROGRESS, NX_NOT_CONNECTED, NXD_MQTT_NOT_CONNECTED, SECOND, TICK } from '@strata/contracts';
import { MqttClient, type MqttReconnectOptions } from '@strata/mqtt';
import { SeededRandom } from '@strata/time';
import { BrokerLab } from '../scripted-broker.ts';

function lab(reconnect: Partial<MqttReconnectOptions> = {}): BrokerLab {
  const random = new SeededRandom('reconnect');
  return new BrokerLab({ client: { extensions: { qos2: true, reconnect: { random, jitter: 0, ...reconnect } } } });
}

function lose(of: BrokerLab): void {
  of.stream.close(NX_NOT_CONNECTED);
  of.settle();
}

function sent(of: BrokerLab): string[] {
  return of.heardSince().filter((line) => line.startsWith('<'));
}

describe('reconnecting', () => {
  test('one second after the loss, then twice as long each time, up to the longest', () => {
    const of = lab({ maximumSeconds: 5 }).connected({ cleanSession: false });
    of.establishes = false;
    lose(of);
    const at: number[] = [];
    for (let n = 0; n < 6; n++) {
      const due = of.client.inspect().reconnect?.at as number;
      at.push((due - of.time.now) / SECOND);
      of.runTo(due / TICK);
      expect(of.client.state).toBe(2);
      lose(of);
    }
    expect(at).toEqual([1, 2, 4, 5, 5, 5]);
    of.client.delete();
    of.expectNoLeak();
  });

  test('part of the delay is drawn from the seed: same seed, same moments', () => {
    const moments = [1, 1, 2].map((seed) => {
      const of = lab({ random: new SeededRandom(seed), jitter: 0.5 }).connected();
      lose(of);
      const at = ((of.client.inspect().reconnect?.at as number) - of.time.now) / SECOND;
      of.end();
      return at;
    });
    expect(moments[0]).toBe(moments[1]);
    expect(moments[0]).not.toBe(moments[2]);
    for (const moment of moments) expect(moment > 0.5 && moment <= 1).toBe(true);
  });

  test('login and will stay, unlike after a connection that is not made again', () => {
    const of = lab();
    of.client.loginSet('user', 'secret');
    of.client.willMessageSet('w', 'x', false, 1);
    of.connected({ cleanSession: false });
    lose(of);
    of.heardSince();
    of.runTo(of.tick + 100);
    expect(sent(of)[0]).toMatch(/^< 10 27 00 04 4d 51 54 54 04 cc /);
    of.client.disconnect();
    of.settle();
    of.heardSince();
    of.client.connect();
    of.settle();
    expect(sent(of)[0]).toMatch(/^< 10 13 00 04 4d 51 54 54 04 02 /);
    of.end();
  });

  test('messages are sent again with DUP, in order, before anything else', () => {
    const of = lab().connected({ cleanSession: false });
    of.client.publish('a', '1', false, 1);
    of.client.publish('a', '2', false, 2);
    lose(of);
    expect(of.client.publish('a', '3', false, 1)).toBe(NXD_MQTT_NOT_CONNECTED);
    of.heardSince();
    of.runTo(of.tick + 100);
    expect(sent(of).slice(1)).toEqual(['< 3a 06 00 01 61 00 01 31', '< 3c 06 00 01 61 00 02 32']);
    of.end();
  });

  test('subscriptions are asked for again when the broker has no session, the latest QoS, without those taken back', () => {
    const of = lab().connected({ cleanSession: false });
    of.client.subscribe('a', 0);
    of.client.subscribe('b', 1);
    of.client.subscribe('c', 1);
    of.client.subscribe('refused', 1);
    of.say('90 03 00 01 00', '90 03 00 02 01', '90 03 00 03 01', '90 03 00 04 80');
    of.client.unsubscribe('b');
    of.client.subscribe('a', 2);
    of.say('b0 02 00 05', '90 03 00 06 02');
    lose(of);
    of.heardSince();
    of.runTo(of.tick + 100);
    expect(sent(of).slice(1)).toEqual(['< 82 06 00 01 00 01 61 02', '< 82 06 00 02 00 01 63 01']);
    of.say('90 03 00 01 02', '90 03 00 02 01');
    of.accepts = false;
    lose(of);
    of.heardSince();
    of.runTo(of.tick + 100);
    of.say('20 02 01 00');
    expect(sent(of).slice(1)).toEqual([]);
    of.end();
  });

  test('a request that the loss left unanswered is repeated even when the broker has the session', () => {
    const of = lab().connected({ cleanSession: false });
    of.client.subscribe('a', 1);
    of.say('90 03 00 01 01');
    of.client.unsubscribe('a');
    of.client.subscribe('b', 0);
    of.accepts = false;
    lose(of);
    of.heardSince();
    of.runTo(of.tick + 100);
    of.say('20 02 01 00');
    expect(sent(of).slice(1)).toEqual(['< a2 05 00 01 00 01 61', '< 82 06 00 02 00 01 62 00']);
    of.end();
  });

  test('more subscriptions than may wait at once are asked for as the stream takes them', () => {
    const of = lab().connected({ cleanSession: false });
    for (let n = 10; n < 40; n++) {
      of.client.subscribe(`t/${n}`, 0);
      of.say(`90 03 00 ${of.client.lastPacketId.toString(16).padStart(2, '0')} 00`);
    }
    lose(of);
    of.heardSince();
    of.runTo(of.tick + 200);
    expect(sent(of).filter((line) => line.startsWith('< 82'))).toHaveLength(30);
    of.end();
  });

  test('without resubscribe nothing is asked for', () => {
    const of = lab({ resubscribe: false }).connected({ cleanSession: false });
    of.client.subscribe('a', 1);
    of.say('90 03 00 01 01');
    lose(of);
    of.heardSince();
    of.runTo(of.tick + 100);
    expect(sent(of)).toHaveLength(1);
    of.end();
  });

  test('disconnect and delete end it', () => {
    for (const method of ['disconnect', 'delete'] as const) {
      const of = lab().connected();
      lose(of);
      expect(of.client.isReconnecting).toBe(true);
      expect(of.client[method]()).toBe(0);
      expect(of.client.isReconnecting).toBe(false);
      of.runTo(of.tick + 10_000);
      expect(of.streams).toHaveLength(1);
      of.client.delete();
      of.expectNoLeak();
    }
  });

  test('connect does not wait for the next attempt', () => {
    const of = lab().connected();
    lose(of);
    expect(of.client.connect()).toBe(NX_IN_PROGRESS);
    of.settle();
    expect([of.client.isConnected, of.client.isReconnecting]).toEqual([true, false]);
    of.end();
  });

  test('the first attempt is repeated only when asked for', () => {
    for (const first of [false, true]) {
      const of = lab({ first });
      of.establishes = false;
      of.client.connect();
      of.settle();
      lose(of);
      expect(of.client.isReconnecting).toBe(first);
      of.client.delete();
      of.expectNoLeak();
    }
  });

  test.each([
    [1, false],
    [2, false],
    [3, true],
    [4, false],
    [5, false],
  ])('return code %i of the broker: tried again %s', (code, again) => {
    const of = lab().connected();
    of.accepts = false;
    lose(of);
    of.runTo(of.tick + 100);
    of.say(`20 02 00 0${code}`);
    expect(of.client.isReconnecting).toBe(again);
    of.end();
  });

  test('so many attempts, and no more', () => {
    const of = lab({ attemptsMaximum: 3 }).connected();
    of.refusesToBegin = true;
    lose(of);
    of.runTo(of.tick + 100_000);
    expect([of.client.isReconnecting, of.client.inspect().reconnect?.attempts]).toEqual([false, 3]);
    of.end();
  });

  test('a broker that accepts and drops at once is not hammered: the delay goes on growing', () => {
    const of = lab().connected();
    const gaps: number[] = [];
    for (let n = 0; n < 4; n++) {
      lose(of);
      const at = of.client.inspect().reconnect?.at as number;
      gaps.push((at - of.time.now) / SECOND);
      of.runTo(at / TICK);
      of.settle();
      expect(of.client.isConnected).toBe(true);
    }
    expect(gaps).toEqual([1, 2, 4, 8]);
    of.runTo(of.tick + 1000);
    lose(of);
    expect(((of.client.inspect().reconnect?.at as number) - of.time.now) / SECOND).toBe(1);
    of.end();
  });

  test('a protocol violation is followed by another attempt; the reason is said', () => {
    const of = lab().connected();
    of.say('00 00');
    expect([of.client.failure().reasonName, of.client.isReconnecting]).toEqual(['mqtt-type', true]);
    of.end();
  });

  test.each([
    { minimumSeconds: 0 },
    { minimumSeconds: 5, maximumSeconds: 1 },
    { jitter: 2 },
    { attemptsMaximum: 0 },
    { maximumSeconds: Number.NaN },
  ])('numbers out of range are refused: %p', (options) => {
    const reconnect = { random: new SeededRandom(1), ...options };
    const of = new BrokerLab();
    expect(MqttClient.check({ clientId: 'a', time: of.time, pool: of.pool, extensions: { reconnect } })).toBe(0x10009);
    of.end();
  });
});
