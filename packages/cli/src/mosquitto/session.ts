import { resolve } from 'node:path';
import {
  NX_WAIT_ABORTED,
  NXD_MQTT_ERROR_CONNECT_RETURN_CODE,
  NXD_MQTT_ERROR_NOT_AUTHORIZED,
  SECOND,
  TICK,
} from '@strata/contracts';
import type { MqttExtensions, MqttStore } from '@strata/mqtt';
import { FileMqttStore } from '@strata/mqtt/node';
import {
  type Host,
  type Lab,
  MqttSession,
  type MqttSessionOptions,
  type MqttTlsOptions,
  NetError,
} from '@strata/stack';
import { UsageError, UserError } from '../errors.ts';
import { cannotWrite } from '../files.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { ConnectionOptions, Qos } from './options.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The client id to use: as given, or mosquitto's form `mosq-` and 18 characters, drawn from the lab's seed. */
export function chooseClientId(options: ConnectionOptions, lab: Lab, tool: string): string {
  if (options.clientId !== null) {
    return options.clientId;
  }
  const random = lab.random.fork(`client id of ${tool}`);
  if (options.clientIdPrefix !== null) {
    return `${options.clientIdPrefix}${random.below(32768)}`;
  }
  return `mosq-${Array.from({ length: 18 }, () => LETTERS[random.below(LETTERS.length)]).join('')}`;
}

/**
 * The session file that the options name, or null. Says what of it had to be left out. @throws UserError when it cannot be
 * used
 */
export function openStore(options: ConnectionOptions, terminal: Terminal): FileMqttStore | null {
  if (options.store === null) {
    return null;
  }
  try {
    const store = FileMqttStore.open(resolve(terminal.surroundings.directory, options.store));
    if (store.tornOctets > 0 && !options.quiet) {
      const octets = `the last ${store.tornOctets} bytes of ${options.store} are not whole and are left out`;
      terminal.error(`strata: ${octets}: a crash cut them off, or they are damaged`);
    }
    return store;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) throw cannotWrite('--store FILE', options.store, error);
    throw new UserError({
      what: `--store ${options.store}`,
      why: error instanceof Error ? error.message : String(error),
    });
  }
}

/** What the flags ask for beyond NetX Duo's client: each flag names its extension. */
function extensionsOf(
  options: ConnectionOptions & { readonly qos: Qos },
  device: Host,
  store: MqttStore | null,
): MqttExtensions {
  return {
    qos2: options.qos === 2 || options.will?.qos === 2,
    chainedPackets: options.chainedPackets,
    inFlightMaximum: options.maximumInflight,
    ...(options.reconnect ? { reconnect: { random: device.random.fork('mqtt reconnect') } } : {}),
    ...(store === null ? {} : { store }),
  };
}

/** The broker's address or name: the one given, or the default of the site. @throws UsageError when there is none */
export function brokerHost(options: ConnectionOptions, peer: string | null): string {
  const host = options.host === null || options.host === 'localhost' ? peer : options.host;
  if (host === null) {
    throw new UsageError('the broker is missing', 'there is no default on this device', 'give its address with -h');
  }
  return host;
}

/** A session as the options describe it. @throws UserError when the store keeps another one, or more than the pool holds */
export function makeSession(
  device: Host,
  broker: string,
  clientId: string,
  options: ConnectionOptions & { readonly qos: Qos },
  tls: MqttTlsOptions | null,
  store: MqttStore | null,
): MqttSession {
  const { username, password, will } = options;
  const wanted: MqttSessionOptions = {
    clientId,
    broker,
    port: options.port,
    client: { extensions: extensionsOf(options, device, store) },
    ...(tls === null ? {} : { tls }),
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(will === null
      ? {}
      : { will: { topic: will.topic, message: will.payload, retain: will.retain, qos: will.qos } }),
  };
  try {
    return new MqttSession(device, wanted);
  } catch (error) {
    if (error instanceof RangeError && store !== null) {
      throw new UserError({ what: `--store ${options.store}`, why: error.message.replace('mqtt: ', '') });
    }
    throw error;
  }
}

