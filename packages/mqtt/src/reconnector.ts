import {
  NEVER,
  NX_WAIT_FOREVER,
  NXD_MQTT_ERROR_CONNECT_RETURN_CODE,
  NXD_MQTT_ERROR_SERVER_UNAVAILABLE,
  type Status,
  type StreamConnector,
  TRACE_MQTT_RECONNECT,
  type Tracer,
} from '@strata/contracts';
import { Backoff } from './backoff.ts';
import type { MqttReconnectOptions } from './extensions.ts';

/** Whether and when a client connects again by itself, and how. Without the extension it never does. */
export class Reconnector {
  readonly backoff: Backoff | null;
  /** When the next attempt begins; NEVER when none does. */
  at: number;
  /** The application wants a connection, and there was one, or the first attempt is repeated as well. */
  persists: boolean;
  /** What the application connected with. */
  connector: StreamConnector | null;
  waitTicks: number;
  private connectedAt: number;
  private readonly tracer: Tracer | null;

  constructor(options: MqttReconnectOptions | undefined, tracer: Tracer | null) {
    this.backoff = options === undefined ? null : new Backoff(options);
    this.at = NEVER;
    this.persists = false;
    this.connector = null;
    this.waitTicks = NX_WAIT_FOREVER;
    this.connectedAt = 0;
    this.tracer = tracer;
  }

  /** The application connects. */
  asked(connector: StreamConnector, waitTicks: number): void {
    this.connector = connector;
    this.waitTicks = waitTicks;
    this.backoff?.reset();
    this.persists = this.backoff?.first ?? false;
    this.at = NEVER;
  }

  /** A connection was accepted. */
  connected(now: number): void {
    this.connectedAt = now;
    this.persists = this.backoff !== null;
  }

  /** The application wants no connection any more. True when an attempt was due. */
  cancel(): boolean {
    const due = this.at !== NEVER;
    this.persists = false;
    this.at = NEVER;
    return due;
  }

  /** A connection is over that had been made. */
  lost(status: Status, now: number): void {
    this.backoff?.lasted(now - this.connectedAt);
    this.failed(status, now);
  }

  /** An attempt, or a connection, is over: another attempt is made unless trying it can only end alike. */
  failed(status: Status, now: number): void {
    const { backoff } = this;
    if (backoff === null || !this.persists) return;
    const refused = status > NXD_MQTT_ERROR_CONNECT_RETURN_CODE && status !== NXD_MQTT_ERROR_SERVER_UNAVAILABLE;
    const delay = refused ? -1 : backoff.next();
    if (delay < 0) {
      this.persists = false;
      return;
    }
    this.at = now + delay;
    if (this.tracer !== null) this.tracer.event(TRACE_MQTT_RECONNECT, backoff.attempts, delay, 0, 0, null);
  }
}
