/**
 * `@strata/mqtt`: an MQTT 3.1.1 client with NetX Duo's services, statuses and timing (NetX Duo MQTT UG 3), and the codec of
 * all control packets in both directions.
 *
 * Owns sessions, queues, keep-alive and framing. Knows neither TCP nor TLS: it is given a `StreamConnector`, and holds a
 * `PacketStream`. Promises are made further up; here a listener is told, always after the event.
 *
 * ```ts
 * const client = new MqttClient({ clientId: 'sensor-7', time, pool, connector, listener });
 * client.connect({ keepAliveSeconds: 60, cleanSession: false }); // NX_IN_PROGRESS; listener.connected(NX_SUCCESS, 0, false)
 * client.subscribe('plant/7/#', 1);
 * client.publish('plant/7/temp', '21.5', false, 1); // listener.acknowledged(MQTT_PUBACK, client.lastPacketId, 0)
 * for (let m = client.receive(); m !== null; m = client.receive()) use(m.topic, m.payload);
 * client.disconnect(); // listener.disconnected(NX_SUCCESS)
 * ```
 */
export { MqttClient } from './client.ts';
export * from './codec/index.ts';
export type { MqttExtensions, MqttReconnectOptions } from './extensions.ts';
export type { MqttFailure, MqttInFlight, MqttInspection } from './inspect.ts';
export type {
  MqttClientOptions,
  MqttConnectOptions,
  MqttListener,
  MqttMessage,
  MqttMessageBuffers,
  MqttPayloadSource,
  MqttText,
} from './options.ts';
export { MQTT_QUIRKS, type MqttQuirk } from './quirks.ts';
export {
  MQTT_STATE_CONNECTED,
  MQTT_STATE_CONNECTING,
  MQTT_STATE_DELETED,
  MQTT_STATE_DISCONNECTING,
  MQTT_STATE_IDLE,
  type MqttCounters,
} from './state.ts';
export * from './store.ts';
export type { MqttMessageStream } from './streamed-message.ts';
