/** Every control packet of MQTT 3.1.1, both directions. Knows octets and nothing of connections. */
export * from './control-packet.ts';
export { type DecodeResult, decodeMqtt } from './decode.ts';
export { checkMqtt, type EncodeResult, emitMqtt, encodedSize, encodeMqtt } from './encode.ts';
export { checkFirstOctet, checkRemainingLength, firstOctet, lengthOctets, writeFixedHeader } from './fixed-header.ts';
export { checkFilterText, checkTopicFilter, checkTopicName, checkTopicText, topicMatches } from './topic.ts';
export { checkUtf8, encodeText, readUtf8, utf8Length, writeUtf8 } from './utf8.ts';
