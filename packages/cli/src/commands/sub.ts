import { NX_NO_PACKET, NX_WAIT_ABORTED, type Random, SECOND, TICK } from '@strata/contracts';
import type { MqttMessage, MqttMessageStream } from '@strata/mqtt';
import { type MqttSession, NetError } from '@strata/stack';
import { EXIT_FAILED, EXIT_OK } from '../errors.ts';
import { type Arguments, text } from '../flags/arguments.ts';
import { MosquittoDebug } from '../mosquitto/debug.ts';
import { NotJson, printLine } from '../mosquitto/format.ts';
import { SessionInspector } from '../mosquitto/inspector.ts';
import { EXIT_TIMED_OUT, readSubscribeOptions, type SubscribeOptions } from '../mosquitto/options.ts';
import {
  brokerHost,
  chooseClientId,
  connectSession,
  finishHandshakes,
  makeSession,
  openStore,
  patience,
  untilEnd,
} from '../mosquitto/session.ts';
import { topicMatches } from '../mosquitto/topic.ts';
import { DEFAULT_READINGS, type Reading, readReadings } from '../readings.ts';
import type { EmbeddedBroker } from '../site/embedded-broker.ts';
import { openSite, type TracedEvent } from '../site/open-site.ts';
import type { Site } from '../site/site.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Command } from './command.ts';
import { declareTool, preparePeer, reportToolError } from './mosquitto-tool.ts';

/** `strata sub`: mosquitto_sub over the stack. */
export const subCommand: Command = {
  usage: 'sub',
  summary: "Subscribe over the stack's MQTT client, with mosquitto_sub's flags",
  examples: [
    ["strata sub -v -t 'plant/#'", 'from the embedded broker, which publishes readings of a plant'],
    [
      "strata sub -h 192.0.2.1 -t 'plant/#' -q 1 --tap tap0 --address 192.0.2.2/24 --host-address 192.0.2.1/24",
      'from a broker on this machine',
    ],
    ["strata sub -t 'plant/+/temp' -C 3 -W 10", 'three messages, or ten seconds (exit code 27)'],
    ["strata sub -t 'plant/#' -F '%I %t %p'", 'time, topic and payload'],
    ["strata sub -t 'plant/#' -E -c -i dev-1 -q 1", 'only leave a persistent subscription behind'],
  ],
  epilogue:
    'Without --tap, the broker is an embedded one on a loopback bridge; it publishes the readings of --input, one a second, ' +
    'the first of each topic retained, and the command ends with the last. With --tap and no -h, the broker is at the ' +
    'address given with --host-address. Exit code: 0 done, 1 failed, 2 usage, 27 timed out; a refusal of the broker is its ' +
    'return code.',
  declare: (program) =>
    declareTool(program, 'sub').option('input', {
      type: 'string',
      requiresArg: true,
      describe: 'CSV file that the embedded broker publishes (default: a plant)',
    }),
  takeWords: (words) => {
    const { options, rest } = readSubscribeOptions(words);
    return { taken: options, rest };
  },
  run: (args, terminal, taken) => runSub(args, terminal, taken as SubscribeOptions),
};

/** Why a subscription came to its end. */
type Ending = 'counted' | 'timed out' | 'interrupted' | 'fresh' | 'subscribed' | 'dry';

async function runSub(args: Arguments, terminal: Terminal, options: SubscribeOptions): Promise<number> {
  const readings = readReadings(text(args, 'input') ?? DEFAULT_READINGS, terminal.surroundings.directory);
  const store = openStore(options, terminal);
  const debug = { current: null as MosquittoDebug | null };
  const inspector = { current: null as SessionInspector | null };
  const site = openSite(args, terminal, {
    command: 'sub',
    host: options.host,
    events: 'stderr',
    listeners: [
      ...(options.debug ? [{ traced: (...event: TracedEvent) => debug.current?.traced(...event) }] : []),
      ...(options.inspect ? [{ traced: (...event: TracedEvent) => inspector.current?.traced(...event) }] : []),
    ],
  });
  const stop = terminal.surroundings.interruption();
  let session: MqttSession | null = null;
  try {
    const clientId = chooseClientId(options, site.lab, 'sub');
    const host = brokerHost(options, site.peerAddress);
    const { embedded, tls } = await preparePeer(site, host, options, terminal);
    await site.names.prepare(host);
    const broker = await site.run(() => site.names.addressOf(host), 'the broker’s name');
    debug.current = options.debug
      ? new MosquittoDebug(clientId, site.device.name, (line) => terminal.data(line))
      : null;
    const current = makeSession(site.device, broker, clientId, options, tls, store);
    session = current;
    if (options.inspect) {
      const { name, time } = site.device;
      inspector.current = new SessionInspector(name, time, current.client, (line) => terminal.error(line));
    }
    const subscriber = new Subscriber(site, current, options, terminal, debug.current, stop);
    const ending = await site.run(() => subscriber.run(embedded, readings), 'sub');
    return exitCode(ending, options, subscriber.printed, terminal);
  } catch (error) {
    if (error instanceof NetError) {
      return reportToolError(error, options, terminal);
    }
    throw error;
  } finally {
    session?.delete();
    store?.close();
    await site.close();
  }
}

