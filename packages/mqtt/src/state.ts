/** States of a client. 1 to 3 are NetX Duo's; 4 is what NetX spends inside a blocking call. */
export const MQTT_STATE_DELETED = 0;
export const MQTT_STATE_IDLE = 1;
export const MQTT_STATE_CONNECTING = 2;
export const MQTT_STATE_CONNECTED = 3;
export const MQTT_STATE_DISCONNECTING = 4;

/** States each state may go to, as a bit set by number. */
export const MQTT_STATE_EDGES: readonly number[] = [
  0,
  (1 << MQTT_STATE_CONNECTING) | (1 << MQTT_STATE_DELETED),
  (1 << MQTT_STATE_IDLE) | (1 << MQTT_STATE_CONNECTED) | (1 << MQTT_STATE_DELETED),
  (1 << MQTT_STATE_IDLE) | (1 << MQTT_STATE_DISCONNECTING) | (1 << MQTT_STATE_DELETED),
  (1 << MQTT_STATE_IDLE) | (1 << MQTT_STATE_DELETED),
];

/** Counted since the client was made. */
export interface MqttCounters {
  packetsSent: number;
  packetsReceived: number;
  messagesSent: number;
  messagesReceived: number;
  messagesResent: number;
  pings: number;
  violations: number;
  /** Times a packet was needed and the pool was empty. */
  poolEmpty: number;
}
