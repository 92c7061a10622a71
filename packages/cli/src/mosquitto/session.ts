import {
  NX_WAIT_ABORTED,
  NXD_MQTT_ERROR_CONNECT_RETURN_CODE,
  NXD_MQTT_ERROR_NOT_AUTHORIZED,
  SECOND,
  TICK,
} from '@strata/contracts';
import { type Host, type Lab, MqttSession, type MqttTlsOptions, NetError } from '@strata/stack';
import { parseAddress } from '@strata/wire';
import { UsageError } from '../errors.ts';
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

/** Refuses what NetX's client cannot do, before anything is opened. */
export function checkQos(flag: string, qos: Qos): void {
  if (qos === 2) {
    throw new UsageError(
      `${flag} 2`,
      "NetX Duo's MQTT client has no QoS 2 (NXD_MQTT_QOS2_NOT_SUPPORTED)",
      `use ${flag} 1`,
    );
  }
}

/** The broker's address: the one given, or the default of the site. @throws UsageError when it is none */
export function brokerAddress(options: ConnectionOptions, peer: string | null): string {
  const host = options.host === null || options.host === 'localhost' ? peer : options.host;
  if (host === null) {
    throw new UsageError('the broker is missing', 'there is no default on this device', 'give its address with -h');
  }
  if (parseAddress(host)?.family !== 4) {
    throw new UsageError(
      `-h ${host}`,
      'it is not an IPv4 address',
      'write it as 192.0.2.1; the stack looks up no names',
    );
  }
  return host;
}

/** A session as the options describe it. */
export function makeSession(
  device: Host,
  broker: string,
  clientId: string,
  options: ConnectionOptions,
  tls: MqttTlsOptions | null,
): MqttSession {
  const { username, password, will } = options;
  return new MqttSession(device, {
    clientId,
    broker,
    port: options.port,
    ...(tls === null ? {} : { tls }),
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(will === null
      ? {}
      : { will: { topic: will.topic, message: will.payload, retain: will.retain, qos: will.qos } }),
  });
}

/** How long a connection may take to be made. */
export const CONNECT_SECONDS = 30;
/** How long it may take to end. */
export const CLOSE_SECONDS = 15;

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
    timeoutSeconds: CONNECT_SECONDS,
    waitTicks: (CONNECT_SECONDS * SECOND) / TICK,
    signal,
  });
}

/** Ends a session in order; a connection that will not end is left behind. */
async function endSession(session: MqttSession): Promise<void> {
  try {
    await session.disconnect({ timeoutSeconds: CLOSE_SECONDS });
  } catch (error) {
    if (!(error instanceof NetError)) {
      throw error;
    }
  } finally {
    session.delete();
  }
}

/** Does `work`, then ends the session in order. Resolves with null when `stop` has cut the work short. */
export async function untilEnd<T>(session: MqttSession, stop: AbortSignal, work: () => Promise<T>): Promise<T | null> {
  let result: T | null = null;
  try {
    result = await work();
  } catch (error) {
    if (!stop.aborted || !(error instanceof NetError) || error.status !== NX_WAIT_ABORTED) {
      throw error;
    }
  }
  await endSession(session);
  return result;
}

/** The exit code for a failure: CONNACK's return code as mosquitto has it, otherwise 1. */
export function exitCodeOf(error: NetError): number {
  const code = error.status - NXD_MQTT_ERROR_CONNECT_RETURN_CODE;
  return code > 0 && error.status <= NXD_MQTT_ERROR_NOT_AUTHORIZED ? code : 1;
}
