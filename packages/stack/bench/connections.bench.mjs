import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { silent, twoHosts } from './two-hosts.mjs';

const COUNT = 1000;
const IDLE = 10_000;

/** Two hosts, and what opens connections from the one to the other. */
function openers() {
  const { lab, a, b, other } = twoHosts();
  const listener = silent();
  const sockets = [];
  let accepted = 0;
  b.tcp.listen(7, {
    onConnection(connection) {
      connection.listener = listener;
      accepted++;
    },
  });
  return {
    sockets,
    open(count) {
      for (let i = 0; i < count; i++) {
        sockets.push(a.tcp.open(other, 7, listener));
        lab.clock.runSync({ until: () => accepted === sockets.length });
      }
    },
    /** Resets all, so that none is left waiting. */
    reset() {
      for (const socket of sockets.splice(0)) socket.disconnect(true);
      accepted = 0;
      lab.clock.runSync({ until: lab.now + 1_000_000 });
    },
  };
}

const pair = openers();

function openAndReset() {
  pair.open(COUNT);
  pair.reset();
}

/** Heap of one socket of an established connection that nobody uses, in octets. */
function heapPerSocket() {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const idle = openers();
  idle.open(COUNT);
  collect();
  const before = process.memoryUsage().heapUsed;
  idle.open(IDLE);
  collect();
  return (process.memoryUsage().heapUsed - before) / (2 * IDLE);
}

export default {
  name: 'TCP connections opened and reset',
  unit: 'connections/s',
  amount: COUNT,
  run: async () => openAndReset(),
  notes: async () => [`heap of an idle connection's end: ${(heapPerSocket() / 1000).toFixed(1)} KB (aim: 1.5)`],
};
