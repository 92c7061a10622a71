import type { Random } from '@strata/contracts';
import type { MqttStore } from './store.ts';

/**
 * What goes beyond NetX Duo's client. All of it is off by default, each part is switched on by its name, and with none of
 * them every octet and every status is NetX's.
 */
export interface MqttExtensions {
  /** QoS 2 in both directions, exactly once (MQTT 4.3.3). Without it QoS 2 answers NXD_MQTT_QOS2_NOT_SUPPORTED. */
  readonly qos2?: boolean;
  /**
   * Messages larger than `maximumPacketSize` and than the pool, up to MQTT's 256 MB, piece by piece in both directions:
   * `publishFrom` and `receiveStream`. The memory they take is that of the packets on their way.
   */
  readonly chainedPackets?: boolean;
  /** Connects again by itself after a connection was lost. */
  readonly reconnect?: MqttReconnectOptions;
  /** The most QoS 1 and 2 messages on their way at once; the others wait in the transmit queue. 0 (default): no limit. */
  readonly inFlightMaximum?: number;
  /** Keeps the session, so that it outlives the program. Only sessions that are not clean are kept. */
  readonly store?: MqttStore;
}

/** How a client connects again by itself. */
export interface MqttReconnectOptions {
  /** Draws the jitter. */
  readonly random: Random;
  /** Seconds before the first new attempt. Default 1. It doubles with each further attempt. */
  readonly minimumSeconds?: number;
  /** Seconds between attempts at most. Default 60. */
  readonly maximumSeconds?: number;
  /** Share of the delay that is drawn at random, 0..1: many devices that lose one broker do not return at once. Default 0.5. */
  readonly jitter?: number;
  /** Attempts in a row before it is given up. Default: no limit. */
  readonly attemptsMaximum?: number;
  /** Also tries again when the first attempt fails for want of a connection. Default false: `connected` says why it failed. */
  readonly first?: boolean;
  /** Subscribes again when the broker has no session, and repeats requests that the loss cut off. Default true. */
  readonly resubscribe?: boolean;
}
