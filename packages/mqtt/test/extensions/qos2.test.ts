import { describe, expect, test } from '@jest/globals';
import { NX_NOT_CONNECTED, TRACE_MQTT_DUPLICATE } from '@strata/contracts';
import { BrokerLab } from '../scripted-broker.ts';

function lab(options: ConstructorParameters<typeof BrokerLab>[0] = {}): BrokerLab {
  return new BrokerLab({ ...options, client: { extensions: { qos2: true }, ...options.client } });
}

function reconnect(of: BrokerLab, present = true): string[] {
  of.accepts = false;
  of.client.connect({ cleanSession: false });
  of.settle();
  of.say(present ? '20 02 01 00' : '20 02 00 00');
  return of
    .heardSince()
    .filter((line) => line.startsWith('<'))
    .slice(1);
}

function lose(of: BrokerLab): void {
  of.stream.close(NX_NOT_CONNECTED);
  of.settle();
  of.heardSince();
}

describe('sending with QoS 2 (MQTT-4.3.3-1)', () => {
  test('PUBLISH, PUBREC, PUBREL, PUBCOMP; the identifier is free after PUBCOMP only', () => {
    const of = lab().connected();
    expect(of.client.publish('a', 'x', true, 2)).toBe(0);
    of.settle();
    expect(of.heardSince()).toEqual(['< 35 06 00 01 61 00 01 78']);
    of.say('50 02 00 01');
    expect(of.heardSince()).toEqual(['< 62 02 00 01', 'acknowledged 5 id=1 code=0']);
    expect(of.client.inspect().transmitQueue).toMatchObject([
      { id: 1, type: 'PUBREL', step: 'awaits PUBCOMP', bytes: 4 },
    ]);
    of.client.publish('a', 'y', false, 2);
    expect(of.client.lastPacketId).toBe(2);
    of.say('70 02 00 01');
    expect(of.heardSince().slice(1)).toEqual(['acknowledged 7 id=1 code=0']);
    expect(of.client.unacknowledged).toBe(1);
    of.end();
  });

  test('cut before PUBREC: PUBLISH again with DUP; cut after it: PUBREL again, and never the message', () => {
    const of = lab().connected({ cleanSession: false });
    of.client.publish('a', '1', false, 2);
    of.client.publish('a', '2', false, 2);
    of.client.publish('a', '3', false, 1);
    lose(of);
    expect(reconnect(of)).toEqual([
      '< 3c 06 00 01 61 00 01 31',
      '< 3c 06 00 01 61 00 02 32',
      '< 3a 06 00 01 61 00 03 33',
    ]);
    of.say('50 02 00 01');
    lose(of);
    expect(reconnect(of)).toEqual(['< 62 02 00 01', '< 3c 06 00 01 61 00 02 32', '< 3a 06 00 01 61 00 03 33']);
    of.say('40 02 00 03', '50 02 00 02', '70 02 00 01');
    lose(of);
    expect(reconnect(of)).toEqual(['< 62 02 00 02']);
    of.say('70 02 00 02');
    of.expectNoLeak();
    of.end();
  });

  test('PUBRELs go in the order of the PUBRECs, and are sent again in it (MQTT-4.6.0-4)', () => {
    const of = lab().connected({ cleanSession: false });
    for (const text of ['1', '2', '3']) of.client.publish('a', text, false, 2);
    of.settle();
    of.heardSince();
    of.say('50 02 00 02 50 02 00 01 50 02 00 03');
    expect(of.heardSince().filter((line) => line.startsWith('<'))).toEqual([
      '< 62 02 00 02',
      '< 62 02 00 01',
      '< 62 02 00 03',
    ]);
    lose(of);
    expect(reconnect(of)).toEqual(['< 62 02 00 02', '< 62 02 00 01', '< 62 02 00 03']);
    of.end();
  });

  test('a message of many packets is let go with PUBREC', () => {
    const of = lab().connected({ cleanSession: false });
    of.client.publish('a', new Uint8Array(10_000), false, 2);
    of.settle();
    expect(of.pool.total - of.pool.available).toBeGreaterThan(5);
    of.say('50 02 00 01');
    expect(of.pool.total - of.pool.available).toBe(1);
    of.say('70 02 00 01');
    of.expectNoLeak();
    of.end();
  });

  test.each([
    ['PUBREC for nothing', '50 02 00 07'],
    ['PUBREC for a QoS 1 message', '50 02 00 02'],
    ['PUBACK for a QoS 2 message', '40 02 00 01'],
    ['PUBCOMP before PUBREC', '70 02 00 01'],
    ['PUBCOMP for nothing', '70 02 00 09'],
    ['PUBREL for nothing', '62 02 00 09'],
  ])('%s closes the connection', (_what, octets) => {
    const of = lab().connected();
    of.client.publish('a', '1', false, 2);
    of.client.publish('a', '2', false, 1);
    of.say(octets);
    expect(of.client.failure().reasonName).toBe('mqtt-packet-id-unknown');
    expect(of.stream.ended).toBe('fin');
    of.end();
  });

  test.each(['50 02 00 00', '62 02 00 00', '70 02 00 00'])('identifier 0 closes the connection: %s', (octets) => {
    const of = lab().connected();
    of.say(octets);
    expect(of.client.failure().reasonName).toBe('mqtt-packet-id-zero');
    of.end();
  });

  test('a PUBREC said twice is answered twice', () => {
    const of = lab().connected();
    of.client.publish('a', '1', false, 2);
    of.settle();
    of.heardSince();
    of.say('50 02 00 01', '50 02 00 01');
    expect(of.heardSince().filter((line) => line.startsWith('<'))).toEqual(['< 62 02 00 01', '< 62 02 00 01']);
    expect(of.client.unacknowledged).toBe(1);
    of.end();
  });

  test('the will may have QoS 2', () => {
    const of = lab();
    expect(of.client.willMessageSet('w', 'x', false, 2)).toBe(0);
    of.client.connect();
    of.settle();
    expect(of.heardSince()[0]).toBe(
      '< 10 19 00 04 4d 51 54 54 04 16 00 00 00 07 6e 65 74 78 63 6c 69 00 01 77 00 01 78',
    );
    of.end();
  });
});

