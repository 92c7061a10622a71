import { describe, expect, test } from '@jest/globals';
import { immediateReduction, renoController } from '../src/index.ts';
import { MSS, range, type Sender, sackProfile, sender } from './support/sack.ts';

const profile = { ...sackProfile, congestion: () => renoController };

/** Twenty in flight of which the first is lost; three are SACKed, so recovery has begun: ssthresh is 10, and two have gone. */
function inRecovery(written = 60): Sender {
  const one = sender(100_000, written, { ...profile, initialWindow: (mss) => 20 * mss });
  one.sends(...range(0, 20));
  one.peer.advance(100_000);
  one.ack(0, [1, 4]);
  expect(one.sent().slice(0, 1)).toEqual([0]);
  one.peer.advance(1000);
  expect(one.socket.inspect()).toMatchObject({ ssthresh: 10 * MSS, recovery: 'fast recovery' });
  return one;
}

describe('RFC 6937', () => {
  test('3: above ssthresh one segment goes out for every two delivered, the ratio of the reduction', () => {
    const one = inRecovery();
    const sent: number[] = [];
    for (let n = 4; n < 12; n++) {
      one.ack(0, [1, n + 1]);
      sent.push(one.sent().length);
    }
    expect(sent.reduce((a, b) => a + b)).toBe(4);
    expect(Math.max(...sent)).toBe(1);
    one.finish();
  });

  test('3: over the recovery as many are sent as ssthresh has segments', () => {
    const one = inRecovery();
    let sent = 2;
    for (let n = 4; n < 20; n++) {
      one.ack(0, [1, n + 1]);
      sent += one.sent().length;
    }
    // 19 SACKed of 20; what is in the pipe now is ssthresh or one less.
    expect(sent).toBeGreaterThanOrEqual(9);
    expect(sent).toBeLessThanOrEqual(10);
    one.ack(20);
    expect(one.socket.inspect()).toMatchObject({ recovery: 'open' });
    expect(one.window).toBe(10);
    one.finish();
  });

  test('3.1: below ssthresh, losses hold the sender to one for one; advance without loss lets slow start in', () => {
    const one = sender(100_000, 60, { ...profile, initialWindow: (mss) => 20 * mss });
    one.sends(...range(0, 20));
    one.peer.advance(100_000);
    // 16 of 20 are lost; the 4 that are SACKed let the same number go again.
    one.ack(0, [16, 20]);
    expect(one.sent()).toHaveLength(4);
    one.peer.advance(100_000);
    // The acknowledgment advances and shows no further loss: one more than delivered.
    one.ack(1, [16, 20]);
    expect(one.sent()).toHaveLength(2);
    one.ack(2, [16, 20]);
    expect(one.sent()).toHaveLength(2);
    one.finish();
  });

  test('the window is ssthresh when recovery ends, however little was delivered meanwhile', () => {
    const one = inRecovery(20);
    one.peer.advance(100_000);
    one.ack(20);
    expect(one.window).toBeGreaterThanOrEqual(10);
    expect(one.window).toBeLessThanOrEqual(11);
    one.finish();
  });

  test('without it the window falls at once and nothing goes until the pipe has drained (RFC 6675 5)', () => {
    const lossPolicies = { ...profile.lossPolicies, reduction: immediateReduction };
    const one = sender(100_000, 60, { ...profile, lossPolicies, initialWindow: (mss) => 20 * mss });
    one.sends(...range(0, 20));
    one.peer.advance(100_000);
    one.ack(0, [1, 4]);
    one.sends(0);
    expect(one.window).toBe(10);
    one.ack(0, [1, 10]);
    one.sends();
    one.ack(0, [1, 12]);
    one.sends(20);
    one.finish();
  });
});
