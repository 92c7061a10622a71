import { expect, test } from '@jest/globals';
import { RoutingBroker } from '../routing-broker.ts';

// "with the clean_session flag set to NX_TRUE ... the broker shall discard any session information associated with this client,
// including undelivered or unconfirmed QoS 1 or QoS 2 messages."
// The sentence after it, that the client resends if clean_session is NX_TRUE, contradicts both itself and what NetX Duo does:
// the client drops its transmit queue with such a CONNECT, and resends with NX_FALSE.
test('a clean session gets no stale messages and sends none again', () => {
  const broker = new RoutingBroker();
  const home = broker.client('a');
  home.connect({ cleanSession: false }).subscribe('t', 1);
  broker.settle();
  broker.losesAcknowledgements = true;
  home.client.publish('u', 'unconfirmed', false, 1);
  broker.cut('a');
  const writer = broker.client('b').connect();
  writer.publish('t', 'stale', false, 1);
  broker.settle();
  home.connect({ cleanSession: true });
  expect(home.texts()).toEqual([]);
  expect(home.client.unacknowledged).toBe(0);
  expect(broker.published.filter(({ topic }) => topic === 'u')).toHaveLength(1);
  expect(broker.end()).toBe(0);
});
