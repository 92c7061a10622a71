/**
 * `node tools/tcp-plots.mjs [--check]`: makes what docs/tcp draws from the running stack, the state diagram and one plot for each
 * policy, or only says which of them no longer come out the same. The labs repeat themselves, so a difference means that TCP
 * behaves differently: look at it, then commit the new drawing with the change.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { delayedAcks, drawTransitions, netxAcks, renoController } from '@strata/tcp';
import { drawChart } from './plots/chart.mjs';
import { bulk, column, marking, of } from './plots/tcp-labs.mjs';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'tcp');
const SEGMENT = 1448;
const MS = 1000;

/** SYN and data frames of the forward direction: how many bytes an IPv4 frame has beyond the headers tells them apart. */
const isData = (bytes, offset, length) => length > 500 && bytes[offset + 12] === 8;

function timeouts() {
  const run = bulk({ total: 600_000, seconds: 8, forward: { rateBitsPerSecond: 1e6, delayMicroseconds: 20 * MS } });
  const before = of(run.rows, 'a').filter(({ event }) => event === 'received');
  return drawChart({
    title: 'A queue builds up on a link of 1 Mbit/s: the timeout follows the round trip',
    x: 'seconds',
    y: 'milliseconds',
    series: [
      { name: 'timeout', points: column(before, 'rto', 1e-3), style: 'step' },
      { name: 'round trip', points: column(before, 'srtt', 1e-3) },
      { name: 'variation', points: column(before, 'rttvar', 1e-3) },
    ],
  });
}

function congestion() {
  const path = { delayMicroseconds: 50 * MS, rateBitsPerSecond: 20e6, queueFrames: 60 };
  const options = { total: 40e6, seconds: 20, faults: path, window: 1 << 20 };
  const cubic = bulk(options);
  const reno = bulk({ ...options, tcp: { congestion: () => renoController } });
  const sent = ({ rows }) => of(rows, 'a').filter(({ event }) => event === 'sent');
  return drawChart({
    title: 'Window over time: 20 Mbit/s, 100 ms, a queue of 60 frames',
    x: 'seconds',
    y: 'segments',
    series: [
      { name: 'CUBIC', points: column(sent(cubic), 'cwnd', 1 / SEGMENT) },
      { name: 'Reno', points: column(sent(reno), 'cwnd', 1 / SEGMENT) },
    ],
  });
}

function recovery() {
  const lost = [14, 15, 20].map((nth) => ({ matches: isData, nth, action: 'drop' }));
  const { rows } = bulk({
    total: 60 * SEGMENT,
    seconds: 1,
    faults: { delayMicroseconds: 25 * MS },
    forward: { rateBitsPerSecond: 10e6, chosen: lost },
  });
  const sender = of(rows, 'a').filter(({ snd_nxt }) => snd_nxt > 1);
  let before = 0;
  const again = sender.filter((row) => {
    const repeats = row.event === 'sent' && row.retransmissions > before;
    before = row.retransmissions;
    return repeats;
  });
  return drawChart({
    title: 'Three segments lost: SACK shows the holes, RACK and PRR repair them in one round trip',
    x: 'seconds',
    y: 'segments',
    series: [
      { name: 'sent', points: column(sender, 'snd_nxt', 1 / SEGMENT), style: 'step' },
      { name: 'acknowledged', points: column(sender, 'snd_una', 1 / SEGMENT), style: 'step' },
      { name: 'sent again', points: column(again, 'snd_una', 1 / SEGMENT), style: 'dots' },
    ],
  });
}

