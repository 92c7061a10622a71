import { describe, expect, test } from '@jest/globals';
import { NX_SUCCESS, NXD_MQTT_INVALID_PARAMETER } from '@strata/contracts';
import type { MqttQuirk } from '@strata/mqtt';
import { BrokerLab } from './scripted-broker.ts';

/** Defects of the real client, each on and off. */
function connected(...quirks: MqttQuirk[]): BrokerLab {
  const lab = new BrokerLab({ client: { quirks } });
  lab.client.connect();
  lab.settle();
  lab.heardSince();
  return lab;
}

/** Packets of all pools that nobody has given back. */
function missing(lab: BrokerLab): number {
  return [lab.pool, lab.streamPool, lab.networkPool].reduce((sum, pool) => sum + pool.total - pool.available, 0);
}

describe('mqtt-unread-leak', () => {
  test.each([
    [['mqtt-unread-leak'] as MqttQuirk[], 2],
    [[], 0],
  ])('with %j two unread messages cost %i packets at the disconnect', (quirks, lost) => {
    const lab = connected(...quirks);
    lab.say('30 05 00 03 61 2f 62');
    lab.say('30 05 00 03 61 2f 63');
    lab.client.disconnect();
    lab.settle();
    expect(missing(lab)).toBe(lost);
  });
});

describe('mqtt-malformed-leak', () => {
  test('with it a PUBLISH whose topic is longer than the packet costs a packet, and the connection goes on', () => {
    const lab = connected('mqtt-malformed-leak');
    lab.say('30 05 00 ff 61 2f 62');
    expect(lab.heardSince()).toEqual([]);
    expect(missing(lab)).toBe(1);
    lab.say('30 05 00 03 61 2f 62');
    expect(lab.heardSince()).toEqual(['received 1']);
  });

  test('without it the connection ends, and nothing is missing', () => {
    const lab = connected();
    lab.say('30 05 00 ff 61 2f 62');
    expect(lab.heardSince()).toContain('disconnected 0x10008');
    expect(missing(lab)).toBe(0);
    lab.end();
  });
});

describe('mqtt-publish-qos3', () => {
  test('with it QoS 3 goes out without an identifier and stays in the queue', () => {
    const lab = connected('mqtt-publish-qos3');
    expect(lab.client.publish('q', 'x', false, 3)).toBe(NX_SUCCESS);
    lab.settle();
    expect(lab.heardSince()).toEqual(['< 36 04 00 01 71 78']);
    expect(lab.client.inspect().transmitQueue.length).toBe(1);
    lab.client.delete();
    lab.settle();
    expect(missing(lab)).toBe(0);
  });

  test('without it QoS 3 is refused', () => {
    const lab = connected();
    expect(lab.client.publish('q', 'x', false, 3)).toBe(NXD_MQTT_INVALID_PARAMETER);
    lab.end();
  });
});
