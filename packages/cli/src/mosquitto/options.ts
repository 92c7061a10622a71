import { UsageError } from '../errors.ts';
import { findFlag, REFUSED_FLAGS, type Tool } from './flag-table.ts';
import { compileFormat, type MessageFormat } from './format.ts';
import { readTlsFlags, type TlsFlags } from './tls-options.ts';
import { fitsTopic, isPublishTopic, isTopicFilter } from './topic.ts';

/** Quality of service of MQTT. */
export type Qos = 0 | 1 | 2;

/** The message that the broker publishes when the client vanishes. */
export interface Will {
  readonly topic: string;
  readonly payload: string;
  readonly qos: Qos;
  readonly retain: boolean;
}

/** How to reach and greet the broker: the part that mosquitto_pub and mosquitto_sub share. */
export interface ConnectionOptions {
  /** Null when neither -h nor -L was given. */
  readonly host: string | null;
  readonly port: number;
  /** Null: no TLS. */
  readonly tls: TlsFlags | null;
  /** Null: the command makes one up. */
  readonly clientId: string | null;
  readonly clientIdPrefix: string | null;
  readonly username: string | null;
  readonly password: string | null;
  readonly keepAliveSeconds: number;
  readonly cleanSession: boolean;
  readonly will: Will | null;
  /** Messages of QoS 1 and 2 in flight at most; 0: no limit. */
  readonly maximumInflight: number;
  readonly reconnect: boolean;
  /** File that keeps the session; null: none does. */
  readonly store: string | null;
  readonly chainedPackets: boolean;
  readonly inspect: boolean;
  readonly debug: boolean;
  readonly quiet: boolean;
}

/** Where the payload comes from. */
export type MessageSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'lines' }
  | { readonly kind: 'stdin' }
  | { readonly kind: 'null' };

/** What `strata pub` was asked to do. */
export interface PublishOptions extends ConnectionOptions {
  readonly topic: string;
  readonly message: MessageSource;
  readonly qos: Qos;
  readonly retain: boolean;
  /** How often; always 1 for lines of stdin. */
  readonly repeat: number;
  readonly repeatDelayMicroseconds: number;
}

/** What `strata sub` was asked to do. */
export interface SubscribeOptions extends ConnectionOptions {
  readonly topics: readonly string[];
  readonly unsubscribe: readonly string[];
  readonly filterOut: readonly string[];
  readonly qos: Qos;
  /** End after so many messages; null: never. */
  readonly count: number | null;
  /** End after so long with exit code {@link EXIT_TIMED_OUT}; null: never. */
  readonly timeoutMicroseconds: number | null;
  readonly verbose: boolean;
  readonly endOfLine: boolean;
  readonly format: MessageFormat | null;
  readonly pretty: boolean;
  /** Which messages are printed: all, those without, or those with the retain flag. */
  readonly retained: 'all' | 'never' | 'only';
  readonly exitAfterSubscribe: boolean;
  /** Let the broker forget the retained messages that come. */
  readonly removeRetained: boolean;
  /** The share of messages that is printed, 0 to 1. */
  readonly printedShare: number;
}

/** mosquitto_sub's exit code when `-W` ends it. */
export const EXIT_TIMED_OUT = 27;

export const DEFAULT_KEEP_ALIVE_SECONDS = 60;

/** The words of a command line that belong to the tool, by flag, and the others, which are left to the shared flags. */
interface SplitWords {
  /** Every value given, in order; a flag without a value counts as ''. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly rest: readonly string[];
  /** The flags that choose the message, in order: only one may be given. */
  readonly messages: readonly string[];
}

const MESSAGE_FLAGS = ['-m', '-f', '-l', '-s', '-n'];

/**
 * Separates the tool's words from the shared flags. A value is taken whatever it looks like (`-m -5` publishes "-5"), as the
 * tools do, which is why yargs does not see these words.
 */