describe('receiving with QoS 2 (MQTT-4.3.3-2)', () => {
  test('PUBREC at once, PUBCOMP for PUBREL; what is sent again meanwhile is acknowledged and not delivered', () => {
    const of = lab().connected();
    of.say('34 06 00 01 61 00 09 78');
    expect(of.heardSince()).toEqual(['< 50 02 00 09', 'received 1']);
    of.say('3c 06 00 01 61 00 09 78', '34 06 00 01 61 00 09 79');
    expect(of.heardSince()).toEqual(['< 50 02 00 09', '< 50 02 00 09']);
    expect(of.events.filter(({ id }) => id === TRACE_MQTT_DUPLICATE)).toHaveLength(2);
    expect(of.client.inspect().held).toEqual([9]);
    of.say('62 02 00 09');
    expect(of.heardSince()).toEqual(['< 70 02 00 09']);
    of.say('34 06 00 01 61 00 09 7a');
    expect(of.heardSince()).toEqual(['< 50 02 00 09', 'received 2']);
    expect([of.client.receive()?.qos, String.fromCharCode(...(of.client.receive()?.payload ?? []))]).toEqual([2, 'z']);
    of.end();
  });

  test('the state outlives the connection as long as the broker has the session', () => {
    const of = lab().connected({ cleanSession: false });
    of.say('34 06 00 01 61 00 09 78');
    lose(of);
    reconnect(of);
    of.say('3c 06 00 01 61 00 09 78');
    expect(of.heardSince()).toEqual(['< 50 02 00 09']);
    of.say('62 02 00 09');
    lose(of);
    reconnect(of);
    // PUBCOMP was lost: the broker asks again, and is told again.
    of.say('62 02 00 09');
    expect(of.heardSince()).toEqual(['< 70 02 00 09']);
    expect(of.client.messages).toBe(1);
    of.end();
  });

  test('a broker without the session begins anew: the same identifier is another message', () => {
    const of = lab().connected({ cleanSession: false });
    of.say('34 06 00 01 61 00 09 78');
    lose(of);
    reconnect(of, false);
    of.say('34 06 00 01 61 00 09 78');
    expect(of.client.messages).toBe(2);
    of.end();
  });

  test('a clean session forgets both directions', () => {
    const of = lab().connected({ cleanSession: false });
    of.say('34 06 00 01 61 00 09 78');
    of.client.publish('a', '1', false, 2);
    of.say('50 02 00 01');
    lose(of);
    of.accepts = true;
    of.client.connect({ cleanSession: true });
    of.settle();
    expect(of.heardSince()).toEqual([
      '< 10 13 00 04 4d 51 54 54 04 02 00 00 00 07 6e 65 74 78 63 6c 69',
      'connected 0x0 code=0 present=false',
    ]);
    expect([of.client.unacknowledged, of.client.inspect().held]).toEqual([0, []]);
    of.end();
  });

  test('PUBACKs and PUBRECs go in the order of the messages (MQTT-4.6.0-2, -3)', () => {
    const of = lab().connected();
    of.say('34 05 00 01 61 00 03 32 05 00 01 61 00 02 34 05 00 01 61 00 01 30 03 00 01 61');
    expect(of.heardSince().filter((line) => line.startsWith('<'))).toEqual([
      '< 50 02 00 03',
      '< 40 02 00 02',
      '< 50 02 00 01',
    ]);
    of.end();
  });

  test('the handshakes stall, and lose nothing, while the stream takes nothing', () => {
    const of = lab({ client: { sendQueueMaximum: 2 } }).connected();
    of.stream.window = 0;
    for (let id = 1; id <= 9; id++) of.say(`34 05 00 01 61 00 0${id}`);
    expect(of.client.inspect().receiving.stalled).toBe(true);
    of.stream.open(1e9);
    of.settle();
    expect(of.heardSince().filter((line) => line.startsWith('<'))).toHaveLength(9);
    expect([of.client.messages, of.client.inspect().held.length]).toEqual([9, 9]);
    for (let id = 1; id <= 9; id++) of.say(`62 02 00 0${id}`);
    expect(of.client.inspect().held).toEqual([]);
    of.end();
  });
});

