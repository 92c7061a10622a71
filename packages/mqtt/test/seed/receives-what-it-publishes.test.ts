import { expect, test } from '@jest/globals';
import { RoutingBroker } from '../routing-broker.ts';

// "A client will receive a message it publishes if the client subscribes to the same topic."
test('a client that subscribes to its own topic receives what it publishes; after unsubscribing it does not', () => {
  const broker = new RoutingBroker();
  const home = broker.client('a');
  const client = home.connect();
  client.publish('t', 'before', false, 0);
  client.subscribe('t', 0);
  client.publish('t', 'own', false, 1);
  broker.settle();
  expect(home.texts()).toEqual(['t=own']);
  client.unsubscribe('t');
  client.publish('t', 'after', false, 1);
  broker.settle();
  expect(home.texts()).toEqual([]);
  expect(broker.end()).toBe(0);
});