function exitCode(ending: Ending, options: SubscribeOptions, printed: number, terminal: Terminal): number {
  const say = (line: string): void => {
    if (!options.quiet) {
      terminal.error(line);
    }
  };
  switch (ending) {
    case 'timed out':
      say('Timed out');
      return EXIT_TIMED_OUT;
    case 'dry':
      if (options.count !== null) {
        say(`strata: ${printed} of ${options.count} messages came before the embedded broker had no more`);
        return EXIT_FAILED;
      }
      return EXIT_OK;
    default:
      return EXIT_OK;
  }
}

/** Connects, subscribes and prints what comes, until there is a reason to stop. */
class Subscriber {
  /** Messages printed so far, and those that `--random-filter` left out. */
  printed: number;
  private readonly site: Site;
  private readonly session: MqttSession;
  private readonly options: SubscribeOptions;
  private readonly terminal: Terminal;
  private readonly debug: MosquittoDebug | null;
  private readonly stop: AbortSignal;
  private readonly random: Random;
  /** When `-W` ends it, in microseconds of the lab. */
  private readonly deadline: number;

  constructor(
    site: Site,
    session: MqttSession,
    options: SubscribeOptions,
    terminal: Terminal,
    debug: MosquittoDebug | null,
    stop: AbortSignal,
  ) {
    this.printed = 0;
    this.site = site;
    this.session = session;
    this.options = options;
    this.terminal = terminal;
    this.debug = debug;
    this.stop = stop;
    this.random = site.lab.random.fork('random filter');
    this.deadline =
      options.timeoutMicroseconds === null ? Number.POSITIVE_INFINITY : site.lab.now + options.timeoutMicroseconds;
  }

  async run(embedded: EmbeddedBroker | null, readings: readonly Reading[]): Promise<Ending> {
    const feed = embedded === null ? null : new Feed(this.site, embedded, readings);
    await feed?.retain();
    return (await untilEnd(this.session, this.site.device, this.stop, () => this.listenInTime(feed))) ?? 'interrupted';
  }

  /** `-W` counts from the start: a broker that does not answer is not waited for any longer than one that is silent. */
  private async listenInTime(feed: Feed | null): Promise<Ending> {
    const over = new AbortController();
    const stop = (): void => over.abort();
    this.stop.addEventListener('abort', stop);
    const left = this.deadline - this.site.lab.now;
    if (left !== Number.POSITIVE_INFINITY) {
      void this.site.device.waits.sleep(Math.ceil(left / TICK), over.signal).then(stop);
    }
    try {
      await this.subscribe(over.signal);
    } catch (error) {
      const late = over.signal.aborted && !this.stop.aborted;
      if (late && error instanceof NetError && error.status === NX_WAIT_ABORTED) {
        return 'timed out';
      }
      throw error;
    } finally {
      this.stop.removeEventListener('abort', stop);
      over.abort();
    }
    const ending = this.options.exitAfterSubscribe ? 'subscribed' : await this.listen(feed);
    await finishHandshakes(this.session, this.site.device, this.stop);
    return ending;
  }

  private async subscribe(signal: AbortSignal): Promise<void> {
    await connectSession(this.session, this.options, signal);
    const { topics, unsubscribe, qos } = this.options;
    for (const filter of topics) {
      this.debug?.requesting(filter, qos);
      await this.session.subscribe(filter, qos, { signal, ...patience(this.options) });
    }
    for (const filter of unsubscribe) {
      this.debug?.requesting(filter, 0);
      await this.session.unsubscribe(filter, { signal, ...patience(this.options) });
    }
  }

  private async listen(feed: Feed | null): Promise<Ending> {
    const running = feed?.run();
    const over = new AbortController();
    this.stop.addEventListener('abort', () => over.abort());
    running?.then(() => over.abort());
    try {
      for (;;) {
        const message = await this.next(over.signal);
        const ending = typeof message === 'string' ? message : await this.take(message);
        if (ending !== null) {
          return ending;
        }
      }
    } finally {
      feed?.end();
      await running;
    }
  }

