import type { Scenario } from '../../suite/suite.ts';

/** RFC 9293 3.1 and 3.2: the header, its checksum and its options. */
export const segmentFormat: readonly Scenario[] = [
  {
    name: 'a segment with a wrong checksum changes nothing and is not answered',
    covers: ['MUST-3'],
    check(t) {
      const c = t.peer().passive();
      c.emit('P.', { seq: 1, ack: 1, len: 10, checksumError: 1 });
      c.silence(1_000_000);
      t.equal(c.read(), [], 'what the application got');
      c.emit('P.', { seq: 1, ack: 1, len: 10 });
      c.expect('.', { seq: 1, ack: 11, len: 0, within: 500_000 });
    },
  },
];
