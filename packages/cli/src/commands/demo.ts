import { SECOND, TICK } from '@strata/contracts';
import { MqttSession, type MqttTlsOptions, NetError } from '@strata/stack';
import { EXIT_FAILED, EXIT_OK, UserError } from '../errors.ts';
import { type Arguments, given, text } from '../flags/arguments.ts';
import { type CaptureTarget, declareCommonFlags, readCommonFlags } from '../flags/common.ts';
import { declareFaultFlags, describeFaultFlags, readLoopbackFaultFlags } from '../flags/faults.ts';
import { MQTT_PORT, MQTT_TLS_PORT } from '../mosquitto/tls-options.ts';
import { topicMatches } from '../mosquitto/topic.ts';
import { DEFAULT_READINGS, type Reading, readReadings } from '../readings.ts';
import type { BrokerOptions } from '../site/embedded-broker.ts';
import { LadderPrinter } from '../site/ladder-printer.ts';
import { BROKER_ADDRESS, BROKER_ADDRESS6, LoopbackSite } from '../site/loopback-site.ts';
import { describeDrops, summarizeHost } from '../site/site.ts';
import { labAuthority, loadEngines } from '../site/tls-material.ts';
import { formatDuration, formatNumberOf } from '../terminal/format.ts';
import { formatHostSummaries } from '../terminal/summary.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Command } from './command.ts';

const DEFAULT_CAPTURE: CaptureTarget = { kind: 'file', path: 'demo.pcapng' };
/** Pause of the device between two readings. */
const INTERVAL = SECOND / 4;
/** How often the device connects again before it gives up. */
const MOST_CONNECTIONS = 20;
/** How long the device waits for what is still outstanding. */
const PATIENCE_SECONDS = 600;
/** How long it waits for one connection: longer than NetX takes to give a SYN up. */
const CONNECT_SECONDS = 30;
/** How long the end of a connection may take on a bad link. */
const CLOSE_SECONDS = 120;

/** `strata demo`: a device talks MQTT to a broker through every layer, in one process. */
export const demoCommand: Command = {
  usage: 'demo',
  summary: 'Show a device talk MQTT to a broker through every layer',
  examples: [
    ['strata demo', 'ladder diagram, summary, and demo.pcapng'],
    ['strata demo --loss 10% --delay 20ms', 'the same over a bad link; QoS 1 still arrives'],
    ['strata demo --drop-nth data:2 --trace tcp', 'lose the second data segment and see TCP notice'],
    ['strata demo --input plant.csv --seed 42', 'your own readings: columns topic and value'],
    ['strata demo --tls', 'the same over TLS; the capture opens decrypted'],
    ['strata demo --ipv6', 'the same over IPv6: duplicate detection, neighbors, and the same layers above'],
    ['strata demo --pcap - | wireshark -k -i -', 'watch it in Wireshark'],
  ],
  epilogue:
    'The clock is virtual: the run takes no longer than its computation. Same flags and seed, same capture; with --tls the ' +
    'same frames of the same lengths at the same times, under keys that OpenSSL draws anew.',
  declare: (program) =>
    declareFaultFlags(
      declareCommonFlags(
        program
          .option('input', {
            type: 'string',
            requiresArg: true,
            describe: '<FILE> CSV file of readings (default: a plant)',
          })
          .option('tls', { type: 'boolean', describe: 'secure the connection: TLS 1.3, port 8883' })
          .option('ipv6', { type: 'boolean', describe: 'talk over IPv6' })
          .option('quiet', { type: 'boolean', describe: 'no ladder diagram' }),
      ),
    ),
  run: runDemo,
};