function splitWords(tool: Tool, words: readonly string[]): SplitWords {
  const given = new Map<string, string[]>();
  const messages: string[] = [];
  const rest: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index];
    const flag = findFlag(tool, word);
    if (flag === undefined) {
      refuse(word);
      rest.push(word);
      continue;
    }
    const name = flag.names[0];
    let value = '';
    if (flag.value !== null) {
      index++;
      if (index >= words.length) {
        throw new UsageError(`${word} needs a value`, undefined, `${word} ${flag.value}: ${flag.describe}`);
      }
      value = words[index];
    }
    if (MESSAGE_FLAGS.includes(name)) {
      messages.push(word);
    }
    const values = given.get(name);
    if (values === undefined) {
      given.set(name, [value]);
    } else {
      values.push(value);
    }
  }
  return { given, rest, messages };
}

function refuse(word: string): void {
  const refused = REFUSED_FLAGS.find((flag) => flag.names.includes(word));
  if (refused !== undefined) {
    throw new UsageError(`${word} is not supported`, refused.why);
  }
}

/** Reads `strata pub`'s words: the tool's options, and the words that are shared flags. */
export function readPublishOptions(words: readonly string[]): { options: PublishOptions; rest: readonly string[] } {
  const split = splitWords('pub', words);
  const { given } = split;
  if (split.messages.length > 1) {
    throw new UsageError(`${split.messages.join(' and ')}`, 'only one kind of message can be sent at once');
  }
  const url = readUrl(last(given, '-L'));
  const topic = last(given, '-t') ?? url?.topic;
  if (topic === undefined || split.messages.length === 0) {
    throw new UsageError(
      topic === undefined ? 'the topic is missing' : 'the message is missing',
      'both a topic and a message are needed',
      "strata pub -t plant/7/temp -m '21.5'",
    );
  }
  if (!isPublishTopic(topic)) {
    throw new UsageError(`-t ${topic}`, topicFault(topic, 'a message is published on one topic, without + and #'));
  }
  const repeatText = last(given, '--repeat');
  const repeat = repeatText === undefined ? 1 : whole('--repeat', repeatText, 1, 2 ** 31 - 1);
  return {
    options: {
      ...readConnection(given, url),
      topic,
      message: readMessage(split),
      qos: readQos('-q', last(given, '-q')),
      retain: given.has('-r'),
      repeat: given.has('-l') ? 1 : repeat,
      repeatDelayMicroseconds: readDelay(last(given, '--repeat-delay')),
    },
    rest: split.rest,
  };
}

/** Reads `strata sub`'s words: the tool's options, and the words that are shared flags. */
export function readSubscribeOptions(words: readonly string[]): { options: SubscribeOptions; rest: readonly string[] } {
  const { given, rest } = splitWords('sub', words);
  const url = readUrl(last(given, '-L'));
  const topics = [...(url === null ? [] : [url.topic]), ...(given.get('-t') ?? [])];
  if (topics.length === 0) {
    throw new UsageError('the topic is missing', undefined, "strata sub -v -t 'plant/#'");
  }
  const filters: readonly (readonly [string, readonly string[]])[] = [
    ['-t', topics],
    ['-U', given.get('-U') ?? []],
    ['-T', given.get('-T') ?? []],
  ];
  for (const [flag, values] of filters) {
    const wrong = values.find((filter) => !isTopicFilter(filter));
    if (wrong !== undefined) {
      throw new UsageError(
        `${flag} ${wrong}`,
        topicFault(wrong, 'in a topic filter, + fills a whole level and # the last one'),
      );
    }
  }
  if (given.has('-R') && given.has('--retained-only')) {
    throw new UsageError('-R and --retained-only', 'together they leave no message to print');
  }
  const count = last(given, '-C');
  const timeout = last(given, '-W');
  const format = last(given, '-F');
  return {
    options: {
      ...readConnection(given, url),
      topics,
      unsubscribe: given.get('-U') ?? [],
      filterOut: given.get('-T') ?? [],
      qos: readQos('-q', last(given, '-q')),
      count: count === undefined ? null : whole('-C', count, 1, 2 ** 31 - 1),
      timeoutMicroseconds: timeout === undefined ? null : whole('-W', timeout, 1, 2 ** 31 - 1) * 1_000_000,
      verbose: given.has('-v'),
      endOfLine: !given.has('-N'),
      format: format === undefined ? null : compileFormat(format),
      pretty: given.has('--pretty'),
      retained: given.has('-R') ? 'never' : given.has('--retained-only') ? 'only' : 'all',
      exitAfterSubscribe: given.has('-E'),
      removeRetained: given.has('--remove-retained'),
      printedShare: readShare(last(given, '--random-filter')),
    },
    rest,
  };
}

