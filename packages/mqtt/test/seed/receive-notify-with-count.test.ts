import { expect, test } from '@jest/globals';
import { BrokerLab } from '../scripted-broker.ts';

// "As the MQTT client receives messages from the broker, it invokes the callback function if the function is set. ... The
// message count value indicates the number of MQTT messages in the receive queue. ... executes in the MQTT client thread
// context" — here: after the event, never from inside a method.
test('the listener hears the number of messages in the queue with each arrival', () => {
  const lab = new BrokerLab().connected();
  lab.say('30 03 00 01 61', '30 03 00 01 62 30 03 00 01 63');
  expect(lab.heardSince()).toEqual(['received 1', 'received 2', 'received 3']);
  lab.client.receive();
  lab.client.receive();
  lab.say('30 03 00 01 64');
  expect(lab.heardSince()).toEqual(['received 2']);
  lab.client.listener = null;
  lab.say('30 03 00 01 65');
  expect([lab.heardSince(), lab.client.messages]).toEqual([[], 3]);
  lab.end();
});

test('the callback may call every method of the client', () => {
  const lab = new BrokerLab().connected();
  const { client } = lab;
  const got: string[] = [];
  client.listener = {
    connected: () => {},
    disconnected: () => got.push('disconnected'),
    acknowledged: () => {},
    writable: () => {},
    received: () => {
      for (let message = client.receive(); message !== null; message = client.receive()) got.push(message.topic);
      client.publish('answer', '', false, 1);
      if (got.length >= 2) client.disconnect();
    },
  };
  lab.say('30 03 00 01 61 30 03 00 01 62');
  expect(got).toEqual(['a', 'b', 'disconnected']);
  lab.end();
});
