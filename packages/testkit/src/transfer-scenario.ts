import { NX_SUCCESS, type Random, SECOND } from '@strata/contracts';
import { describeStatus } from '@strata/dissect';
import type { FaultPlan } from '@strata/ethernet';
import type { ByteSink } from '@strata/pcap-writer';
import { type Host, Lab, type Profile } from '@strata/stack';
import { SeededRandom } from '@strata/time';
import { isAtRest, leaks } from './leak-guard.ts';
import { type EndPlan, TransferEnd } from './transfer-end.ts';

export interface TransferOptions {
  /** Default 4. */
  readonly family?: 4 | 6;
  /** Records the run, with the reasons beside the frames. */
  readonly capture?: ByteSink;
  /** Audit the pools: a leak then names its holder. Slow. */
  readonly audit?: boolean;
}

/** What became of one side. */
export interface TransferSide {
  readonly sent: number;
  readonly received: number;
  readonly expected: number;
  /** `open`, `never opened`, or the status that `closed` told. */
  readonly end: string;
  readonly packetsLeft: number;
}

/** How a run of {@link transferScenario} went. */
export interface TransferResult {
  readonly seed: number;
  readonly profile: string;
  /** `complete`: every octet of both directions arrived; `lost`: not so, and the application was told. */
  readonly outcome: 'complete' | 'lost';
  /** Empty when everything held. */
  readonly faults: readonly string[];
  readonly client: TransferSide;
  readonly server: TransferSide;
  readonly virtualSeconds: number;
  readonly frames: number;
  readonly retransmissions: number;
  /** The plan in one line. */
  readonly description: string;
}

const PORT = 4242;

/** Longer than any give-up, TIME_WAIT included: what still happens then never ends. */
const BOUND = 4 * 3600 * SECOND;

/**
 * Two hosts send each other data over a link with faults, all chosen by the seed: sizes (0 and 1 included), how it is written
 * and read, who closes and how, loss up to 20 % each way, reordering, duplication, corruption, delay, jitter, now and then a
 * slow link, bursts or an outage.
 *
 * What must hold: every octet arrives in order, or the side that can know is told that the connection is lost; nothing
 * waits for ever; no packet leaks; in the end no alarm is set.
 */
