import { expect, test } from '@jest/globals';
import { RoutingBroker } from '../routing-broker.ts';

// "MQTT is based on publisher-subscriber model. A client can publish information to other clients through a broker. ...
// multiple clients may publish data with the same topic."
test('what two clients publish to one topic reaches a third that subscribed, through the broker', () => {
  const broker = new RoutingBroker();
  const [a, b, reader, other] = ['a', 'b', 'reader', 'other'].map((id) => broker.client(id));
  for (const home of [a, b, reader, other]) home?.connect();
  reader?.client.subscribe('plant/+/temp', 1);
  other?.client.subscribe('office/#', 1);
  broker.settle();
  a?.client.publish('plant/1/temp', '20', false, 1);
  b?.client.publish('plant/1/temp', '21', false, 0);
  broker.settle();
  expect(reader?.texts()).toEqual(['plant/1/temp=20', 'plant/1/temp=21']);
  expect(other?.texts()).toEqual([]);
  expect(broker.end()).toBe(0);
});
