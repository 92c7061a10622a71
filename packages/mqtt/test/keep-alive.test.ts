import { describe, expect, test } from '@jest/globals';
import { MILLISECOND, NX_SUCCESS, SECOND, TICK } from '@strata/contracts';
import { BrokerLab, hex } from './scripted-broker.ts';

/** The ticks at which PINGREQ leaves up to `until`; the broker answers each at once. */
function pings(keepAliveSeconds: number, until: number, act: (lab: BrokerLab) => void = () => {}): number[] {
  const lab = new BrokerLab();
  const at: number[] = [];
  lab.onHeard = (stream, bytes) => {
    if (bytes[0] !== 0xc0) return;
    at.push(lab.tick);
    stream.deliver(hex('d0 00'));
  };
  lab.connected({ keepAliveSeconds });
  act(lab);
  lab.runTo(until);
  expect(lab.client.isConnected).toBe(true);
  lab.end();
  return at;
}

describe('keep-alive, on the one-second timer that starts with connect (tick 10)', () => {
  test.each([
    { seconds: 0, until: 100_000, at: [] },
    { seconds: 1, until: 420, at: [110, 210, 310, 410] },
    { seconds: 2, until: 420, at: [110, 210, 310, 410] },
    { seconds: 3, until: 820, at: [210, 410, 610, 810] },
    { seconds: 5, until: 1700, at: [410, 810, 1210, 1610] },
    { seconds: 60, until: 12_000, at: [5910, 11_810] },
    { seconds: 65535, until: 6_553_500, at: [6_553_410] },
  ])('a keep-alive of $seconds s pings one second early', ({ seconds, until, at }) => {
    expect(pings(seconds, until)).toEqual(at);
  });

  test('whatever is sent moves the ping: publish at 3.05 s, keep-alive 5 s', () => {
    const at = pings(5, 900, (lab) => {
      lab.runTo(315);
      lab.client.publish('a', 'x', false, 0);
    });
    // Deadline 815; the look at 710 finds 105 ticks left, the one at 810 finds 5.
    expect(at).toEqual([810]);
  });

  test('a subscribe and a PUBACK move it too', () => {
    const at = pings(5, 1100, (lab) => {
      lab.runTo(300);
      lab.client.subscribe('a', 1);
      lab.runTo(600);
      lab.say('32 05 00 01 61 00 07');
    });
    expect(at).toEqual([1010]);
  });

  test('what is received does not move it', () => {
    const at = pings(5, 420, (lab) => {
      lab.runTo(300);
      lab.say('30 03 00 01 61');
      lab.runTo(400);
      lab.say('30 03 00 01 61');
    });
    expect(at).toEqual([410]);
  });

  test('a slow handshake delays the first ping to the next look', () => {
    const lab = new BrokerLab({ accepts: false });
    lab.establishes = false;
    lab.client.connect({ keepAliveSeconds: 5 });
    lab.runTo(12);
    lab.stream.listener?.established();
    lab.say('20 02 00 00');
    lab.heardSince();
    lab.runTo(509);
    expect(lab.heardSince()).toEqual([]);
    lab.runTo(510);
    expect(lab.heardSince()).toEqual(['< c0 00']);
    lab.end();
  });

  test('time within a tick does not matter: the timer counts ticks', () => {
    const lab = new BrokerLab();
    lab.time.advanceTo(10 * TICK + 3 * MILLISECOND);
    const at: number[] = [];
    lab.onHeard = (stream, bytes) => {
      if (bytes[0] !== 0xc0) return;
      at.push(lab.time.now);
      stream.deliver(hex('d0 00'));
    };
    lab.connected({ keepAliveSeconds: 5 });
    lab.runTo(900);
    expect(at).toEqual([410 * TICK, 810 * TICK]);
    lab.end();
  });

  test.each([
    { answerAfter: 0, lives: true },
    { answerAfter: 99, lives: true },
    { answerAfter: 101, lives: false },
  ])('a PINGRESP after $answerAfter ticks: alive $lives', ({ answerAfter, lives }) => {
    const lab = new BrokerLab();
    lab.connected({ keepAliveSeconds: 5 });
    lab.runTo(410 + answerAfter);
    if (lab.client.isConnected) lab.say('d0 00');
    lab.runTo(600);
    expect(lab.client.isConnected).toBe(lives);
    if (!lives) expect(lab.heardSince()).toEqual(['< c0 00', 'fin', 'disconnected 0x10007']);
    lab.end();
  });

  test('the time to answer can be chosen', () => {
    const lab = new BrokerLab({ client: { pingTimeoutTicks: 250 } });
    lab.connected({ keepAliveSeconds: 5 });
    lab.runTo(709);
    expect(lab.client.isConnected).toBe(true);
    lab.runTo(710);
    expect(lab.client.isConnected).toBe(false);
    lab.end();
  });

  test('on a dead link the application hears of it when the stream gives up, here 10 s after the FIN', () => {
    const lab = new BrokerLab();
    lab.connected({ keepAliveSeconds: 5 });
    lab.stream.answersFin = false;
    lab.runTo(510);
    expect(lab.heardSince()).toEqual(['< c0 00', 'fin']);
    lab.runTo(1510);
    lab.stream.close(0x38);
    lab.settle();
    expect(lab.heardSince()).toEqual(['disconnected 0x10007']);
    expect(lab.client.failure()).toMatchObject({ reasonName: 'mqtt-ping-timeout', streamStatus: 0x38 });
    lab.end();
  });

  test('a broker that acknowledges nothing at all: a ping that cannot be sent for a whole keep-alive gives up', () => {
    const lab = new BrokerLab();
    lab.connected({ keepAliveSeconds: 5 });
    lab.stream.window = 0;
    lab.client.publish('a', 'x', false, 0);
    lab.runTo(909);
    expect(lab.client.isConnected).toBe(true);
    lab.runTo(910);
    expect(lab.client.isConnected).toBe(false);
    lab.end();
  });

  test('a ping that finds no packet goes out when there is one again', () => {
    const lab = new BrokerLab();
    lab.connected({ keepAliveSeconds: 5 });
    const taken = [];
    while (lab.streamPool.available > 0) taken.push(lab.streamPool.allocate(0));
    lab.runTo(450);
    expect(lab.heardSince()).toEqual([]);
    for (const packet of taken) packet?.release();
    lab.runTo(451);
    expect(lab.heardSince()).toEqual(['< c0 00']);
    lab.say('d0 00');
    lab.end();
  });

  test('an idle client without keep-alive asks for no time at all', () => {
    const lab = new BrokerLab().connected();
    expect(lab.time.nextTime()).toBe(Number.POSITIVE_INFINITY);
    lab.end();
  });

  test('with keep-alive only the looks that can find something are scheduled', () => {
    const lab = new BrokerLab().connected({ keepAliveSeconds: 60 });
    expect(lab.time.nextTime()).toBe(5910 * TICK);
    expect(lab.client.inspect().keepAlive).toEqual({
      seconds: 60,
      deadline: 10 * TICK + 60 * SECOND,
      nextLook: 5910 * TICK,
      pingOutstanding: false,
    });
    lab.end();
  });

  test('pings stop with the connection', () => {
    const lab = new BrokerLab().connected({ keepAliveSeconds: 5 });
    lab.client.disconnect();
    lab.settle();
    lab.heardSince();
    lab.runTo(5000);
    expect(lab.heardSince()).toEqual([]);
    expect(lab.client.connect()).not.toBe(NX_SUCCESS);
    lab.end();
  });
});
