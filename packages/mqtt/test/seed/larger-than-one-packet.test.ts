import { expect, test } from '@jest/globals';
import { encodeMqtt, MQTT_PUBLISH } from '@strata/mqtt';
import { BrokerLab } from '../scripted-broker.ts';

// "NetX Duo MQTT does not support chained-packets." NetX Duo 6.4 was seen to send and receive them all the same (a 3000-octet
// publish, a message over two segments); so does this client, within its pool. Both ways stop at a stated size.
test('a message larger than one packet travels both ways', () => {
  const lab = new BrokerLab().connected();
  expect(lab.client.publish('t', new Uint8Array(3000), false, 1)).toBe(0);
  expect((lab.stream.taken.at(-1) as Uint8Array).length).toBe(3008);
  const { bytes } = encodeMqtt({
    type: MQTT_PUBLISH,
    topic: 't',
    payload: new Uint8Array(3000),
    qos: 0,
    retain: false,
    dup: false,
    id: 0,
  });
  for (let at = 0; at < 3006; at += 1002) lab.sayBytes((bytes as Uint8Array).slice(at, at + 1002));
  expect(lab.client.receive()?.payload.length).toBe(3000);
  lab.end();
});

test('what the pool cannot hold is refused, or closes the connection, and nothing leaks', () => {
  const lab = new BrokerLab({ packets: 8 }).connected();
  expect(lab.client.publish('t', new Uint8Array(20_000), false, 1)).toBe(0x10006);
  lab.say('30 a0 9c 01');
  expect(lab.client.failure().reasonName).toBe('mqtt-too-large');
  lab.end();
});