  /** The next message, or why there is none. */
  private async next(signal: AbortSignal): Promise<MqttMessage | Ending> {
    const left = this.deadline - this.site.lab.now;
    if (left <= 0) {
      return 'timed out';
    }
    try {
      const options = { signal, ...(left === Number.POSITIVE_INFINITY ? {} : { timeoutSeconds: left / SECOND }) };
      const message = await this.session.next(options);
      return 'payload' in message ? message : await this.collect(message, signal);
    } catch (error) {
      if (error instanceof NetError && error.status === NX_WAIT_ABORTED) {
        return this.stop.aborted ? 'interrupted' : 'dry';
      }
      if (error instanceof NetError && error.status === NX_NO_PACKET && this.session.isConnected) {
        return 'timed out';
      }
      throw error;
    }
  }

  /** Reads a message that comes piece by piece. */
  private async collect(message: MqttMessageStream, signal: AbortSignal): Promise<MqttMessage | Ending> {
    const { topic, qos, retain, dup, id } = message;
    const payload = new Uint8Array(message.length);
    let at = 0;
    for (;;) {
      const piece = await this.session.read(message, { signal }).catch((error: unknown) => {
        if (message.broken && this.session.client.returns) {
          return 'again';
        }
        throw error;
      });
      if (typeof piece === 'string') {
        // With QoS 1 and 2 it comes again, whole.
        return await this.next(signal);
      }
      if (piece === null) {
        return { topic, payload, qos, retain, dup, id };
      }
      payload.set(piece, at);
      at += piece.length;
    }
  }

  /** Prints a message if it is wanted. Returns a reason to stop, or null. */
  private async take(message: MqttMessage): Promise<Ending | null> {
    const { options } = this;
    this.debug?.received(message);
    if (options.retained === 'only' && !message.retain) {
      return 'fresh';
    }
    if (options.retained === 'never' && message.retain) {
      return null;
    }
    if (options.filterOut.some((filter) => topicMatches(filter, message.topic))) {
      return null;
    }
    if (options.removeRetained && message.retain) {
      this.debug?.publishing(message.topic, 0);
      await this.session.publish(message.topic, '', { qos: 1, retain: true, signal: this.stop, ...patience(options) });
    }
    if (this.random.unit() < options.printedShare) {
      this.print(message);
    }
    this.printed++;
    return options.count !== null && this.printed >= options.count ? 'counted' : null;
  }

  private print(message: MqttMessage): void {
    const { options, terminal } = this;
    const printed = { ...message, messageId: message.id, time: this.site.epoch + this.site.lab.now };
    try {
      terminal.raw(printLine(printed, options));
    } catch (error) {
      if (!(error instanceof NotJson)) {
        throw error;
      }
      terminal.error(`strata: ${error.message}`);
    }
  }
}

/** What the embedded broker publishes by itself, so that there is something to hear. */
class Feed {
  private readonly site: Site;
  private readonly broker: EmbeddedBroker;
  private readonly live: readonly Reading[];
  private readonly first: readonly Reading[];
  private ended: boolean;

  constructor(site: Site, broker: EmbeddedBroker, readings: readonly Reading[]) {
    this.site = site;
    this.broker = broker;
    const seen = new Set<string>();
    this.first = readings.filter(({ topic }) => !seen.has(topic) && seen.add(topic));
    this.live = readings.filter((reading) => !this.first.includes(reading));
    this.ended = false;
  }

  /** Publishes the first reading of each topic as a retained message. */
  async retain(): Promise<void> {
    for (const { topic, payload } of this.first) {
      await this.broker.publish(topic, payload, { qos: 1, retain: true });
    }
  }

  /** Publishes the others, one a second, alternating QoS 0 and 1, and gives the last one time to arrive. */
  async run(): Promise<void> {
    for (const [index, { topic, payload }] of this.live.entries()) {
      await this.site.device.waits.sleep(SECOND / TICK);
      if (this.ended) {
        return;
      }
      await this.broker.publish(topic, payload, { qos: index % 2 === 0 ? 0 : 1, retain: false });
    }
    await this.site.device.waits.sleep((LINGER_SECONDS * SECOND) / TICK);
  }

  end(): void {
    this.ended = true;
  }
}

/** Longer than NetX takes to give a connection up. */
const LINGER_SECONDS = 15;
