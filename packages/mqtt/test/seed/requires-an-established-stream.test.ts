import { expect, test } from '@jest/globals';
import { NX_IN_PROGRESS, NX_PTR_ERROR, NXD_MQTT_CONNECT_FAILURE } from '@strata/contracts';
import { MqttClient } from '@strata/mqtt';
import { BrokerLab } from '../scripted-broker.ts';

// "requires that NetX Duo be installed, properly configured, and the IP instance has been created. The TCP module must be enabled"
test('without a stream below it the client says so, and with one it connects', () => {
  const lab = new BrokerLab();
  expect(new MqttClient({ clientId: 'a', time: lab.time, pool: lab.pool }).connect()).toBe(NX_PTR_ERROR);
  lab.refusesToBegin = true;
  expect(lab.client.connect()).toBe(NXD_MQTT_CONNECT_FAILURE);
  lab.refusesToBegin = false;
  expect(lab.client.connect()).toBe(NX_IN_PROGRESS);
  lab.end();
});
