import { DROP_REASONS, NEVER, type Packet, type Status } from '@strata/contracts';
import { MQTT_TYPE_NAMES } from './codec/control-packet.ts';
import type { Engine } from './engine.ts';
import { MQTT_STATE_CONNECTED, type MqttCounters } from './state.ts';
import { entryId, entryType } from './transmit-queue.ts';

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
  /** `PUBLISH`, `SUBSCRIBE` or `UNSUBSCRIBE`. */
  readonly type: string;
  readonly bytes: number;
  /** How often it was handed to a stream. */
  readonly transmissions: number;
  /** When that was last, in microseconds; null when never. */
  readonly sentAt: number | null;
  /** It was not yet handed to the present stream. */
  readonly waiting: boolean;
  /** It would be sent again, with DUP, after a reconnect without a clean session. */
  readonly wouldResend: boolean;
}

/** {@link MqttClient.inspect}. Times are microseconds; null means never. */
export interface MqttInspection {
  readonly state: number;
  readonly stateName: string;
  readonly cleanSession: boolean;
  readonly nextPacketId: number;
  readonly transmitQueue: readonly MqttInFlight[];
  readonly receiveQueue: { readonly messages: number; readonly bytes: number };
  /** Control packets and octets of one taken in part that wait for the stream. */
  readonly sending: { readonly waiting: number; readonly partialBytes: number };
  /** Octets of an unfinished control packet from the broker, and whether the client waits for its own pool or stream. */
  readonly receiving: { readonly bytes: number; readonly stalled: boolean };
  readonly keepAlive: {
    readonly seconds: number;
    readonly deadline: number | null;
    readonly nextLook: number | null;
    readonly pingOutstanding: boolean;
  };
  readonly failure: MqttFailure;
  readonly counters: MqttCounters;
}

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
  const { queue, received, sender, incoming, keepAlive } = engine;
  const transmitQueue: MqttInFlight[] = [];
  let waiting = false;
  for (let entry: Packet | null = queue.head; entry !== null; entry = entry.queueNext) {
    if (entry === queue.cursor) waiting = true;
    const type = MQTT_TYPE_NAMES[entryType(entry)] as string;
    transmitQueue.push({
      id: entryId(entry),
      type,
      bytes: entry.length,
      transmissions: entry.transmissions,
      sentAt: entry.transmissions === 0 ? null : entry.sentAt,
      waiting,
      wouldResend: type === 'PUBLISH',
    });
  }
  const connected = engine.state === MQTT_STATE_CONNECTED;
  return {
    state: engine.state,
    stateName: STATE_NAMES[engine.state] as string,
    cleanSession: engine.parts.cleanSession,
    nextPacketId: queue.nextId,
    transmitQueue,
    receiveQueue: { messages: received.count, bytes: received.bytes() },
    sending: { waiting: sender.waiting, partialBytes: sender.partialOctets },
    receiving: { bytes: incoming.length, stalled: incoming.stalled },
    keepAlive: {
      seconds: keepAlive.seconds,
      deadline: moment(connected, keepAlive.deadline()),
      nextLook: moment(connected, keepAlive.nextLook()),
      pingOutstanding: keepAlive.outstanding,
    },
    failure: describeFailure(engine),
    counters: { ...engine.counters },
  };
}

function moment(connected: boolean, time: number): number | null {
  return connected && time !== NEVER ? time : null;
}
