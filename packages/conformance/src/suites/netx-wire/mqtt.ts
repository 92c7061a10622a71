import { NX_SUCCESS } from '@strata/contracts';
import { withQuirks } from '@strata/stack';
import type { Scenario } from '../../suite/suite.ts';
import { compareRun } from './compare.ts';
import { RUN_MQTT_D1, RUN_MQTT_D2, RUN_MQTT_D3, RUN_MQTT_D4, RUN_MQTT_D10 } from './frames/mqtt.ts';
import { MqttBench } from './mqtt-bench.ts';

/** Runs of the MQTT client. */
export const mqttClient: readonly Scenario[] = [
  {
    name: 'mqtt_d1: the full tour: connect, subscribe, publish, receive, unsubscribe, ping, disconnect',
    covers: ['mqtt_d1'],
    check(t) {
      const lab = new MqttBench(t);
      const { bench, client } = lab;
      client.connect({ keepAliveSeconds: 60, cleanSession: true, waitTicks: 100 });
      bench.settle();
      client.subscribe('a/b', 0);
      bench.until(15);
      client.subscribe('c/#', 1);
      bench.until(20);
      client.publish('t/0', 'hello0', false, 0);
      bench.until(25);
      client.publish('t/1', 'hello1', false, 1);
      bench.until(30);
      client.publish('t/r', 'keep', true, 1);
      bench.until(35);
      client.publish('t/e', '', false, 0);
      bench.until(40);
      lab.say('30090003612f6271302121');
      bench.until(45);
      lab.say('320b0003632f31123471312121');
      bench.until(50);
      lab.say('3b090003632f3112356472');
      bench.until(55);
      t.equal(client.inspect().receiveQueue.messages, 3, 'messages received');
      for (let message = client.receive(); message !== null; message = client.receive());
      client.unsubscribe('a/b');
      bench.until(7060);
      client.disconnect();
      bench.until(7160);
      t.equal(client.delete(), NX_SUCCESS, 'the status of delete');
      compareRun(t, bench, RUN_MQTT_D1);
    },
  },
  {
    name: 'mqtt_d2: login and will are forgotten at the disconnect, and will bits only add up',
    covers: ['mqtt_d2'],
    check(t) {
      const { bench, client } = new MqttBench(t);
      client.loginSet('user', 'secret');
      client.willMessageSet('will/t', 'gone', true, 1);
      client.connect({ keepAliveSeconds: 30, cleanSession: false });
      bench.until(60);
      client.disconnect();
      bench.until(110);
      client.connect({ keepAliveSeconds: 30, cleanSession: false });
      bench.settle();
      client.disconnect();
      bench.until(160);
      client.willMessageSet('will/t', 'gone', true, 1);
      client.willMessageSet('will/u', '', false, 0);
      client.loginSet('user');
      client.connect({ keepAliveSeconds: 0, cleanSession: true });
      bench.settle();
      client.disconnect();
      bench.until(210);
      t.equal([client.state, client.inspect().nextPacketId], [1, 1], 'state and next identifier');
      compareRun(t, bench, RUN_MQTT_D2);
    },
  },
  {
    name: 'mqtt_d3: a keepalive of five seconds pings every four; without an answer FIN follows after one more',
    covers: ['mqtt_d3'],
    check(t) {
      const lab = new MqttBench(t);
      const { bench, client } = lab;
      client.connect({ keepAliveSeconds: 5, cleanSession: true });
      bench.until(1211);
      lab.manners.pongs = false;
      bench.until(2710);
      t.equal([client.state, client.inspect().nextPacketId], [1, 1], 'state and next identifier');
      compareRun(t, bench, RUN_MQTT_D3);
    },
  },
  {
    name: 'mqtt_d4: what nobody acknowledged goes again with DUP after a reconnect, and new identifiers collide with it',
    covers: ['mqtt_d4'],
    check(t) {
      const lab = new MqttBench(
        t,
        { sessionPresent: [0, 1, 0], acknowledges: false },
        withQuirks(t.profile, ['mqtt-packet-id-reset']),
      );
      t.mask('the quirk mqtt-packet-id-reset is on, as in the real stack');
      const { bench, client } = lab;
      client.connect({ keepAliveSeconds: 0, cleanSession: false });
      bench.settle();
      client.publish('q', 'one', false, 1);
      bench.settle();
      client.publish('q', 'two', false, 1);
      bench.until(1010);
      client.disconnect();
      bench.until(1060);
      client.connect({ keepAliveSeconds: 0, cleanSession: false });
      bench.settle();
      client.publish('q', 'three', false, 1);
      bench.until(1080);
      t.equal(client.inspect().transmitQueue.length, 3, 'messages kept');
      lab.say('40020001');
      bench.until(1090);
      lab.say('40020001');
      // In this tick the application's thread ran before the timer that would have sent the acknowledgment.
      bench.until(1099);
      t.equal(client.inspect().transmitQueue.length, 1, 'messages kept after two acknowledgments of identifier 1');
      client.disconnect();
      bench.until(1150);
      client.connect({ keepAliveSeconds: 0, cleanSession: true });
      bench.settle();
      t.equal(client.inspect().transmitQueue.length, 0, 'messages kept after a clean connect');
      compareRun(t, bench, RUN_MQTT_D4);
    },
  },
  {
    name: 'mqtt_d10: a message of 3000 octets, one over two segments, three in one segment',
    covers: ['mqtt_d10'],
    check(t) {
      const lab = new MqttBench(t);
      const { bench, client } = lab;
      client.connect({ keepAliveSeconds: 0, cleanSession: true });
      bench.settle();
      t.equal(client.publish('big', new Uint8Array(3000).fill(0x42), false, 1), NX_SUCCESS, 'the status of publish');
      bench.until(60);
      lab.say('32d70f00036269670009', new Uint8Array(990).fill(0x52));
      bench.until(80);
      lab.say(new Uint8Array(1010).fill(0x52));
      bench.until(130);
      t.equal(client.receive()?.payload.length, 2000, 'the length of the message received');
      lab.say('30090003612f6271302121320b0003632f31123471312121300500017a7a7a');
      bench.until(150);
      t.equal(client.inspect().receiveQueue.messages, 3, 'messages received');
      compareRun(t, bench, RUN_MQTT_D10);
    },
  },
];