/** How long a stream may take to open, and then a broker to accept the connection. */
const CONNECT_SECONDS = 30;
/** How long it may take to end; and how long the broker may take for its own end, once it has ours. */
const CLOSE_SECONDS = 15;
const LINGER_SECONDS = 2;
/** How long a broker may take to acknowledge, besides what a message takes on the slowest link. */
const ACKNOWLEDGE_SECONDS = 30;
const SLOWEST_BYTES_PER_SECOND = 1000;

/** How long to wait for the acknowledgement of `bytes`; without limit when the connection is made again when it is lost. */
export function patience(options: ConnectionOptions, bytes = 0): { readonly timeoutSeconds?: number } {
  return options.reconnect ? {} : { timeoutSeconds: ACKNOWLEDGE_SECONDS + bytes / SLOWEST_BYTES_PER_SECOND };
}

/** Connects as the options say. */
export async function connectSession(
  session: MqttSession,
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<void> {
  const { keepAliveSeconds, cleanSession } = options;
  await session.connect({
    keepAliveSeconds,
    cleanSession,
    waitTicks: (CONNECT_SECONDS * SECOND) / TICK,
    // The client's own wait says what it was that did not come.
    timeoutSeconds: 2 * CONNECT_SECONDS + 1,
    signal,
  });
}

/** How long the handshakes of messages that have arrived are waited for at the end. */
const HANDSHAKE_SECONDS = 5;

/** Waits until no message of QoS 1 or 2 is in the middle of its handshake, so that the broker need not repeat it. */
export async function finishHandshakes(session: MqttSession, device: Host, stop: AbortSignal): Promise<void> {
  const { client } = session;
  const busy = (): boolean => client.unacknowledged > 0 || client.inspect().held.length > 0;
  const ticks = (HANDSHAKE_SECONDS * SECOND) / TICK;
  for (let waited = 0; waited < ticks && client.isConnected && !stop.aborted && busy(); waited++) {
    await device.waits.sleep(1, stop);
  }
}

/** Ends a session in order; a connection that will not end is left behind. */
async function endSession(session: MqttSession, device: Host): Promise<void> {
  const enough = new AbortController();
  const left = session
    .disconnect({ timeoutSeconds: CLOSE_SECONDS, signal: enough.signal })
    .finally(() => enough.abort());
  try {
    await Promise.all([left, linger(session, device, enough)]);
  } catch (error) {
    if (!(error instanceof NetError)) {
      throw error;
    }
  } finally {
    session.delete();
  }
}

/** A broker that has everything, our end included, is not waited for long. */
async function linger(session: MqttSession, device: Host, enough: AbortController): Promise<void> {
  const step = SECOND / TICK / 10;
  for (let waited = 0; waited < LINGER_SECONDS * 10 && !enough.signal.aborted; ) {
    await device.waits.sleep(step, enough.signal);
    waited += session.isDelivered ? 1 : 0;
  }
  enough.abort();
}

/** Does `work`, then ends the session in order, whether it succeeded or not. Resolves with null when `stop` has cut the work short. */
export async function untilEnd<T>(
  session: MqttSession,
  device: Host,
  stop: AbortSignal,
  work: () => Promise<T>,
): Promise<T | null> {
  let result: T | null = null;
  try {
    result = await work();
  } catch (error) {
    if (!stop.aborted || !(error instanceof NetError) || error.status !== NX_WAIT_ABORTED) {
      if (session.isConnected) {
        await endSession(session, device);
      }
      throw error;
    }
  }
  await endSession(session, device);
  return result;
}

/** The exit code for a failure: CONNACK's return code as mosquitto has it, otherwise 1. */
export function exitCodeOf(error: NetError): number {
  const code = error.status - NXD_MQTT_ERROR_CONNECT_RETURN_CODE;
  return code > 0 && error.status <= NXD_MQTT_ERROR_NOT_AUTHORIZED ? code : 1;
}
