/**
 * Defects of NetX Duo 6.4 that can be switched on singly, to see whether an application survives them. None is on by default.
 *
 * - `mqtt-packet-id-reset`: identifiers start again at 1 after every CONNACK even when a message kept from the last
 *   connection still uses them; one PUBACK then releases the older of the two.
 * - `mqtt-connack-alone`: the connection fails unless CONNACK comes in a TCP segment of its own, whole and with nothing behind it.
 * - `mqtt-unread-leak`: messages that were not read when the application disconnects are forgotten, and their packets lost.
 * - `mqtt-malformed-leak`: a malformed PUBLISH is passed over instead of ending the connection, and its packet lost.
 * - `mqtt-publish-qos3`: a publish with QoS 3 is accepted, goes out without an identifier, and stays in the transmit queue.
 */
export const MQTT_QUIRKS = [
  'mqtt-packet-id-reset',
  'mqtt-connack-alone',
  'mqtt-unread-leak',
  'mqtt-malformed-leak',
  'mqtt-publish-qos3',
] as const;

export type MqttQuirk = (typeof MQTT_QUIRKS)[number];

/** Which of the defects a client has. */
export interface MqttQuirks {
  readonly packetIdReset: boolean;
  readonly connackAlone: boolean;
  readonly unreadLeak: boolean;
  readonly malformedLeak: boolean;
  readonly publishQos3: boolean;
}

/** The defects named. */
export function quirksOf(names: readonly MqttQuirk[]): MqttQuirks {
  return {
    packetIdReset: names.includes('mqtt-packet-id-reset'),
    connackAlone: names.includes('mqtt-connack-alone'),
    unreadLeak: names.includes('mqtt-unread-leak'),
    malformedLeak: names.includes('mqtt-malformed-leak'),
    publishQos3: names.includes('mqtt-publish-qos3'),
  };
}
