import { expect, test } from '@jest/globals';
import { NX_IN_PROGRESS, NX_SUCCESS, NXD_MQTT_NOT_CONNECTED } from '@strata/contracts';
import { RoutingBroker } from '../routing-broker.ts';

// "Once the client is created, the application can connect to the broker by calling nxd_mqtt_client_connect(). After connecting
// to the broker, the client can subscribe to a topic ..., or publish a topic"
test('create, then connect, then subscribe or publish; not before', () => {
  const broker = new RoutingBroker();
  const home = broker.client('a');
  expect(home.client.subscribe('t', 1)).toBe(NXD_MQTT_NOT_CONNECTED);
  expect(home.client.publish('t', 'x', false, 1)).toBe(NXD_MQTT_NOT_CONNECTED);
  expect(home.client.connect()).toBe(NX_IN_PROGRESS);
  expect(home.client.publish('t', 'x', false, 1)).toBe(NXD_MQTT_NOT_CONNECTED);
  broker.settle();
  expect(home.client.subscribe('t', 1)).toBe(NX_SUCCESS);
  expect(home.client.publish('t', 'x', false, 1)).toBe(NX_SUCCESS);
  broker.settle();
  expect(home.log).toEqual(['connected 0x0 present=false', 'acknowledged 9 1', 'acknowledged 4 2', 'received 1']);
  expect(broker.end()).toBe(0);
});