function acknowledgments() {
  const options = { total: 40 * SEGMENT, seconds: 2, forward: { rateBitsPerSecond: 2e6 } };
  const runs = [
    ['every second', bulk({ ...options, tcp: { acks: delayedAcks(40 * MS) } })],
    ['every segment', bulk({ ...options, tcp: { acks: netxAcks(1) } })],
    ['NetX', bulk({ ...options, tcp: { acks: netxAcks(0) } })],
  ];
  const series = runs.map(([name, { rows }]) => {
    const sent = of(rows, 'b').filter(({ event, state }) => event === 'sent' && state === 'ESTABLISHED');
    return { name, points: sent.map(({ time }, i) => [time / 1e6, i + 1]), style: 'step' };
  });
  return drawChart({
    title: 'Acknowledgments for 40 segments, by policy',
    x: 'seconds',
    y: 'acknowledgments sent',
    series,
  });
}

function windows() {
  const read = [0.5, 1, 4, 4.5, 5].map((second) => second * 1e6);
  const { rows } = bulk({ total: 60_000, seconds: 6, faults: { delayMicroseconds: 10 * MS }, window: 8192, read });
  const sender = of(rows, 'a').filter(({ state, event }) => state === 'ESTABLISHED' && event === 'received');
  const probes = of(rows, 'a').filter((row) => row.event === 'sent' && row.snd_wnd === 0 && row.flight === 0);
  return drawChart({
    title: 'A reader that sleeps: the window closes, probes ask, reading opens it',
    x: 'seconds',
    y: 'octets',
    series: [
      { name: "peer's window", points: column(sender, 'snd_wnd'), style: 'step' },
      { name: 'in flight', points: column(sender, 'flight'), style: 'step' },
      { name: 'probe', points: column(probes, 'flight'), style: 'dots' },
    ],
  });
}

function ecn() {
  const path = { delayMicroseconds: 20 * MS, rateBitsPerSecond: 20e6, queueFrames: 1000 };
  const marks = [];
  const hook = marking((count, time) => {
    const now = count % 400 === 0;
    if (now) marks.push([time / 1e6, 0]);
    return now;
  });
  const { rows } = bulk({ total: 20e6, seconds: 6, faults: path, forward: { hook }, tcp: { ecn: 1 }, window: 1 << 20 });
  const sent = of(rows, 'a').filter(({ event }) => event === 'sent');
  return drawChart({
    title: 'Every 400th packet is marked, none is lost: one reduction for each mark',
    x: 'seconds',
    y: 'segments',
    series: [
      { name: 'cwnd', points: column(sent, 'cwnd', 1 / SEGMENT) },
      { name: 'ssthresh', points: column(sent, 'ssthresh', 1 / SEGMENT), style: 'step' },
      { name: 'mark', points: marks, style: 'dots' },
    ],
  });
}

const BEGIN = '```mermaid\n';
const END = '```\n';

/** The page of the states, with the diagram of the transition table in it. */
function statesPage() {
  const text = readFileSync(join(folder, 'states.md'), 'utf8');
  const from = text.indexOf(BEGIN) + BEGIN.length;
  return text.slice(0, from) + drawTransitions() + text.slice(text.indexOf(END, from));
}

const DRAWINGS = [
  ['states.md', statesPage],
  ['timeouts.svg', timeouts],
  ['congestion.svg', congestion],
  ['recovery.svg', recovery],
  ['acknowledgments.svg', acknowledgments],
  ['windows.svg', windows],
  ['ecn.svg', ecn],
];

/** Names and texts of all files, as they come out now. */
export function drawings() {
  return DRAWINGS.map(([file, draw]) => ({ file, text: draw() }));
}

/** Files that are not as they come out now. */
export function outdated() {
  return drawings()
    .filter(({ file, text }) => readOr(file) !== text)
    .map(({ file }) => file);
}

function readOr(file) {
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch {
    return null;
  }
}

function main() {
  if (process.argv.includes('--check')) {
    const old = outdated();
    for (const file of old) process.stderr.write(`docs/tcp/${file} comes out differently now\n`);
    process.exit(old.length === 0 ? 0 : 1);
  }
  for (const { file, text } of drawings()) writeFileSync(join(folder, file), text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
