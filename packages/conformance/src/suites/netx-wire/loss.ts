import { NX_SUCCESS, NX_WINDOW_OVERFLOW } from '@strata/contracts';
import { type Profile, withQuirks } from '@strata/stack';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';
import { NetxBench } from './bench.ts';
import { compareRun } from './compare.ts';
import { RUN_C1A, RUN_C1B, RUN_C1D, RUN_C2, RUN_C2ALL, RUN_C3 } from './frames/loss.ts';

const SYN = 2;

/** Runs in which frames are lost or late, and windows closed. */
export const lossAndWindows: readonly Scenario[] = [
  {
    name: 'c1a: a lost segment goes again after 98 ticks, identification and all',
    covers: ['c1a'],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 8192);
      let lost = 0;
      bench.fate = ({ length }) => (length > 0 && lost++ === 0 ? 'drop' : 'pass');
      bench.send(1, 512);
      bench.until(312);
      bench.disconnect();
      bench.until(332);
      compareRun(t, bench, RUN_C1A);
    },
  },
  {
    name: 'c1b: one segment lost of many: slow start by the timer, fast retransmit, packets cut to what the window leaves',
    covers: ['c1b'],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 65535);
      bench.send(30, 1460);
      bench.until(210);
      t.equal([bench.client?.cwnd, bench.client?.ssthresh], [13140, 65535], 'cwnd and ssthresh at tick 210');
      let count = 0;
      bench.fate = ({ length }) => (length > 0 && ++count === 2 ? 'drop' : 'pass');
      bench.send(14, 1460);
      t.equal([bench.client?.cwnd, bench.client?.ssthresh], [8030, 3650], 'cwnd and ssthresh in recovery');
      bench.until(250);
      t.equal([bench.client?.cwnd, bench.client?.ssthresh], [4737, 3650], 'cwnd and ssthresh at tick 250');
      bench.until(670);
      t.equal([bench.client?.cwnd, bench.client?.ssthresh], [5597, 3650], 'cwnd and ssthresh at tick 670');
      bench.disconnect();
      bench.until(690);
      compareRun(t, bench, RUN_C1B);
    },
  },
  {
    name: 'c1d: a segment overtaken by others: three duplicate acknowledgments, one repetition, one acknowledgment of its late twin',
    covers: ['c1d'],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 65535);
      bench.send(1, 1000);
      let count = 0;
      bench.fate = ({ length }) => (length > 0 && count++ === 0 ? 10 : 'pass');
      bench.send(5, 1000);
      bench.until(112);
      bench.disconnect();
      bench.until(132);
      compareRun(t, bench, RUN_C1D);
    },
  },
  {
    name: 'c2: a SYN that is lost twice goes again on the grid, and leaves a window of one segment',
    covers: ['c2'],
    check(t) {
      const bench = new NetxBench(t);
      let lost = 0;
      bench.fate = ({ flags }) => (flags === SYN && lost++ < 2 ? 'drop' : 'pass');
      bench.connect(12, 8192);
      bench.until(260);
      t.equal([bench.client?.cwnd, bench.client?.ssthresh], [1460, 8192], 'cwnd and ssthresh');
      bench.send(1, 100);
      bench.until(360);
      bench.disconnect();
      bench.until(410);
      compareRun(t, bench, RUN_C2);
    },
  },
  {
    name: 'c2all: a SYN that nobody answers goes eleven times, and the connect fails eleven seconds after the first',
    covers: ['c2all'],
    check(t) {
      const bench = new NetxBench(t);
      bench.fate = ({ flags }) => (flags === SYN ? 'drop' : 'pass');
      bench.connect(10, 8192);
      bench.until(1109);
      t.equal(bench.client?.inspect().state, 'SYN_SENT', 'the state at tick 1109');
      bench.until(1110);
      t.equal(bench.client?.inspect().state, 'CLOSED', 'the state at tick 1110');
      bench.until(2000);
      compareRun(t, bench, RUN_C2ALL);
    },
  },
  {
    name: 'c3: a closed window is probed every second, with the octet of the packet that was refused; reading opens it in halves',
    covers: ['c3'],
    check(t) {
      const bench = closedWindow(t, withQuirks(t.profile, ['tcp-stale-probe-octet']));
      t.mask('the quirk tcp-stale-probe-octet is on, as in the real stack');
      compareRun(t, bench, RUN_C3);
    },
  },
  {
    name: 'c3 without the defect: the probes carry nothing of a packet that was refused',
    covers: ['c3'],
    check(t) {
      compareRun(t, closedWindow(t, t.profile), RUN_C3.replaceAll(/ \. 4097 1 1 4096/g, ' . 4096 1 0 4096'));
    },
  },
];

/** Four packets fill the window, a fifth is refused, reading begins at tick 513. */
function closedWindow(t: Trial, profile: Profile): NetxBench {
  const bench = new NetxBench(t, { profile });
  bench.connect(12, 4096);
  t.equal([bench.client?.cwnd, bench.client?.ssthresh], [4380, 4096], 'cwnd and ssthresh');
  bench.reading = false;
  bench.send(4, 1024);
  t.equal(bench.trySend(1024), NX_WINDOW_OVERFLOW, 'the status of a send into the full window');
  bench.until(513);
  bench.reading = true;
  bench.read();
  bench.until(612);
  t.equal(bench.trySend(1024), NX_SUCCESS, 'the status of the send after it');
  bench.until(712);
  bench.disconnect();
  bench.until(732);
  t.equal(bench.received, new Array(5).fill(1024), 'lengths received');
  return bench;
}
