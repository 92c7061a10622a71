import { describe, expect, test } from '@jest/globals';
import { MILLISECOND } from '@strata/contracts';
import { modernTcpProfile, type TcpProfile } from '../src/index.ts';
import { MSS, range, sackProfile, sender } from './support/sack.ts';

const MS = MILLISECOND;
const RTT = 100 * MS;
/** Probes and waits may last a clock tick or two longer. */
const TICKS = 4 * MS;

describe('RFC 8985 6: RACK', () => {
  test('6.2 step 4: fewer than three SACKed segments wait a quarter of the round trip for what may be late', () => {
    const one = sender(RTT, 10);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(0, [1, 2]);
    one.sends();
    expect(one.socket.inspect()).toMatchObject({ recovery: 'disorder', lostPackets: 0 });
    const waited = one.peer.waitForSegment(200 * MS);
    expect(waited).toBeGreaterThanOrEqual(RTT / 4);
    expect(waited).toBeLessThanOrEqual(RTT / 4 + TICKS);
    one.sends(0);
    expect(one.socket.inspect()).toMatchObject({ recovery: 'fast recovery', lostPackets: 1 });
    one.finish();
  });

  test('what arrives within that time is not sent again, and the connection knows of the reordering from then on', () => {
    const one = sender(RTT, 10);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(0, [1, 3]);
    one.peer.advance(10 * MS);
    one.ack(3);
    one.sends();
    expect(one.socket.inspect()).toMatchObject({ recovery: 'open', retransmissions: 0 });
    // With reordering known even three SACKed segments do not end the wait.
    one.ack(3, [4, 8]);
    one.sends();
    one.peer.waitForSegment(200 * MS);
    one.sends(3);
    one.finish();
  });

  test('6.2: three SACKed segments without reordering seen mean a loss at once', () => {
    const one = sender(RTT, 10);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(0, [1, 4]);
    one.sends(0);
    one.finish();
  });

  test('6.2: a retransmission that is lost is found by what was sent after it', () => {
    const one = sender(RTT, 30);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(0, [1, 4]);
    one.sends(0);
    one.peer.advance(MS);
    one.ack(0, [1, 10]);
    const later = one.sent();
    expect(later.length).toBeGreaterThan(0);
    one.peer.advance(RTT);
    one.ack(0, [1, 11]);
    expect(one.sent()).toContain(0);
    expect(one.socket.inspect().retransmissions).toBe(2);
    one.finish();
  });

  test('6.2: the tail of a flight and its head are repaired together once something later is delivered', () => {
    const one = sender(RTT, 10);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(0, [3, 10]);
    expect(one.sent()).toEqual([0, 1, 2]);
    one.finish();
  });

  test('6.2 step 4: reported duplicates make the window longer, step by step, where reordering is known', () => {
    const one = sender(RTT, 40);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(0, [1, 2]);
    one.ack(2);
    one.sent();
    one.peer.advance(RTT);
    one.ack(2, [3, 6]);
    one.peer.advance(RTT / 4 + TICKS);
    expect(one.sent()).toContain(2);
    // The repeat was needless: the original comes, then the repeat is reported.
    one.ack(6);
    one.ack(6, [2, 3]);
    expect(one.socket.inspect().duplicatesReported).toBe(1);
    expect(one.socket.loss.windowMultiplier).toBe(2);
    one.finish();
  });

  test('6.3: a timeout spares what was sent less than a round trip ago', () => {
    const one = sender(RTT, 12);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(2);
    one.peer.discard();
    const before = one.socket.inspect().rto;
    one.peer.advance(2 * RTT + TICKS);
    // The probe: the last segment, a moment ago.
    expect(one.sent()).toHaveLength(1);
    one.peer.advance(before);
    expect(one.socket.inspect().recovery).toBe('loss');
    expect(one.sent()).toContain(2);
    one.finish();
  });
});