describe('without the extension', () => {
  test.each(['50 02 00 01', '62 02 00 01', '70 02 00 01'])('the packets of QoS 2 are none of ours: %s', (octets) => {
    const of = new BrokerLab().connected();
    of.client.publish('a', '1', false, 1);
    of.say(octets);
    expect(of.client.failure().reasonName).toBe('mqtt-packet-id-unknown');
    of.end();
  });
});

describe('the window of messages in flight', () => {
  test('no more than so many unacknowledged messages; the others follow in order', () => {
    const of = new BrokerLab({ client: { extensions: { qos2: true, inFlightMaximum: 2 } } }).connected();
    for (const text of ['1', '2', '3', '4']) expect(of.client.publish('a', text, false, 1)).toBe(0);
    of.client.publish('b', '', false, 0);
    of.settle();
    expect(of.heardSince()).toEqual(['< 32 06 00 01 61 00 01 31', '< 32 06 00 01 61 00 02 32', '< 30 03 00 01 62']);
    expect(of.client.inspect().transmitQueue.map((entry) => entry.waiting)).toEqual([false, false, true, true]);
    of.say('40 02 00 02');
    of.say('40 02 00 01');
    expect(of.heardSince().filter((line) => line.startsWith('<'))).toEqual([
      '< 32 06 00 01 61 00 03 33',
      '< 32 06 00 01 61 00 04 34',
    ]);
    of.end();
  });

  test('a QoS 2 message is in flight until PUBCOMP', () => {
    const of = new BrokerLab({ client: { extensions: { qos2: true, inFlightMaximum: 1 } } }).connected();
    of.client.publish('a', '1', false, 2);
    of.client.publish('a', '2', false, 2);
    of.settle();
    of.heardSince();
    of.say('50 02 00 01');
    expect(of.heardSince()[0]).toBe('< 62 02 00 01');
    expect(of.client.inspect().sending.waiting).toBe(1);
    of.say('70 02 00 01');
    expect(of.heardSince()[0]).toBe('< 34 06 00 01 61 00 02 32');
    of.end();
  });

  test('what waits for the window counts for the send queue, and writable follows', () => {
    const of = new BrokerLab({
      client: { sendQueueMaximum: 2, extensions: { inFlightMaximum: 1 } },
    }).connected();
    const answers = ['1', '2', '3', '4'].map((text) => of.client.publish('a', text, false, 1));
    expect(answers).toEqual([0, 0, 0, 0x49]);
    of.heardSince();
    of.say('40 02 00 01');
    expect(of.heardSince()).toContain('writable');
    of.end();
  });

  test('after a reconnect the window holds for what is sent again', () => {
    const of = new BrokerLab({ client: { extensions: { inFlightMaximum: 1 } } }).connected({ cleanSession: false });
    for (const text of ['1', '2']) of.client.publish('a', text, false, 1);
    lose(of);
    expect(reconnect(of)).toEqual(['< 3a 06 00 01 61 00 01 31']);
    of.say('40 02 00 01');
    expect(of.heardSince()[0]).toBe('< 32 06 00 01 61 00 02 32');
    of.end();
  });
});
