import { describe, expect, test } from '@jest/globals';
import { NX_IN_PROGRESS, NX_NOT_CONNECTED, TICK } from '@strata/contracts';
import { BrokerLab } from './scripted-broker.ts';

describe('connecting', () => {
  test.each([
    [1, 0x10081],
    [2, 0x10082],
    [3, 0x10083],
    [4, 0x10084],
    [5, 0x10085],
  ])('return code %i has a status of its own, and the stream is cut off', (code, status) => {
    const lab = new BrokerLab({ accepts: false });
    lab.client.connect();
    lab.settle();
    lab.heardSince();
    lab.say(`20 02 00 0${code}`);
    expect(lab.heardSince()).toEqual(['reset', `connected 0x${status.toString(16)} code=${code} present=false`]);
    expect(lab.client.failure()).toMatchObject({ status, reasonName: 'mqtt-refused' });
    lab.end();
  });

  test('a CONNACK in four segments is a CONNACK', () => {
    const lab = new BrokerLab({ accepts: false });
    lab.client.connect();
    lab.settle();
    lab.say('20', '02', '00', '00');
    expect(lab.heardSince().at(-1)).toBe('connected 0x0 code=0 present=false');
    lab.end();
  });

  test('a CONNACK with messages behind it in the same segment connects and delivers them', () => {
    const lab = new BrokerLab({ accepts: false });
    lab.client.connect({ cleanSession: false });
    lab.settle();
    lab.heardSince();
    lab.say('20 02 01 00 32 07 00 01 61 00 07 68 69 30 03 00 01 62');
    expect(lab.heardSince()).toEqual([
      '< 40 02 00 07',
      'connected 0x0 code=0 present=true',
      'received 1',
      'received 2',
    ]);
    expect([lab.client.receive()?.topic, lab.client.receive()?.topic]).toEqual(['a', 'b']);
    lab.end();
  });

  test('a stream that cannot be opened is NXD_MQTT_CONNECT_FAILURE with its own status as the cause', () => {
    const lab = new BrokerLab();
    lab.establishes = false;
    lab.client.connect();
    lab.stream.close(NX_NOT_CONNECTED);
    lab.settle();
    expect(lab.heardSince()).toEqual(['connected 0x10005 code=-1 present=false']);
    expect(lab.client.failure().streamStatus).toBe(NX_NOT_CONNECTED);
    lab.end();
  });

  test.each([
    ['closes', (lab: BrokerLab) => lab.stream.finish()],
    ['resets', (lab: BrokerLab) => lab.stream.close(NX_NOT_CONNECTED)],
  ])('a broker that %s before CONNACK is NXD_MQTT_CONNECT_FAILURE', (_what, act) => {
    const lab = new BrokerLab({ accepts: false });
    lab.client.connect();
    lab.settle();
    act(lab);
    lab.settle();
    expect(lab.heardSince().at(-1)).toBe('connected 0x10005 code=-1 present=false');
    expect(lab.client.state).toBe(1);
    lab.end();
  });

  test('a failing first send is NXD_MQTT_CONNECT_FAILURE', () => {
    const lab = new BrokerLab();
    lab.client.connect();
    lab.stream.failSends = NX_NOT_CONNECTED;
    lab.settle();
    expect(lab.heardSince()).toEqual(['reset', 'connected 0x10005 code=-1 present=false']);
    expect(lab.client.failure().streamStatus).toBe(NX_NOT_CONNECTED);
    lab.end();
  });

  test('no stream within the wait is NXD_MQTT_CONNECT_FAILURE, and a late one is let go', () => {
    const lab = new BrokerLab();
    lab.establishes = false;
    lab.client.connect({ waitTicks: 250 });
    lab.runTo(259);
    expect(lab.heardSince()).toEqual([]);
    lab.runTo(260);
    expect(lab.heardSince()).toEqual(['reset', 'connected 0x10005 code=-1 present=false']);
    lab.stream.listener?.established();
    lab.settle();
    expect(lab.heardSince()).toEqual([]);
    lab.end();
  });

  test('no CONNACK within the wait, counted again from the open stream, is NXD_MQTT_COMMUNICATION_FAILURE', () => {
    const lab = new BrokerLab({ accepts: false });
    lab.establishes = false;
    lab.client.connect({ waitTicks: 100 });
    lab.runTo(60);
    lab.stream.listener?.established();
    lab.runTo(159);
    expect(lab.heardSince()).toEqual(['< 10 13 00 04 4d 51 54 54 04 02 00 00 00 07 6e 65 74 78 63 6c 69']);
    lab.runTo(160);
    expect(lab.heardSince()).toEqual(['reset', 'connected 0x10007 code=-1 present=false']);
    expect(lab.client.failure().reasonName).toBe('mqtt-connect-timeout');
    lab.end();
  });

  test('without a limit the client waits as long as the stream lives', () => {
    const lab = new BrokerLab({ accepts: false });
    lab.client.connect();
    lab.settle();
    lab.runTo(1_000_000);
    lab.say('20 02 00 00');
    expect(lab.client.isConnected).toBe(true);
    lab.end();
  });

  test('CONNECT waits for a packet when the pool is empty', () => {
    const lab = new BrokerLab();
    const taken = [];
    while (lab.streamPool.available > 0) taken.push(lab.streamPool.allocate(0));
    lab.client.connect();
    lab.runTo(30);
    expect(lab.heardSince()).toEqual([]);
    for (const packet of taken) packet?.release();
    lab.runTo(31);
    expect(lab.heardSince().at(-1)).toBe('connected 0x0 code=0 present=false');
    lab.end();
  });

  test('a failed attempt never calls disconnected, and keeps login and will for the next', () => {
    const lab = new BrokerLab({ accepts: false });
    lab.client.loginSet('user', 'pass');
    lab.client.willMessageSet('w', 'gone', false, 1);
    const connects: string[] = [];
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(lab.client.connect()).toBe(NX_IN_PROGRESS);
      lab.settle();
      lab.say('20 02 00 03');
      const log = lab.heardSince();
      expect(log.some((line) => line.startsWith('disconnected'))).toBe(false);
      connects.push(log[0] as string);
    }
    expect(connects[1]).toBe(connects[0]);
    lab.end();
  });

  test('callbacks of an abandoned stream cannot reach the next connection', () => {
    const lab = new BrokerLab({ accepts: false });
    lab.client.connect({ waitTicks: 10 });
    lab.runTo(20);
    const old = lab.stream;
    lab.accepts = true;
    lab.client.connect();
    lab.settle();
    lab.heardSince();
    old.listener?.established();
    old.listener?.receivable();
    old.listener?.sendable();
    old.listener?.peerFinished();
    old.listener?.closed(NX_NOT_CONNECTED);
    lab.settle();
    expect(lab.heardSince()).toEqual([]);
    expect(lab.client.isConnected).toBe(true);
    lab.end();
  });

  test('a connector that tells everything from inside connect is survived', () => {
    const lab = new BrokerLab();
    const eager = {
      connect: (listener: Parameters<BrokerLab['connect']>[0]) => {
        lab.establishes = false;
        const stream = lab.connect(listener);
        listener.established();
        return stream;
      },
    };
    expect(lab.client.connect({ connector: eager })).toBe(NX_IN_PROGRESS);
    lab.settle();
    expect(lab.heardSince().at(-1)).toBe('connected 0x0 code=0 present=false');
    const dying = {
      connect: (listener: Parameters<BrokerLab['connect']>[0]) => {
        listener.closed(NX_NOT_CONNECTED);
        return null;
      },
    };
    lab.client.disconnect();
    lab.settle();
    lab.heardSince();
    expect(lab.client.connect({ connector: dying })).toBe(NX_IN_PROGRESS);
    lab.settle();
    expect(lab.heardSince()).toEqual(['connected 0x10005 code=-1 present=false']);
    lab.end();
  });

  test('an application that throws from a callback loses none of the later ones', () => {
    const lab = new BrokerLab().connected();
    const heard: number[] = [];
    const { listener } = lab.client;
    lab.client.listener = {
      connected: () => {},
      disconnected: () => {},
      acknowledged: () => {},
      writable: () => {},
      received: (count) => {
        heard.push(count);
        if (count === 1) throw new Error('from the application');
      },
    };
    lab.stream.deliver(Uint8Array.of(0x30, 3, 0, 1, 0x61, 0x30, 3, 0, 1, 0x62));
    expect(() => lab.settle()).toThrow('from the application');
    lab.settle();
    expect(heard).toEqual([1, 2]);
    lab.client.listener = listener;
    lab.end();
  });

  test('time on the wire is the lab clock alone', () => {
    const lab = new BrokerLab().connected();
    lab.runTo(100);
    expect(lab.time.now).toBe(100 * TICK);
    lab.end();
  });
});

describe('quirk mqtt-connack-alone', () => {
  test.each([
    ['in four segments', ['20', '02', '00', '00']],
    ['with a message behind it', ['20 02 00 00 30 03 00 01 62']],
  ])('a CONNACK %s ends the connection with NXD_MQTT_SERVER_MESSAGE_FAILURE', (_, segments) => {
    const lab = new BrokerLab({ accepts: false, client: { quirks: ['mqtt-connack-alone'] } });
    lab.client.connect();
    lab.settle();
    lab.heardSince();
    lab.say(...segments);
    expect(lab.heardSince()).toEqual(['reset', 'connected 0x10008 code=-1 present=false']);
    lab.end();
  });

  test('a CONNACK alone connects', () => {
    const lab = new BrokerLab({ accepts: false, client: { quirks: ['mqtt-connack-alone'] } });
    lab.client.connect();
    lab.settle();
    lab.say('20 02 00 00');
    expect(lab.heardSince().at(-1)).toBe('connected 0x0 code=0 present=false');
    lab.end();
  });
});