function last(given: ReadonlyMap<string, readonly string[]>, flag: string): string | undefined {
  return given.get(flag)?.at(-1);
}

function readMessage(split: SplitWords): MessageSource {
  const { given } = split;
  const text = last(given, '-m');
  if (text !== undefined) {
    return { kind: 'text', text };
  }
  const path = last(given, '-f');
  if (path !== undefined) {
    return { kind: 'file', path };
  }
  return { kind: given.has('-l') ? 'lines' : given.has('-s') ? 'stdin' : 'null' };
}

function readConnection(given: ReadonlyMap<string, readonly string[]>, url: BrokerUrl | null): ConnectionOptions {
  const clientId = last(given, '-i') ?? null;
  const clientIdPrefix = last(given, '-I') ?? null;
  if (clientId !== null && clientIdPrefix !== null) {
    throw new UsageError(
      '-i and -I cannot be used together',
      'the one is the whole client id, the other only its beginning',
    );
  }
  const cleanSession = !given.has('-c');
  if (!cleanSession && (clientId ?? '') === '') {
    throw new UsageError(
      '-c needs -i',
      'a broker finds the session of a returning client by its client id',
      'choose one with -i ID',
    );
  }
  const username = last(given, '-u') ?? url?.username ?? null;
  const password = last(given, '-P') ?? url?.password ?? null;
  if (password !== null && username === null) {
    throw new UsageError('-P needs -u', 'MQTT 3.1.1 allows no password without a user name (MQTT-3.1.2-22)');
  }
  const store = last(given, '--store') ?? null;
  if (store !== null && cleanSession) {
    throw new UsageError('--store needs -c', 'a clean session leaves nothing to keep', 'add -c -i ID');
  }
  const inflight = last(given, '-M');
  const keepAlive = last(given, '-k');
  const portText = last(given, '-p');
  const port = portText === undefined ? (url?.port ?? null) : whole('-p', portText, 1, 65535);
  readVersion(last(given, '-V'));
  return {
    host: last(given, '-h') ?? url?.host ?? null,
    ...readTlsFlags((flag) => last(given, flag), port, url?.isSecure ?? false),
    clientId,
    clientIdPrefix,
    username,
    password,
    keepAliveSeconds: keepAlive === undefined ? DEFAULT_KEEP_ALIVE_SECONDS : whole('-k', keepAlive, 5, 65535),
    cleanSession,
    will: readWill(given),
    maximumInflight: inflight === undefined ? 0 : whole('-M', inflight, 1, 65535),
    reconnect: given.has('--reconnect'),
    store,
    chainedPackets: given.has('--chained-packets'),
    inspect: given.has('--inspect'),
    debug: given.has('-d'),
    quiet: given.has('--quiet'),
  };
}

