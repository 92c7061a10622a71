import { expect, test } from '@jest/globals';
import { RoutingBroker } from '../routing-broker.ts';

// "QoS level 1 messages are retransmitted upon connection, assuming the clean_session flag is set to NX_FALSE." / "This
// acknowledgment is different from the TCP layer ACK"
test('a message the stream took, and the broker did not acknowledge, is sent again with DUP after the reconnect', () => {
  const broker = new RoutingBroker();
  const home = broker.client('a');
  const client = home.connect({ cleanSession: false });
  broker.losesAcknowledgements = true;
  client.publish('t', '1', false, 1);
  client.publish('t', '2', true, 1);
  client.disconnect();
  broker.settle();
  expect(client.unacknowledged).toBe(2);
  broker.losesAcknowledgements = false;
  home.connect({ cleanSession: false });
  expect(client.unacknowledged).toBe(0);
  expect(broker.published.map(({ id, dup, retain }) => [id, dup, retain])).toEqual([
    [1, false, false],
    [2, false, true],
    [1, true, false],
    [2, true, true],
  ]);
  expect(broker.end()).toBe(0);
});
