import { expect, test } from '@jest/globals';
import { BrokerLab } from '../scripted-broker.ts';

// "Calling nxd_mqtt_client_delete() releases all message blocks in the transmit queue and the receive queue. Unacknowledged QoS
// level 1 messages are also deleted."
test.each(['connected', 'disconnected', 'lost', 'connecting'])('delete releases everything when %s', (when) => {
  const lab = new BrokerLab().connected({ cleanSession: false });
  lab.client.publish('t', new Uint8Array(5000), false, 1);
  lab.client.subscribe('t', 1);
  lab.say('30 03 00 01 61 32 05 00 01 61 00 01 30 06');
  if (when === 'disconnected') lab.client.disconnect();
  if (when === 'lost' || when === 'connecting') lab.stream.close(0x38);
  lab.settle();
  if (when === 'connecting') lab.client.connect({ cleanSession: false });
  lab.client.delete();
  lab.settle();
  lab.expectNoLeak();
  expect([lab.client.state, lab.client.messages, lab.client.unacknowledged]).toEqual([0, 0, 0]);
});