async function runDemo(args: Arguments, terminal: Terminal): Promise<number> {
  const input = text(args, 'input');
  const readings = readReadings(input ?? DEFAULT_READINGS, terminal.surroundings.directory);
  const flags = readCommonFlags(args);
  const pcap = flags.pcap ?? DEFAULT_CAPTURE;
  const faults = readLoopbackFaultFlags(args);
  const faultText = describeFaultFlags(args);
  const site = new LoopbackSite(
    {
      common: { ...flags, pcap },
      faults,
      ipv6: given(args, 'ipv6'),
      title: `strata demo${given(args, 'tls') ? ' --tls' : ''}${given(args, 'ipv6') ? ' --ipv6' : ''}${faultText === '' ? '' : `, ${faultText}`}`,
      events: flags.ndjson ? (line) => terminal.data(line) : (line) => terminal.data(terminal.paintData('dim', line)),
    },
    terminal,
  );
  if (!given(args, 'quiet') && !flags.ndjson) {
    const [link] = site.lab.links;
    link.tap = new LadderPrinter(['device', 'broker'], Math.min(terminal.columns, 140), link.tap, (line) =>
      terminal.data(line),
    );
  }
  const { lab } = site;
  const { client, server } = given(args, 'tls') ? await secure(site) : { client: null, server: {} };
  const port = client === null ? MQTT_PORT : MQTT_TLS_PORT;
  const device = new Device(site, readings, port, client);
  let duration = 0;
  try {
    await site.startBroker(port, server);
    await site.run(() => device.run(), 'the demo');
    duration = lab.now;
  } finally {
    device.session.delete();
    await site.close();
    if (duration === 0) {
      noteCapture(site, pcap, terminal);
    }
  }
  return report(site, device, readings, { terminal, pcap, duration, faultText });
}

/** TLS for both ends, with certificates of the lab's own authority: the same ones for the same seed. */
async function secure(site: LoopbackSite): Promise<{ client: MqttTlsOptions; server: BrokerOptions }> {
  const authority = await labAuthority(site.lab, site.lab.seed);
  const { NodeTlsEngines } = await loadEngines();
  const engines = new NodeTlsEngines();
  const identity = authority.issue({
    commonName: 'broker',
    purpose: 'server',
    hosts: [BROKER_ADDRESS, BROKER_ADDRESS6, 'broker'],
  });
  return { client: { engines, trusted: [authority.certificate] }, server: { tls: { engines, identity } } };
}

/** The program on the device: publishes every reading and listens for its own messages. */
class Device {
  readonly session: MqttSession;
  /** How often each message came back, by its place in the readings. */
  readonly received: number[];
  /** Messages that are none of ours. */
  strangers: number;
  connections: number;
  private readonly site: LoopbackSite;
  private readonly readings: readonly Reading[];
  private readonly filter: string;

  constructor(site: LoopbackSite, readings: readonly Reading[], port: number, tls: MqttTlsOptions | null) {
    this.site = site;
    this.readings = readings;
    this.filter = filterFor(readings.map((reading) => reading.topic));
    this.received = readings.map(() => 0);
    this.strangers = 0;
    this.connections = 0;
    this.session = new MqttSession(site.device, {
      clientId: 'device',
      broker: site.peerAddress,
      port,
      ...(tls === null ? {} : { tls }),
    });
  }

  async run(): Promise<void> {
    const { device } = this.site;
    await this.connected(async () => {
      await this.session.subscribe(this.filter, 1);
    });
    for (const [index, reading] of this.readings.entries()) {
      await this.publish(reading, index % 2);
      this.collect();
      await device.waits.sleep(INTERVAL / TICK);
    }
    await this.collectTheRest();
    await this.disconnect();
  }

  private async publish(reading: Reading, qos: number): Promise<void> {
    if (!this.session.isConnected) {
      await this.connected(async () => {});
    }
    try {
      await this.session.publish(reading.topic, reading.payload, { qos });
    } catch (error) {
      // The connection broke. The client keeps a QoS 1 message and sends it again after the next connect; QoS 0 promises
      // nothing.
      if (!(error instanceof NetError) || this.session.isConnected) {
        throw error;
      }
    }
  }

  /** Connects, with a session that outlives connections, until `then` has succeeded. */
  private async connected(then: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        if (!this.session.isConnected) {
          this.connections++;
          await this.session.connect({ cleanSession: false, keepAliveSeconds: 60, timeoutSeconds: CONNECT_SECONDS });
        }
        await then();
        return;
      } catch (error) {
        if (!(error instanceof NetError) || this.connections >= MOST_CONNECTIONS) {
          throw error;
        }
        await this.site.device.waits.sleep(SECOND / TICK);
      }
    }
  }

  /** Takes the messages that are there. */
  private collect(): void {
    for (let message = this.session.client.receive(); message !== null; message = this.session.client.receive()) {
      const payload = Buffer.from(message.payload).toString();
      const { topic } = message;
      let place = -1;
      for (const [index, reading] of this.readings.entries()) {
        if (reading.topic === topic && reading.payload === payload && (place < 0 || this.received[index] === 0)) {
          place = index;
          if (this.received[index] === 0) {
            break;
          }
        }
      }
      if (place < 0) {
        this.strangers++;
      } else {
        this.received[place]++;
      }
    }
  }

  /** Waits until every message is acknowledged and has come back, or patience is at its end. */
  private async collectTheRest(): Promise<void> {
    const { device, lab } = this.site;
    const end = lab.now + PATIENCE_SECONDS * SECOND;
    const { client } = this.session;
    for (;;) {
      this.collect();
      const complete =
        client.unacknowledged === 0 && this.received.every((count, index) => count > 0 || index % 2 === 0);
      const quiet = complete && (this.received.every((count) => count > 0) || this.connections > 1);
      if (quiet || lab.now >= end) {
        return;
      }
      if (!this.session.isConnected) {
        await this.connected(async () => {});
      }
      await device.waits.sleep(1);
    }
  }

  private async disconnect(): Promise<void> {
    try {
      await this.session.disconnect({ timeoutSeconds: CLOSE_SECONDS });
    } catch (error) {
      if (!(error instanceof NetError)) {
        throw error;
      }
    }
  }
}