describe('RFC 8985 7: the probe of the tail', () => {
  test('7.2: it comes two round trips after the last transmission, and is the last segment when there is nothing new', () => {
    const one = sender(RTT, 10);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(8);
    const waited = one.peer.waitForSegment(RTT * 3);
    expect(waited).toBeGreaterThanOrEqual(2 * RTT);
    expect(waited).toBeLessThanOrEqual(2 * RTT + TICKS);
    one.sends(9);
    expect(one.socket.inspect()).toMatchObject({ tailProbes: 1, recovery: 'open' });
    one.finish();
  });

  test('7.2: a single segment gets the time of a delayed acknowledgment on top', () => {
    const one = sender(20 * MS, 1);
    one.sends(0);
    const waited = one.peer.waitForSegment(1000 * MS);
    expect(waited).toBeGreaterThanOrEqual(200 * MS);
    expect(waited).toBeLessThanOrEqual(240 * MS + TICKS);
    one.finish();
  });

  test('7.2: never later than the retransmission timeout', () => {
    const one = sender(RTT, 1);
    one.sends(0);
    expect(one.peer.waitForSegment(1000 * MS)).toBeLessThanOrEqual(one.socket.inspect().rto);
    one.finish();
  });

  test('7.3: new data goes first, although the congestion window is full', () => {
    const one = sender(RTT, 20);
    one.sends(...range(0, 10));
    const waited = one.peer.waitForSegment(RTT * 3);
    expect(waited).toBeLessThanOrEqual(2 * RTT + TICKS);
    one.sends(10);
    one.finish();
  });

  test('7.3: only one probe; after it the retransmission timer runs as usual', () => {
    const one = sender(RTT, 10);
    one.sends(...range(0, 10));
    one.peer.waitForSegment(RTT * 3);
    one.sends(9);
    const { rto } = one.socket.inspect();
    expect(one.peer.waitForSegment(2000 * MS)).toBe(rto);
    one.sends(0);
    expect(one.socket.inspect().recovery).toBe('loss');
    one.finish();
  });

  test('7.4: a probe that repaired a loss which nothing else shows lowers the window', () => {
    const one = sender(RTT, 10);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(9);
    one.peer.waitForSegment(1000 * MS);
    one.sends(9);
    one.peer.advance(RTT);
    one.ack(10);
    // So far the original may have come too; a duplicate would be reported before anything later is acknowledged.
    const before = one.socket.cwnd;
    expect(one.socket.loss.probeRecoveries).toBe(0);
    one.write(1);
    one.sends(10);
    one.ack(11);
    expect(one.socket.cwnd).toBeLessThan(before);
    expect(one.socket.inspect().recovery).toBe('open');
    expect(one.socket.loss.probeRecoveries).toBe(1);
    one.finish();
  });

  test('7.4: a reported duplicate of the probe shows that nothing was lost', () => {
    const one = sender(RTT, 10);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(9);
    one.peer.waitForSegment(1000 * MS);
    one.sends(9);
    const before = one.socket.cwnd;
    one.ack(10, [9, 10]);
    expect(one.socket.cwnd).toBeGreaterThanOrEqual(before);
    expect(one.socket.loss.probeRecoveries).toBe(0);
    one.finish();
  });

  test('7.1: a SACK that the probe brings shows the loss to RACK', () => {
    const one = sender(RTT, 10);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(7);
    one.peer.waitForSegment(RTT * 3);
    one.sends(9);
    one.peer.advance(RTT);
    one.ack(7, [9, 10]);
    one.sends(7);
    expect(one.socket.inspect()).toMatchObject({ recovery: 'fast recovery', lostPackets: 2 });
    one.finish();
  });

  test('without the policy nothing is sent before the timeout', () => {
    const profile: TcpProfile = {
      ...sackProfile,
      lossPolicies: { ...modernTcpProfile.lossPolicies, tailLossProbe: false },
    };
    const one = sender(RTT, 10, profile);
    one.sends(...range(0, 10));
    const { rto } = one.socket.inspect();
    expect(one.peer.waitForSegment(2000 * MS)).toBe(rto);
    one.sends(0);
    one.finish();
  });

  test('a FIN alone is probed for too', () => {
    const one = sender(RTT, 1);
    one.sends(0);
    one.ack(1);
    one.socket.shutdown();
    one.peer.expect('F.', { seq: 1 + MSS });
    one.peer.waitForSegment(1000 * MS);
    one.peer.expect('F.', { seq: 1 + MSS });
    expect(one.socket.inspect().tailProbes).toBe(1);
    one.peer.emit('.', { seq: 1, ack: 2 + MSS });
    expect(one.socket.inspect().state).toBe('FIN_WAIT_2');
    one.finish();
  });
});
