import type { Scenario } from '../../suite/suite.ts';

/** RFC 9293 3.8.5 and RFC 6093: urgent data. */
export const urgentData: readonly Scenario[] = [
  {
    name: 'urgent data goes out with URG and a pointer behind its last octet, and stays in the stream',
    covers: ['MUST-30', 'MUST-62'],
    check(t) {
      const c = t.peer().passive();
      c.sendBytes(new Uint8Array(10).fill(0x75), true);
      c.expect('PU.', { seq: 1, len: 10, urgent: 10 });
      c.emit('.', { seq: 1, ack: 11 });
      c.send(5);
      c.expect('P.', { seq: 11, len: 5, urgent: 0 });
    },
  },
  {
    name: 'urgent data of one octet and of several segments: every segment until its end has URG and the same end',
    covers: ['MUST-31', 'MUST-62'],
    check(t) {
      const c = t.peer().passive();
      c.sendBytes(new Uint8Array(1), true);
      c.expect('PU.', { seq: 1, len: 1, urgent: 1 });
      c.emit('.', { seq: 1, ack: 2 });
      const small = t.peer().passive({ synOptions: [2, 4, 1, 0xf4] });
      small.sendBytes(new Uint8Array(1400), true);
      let at = 1;
      while (at < 1401) {
        const { tcp } = small.expect('U.', { seq: at });
        t.equal(at + tcp.urgent, 1401, 'the end of the urgent data');
        at += tcp.data.length;
        small.emit('.', { seq: 1, ack: at });
      }
    },
  },
  {
    name: 'the application hears of urgent data when it is announced, before it has come, and again when it grows',
    covers: ['MUST-32'],
    check(t) {
      const c = t.peer().passive();
      let calls = 0;
      c.own.notifications.urgent = () => calls++;
      c.emit('U.', { seq: 1, ack: 1, urgent: 500 });
      t.equal(calls, 1, 'notifications after the announcement');
      c.emit('U.', { seq: 1, ack: 1, urgent: 500 });
      t.equal(calls, 1, 'notifications after the same again');
      c.emit('PU.', { seq: 1, ack: 1, len: 10, urgent: 600 });
      t.equal(calls, 2, 'notifications after the pointer has advanced');
    },
  },
  {
    name: 'the application can ask how much urgent data is left, and reads it in its place',
    covers: ['MUST-33', 'MUST-30'],
    check(t) {
      const c = t.peer().passive();
      t.equal(c.own.urgentBytes, 0, 'urgent octets before there are any');
      c.emit('PU.', { seq: 1, ack: 1, len: 20, urgent: 20 });
      t.equal(c.own.urgentBytes, 20, 'urgent octets');
      t.equal(c.readOne(), 20, 'octets read');
      t.equal(c.own.urgentBytes, 0, 'urgent octets after they were read');
      c.emit('P.', { seq: 21, ack: 1, len: 5 });
      t.equal(c.own.urgentBytes, 0, 'urgent octets after the urgent data');
    },
  },
];
