import { expect, test } from '@jest/globals';
import { LAYER_MQTT, MQTT_EVENTS, TRACE_EVENTS } from '@strata/contracts';
import { BrokerLab } from './scripted-broker.ts';

function names(lab: BrokerLab): string[] {
  return lab.events
    .splice(0)
    .map((event) => MQTT_EVENTS.find(({ id }) => id === event.id)?.name ?? `unknown ${event.id}`);
}

test('every event of the layer is described once, and its text names only its arguments', () => {
  expect(new Set(MQTT_EVENTS.map(({ id }) => id)).size).toBe(MQTT_EVENTS.length);
  for (const { id, text, name, arguments: kinds } of MQTT_EVENTS) {
    expect(id >> 8).toBe(LAYER_MQTT);
    expect(TRACE_EVENTS.filter((event) => event.id === id)).toHaveLength(1);
    expect(name).toMatch(/^mqtt\./);
    for (const [index, letter] of ['a', 'b', 'c', 'd'].entries()) {
      if (kinds[index] === 'none') expect(text).not.toContain(`{${letter}}`);
    }
  }
});

test('a connection tells its story', () => {
  const lab = new BrokerLab();
  lab.client.connect({ keepAliveSeconds: 5, cleanSession: false });
  lab.settle();
  expect(names(lab)).toEqual(['mqtt.state', 'mqtt.connect', 'mqtt.connack', 'mqtt.state']);
  lab.client.publish('a', 'x', false, 1);
  lab.client.subscribe('a', 0);
  lab.say('40 02 00 01', '32 05 00 01 61 00 07');
  expect(names(lab)).toEqual([
    'mqtt.publish-sent',
    'mqtt.sent',
    'mqtt.acknowledged',
    'mqtt.publish-received',
    'mqtt.sent',
  ]);
  lab.runTo(410);
  lab.say('d0 00');
  expect(names(lab)).toEqual(['mqtt.ping', 'mqtt.ping-answered']);
  lab.stream.window = 3;
  lab.client.publish('a', 'y', false, 1);
  expect(names(lab)).toEqual(['mqtt.publish-sent', 'mqtt.blocked']);
  lab.stream.close(0x38);
  lab.settle();
  expect(names(lab)).toEqual(['mqtt.state', 'mqtt.ended', 'mqtt.state']);
  lab.client.connect({ cleanSession: false });
  lab.settle();
  expect(names(lab)).toEqual(['mqtt.state', 'mqtt.connect', 'mqtt.connack', 'mqtt.state', 'mqtt.resent']);
  lab.say('00 00');
  expect(names(lab)).toEqual(['mqtt.violation', 'mqtt.state', 'mqtt.ended', 'mqtt.state']);
  lab.end();
});

test('an event that explains a frame points to the packet that becomes it', () => {
  const sent: { id: number; octet: number }[] = [];
  const lab = new BrokerLab({
    client: {
      tracer: {
        event: (id, _a, _b, _c, _d, ref) => {
          const packet = ref as { bytes?: Uint8Array; prepend?: number } | null;
          if (packet?.bytes !== undefined) sent.push({ id, octet: packet.bytes[packet.prepend as number] as number });
        },
      },
    },
  }).connected();
  lab.client.publish('a', 'x', true, 1);
  expect(sent.map(({ octet }) => octet)).toEqual([0x10, 0x33]);
  lab.end();
});