export function transferScenario(seed: number, profile: Profile, options: TransferOptions = {}): TransferResult {
  const random = new SeededRandom(`transfer ${seed}`);
  const lab = new Lab({
    seed,
    profile,
    memoryBytes: 8 << 20,
    ...(options.capture === undefined ? {} : { capture: options.capture }),
    captureOptions: { comment: `transfer under faults, seed ${seed}, profile ${profile.name}` },
  });
  const audit = options.audit ?? false;
  const packets = pick(random, [48, 128, 256, 512, 1024]);
  const a = lab.host('client', { packets, audit });
  const b = lab.host('server', { packets, audit });
  const bridge = lab.bridge();
  const six = options.family === 6;
  a.attach(bridge.a, { address: six ? '2001:db8::1/64' : '192.0.2.1/24' });
  b.attach(bridge.b, { address: six ? '2001:db8::2/64' : '192.0.2.2/24' });
  // The faults begin when both have found their addresses unused.
  while (six && (a.ip.ipv6.settling || b.ip.ipv6.settling) && lab.step());
  const plans = [faultPlan(random), faultPlan(random)] as const;
  bridge.a.setFaults(plans[0]);
  bridge.b.setFaults(plans[1]);
  // With two requests in the time that a SYN is repeated, ARP alone loses every tenth connection of NetX's at these rates.
  const resolved = sometimes(random, 0.8);
  if (resolved) {
    for (const [host, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const { macMsw, macLsw } = other.drivers[0]!.properties;
      if (six) host.ip.nd.setEntry(host.ip.interfaces[0]!, other.localAddress, macMsw, macLsw);
      else host.ip.arp.createStaticEntry(other.localAddress.w3, macMsw, macLsw);
    }
  }

  const [clientPlan, serverPlan] = endPlans(random);
  const client = new TransferEnd('client', clientPlan, serverPlan.bytes, random.fork('client'), a.time);
  const server = new TransferEnd('server', serverPlan, clientPlan.bytes, random.fork('server'), b.time);
  const faults: string[] = [];
  const windows = { windowSize: pick(random, [8192, 2000, 65535, 20000]) };
  const listener = b.tcp.listen(PORT, {
    socket: windows,
    onConnection: (socket) => {
      if (server.socket !== null) faults.push('one connect made two connections');
      server.adopt(socket);
    },
  });
  if (listener === null) throw new Error('the port is taken in a new host');
  const remote = b.localAddress;
  client.socket = a.tcp.open(remote, PORT, client, { ...windows, deleteWhenClosed: true });
  if (client.socket === null) throw new Error('a new host has no route');

  runToRest(lab, faults);
  const ends = [client, server];
  const complete = client.complete && server.complete;
  judge(client, server, b.tcp.counters.gaveUp, faults);
  judge(server, client, a.tcp.counters.gaveUp, faults);
  const sides = ends.map((one) => describeSide(one, one === client ? a : b));
  const frames = bridge.counters().reduce((sum, each) => sum + each.framesOut, 0);
  const virtualSeconds = lab.now / SECOND;

  listener.close();
  for (const one of ends) {
    if (!one.over && one.socket !== null) one.socket.disconnect(true);
    one.dispose();
  }
  runToRest(lab, faults);
  for (const one of ends) {
    if (!one.over && one.socket !== null) faults.push(`${one.name}: not told that its aborted connection is over`);
    for (const fault of one.faults) faults.push(`${one.name}: ${fault}`);
  }
  faults.push(...leaks(lab));
  void lab.close();

  const [clientSide, serverSide] = sides as [TransferSide, TransferSide];
  return {
    seed,
    profile: profile.name,
    outcome: complete ? 'complete' : 'lost',
    faults,
    client: clientSide,
    server: serverSide,
    virtualSeconds,
    frames,
    retransmissions: a.tcp.counters.retransmitPackets + b.tcp.counters.retransmitPackets,
    description: describePlans(clientPlan, serverPlan, plans, packets, windows.windowSize),
  };
}

/** Runs until nothing is scheduled any more, or so long that something is wrong. */
function runToRest(lab: Lab, faults: string[]): void {
  const { scheduler } = lab.clock;
  const end = lab.now + BOUND;
  while (scheduler.step(end));
  if (!isAtRest(lab))
    faults.push(`still busy after ${BOUND / SECOND} s: an alarm is never cleared, or somebody waits for ever`);
}

/**
 * What one side may look like when nothing happens any more. It is over: in order, then it has everything; or with a reason.
 * Or it is still open and has nothing in flight, so it cannot know: then the other side must have given up.
 *
 * @param gaveUp how many connections the other side's TCP gave up, those its application never heard of included
 */
function judge(one: TransferEnd, other: TransferEnd, gaveUp: number, faults: string[]): void {
  if (one.over) {
    if (one.reason === NX_SUCCESS && !one.complete) {
      faults.push(`${one.name}: closed in order, but not everything arrived`);
    }
    return;
  }
  const otherKnows = (other.over && other.reason !== NX_SUCCESS) || (other.socket === null && gaveUp > 0);
  if (one.socket === null) {
    if (!otherKnows && other.over) faults.push(`${one.name}: never opened, and ${other.name} was not told`);
    return;
  }
  const state = one.socket.inspect();
  if (!otherKnows) faults.push(`${one.name}: waits in ${state.state} for ever, and ${other.name} does not know`);
  if (state.transmitPackets > 0) faults.push(`${one.name}: has unacknowledged data in ${state.state} and no timer`);
}

function describeSide(one: TransferEnd, host: Host): TransferSide {
  return {
    sent: one.written,
    received: one.received,
    expected: one.expectedLength,
    end: one.over ? describeStatus(one.reason) : one.opened ? 'open' : 'never opened',
    packetsLeft: host.pool.total - host.pool.available,
  };
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random.below(choices.length)] as T;
}

