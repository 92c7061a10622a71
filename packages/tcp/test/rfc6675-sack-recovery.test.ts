import { describe, expect, test } from '@jest/globals';
import {
  immediateReduction,
  modernTcpProfile,
  renoController,
  sackThresholdDetection,
  type TcpProfile,
} from '../src/index.ts';
import { MSS, range, sackProfile, sender } from './support/sack.ts';

const RTT = 100_000;

/** RFC 6675 as it stands: thresholds instead of time, no proportional reduction, none of the later additions. */
const plain: TcpProfile = {
  ...sackProfile,
  congestion: () => renoController,
  lossPolicies: {
    ...modernTcpProfile.lossPolicies,
    detection: sackThresholdDetection,
    reduction: immediateReduction,
    tailLossProbe: false,
    frto: false,
    undo: false,
  },
};

describe('RFC 6675', () => {
  test('5 (3.3) and RFC 3042: what is SACKed before a loss is clear lets new segments out', () => {
    const one = sender(RTT, 20, plain);
    one.sends(...range(0, 10));
    one.ack(0, [1, 2]);
    one.sends(10);
    one.ack(0, [1, 3]);
    one.sends(11);
    expect(one.socket.inspect()).toMatchObject({ recovery: 'disorder', sackedPackets: 2, lostPackets: 0 });
    one.finish();
  });

  test('5 (4): the third SACKed segment halves the window and sends the hole again', () => {
    const one = sender(RTT, 10, plain);
    one.sends(...range(0, 10));
    one.ack(0, [1, 2]);
    one.ack(0, [1, 3]);
    one.sends();
    one.ack(0, [1, 4]);
    one.sends(0);
    expect(one.socket.inspect()).toMatchObject({
      recovery: 'fast recovery',
      ssthresh: 5 * MSS,
      cwnd: 5 * MSS,
      lostPackets: 1,
      repeatedPackets: 1,
    });
    one.finish();
  });

  test('4, IsLost: more than two segments of octets above, or three discontiguous sequences', () => {
    const one = sender(RTT, 10, plain);
    one.sends(...range(0, 10));
    one.ack(0, [1, 2], [4, 5]);
    one.sends();
    // Three sequences above segment 0, two above the others.
    one.ack(0, [8, 9], [1, 2], [4, 5]);
    one.sends(0);
    expect(one.socket.inspect()).toMatchObject({ lostPackets: 1, sackedPackets: 3 });
    one.finish();
  });

  test('4, NextSeg: lost segments first, then new ones, as far as the pipe has room', () => {
    const one = sender(RTT, 30, plain);
    one.sends(...range(0, 10));
    one.ack(0, [1, 2]);
    one.ack(0, [1, 2], [3, 4]);
    one.sends(10, 11);
    // 12 outstanding, 2 of them lost, 4 SACKed: 6 in the pipe, and the window is now 5. The first goes all the same (4.3).
    one.ack(0, [1, 2], [3, 6]);
    one.sends(0);
    one.ack(0, [1, 2], [3, 8]);
    one.sends();
    one.ack(0, [1, 2], [3, 9]);
    one.sends(2);
    one.ack(0, [1, 2], [3, 10]);
    one.sends(12);
    one.finish();
  });

  test('4, NextSeg rule 3: without new data, what is below SACKed data but not lost yet goes too', () => {
    const one = sender(RTT, 10, plain);
    one.sends(...range(0, 10));
    one.ack(0, [1, 7]);
    // The last is the rescue of rule 4.
    one.sends(0, 9);
    one.ack(0, [1, 7], [9, 10]);
    // 7 and 8 have only one SACKed segment above them; with nothing else to send they go as long as the window allows.
    one.sends(7, 8);
    one.finish();
  });

  test('4, NextSeg rule 4: once per recovery the last segment goes again to keep acknowledgments coming', () => {
    const one = sender(RTT, 8, plain);
    one.sends(...range(0, 8));
    one.ack(0, [1, 6]);
    one.sends(0, 7);
    one.peer.advance(RTT);
    one.ack(6);
    one.sends();
    one.finish();
  });

  test('5: recovery ends when all that was outstanding at its begin is acknowledged, not before', () => {
    const one = sender(RTT, 20, plain);
    one.sends(...range(0, 10));
    one.ack(0, [1, 2]);
    one.ack(0, [1, 3]);
    one.ack(0, [1, 10]);
    one.peer.discard();
    one.ack(10);
    expect(one.socket.inspect().recovery).toBe('fast recovery');
    one.ack(12);
    expect(one.socket.inspect()).toMatchObject({ recovery: 'open', cwnd: 5 * MSS, sackedPackets: 0 });
    one.finish();
  });

  test('5.1: a timeout keeps what is SACKed, and repeats the rest in slow start', () => {
    const one = sender(RTT, 10, plain);
    one.sends(...range(0, 10));
    one.ack(0, [3, 5]);
    one.peer.waitForSegment(2_000_000);
    one.sends(0);
    expect(one.socket.inspect()).toMatchObject({ recovery: 'loss', cwnd: MSS, lostPackets: 8, sackedPackets: 2 });
    one.ack(1, [3, 5]);
    one.sends(1, 2);
    one.ack(5);
    one.sends(5, 6, 7, 8);
    one.finish();
  });
});

describe('RFC 2018', () => {
  test('8: when the first segment is one that was SACKed, the receiver has reneged; all of it counts as lost after a timeout', () => {
    const one = sender(RTT, 10, plain);
    one.sends(...range(0, 10));
    one.ack(0, [1, 3]);
    one.ack(1, [1, 3]);
    expect(one.socket.inspect().sackedPackets).toBe(2);
    // It does not take a whole timeout to find out.
    expect(one.peer.waitForSegment(100_000)).toBeLessThan(100_000);
    one.sends(1);
    expect(one.socket.inspect()).toMatchObject({ sackedPackets: 0, lostPackets: 9 });
    one.ack(2);
    one.sends(2, 3);
    one.finish();
  });

  test('5.1: blocks outside what is outstanding, or the wrong way round, mark nothing', () => {
    const one = sender(RTT, 10, plain);
    one.sends(...range(0, 10));
    one.ack(0, [9, 11]);
    one.ack(0, [20, 30]);
    one.ack(0, [5, 2]);
    one.ack(0, [4, 4]);
    expect(one.socket.inspect()).toMatchObject({ sackedPackets: 0, lostPackets: 0 });
    one.finish();
  });

  test('a block that covers a segment in part marks it only when it grows over the rest', () => {
    const one = sender(RTT, 10, plain);
    one.sends(...range(0, 10));
    one.ack(0, [1.5, 3.5]);
    expect(one.socket.inspect().sackedPackets).toBe(1);
    one.ack(0, [1, 4]);
    expect(one.socket.inspect().sackedPackets).toBe(3);
    one.finish();
  });
});
