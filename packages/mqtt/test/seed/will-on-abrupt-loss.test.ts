import { expect, test } from '@jest/globals';
import { RoutingBroker } from '../routing-broker.ts';

// "The client may be disconnected from the broker (for example when the client reboots, or the communication link is temporarily
// lost)." What the broker was told to publish then, it publishes; an orderly disconnect takes it back.
test('the will is published when the link is lost or the client deleted, not after disconnect', () => {
  const broker = new RoutingBroker();
  const watcher = broker.client('watcher');
  watcher.connect().subscribe('status', 1);
  const device = broker.client('device');
  for (const how of ['cut', 'disconnect', 'delete']) {
    device.client.willMessageSet('status', how, false, 1);
    device.connect();
    if (how === 'cut') broker.cut('device');
    else if (how === 'disconnect') device.client.disconnect();
    else device.client.delete();
    broker.settle();
  }
  expect(watcher.texts()).toEqual(['status=cut', 'status=delete']);
  expect(broker.end()).toBe(0);
});