/** True with this probability. */
function sometimes(random: Random, probability: number): boolean {
  return random.unit() < probability;
}

function faultPlan(random: Random): FaultPlan {
  const delay = sometimes(random, 0.8) ? random.below(60_000) : 0;
  return {
    lossRate: random.unit() * 0.2,
    duplicateRate: sometimes(random, 0.6) ? random.unit() * 0.1 : 0,
    reorderRate: sometimes(random, 0.6) ? random.unit() * 0.15 : 0,
    reorderDelayMicroseconds: 1 + random.below(100_000),
    corruptRate: sometimes(random, 0.6) ? random.unit() * 0.05 : 0,
    delayMicroseconds: delay,
    jitterMicroseconds: random.below((delay >> 1) + 1),
    ...(sometimes(random, 0.15)
      ? { rateBitsPerSecond: 50_000 + random.below(2_000_000), queueFrames: 2 + random.below(30) }
      : {}),
    ...(sometimes(random, 0.1) ? { outages: [outage(random)] } : {}),
    ...(sometimes(random, 0.1) ? { gilbertElliott: { goodToBad: 0.02, badToGood: 0.3 } } : {}),
  };
}

function outage(random: Random): { fromMicroseconds: number; toMicroseconds: number } {
  const from = random.below(3 * SECOND);
  return {
    fromMicroseconds: from,
    toMicroseconds: from + 1 + random.below(random.below(10) === 0 ? 60 * SECOND : 4 * SECOND),
  };
}

function sizeOf(random: Random): number {
  const kind = random.below(10);
  if (kind === 0) return 0;
  if (kind === 1) return 1;
  if (kind < 5) return random.below(2_000);
  return random.below(100_000);
}

function endPlans(random: Random): [EndPlan, EndPlan] {
  const half = sometimes(random, 0.25);
  const closer = half ? 2 : random.below(3);
  const plan = (index: number): EndPlan => {
    const size = sizeOf(random);
    const chunk =
      size < 500
        ? pick(random, [1, 10, 600])
        : size < 2_000
          ? pick(random, [30, 1_460])
          : pick(random, [536, 1_460, 4_000, 9_000]);
    return {
      bytes: randomBytes(random, size),
      chunk,
      writePause: sometimes(random, 0.3) ? random.below(size > 20_000 ? 20_000 : 400_000) : 0,
      readPause: sometimes(random, 0.3) ? random.below(2 * SECOND) : 0,
      closes: closer === 2 || closer === index,
      halfCloses: half,
    };
  };
  return [plan(0), plan(1)];
}

function randomBytes(random: Random, size: number): Uint8Array {
  const words = new Uint32Array((size + 3) >> 2);
  for (let i = 0; i < words.length; i++) words[i] = random.uint32();
  return new Uint8Array(words.buffer, 0, size);
}

function describePlans(
  client: EndPlan,
  server: EndPlan,
  faults: readonly [FaultPlan, FaultPlan],
  packets: number,
  window: number,
): string {
  const side = (plan: EndPlan) =>
    `${plan.bytes.length} B in chunks up to ${plan.chunk}` +
    `${plan.writePause > 0 ? `, write pauses up to ${plan.writePause} µs` : ''}` +
    `${plan.readPause > 0 ? `, read pauses up to ${plan.readPause} µs` : ''}` +
    `${plan.halfCloses ? ', half-closes' : plan.closes ? ', closes' : ''}`;
  return (
    `pools of ${packets}, windows of ${window}; client ${side(client)}; server ${side(server)}; ` +
    `faults ${JSON.stringify(faults[0])} / ${JSON.stringify(faults[1])}`
  );
}
