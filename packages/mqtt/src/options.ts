import type { PacketAllocator, Status, StreamConnector, TimeService, Tracer } from '@strata/contracts';
import type { Qos } from './codec/control-packet.ts';
import type { MqttExtensions } from './extensions.ts';
import type { MqttQuirk } from './quirks.ts';

/** Text, or its UTF-8 octets as a C application holds them. */
export type MqttText = string | Uint8Array;

/** What a client hears. Every call comes after the event that caused it, never from inside a client's method. */
export interface MqttListener {
  /**
   * The attempt begun by `connect` is over. NX_SUCCESS: connected. `returnCode` is CONNACK's, or -1 when none came;
   * `sessionPresent` is CONNACK's flag.
   */
  connected(status: Status, returnCode: number, sessionPresent: boolean): void;
  /**
   * A connection that had been made is over: NX_SUCCESS after `disconnect` or `delete`, NXD_MQTT_COMMUNICATION_FAILURE when
   * it was lost, NXD_MQTT_SERVER_MESSAGE_FAILURE when the broker broke the protocol. `failure()` says why.
   */
  disconnected(status: Status): void;
  /** A message was put into the receive queue, which then held `count`. */
  received(count: number): void;
  /**
   * An acknowledgement arrived: `type` MQTT_PUBACK, MQTT_SUBACK or MQTT_UNSUBACK, with QoS 2 also MQTT_PUBREC and, last,
   * MQTT_PUBCOMP; and the packet identifier. `code` is the return code of a SUBACK (the QoS granted, or 0x80 for refused),
   * otherwise 0.
   */
  acknowledged(type: number, id: number, code: number): void;
  /** A method that answered NX_TX_QUEUE_DEPTH can be tried again. */
  writable(): void;
  /** A message that is received piece by piece has more to read, or has come to its end. */
  streamed?(): void;
}

/**
 * The payload of a message that is sent piece by piece. A QoS 1 or 2 message may have to be sent again from its beginning,
 * so the source answers for any offset until the message was acknowledged.
 */
export interface MqttPayloadSource {
  /** Octets in all. */
  readonly length: number;
  /**
   * Writes at most `count` octets of the payload, from `offset` on, into `target` at `at`, and returns how many: 0 when there
   * is nothing yet (call `MqttClient.payloadReady` when there is), negative when it cannot go on, which ends the connection.
   * Called from inside the client: it must not call the client, nor throw.
   */
  read(offset: number, target: Uint8Array, at: number, count: number): number;
}

/** How to make a client. */
export interface MqttClientOptions {
  /** Client identifier, at most 65535 octets; empty only with clean sessions (MQTT-3.1.3-7). */
  readonly clientId: MqttText;
  readonly time: TimeService;
  /**
   * Pool for what the client keeps: unacknowledged messages, and received ones that share a packet with others. Packets for
   * sending come from the stream.
   */
  readonly pool: PacketAllocator;
  /** Who opens streams to the broker, unless `connect` is given another. */
  readonly connector?: StreamConnector;
  readonly listener?: MqttListener | null;
  readonly tracer?: Tracer | null;
  /** NXD_MQTT_MAXIMUM_TRANSMIT_QUEUE_DEPTH: the most entries that await acknowledgement; 0 (default) = no limit. */
  readonly transmitQueueMaximum?: number;
  /**
   * The most control packets that wait for a stream that takes no more; then methods answer NX_TX_QUEUE_DEPTH. Default 20,
   * as TCP's own queue.
   */
  readonly sendQueueMaximum?: number;
  /**
   * The largest control packet accepted from the broker, in octets; a larger one is a violation. Default: half of what the
   * pool's free packets can hold when the client is made.
   */
  readonly maximumPacketSize?: number;
  /**
   * Packets that QoS 1 messages leave free in the pool, so that the acknowledgements that free them can still arrive.
   * Default 4, or a quarter of a smaller pool.
   */
  readonly poolReserve?: number;
  /** Ticks to wait for a PINGRESP (NXD_MQTT_PING_TIMEOUT_DELAY). Default 100. */
  readonly pingTimeoutTicks?: number;
  /** Ticks an orderly close may take before the stream is cut off. Default 3000; NetX waits for ever. */
  readonly closeTimeoutTicks?: number;
  /** Defects of NetX Duo to reproduce, by name. Default none. */
  readonly quirks?: readonly MqttQuirk[];
  /** What goes beyond NetX Duo, by name. Default none. */
  readonly extensions?: MqttExtensions;
}

/** One connection. */
export interface MqttConnectOptions {
  /** Opens the stream; default: the client's own. */
  readonly connector?: StreamConnector;
  /** 0..65535 seconds; 0 (default) = no pings. */
  readonly keepAliveSeconds?: number;
  /** True (default): both sides forget what the last session left. False: they go on with it. */
  readonly cleanSession?: boolean;
  /**
   * Ticks for the stream to open, and again for CONNACK to come. NX_WAIT_FOREVER (default) and NX_NO_WAIT: as long as the
   * stream lives.
   */
  readonly waitTicks?: number;
}

/** A received message, in memory of its own. */
export interface MqttMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly dup: boolean;
  /** Packet identifier; 0 with QoS 0. */
  readonly id: number;
}

/** Where `messageGet` puts a message. The lengths are written on success only. */
export interface MqttMessageBuffers {
  readonly topic: Uint8Array;
  readonly message: Uint8Array;
  topicLength: number;
  messageLength: number;
}
