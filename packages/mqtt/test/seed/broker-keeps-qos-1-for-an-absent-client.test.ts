import { expect, test } from '@jest/globals';
import { RoutingBroker } from '../routing-broker.ts';

// "The broker must store QoS 1 and QoS 2 messages so the messages can be delivered later once the client is reconnected" /
// "If the clean_session flag is to NX_FALSE, the server shall resend the QoS 1 and QoS 2 messages."
test('messages published while the client was away arrive when it comes back to its session', () => {
  const broker = new RoutingBroker();
  const reader = broker.client('reader');
  const writer = broker.client('writer');
  reader.connect({ cleanSession: false }).subscribe('t', 1);
  writer.connect();
  broker.settle();
  broker.cut('reader');
  writer.client.publish('t', '1', false, 1);
  writer.client.publish('t', 'lost', false, 0);
  writer.client.publish('t', '2', false, 1);
  broker.settle();
  reader.connect({ cleanSession: false });
  expect(reader.texts()).toEqual(['t=1', 't=2']);
  expect(reader.log).toContain('connected 0x0 present=true');
  expect(broker.sessions.get('reader')?.unacknowledged).toEqual([]);
  expect(broker.end()).toBe(0);
});
