import { expect, test } from '@jest/globals';
import { NX_SUCCESS } from '@strata/contracts';
import { BrokerLab } from '../scripted-broker.ts';

// "Incoming MQTT messages are stored in the receive queue ... the first message (e.g. the oldest) from the queue is returned to
// the caller. The topic string from the message is also returned."
test('messages come out oldest first, each with its topic', () => {
  const lab = new BrokerLab().connected();
  lab.say('30 04 00 01 61 31', '32 06 00 01 62 00 01 32', '30 04 00 01 63 33');
  const got = [1, 2, 3].map(() => {
    const into = { topic: new Uint8Array(8), message: new Uint8Array(8), topicLength: 0, messageLength: 0 };
    expect(lab.client.messageGet(into)).toBe(NX_SUCCESS);
    return String.fromCharCode(
      ...into.topic.subarray(0, into.topicLength),
      ...into.message.subarray(0, into.messageLength),
    );
  });
  expect(got).toEqual(['a1', 'b2', 'c3']);
  lab.end();
});
