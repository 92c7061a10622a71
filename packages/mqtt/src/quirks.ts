/**
 * Defects of NetX Duo 6.4 that can be switched on singly, to see whether an application survives them. None is on by default.
 *
 * - `mqtt-packet-id-reset`: identifiers start again at 1 after every CONNACK even when a message kept from the last
 *   connection still uses them; one PUBACK then releases the older of the two.
 * - `mqtt-connack-alone`: the connection fails unless CONNACK comes in a TCP segment of its own, whole and with nothing behind it.
 */
export const MQTT_QUIRKS = ['mqtt-packet-id-reset', 'mqtt-connack-alone'] as const;

export type MqttQuirk = (typeof MQTT_QUIRKS)[number];
