import { expect, test } from '@jest/globals';
import { SeededRandom } from '@strata/time';
import { RoutingBroker } from '../routing-broker.ts';

// "QoS 1: The message is delivered at least once. Messages sent with QoS 1 may be delivered more than once."
test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'every QoS 1 message arrives, in order, over connections that keep breaking (seed %i)',
  (seed) => {
    const random = new SeededRandom(seed);
    const broker = new RoutingBroker();
    const home = broker.client('a');
    const sent: string[] = [];
    for (let round = 0; round < 60; round++) {
      if (!home.client.isConnected) home.connect({ cleanSession: false, keepAliveSeconds: 5 });
      broker.losesAcknowledgements = random.below(2) === 0;
      for (let n = random.below(3); n > 0 && home.client.unacknowledged < 20; n--) {
        const text = String(sent.length);
        if (home.client.publish('t', text, false, 1) === 0) sent.push(text);
      }
      broker.settle();
      if (random.below(3) === 0) broker.cut('a');
      broker.run(random.below(300));
    }
    broker.losesAcknowledgements = false;
    broker.cut('a');
    home.connect({ cleanSession: false });
    expect(home.client.unacknowledged).toBe(0);
    const texts = broker.published.map(({ payload }) => new TextDecoder().decode(payload));
    expect([...new Set(texts)]).toEqual(sent);
    expect(texts.length).toBeGreaterThan(sent.length);
    const firsts = new Set<string>();
    for (const message of broker.published) {
      const text = new TextDecoder().decode(message.payload);
      expect(message.dup).toBe(firsts.has(text));
      firsts.add(text);
    }
    expect(broker.end()).toBe(0);
  },
);
