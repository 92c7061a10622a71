import { expect, test } from '@jest/globals';
import fc from '../../../test/support/laws.ts';
import {
  type ControlBlock,
  modernTcpProfile,
  sackThresholdDetection,
  type TcpProfile,
  type TcpSocket,
  tcpOptions,
} from '../src/index.ts';
import { MARK_LOST, MARK_REPEATED, MARK_SACKED } from '../src/send/marks.ts';
import { pipe } from '../src/send/output.ts';
import { ScriptedPeer } from './support/peer.ts';

const MSS = 1000;
const SYN_OPTIONS = [2, 4, MSS >> 8, MSS & 0xff, 1, 1, 4, 2];

/** Options of an acknowledgment with SACK blocks in the host's relative numbers. */
function sackOption(peer: ScriptedPeer, blocks: readonly (readonly [number, number])[]): number[] {
  if (blocks.length === 0) return [];
  const bytes = [1, 1, 5, 2 + 8 * blocks.length];
  for (const edge of blocks.flat()) {
    const value = (peer.hostIss + edge) >>> 0;
    bytes.push(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
  }
  return bytes;
}

/** What must hold of the scoreboard at any moment (RFC 6675 3). */
function check(tcb: ControlBlock): void {
  const queue = tcb.transmit;
  let sacked = 0;
  let lost = 0;
  let at = tcb.sndUna;
  for (let position = queue.head; position !== queue.tail; position = (position + 1) | 0) {
    const { marks, sequence, sequenceLength } = queue.at(position);
    const isSent = ((position - queue.unsent) | 0) < 0;
    if (position === queue.head) expect((at - sequence) | 0).toBeGreaterThanOrEqual(0);
    else expect(sequence).toBe(at);
    at = (sequence + sequenceLength) | 0;
    const states = [MARK_SACKED, MARK_LOST, MARK_REPEATED].filter((mark) => marks & mark).length;
    expect(states).toBeLessThanOrEqual(isSent ? 1 : 0);
    if (marks & MARK_SACKED) sacked += sequenceLength;
    if (marks & MARK_LOST) lost += sequenceLength;
    if (marks & MARK_LOST) expect((position - tcb.retransmitCursor) | 0).toBeGreaterThanOrEqual(0);
  }
  expect([tcb.sackedOut, tcb.lostOut]).toEqual([sacked, lost]);
  expect(pipe(tcb)).toBeGreaterThanOrEqual(0);
  expect(tcb.cwnd).toBeGreaterThanOrEqual(0);
}

type Step =
  | { readonly kind: 'ack'; readonly to: number; readonly blocks: readonly (readonly [number, number])[] }
  | { readonly kind: 'wait'; readonly microseconds: number }
  | { readonly kind: 'write'; readonly octets: number };

/** Edges near segment boundaries, and some that are not; some far outside. */
const edge = fc.oneof(
  { weight: 8, arbitrary: fc.nat(40).map((n) => 1 + n * MSS) },
  { weight: 1, arbitrary: fc.integer({ min: -5 * MSS, max: 60 * MSS }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ack' as const),
      to: fc.nat(40),
      blocks: fc.array(fc.tuple(edge, edge), { maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), microseconds: fc.nat(400_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('write' as const), octets: fc.integer({ min: 1, max: 1400 }) }),
  },
);

const profiles: [string, TcpProfile][] = [
  [
    'RACK, PRR, F-RTO',
    { ...modernTcpProfile, options: tcpOptions({ sack: true, timestamps: false, windowScale: false }) },
  ],
  [
    'RFC 6675',
    {
      ...modernTcpProfile,
      options: tcpOptions({ sack: true, timestamps: false, windowScale: false }),
      lossPolicies: { ...modernTcpProfile.lossPolicies, detection: sackThresholdDetection, tailLossProbe: false },
    },
  ],
];

test.each(profiles)(
  '%s: whatever the peer says, each octet is in one state and the sums are right',
  (_name, profile) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const peer = new ScriptedPeer(profile, { packets: 256 });
        const { socket } = peer.client({}, SYN_OPTIONS);
        for (let i = 0; i < 20; i++) peer.send(socket, MSS);
        peer.discard();
        for (const one of steps) {
          if (one.kind === 'write') {
            if (socket.transmit.count < 60) peer.send(socket, one.octets);
          } else if (one.kind === 'wait') peer.advance(one.microseconds);
          else {
            const una = (socket.sndUna - peer.hostIss) | 0;
            const sent = (socket.sndNxt - peer.hostIss) | 0;
            // Most acknowledgments are near what is outstanding; now and then one is old or of data never sent.
            const ack = Math.min(una + one.to * 250, one.to === 39 ? sent + MSS : sent);
            const blocks = one.blocks.map(([a, b]) => [Math.min(a, b) + una - 1, Math.max(a, b) + una - 1] as const);
            peer.emit('.', { seq: 1, ack, options: sackOption(peer, blocks) });
          }
          peer.discard();
          check(socket);
        }
        finishTransfer(peer, socket);
      }),
      { numRuns: 60 },
    );
  },
);

/** From wherever it is, the connection delivers everything to a peer that acknowledges all it gets. */
function finishTransfer(peer: ScriptedPeer, socket: TcpSocket): void {
  for (let i = 0; i < 400 && socket.transmit.count > 0 && socket.state === 5; i++) {
    peer.emit('.', { seq: 1, ack: (socket.sndNxt - peer.hostIss) | 0 });
    peer.discard();
    check(socket);
    if (socket.transmit.count > 0) peer.advance(1000);
    peer.discard();
  }
  expect(socket.transmit.count).toBe(0);
  expect([socket.sackedOut, socket.lostOut]).toEqual([0, 0]);
  peer.finish(socket);
}
