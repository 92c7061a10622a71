import { type Alarm, type Random, SECOND, type Timed } from '@strata/contracts';
import type { ByteSink } from '@strata/pcap-writer';
import { type Host, Lab, netxProfile, type Profile } from '@strata/stack';
import { SeededRandom } from '@strata/time';
import { leaks } from './leak-guard.ts';
import { judgeDelivery, MqttSessionDriver, type NumberedMessage, topicOf } from './mqtt-session-driver.ts';

/** A complete broker on an emulated host, started by whoever runs the scenario. */
export interface ScenarioBroker {
  publish(topic: string, payload: string, qos: 1 | 2): void;
  close(): Promise<void>;
}

/** Starts a broker on port 1883 of a host. `published` hears every message that a client published, when it takes effect. */
export type StartBroker = (
  host: Host,
  published: (topic: string, payload: string, qos: number) => void,
) => Promise<ScenarioBroker>;

export interface MqttSessionOptions {
  readonly startBroker: StartBroker;
  readonly profile?: Profile;
  readonly capture?: ByteSink;
}

/** How a run of {@link mqttSessionScenario} went. */
export interface MqttSessionResult {
  readonly seed: number;
  /** Empty when everything held. */
  readonly faults: readonly string[];
  readonly uplinks: number;
  readonly downlinks: number;
  readonly cuts: number;
  readonly crashes: number;
  readonly reconnects: number;
  /** Messages that came more than once, which QoS 1 allows. */
  readonly duplicates: number;
  readonly events: number;
  readonly virtualSeconds: number;
}

const CLIENT_ID = 'dev';
/** Virtual time after which something must be wrong. */
const BOUND = 900 * SECOND;
/** Frames after which the last break has been. */
const BREAKS = 5;

/**
 * A device and a broker on one link that exchange messages of QoS 1 and 2 while, at moments counted in events so that each
 * step of the protocol is hit, the link goes silent, the connection is cut, or the device's program dies and starts anew
 * with what its store kept, now and then right before or behind a commit to it; all chosen by the seed.
 *
 * What must hold: QoS 2 arrives exactly once and in order, QoS 1 at least once and, each for the first time, in order, in
 * both directions; everything is acknowledged in the end; no packet leaks.
 */
