import { expect, test } from '@jest/globals';
import { NXD_MQTT_NO_MESSAGE } from '@strata/contracts';
import { BrokerLab } from '../scripted-broker.ts';

// "does not block if the MQTT client receive queue is empty. The function returns immediately with the return code
// NXD_MQTT_NO_MESSAGE. The application shall treat this return value as an indication that the receive queue is empty, not an
// error."
test('an empty receive queue is said at once, and nothing changes by asking', () => {
  const lab = new BrokerLab().connected();
  const into = { topic: new Uint8Array(8), message: new Uint8Array(8), topicLength: 0, messageLength: 0 };
  const before = lab.client.inspect();
  for (let n = 0; n < 100; n++) expect(lab.client.messageGet(into)).toBe(NXD_MQTT_NO_MESSAGE);
  expect(lab.client.inspect()).toEqual(before);
  expect(lab.client.isConnected).toBe(true);
  lab.end();
});
