import { expect, test } from '@jest/globals';
import { NX_SUCCESS } from '@strata/contracts';
import { RoutingBroker } from '../routing-broker.ts';

// "QoS 0: The message is delivered at most once. Messages sent with QoS 0 may be lost."
test('a QoS 0 message is sent once, is not kept, and is not sent again after a loss', () => {
  const broker = new RoutingBroker();
  const home = broker.client('a');
  const client = home.connect({ cleanSession: false });
  expect(client.publish('t', 'x', false, 0)).toBe(NX_SUCCESS);
  expect(client.unacknowledged).toBe(0);
  broker.cut('a');
  home.connect({ cleanSession: false });
  expect(broker.published.map(({ qos, dup, id }) => ({ qos, dup, id }))).toEqual([{ qos: 0, dup: false, id: 0 }]);
  expect(broker.end()).toBe(0);
});