/** The narrowest filter of whole levels that all topics match. */
export function filterFor(topics: readonly string[]): string {
  const levels = topics[0].split('/');
  for (let count = levels.length - 1; count > 0; count--) {
    const filter = [...levels.slice(0, count), '#'].join('/');
    if (topics.every((topic) => topicMatches(filter, topic))) {
      return filter;
    }
  }
  return '#';
}

interface Outcome {
  readonly terminal: Terminal;
  readonly pcap: CaptureTarget;
  readonly duration: number;
  readonly faultText: string;
}

/** Says where the capture is. */
function noteCapture(site: LoopbackSite, pcap: CaptureTarget, terminal: Terminal): void {
  if (pcap.kind === 'file') {
    terminal.captureIsNamed = true;
    const frames = formatNumberOf(site.lab.capture?.frames ?? 0, 'frame');
    terminal.note(`${pcap.path}: ${frames}; open it with wireshark ${pcap.path}`);
  }
}

function report(site: LoopbackSite, device: Device, readings: readonly Reading[], outcome: Outcome): number {
  const { terminal, pcap, duration, faultText } = outcome;
  const { lab } = site;
  const count = (qos: number): number =>
    device.received.filter((times, index) => index % 2 === qos && times > 0).length;
  const total = (qos: number): number => readings.filter((_, index) => index % 2 === qos).length;
  const hosts = [
    summarizeHost(site.device, site.deviceEnd, device.session.client),
    summarizeHost(site.broker, site.brokerEnd),
  ];
  const leaks = lab.outstanding();
  const duplicates = device.received.reduce((sum, times) => sum + Math.max(0, times - 1), 0);
  terminal.note('');
  terminal.note(
    `${formatNumberOf(readings.length, 'reading')} published and received back: ` +
      `QoS 0 ${count(0)} of ${total(0)}, QoS 1 ${count(1)} of ${total(1)}` +
      `${duplicates === 0 ? '' : `, ${formatNumberOf(duplicates, 'duplicate')}`}` +
      `${device.connections === 1 ? '' : `, over ${formatNumberOf(device.connections, 'connection')}`}.`,
  );
  terminal.note(
    `${formatDuration(duration)} of the lab's time, seed ${lab.seed}${faultText === '' ? '' : `, ${faultText}`}.`,
  );
  terminal.note('');
  for (const line of formatHostSummaries(hosts, terminal.interactive ? terminal.columns : undefined)) {
    terminal.note(line);
  }
  const drops = [site.device, site.broker].map((host) => describeDrops(host, `${host.name} dropped`));
  if (drops.some((line) => line !== null)) {
    terminal.note('');
    for (const line of drops) if (line !== null) terminal.note(line);
  }
  if (pcap.kind === 'file') {
    terminal.note('');
  }
  noteCapture(site, pcap, terminal);
  if (leaks > 0) {
    for (const host of [site.device, site.broker]) {
      const text = host.pool.leakReport();
      if (text !== '') {
        terminal.error(text);
      }
    }
    throw new UserError({
      what: `${formatNumberOf(leaks, 'packet')} leaked`,
      next: 'this is a defect of strata; the seed repeats it',
    });
  }
  if (count(1) < total(1)) {
    terminal.error(
      terminal.paintError('red', `strata: ${total(1) - count(1)} of the QoS 1 messages did not come back`),
    );
    return EXIT_FAILED;
  }
  return EXIT_OK;
}
