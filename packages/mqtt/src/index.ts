/** MQTT 3.1.1 client over any PacketStream. */
export {};
