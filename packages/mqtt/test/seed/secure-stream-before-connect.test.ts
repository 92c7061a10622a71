import { expect, test } from '@jest/globals';
import { NXD_MQTT_CONNECT_FAILURE } from '@strata/contracts';
import { BrokerLab } from '../scripted-broker.ts';

// "To create a secure MQTT connection to the broker, a TLS session needs to be negotiated after a TCP connection is
// established, before MQTT CONNECT messages can be sent to the broker." The client is given the secured stream: whatever has
// to be negotiated is over when it says established.
test('nothing of MQTT is sent before the stream says that it is established', () => {
  const lab = new BrokerLab();
  lab.establishes = false;
  lab.client.loginSet('user', 'secret');
  lab.client.connect();
  lab.runTo(lab.tick + 500);
  expect(lab.heardSince()).toEqual([]);
  lab.stream.listener?.established();
  lab.settle();
  expect(lab.heardSince()[0]).toMatch(/^< 10 /);
  lab.end();
});

test('a negotiation that fails is NXD_MQTT_CONNECT_FAILURE with its status as the cause, and no octet leaves', () => {
  const lab = new BrokerLab();
  lab.establishes = false;
  lab.client.connect();
  lab.stream.close(0x114);
  lab.settle();
  expect(lab.heardSince()).toEqual([`connected 0x${NXD_MQTT_CONNECT_FAILURE.toString(16)} code=-1 present=false`]);
  expect(lab.client.failure().streamStatus).toBe(0x114);
  lab.end();
});
