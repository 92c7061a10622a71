import { DROP_REASONS, NEVER, type Packet, type Status } from '@strata/contracts';
import { MQTT_TYPE_NAMES } from './codec/control-packet.ts';
import type { Engine } from './engine.ts';
import { MQTT_STATE_CONNECTED, type MqttCounters } from './state.ts';
import { entryId, entryQos, entryType } from './transmit-queue.ts';

/** Why a connection ended: outermost first. */
export interface MqttFailure {
  /** What the listener was told; NX_SUCCESS when all was well. */
  readonly status: Status;
  /** One of the DROP_MQTT_ reasons, or 0. */
  readonly reason: number;
  /** The reason's short name and sentence; empty without one. */
  readonly reasonName: string;
  readonly explanation: string;
  /** What the stream below said, when it was the cause. */
  readonly streamStatus: Status;
}

/** One entry of the transmit queue. */
export interface MqttInFlight {
  readonly id: number;
  /** `PUBLISH`, `PUBREL`, `SUBSCRIBE` or `UNSUBSCRIBE`. */
  readonly type: string;
  /** Of a message 1 or 2; otherwise 0. */
  readonly qos: number;
  /** What it waits for: `awaits PUBACK`, `awaits PUBREC`, `awaits PUBCOMP`, `awaits SUBACK`, `awaits UNSUBACK`. */
  readonly step: string;
  readonly bytes: number;
  /** How often it was handed to a stream. */
  readonly transmissions: number;
  /** When that was last, in microseconds; null when never. */
  readonly sentAt: number | null;
  /** It was not yet handed to the present stream. */
  readonly waiting: boolean;
  /** It would be sent again (a PUBLISH with DUP) after a reconnect without a clean session. */
  readonly wouldResend: boolean;
  /** Its payload comes from a source piece by piece. */
  readonly streamed: boolean;
}

/** {@link MqttClient.inspect}. Times are microseconds; null means never. */
export interface MqttInspection {
  readonly state: number;
  readonly stateName: string;
  readonly cleanSession: boolean;
  readonly nextPacketId: number;
  readonly transmitQueue: readonly MqttInFlight[];
  /** Messages on their way on this connection, and the most there may be; 0 = no limit. */
  readonly inFlight: { readonly messages: number; readonly maximum: number };
  /** Identifiers of QoS 2 messages that were received and whose PUBREL has not come. */
  readonly held: readonly number[];
  readonly receiveQueue: { readonly messages: number; readonly bytes: number };
  /** Control packets and octets of one taken in part that wait for the stream; octets that a source still has to give. */
  readonly sending: { readonly waiting: number; readonly partialBytes: number; readonly sourceBytes: number };
  /**
   * Octets of an unfinished control packet from the broker, octets still to come of a message received piece by piece, and
   * whether the client waits for its own pool, stream or store.
   */
  readonly receiving: { readonly bytes: number; readonly streamedBytes: number; readonly stalled: boolean };
  readonly keepAlive: {
    readonly seconds: number;
    readonly deadline: number | null;
    readonly nextLook: number | null;
    readonly pingOutstanding: boolean;
  };
  /** When an attempt to connect is given up, an orderly close is cut off, and what found the pool empty is tried again. */
  readonly timers: { readonly connect: number | null; readonly close: number | null; readonly retry: number | null };
  /** Extension `reconnect`: attempts in a row, and when the next one begins. */
  readonly reconnect: { readonly attempts: number; readonly at: number | null; readonly subscriptions: number } | null;
  /** Extension `store`: whether this session is kept, and commits that failed. */
  readonly store: { readonly active: boolean; readonly failures: number } | null;
  readonly failure: MqttFailure;
  readonly counters: MqttCounters;
}

/** What an entry waits for, by its type. */
const STEPS: Readonly<Record<string, string>> = {
  PUBREL: 'awaits PUBCOMP',
  SUBSCRIBE: 'awaits SUBACK',
  UNSUBSCRIBE: 'awaits UNSUBACK',
};

/** By state number. */
const STATE_NAMES: readonly string[] = ['deleted', 'idle', 'connecting', 'connected', 'disconnecting'];

export function describeFailure(engine: Engine): MqttFailure {
  const row = DROP_REASONS.find(([reason]) => reason === engine.endReason);
  return {
    status: engine.endStatus,
    reason: engine.endReason,
    reasonName: row === undefined ? '' : row[1],
    explanation: row === undefined ? '' : row[2],
    streamStatus: engine.endCause,
  };
}

export function inspectEngine(engine: Engine): MqttInspection {
  const { queue, received, sender, incoming, keepAlive, persistence } = engine;
  const transmitQueue: MqttInFlight[] = [];
  let waiting = false;
  for (let entry: Packet | null = queue.head; entry !== null; entry = entry.queueNext) {
    if (entry === queue.cursor) waiting = true;
    const type = MQTT_TYPE_NAMES[entryType(entry)] as string;
    const qos = type === 'PUBLISH' ? entryQos(entry) : type === 'PUBREL' ? 2 : 0;
    transmitQueue.push({
      id: entryId(entry),
      type,
      qos,
      step: STEPS[type] ?? (qos === 2 ? 'awaits PUBREC' : 'awaits PUBACK'),
      bytes: entry.length,
      transmissions: entry.transmissions,
      sentAt: entry.transmissions === 0 ? null : entry.sentAt,
      waiting,
      wouldResend: qos > 0,
      streamed: queue.sources.has(entry),
    });
  }
  const connected = engine.state === MQTT_STATE_CONNECTED;
  return {
    state: engine.state,
    stateName: STATE_NAMES[engine.state] as string,
    cleanSession: engine.parts.cleanSession,
    nextPacketId: queue.nextId,
    transmitQueue,
    inFlight: { messages: queue.inFlight, maximum: queue.inFlightMaximum },
    held: engine.held.values(),
    receiveQueue: { messages: received.count, bytes: received.bytes() },
    sending: { waiting: sender.waiting, partialBytes: sender.partialOctets, sourceBytes: sender.bodyOctets },
    receiving: { bytes: incoming.length, streamedBytes: incoming.streamedLeft, stalled: incoming.stalled },
    keepAlive: {
      seconds: keepAlive.seconds,
      deadline: moment(connected, keepAlive.deadline()),
      nextLook: moment(connected, keepAlive.nextLook()),
      pingOutstanding: keepAlive.outstanding,
    },
    timers: engine.timers(),
    reconnect: inspectReconnect(engine),
    store: persistence === null ? null : { active: persistence.active, failures: persistence.failures },
    failure: describeFailure(engine),
    counters: { ...engine.counters },
  };
}

function inspectReconnect(engine: Engine): MqttInspection['reconnect'] {
  const { reconnector, subscriptions } = engine;
  const { backoff, at } = reconnector;
  if (backoff === null) return null;
  return { attempts: backoff.attempts, at: moment(true, at), subscriptions: subscriptions?.count ?? 0 };
}

function moment(connected: boolean, time: number): number | null {
  return connected && time !== NEVER ? time : null;
}
