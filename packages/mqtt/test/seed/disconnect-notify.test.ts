import { expect, test } from '@jest/globals';
import { NX_NOT_CONNECTED } from '@strata/contracts';
import { BrokerLab } from '../scripted-broker.ts';

// "The broker may also disconnect from the client. ... Once a TCP disconnect is observed and the MQTT session has been created,
// the notification function is invoked."
test.each([
  ['closes', (lab: BrokerLab) => lab.stream.finish()],
  ['resets', (lab: BrokerLab) => lab.stream.close(NX_NOT_CONNECTED)],
])('the listener hears once when the broker %s', (_what, act) => {
  const lab = new BrokerLab().connected();
  act(lab);
  lab.settle();
  expect(lab.heardSince().filter((line) => line.startsWith('disconnected'))).toEqual(['disconnected 0x10007']);
  lab.end();
});

test('not before there was a session', () => {
  const lab = new BrokerLab({ accepts: false });
  lab.client.connect();
  lab.settle();
  lab.stream.close(NX_NOT_CONNECTED);
  lab.settle();
  expect(lab.heardSince().some((line) => line.startsWith('disconnected'))).toBe(false);
  lab.end();
});
