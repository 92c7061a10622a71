import { expect, test } from '@jest/globals';
import { NXD_MQTT_QOS2_NOT_SUPPORTED } from '@strata/contracts';
import { BrokerLab } from '../scripted-broker.ts';

// "This implementation of MQTT client does not support QoS level 2 messages." / "does not support sending or receiving QoS
// level 2 messages."
test('QoS 2 is refused in publish, subscribe and will, connected or not; one from the broker closes the connection', () => {
  const lab = new BrokerLab();
  for (let round = 0; round < 2; round++) {
    expect(lab.client.publish('t', 'x', false, 2)).toBe(NXD_MQTT_QOS2_NOT_SUPPORTED);
    expect(lab.client.subscribe('t', 2)).toBe(NXD_MQTT_QOS2_NOT_SUPPORTED);
    expect(lab.client.willMessageSet('t', 'x', false, 2)).toBe(NXD_MQTT_QOS2_NOT_SUPPORTED);
    if (round === 0) lab.connected();
  }
  lab.say('34 05 00 01 61 00 09');
  expect(lab.heardSince()).toEqual(['fin', 'disconnected 0x10008']);
  expect(lab.client.failure().reasonName).toBe('mqtt-qos2-unsupported');
  lab.end();
});