function readWill(given: ReadonlyMap<string, readonly string[]>): Will | null {
  const topic = last(given, '--will-topic');
  const qos = readQos('--will-qos', last(given, '--will-qos'));
  if (topic === undefined) {
    for (const flag of ['--will-payload', '--will-retain']) {
      if (given.has(flag)) {
        throw new UsageError(`${flag} needs --will-topic`, 'a will without a topic goes nowhere');
      }
    }
    return null;
  }
  if (!isPublishTopic(topic)) {
    throw new UsageError(
      `--will-topic ${topic}`,
      topicFault(topic, 'a message is published on one topic, without + and #'),
    );
  }
  return { topic, payload: last(given, '--will-payload') ?? '', qos, retain: given.has('--will-retain') };
}

/** What is wrong with a topic that fits no packet; otherwise the rule that it breaks. */
function topicFault(topic: string, rule: string): string {
  return fitsTopic(topic) ? rule : 'a topic has 1 to 65535 bytes, and no null character';
}

function readQos(flag: string, value: string | undefined): Qos {
  if (value === undefined) {
    return 0;
  }
  if (value !== '0' && value !== '1' && value !== '2') {
    throw new UsageError(`${flag} ${value}`, 'the qualities of service are 0, 1 and 2');
  }
  return Number(value) as Qos;
}

function readVersion(value: string | undefined): void {
  switch (value) {
    case undefined:
    case '311':
    case 'mqttv311':
    case '4':
      return;
    case '5':
    case 'mqttv5':
    case '31':
    case 'mqttv31':
      throw new UsageError(`-V ${value}`, 'the client speaks MQTT 3.1.1 only', 'leave -V out, or give mqttv311');
    default:
      throw new UsageError(`-V ${value}`, 'there is no such protocol version', 'leave -V out, or give mqttv311');
  }
}

/** Per cent, as a share. */
function readShare(value: string | undefined): number {
  if (value === undefined) {
    return 1;
  }
  const percent = /^[0-9]*\.?[0-9]+$/.test(value) ? Number(value) : Number.NaN;
  if (!(percent >= 0.1 && percent <= 100)) {
    throw new UsageError(`--random-filter ${value}`, 'a percentage from 0.1 to 100 is wanted');
  }
  return percent / 100;
}

function readDelay(value: string | undefined): number {
  if (value === undefined) {
    return 0;
  }
  const delay = /^[0-9]*\.?[0-9]+$/.test(value) ? Number(value) : Number.NaN;
  if (!(delay >= 0 && delay <= 1e9)) {
    throw new UsageError(`--repeat-delay ${value}`, 'a number of seconds from 0 is wanted');
  }
  return Math.round(delay * 1e6);
}

function whole(flag: string, value: string, lowest: number, highest: number): number {
  const number = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= lowest && number <= highest)) {
    const range = highest === 2 ** 31 - 1 ? `of at least ${lowest}` : `from ${lowest} to ${highest}`;
    throw new UsageError(`${flag} ${value}`, `a whole number ${range} is wanted`);
  }
  return number;
}

interface BrokerUrl {
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number | null;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly topic: string;
}

/** Reads `mqtt[s]://[user[:password]@]host[:port]/topic`. */
function readUrl(value: string | undefined): BrokerUrl | null {
  if (value === undefined) {
    return null;
  }
  const parts = /^(mqtts?):\/\/(?:([^@/:]*)(?::([^@/]*))?@)?(\[[^\]]+\]|[^/:@]+)(?::([0-9]+))?(?:\/(.*))?$/s.exec(
    value,
  );
  if (parts === null) {
    throw new UsageError(
      `-L ${value}`,
      'it is not a broker URL',
      'write mqtt[s]://[user[:password]@]host[:port]/topic',
    );
  }
  const [, scheme, username, password, host, port, topic] = parts;
  if (topic === undefined || topic === '') {
    throw new UsageError(`-L ${value}`, 'the topic is missing', 'write mqtt[s]://[user[:password]@]host[:port]/topic');
  }
  return {
    isSecure: scheme === 'mqtts',
    host: host.replace(/^\[|\]$/g, ''),
    port: port === undefined ? null : whole('-L', port, 1, 65535),
    username,
    password,
    topic,
  };
}