export async function mqttSessionScenario(seed: number, options: MqttSessionOptions): Promise<MqttSessionResult> {
  const random = new SeededRandom(`mqtt session ${seed}`);
  const lab = new Lab({
    seed,
    profile: options.profile ?? netxProfile,
    memoryBytes: 8 << 20,
    ...(options.capture === undefined ? {} : { capture: options.capture }),
    captureOptions: { comment: `MQTT session that breaks, seed ${seed}` },
  });
  const bridge = lab.bridge();
  const device = lab.host('device', { packets: 128 });
  const brokerHost = lab.host('broker', { packets: 256 });
  device.attach(bridge.a, { address: '192.0.2.1/24' });
  brokerHost.attach(bridge.b, { address: '192.0.2.2/24' });
  const usual = { delayMicroseconds: random.below(3) * 5000, lossRate: random.below(4) === 0 ? 0.05 : 0 };
  bridge.setFaults(usual);

  const arrived: NumberedMessage[] = [];
  const broker = await options.startBroker(brokerHost, (topic, payload, qos) => {
    if (topic.startsWith('up/')) arrived.push({ qos: qos === 2 ? 2 : 1, number: Number(payload) });
  });
  const uplinks = numbered(random, 3 + random.below(12));
  const downlinks = numbered(random, 3 + random.below(12));
  const driver = new MqttSessionDriver(device, {
    clientId: CLIENT_ID,
    connector: device.connector('192.0.2.2', 1883),
    random: random.fork('reconnect'),
    uplinks,
    inFlightMaximum: random.below(4),
    keepAliveSeconds: 0,
  });

  let told = 0;
  let healAt = 0;
  let silent = false;
  const ticker = new Ticker(device, random.fork('ticker'), () => {
    if (silent && lab.now >= healAt) {
      silent = false;
      bridge.setFaults(usual);
    }
    driver.work();
    if (driver.subscribed && told < downlinks.length && random.below(2) === 0) {
      const { qos, number } = downlinks[told++] as NumberedMessage;
      broker.publish(topicOf('down', CLIENT_ID, qos), String(number), qos);
    }
  });
  let events = 0;
  let breaks = 0;
  let cuts = 0;
  let next = 20 + random.below(150);
  const breakSomething = (): void => {
    breaks++;
    next = events + 1 + random.below(breaks === BREAKS ? 1 : 120);
    const kind = random.below(5);
    if (kind === 4) {
      driver.dieAtCommit(random.below(2) === 0);
      return;
    }
    silent = true;
    healAt = lab.now + random.below(kind === 0 ? 3 * SECOND : SECOND);
    bridge.setFaults({ lossRate: 1 });
    if (kind === 1 || kind === 2) {
      cuts++;
      driver.cut();
    } else if (kind === 3) driver.crash();
  };
  const everythingCame = (): boolean => {
    const came = new Set(driver.received.map(({ qos, number }) => `${qos}/${number}`));
    return told === downlinks.length && came.size === downlinks.length;
  };
  let settledAt = 0;
  driver.start();
  ticker.start();
  await lab.runUntil(() => {
    events++;
    if (breaks < BREAKS && events >= next) breakSomething();
    if (lab.now >= BOUND) return true;
    if (silent || !driver.isDone || !everythingCame()) return false;
    // What comes too often comes soon after.
    if (settledAt === 0) settledAt = lab.now + 2 * SECOND;
    return lab.now >= settledAt;
  });
  ticker.stop();
  const faults = [...driver.faults];
  const { violations } = driver.client.counters;
  if (violations > 0) faults.push(`the client found ${violations} violations: ${driver.client.failure().explanation}`);
  if (lab.now >= BOUND) faults.push(`not done after ${BOUND / SECOND} s: ${JSON.stringify(driver.client.inspect())}`);
  faults.push(...judgeDelivery('to the broker', arrived, uplinks));
  faults.push(...judgeDelivery('to the device', driver.received, downlinks));
  const virtualSeconds = lab.now / SECOND;
  driver.stop();
  await lab.run(() => broker.close(), 'the broker’s end');
  await lab.runFor(600);
  faults.push(...leaks(lab));
  await lab.close();
  return {
    seed,
    faults,
    uplinks: uplinks.length,
    downlinks: downlinks.length,
    cuts,
    crashes: driver.crashes,
    reconnects: driver.reconnects,
    duplicates: arrived.length + driver.received.length - uplinks.length - downlinks.length,
    events,
    virtualSeconds,
  };
}

/** Messages of QoS 1 and 2 in some order, each QoS numbered from 0. */
export function numbered(random: Random, count: number): NumberedMessage[] {
  const next = [0, 0, 0];
  return Array.from({ length: count }, () => {
    const qos = random.below(2) === 0 ? 1 : 2;
    return { qos, number: (next[qos] as number)++ };
  });
}

/** The application's own moments: something is done every few milliseconds of virtual time. */
class Ticker implements Timed {
  private readonly host: Host;
  private readonly random: Random;
  private readonly act: () => void;
  private readonly alarm: Alarm;
  private at: number;

  constructor(host: Host, random: Random, act: () => void) {
    this.host = host;
    this.random = random;
    this.act = act;
    this.at = 0;
    this.alarm = host.time.alarm(this);
  }

  start(): void {
    this.at = this.host.time.now + 1000 + this.random.below(100_000);
    this.alarm.set(this.at);
  }

  stop(): void {
    this.alarm.cancel();
  }

  nextDeadline(): number {
    return this.at;
  }

  onTime(): void {
    this.act();
    this.start();
  }
}
