import { expect, test } from '@jest/globals';
import { decodeMqtt, MQTT_CONNECT } from '@strata/mqtt';
import { BrokerLab, toHex } from '../scripted-broker.ts';

// "NetX Duo MQTT client implement is compliant with OASIS MQTT Version 3.1.1 Oct 29th 2014"
test('CONNECT names the protocol MQTT and level 4, and is the first control packet', () => {
  const lab = new BrokerLab();
  lab.client.connect({ keepAliveSeconds: 60 });
  lab.settle();
  const first = lab.stream.taken[0] as Uint8Array;
  expect(toHex(first.subarray(2, 9))).toBe('00 04 4d 51 54 54 04');
  expect(decodeMqtt(first).packet).toMatchObject({ type: MQTT_CONNECT, clientId: 'netxcli', keepAlive: 60 });
  lab.end();
});
