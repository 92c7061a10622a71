import { describe, expect, test } from '@jest/globals';
import { MILLISECOND, SECOND } from '@strata/contracts';
import { modernTcpProfile, renoController, tcpOptions } from '../src/index.ts';
import { MSS, range, type Sender, sackProfile, sender } from './support/sack.ts';

const RTT = 100 * MILLISECOND;
const lossPolicies = { ...modernTcpProfile.lossPolicies, tailLossProbe: false };
const profile = { ...sackProfile, congestion: () => renoController, lossPolicies };

/** Ten segments went out, nothing came back, and the timer has sent the first again. */
function timedOut(written: number, chosen = profile): Sender {
  const one = sender(RTT, written, chosen);
  one.sends(...range(0, 10));
  one.peer.waitForSegment(2 * SECOND);
  one.sends(0);
  expect(one.socket.inspect()).toMatchObject({ recovery: 'loss', cwnd: MSS, lostPackets: 10 });
  return one;
}

describe('RFC 5682 3.1', () => {
  test('2b and 3b: new data instead of a repeat; what was sent once arrives, so the timeout was spurious', () => {
    const one = timedOut(20);
    one.ack(1);
    one.sends(10, 11);
    one.ack(2);
    expect(one.socket.inspect()).toMatchObject({ spuriousTimeouts: 1, undone: 1, recovery: 'open', lostPackets: 0 });
    expect(one.window).toBeGreaterThanOrEqual(10);
    expect(one.sent()).not.toContain(2);
    one.finish();
  });

  test('3b: a SACK of something sent once shows it as well', () => {
    const one = timedOut(20);
    one.ack(0, [3, 4]);
    expect(one.socket.inspect()).toMatchObject({ spuriousTimeouts: 1, lostPackets: 0 });
    one.finish();
  });

  test('3a: new data is SACKed before what is outstanding, so that was lost and goes again', () => {
    const one = timedOut(20);
    one.ack(1);
    one.sends(10, 11);
    one.ack(1, [10, 11]);
    expect(one.sent()).toContain(1);
    expect(one.socket.inspect()).toMatchObject({ spuriousTimeouts: 0, recovery: 'loss' });
    one.finish();
  });

  test('beyond 2a: an acknowledgment of everything at once shows it as well, since all but the first was sent once', () => {
    const one = timedOut(20);
    one.ack(10);
    expect(one.socket.inspect()).toMatchObject({ spuriousTimeouts: 1 });
    one.finish();
  });

  test('2b: without new data the repeats go on in slow start', () => {
    const one = timedOut(10);
    one.ack(1);
    one.sends(1, 2);
    one.ack(3);
    one.sends(3, 4, 5, 6);
    expect(one.socket.inspect()).toMatchObject({ spuriousTimeouts: 0, recovery: 'loss' });
    one.finish();
  });

  test('without the policy the repeats go on although there is new data', () => {
    const one = timedOut(20, { ...profile, lossPolicies: { ...lossPolicies, frto: false } });
    one.ack(1);
    one.sends(1, 2);
    one.finish();
  });
});

describe('RFC 5682 2.1, without SACK', () => {
  const plain = { ...profile, options: tcpOptions({ sack: false, timestamps: false, windowScale: true }) };

  test('the second acknowledgment that advances shows that the originals arrive', () => {
    const one = timedOut(20, plain);
    one.ack(1);
    one.sends(10, 11);
    one.ack(2);
    expect(one.socket.inspect()).toMatchObject({ spuriousTimeouts: 1, undone: 1, recovery: 'open', lostPackets: 0 });
    expect(one.window).toBeGreaterThanOrEqual(10);
    one.finish();
  });

  test('a duplicate shows that they do not, and everything goes again', () => {
    const one = timedOut(20, plain);
    one.ack(1);
    one.sends(10, 11);
    one.ack(1);
    one.sends(1);
    one.ack(2);
    expect(one.sent()).toContain(2);
    expect(one.socket.inspect()).toMatchObject({ spuriousTimeouts: 0, undone: 0 });
    one.finish();
  });
});
