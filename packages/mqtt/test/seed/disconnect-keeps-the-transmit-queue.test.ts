import { expect, test } from '@jest/globals';
import { BrokerLab } from '../scripted-broker.ts';

// "Calling nxd_mqtt_client_disconnect() simply disconnects the TCP connection to the broker. It releases messages already
// received and stored in the receive queue. However, it does not release QoS level 1 messages in the transmit queue."
test('disconnect releases what was received and keeps what was not acknowledged', () => {
  const lab = new BrokerLab().connected({ cleanSession: false });
  lab.say('30 03 00 01 61', '30 03 00 01 62');
  lab.client.publish('t', 'kept', false, 1);
  lab.client.disconnect();
  lab.settle();
  expect(lab.heardSince().slice(-3)).toEqual(['< e0 00', 'fin', 'disconnected 0x0']);
  expect([lab.client.messages, lab.client.unacknowledged]).toEqual([0, 1]);
  expect(lab.networkPool.available).toBe(lab.networkPool.total);
  lab.end();
});
