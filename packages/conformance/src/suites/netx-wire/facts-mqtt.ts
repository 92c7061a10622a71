import { NX_SUCCESS } from '@strata/contracts';
import { MQTT_STATE_IDLE } from '@strata/mqtt';
import type { Scenario } from '../../suite/suite.ts';
import { MqttBench } from './mqtt-bench.ts';

/** Segments of the client with their data: `tick flags data`. */
function sent(lab: MqttBench): string[] {
  const own = lab.bench.lines.map((line) => line.split(' ')).filter(([, from, , df]) => from === 'a' && df === 'df');
  return own.map(([tick, , , , flags, , , length, , ...rest]) =>
    [tick, flags, Number(length) > 0 ? rest.at(-1) : ''].join(' ').trim(),
  );
}

/** What the MQTT client does around its connection. */
export const mqttFacts: readonly Scenario[] = [
  {
    name: 'a dead link: ping at four seconds of a keepalive of five, FIN a second later, the end when TCP gives up',
    covers: ['mqtt-dead-link'],
    check(t) {
      const lab = new MqttBench(t);
      const { bench, client } = lab;
      client.connect({ keepAliveSeconds: 5, cleanSession: true });
      bench.until(300);
      bench.fate = () => 'drop';
      bench.until(1509);
      t.ok(client.state !== MQTT_STATE_IDLE, 'the client is not done before TCP is');
      bench.until(1511);
      t.equal(client.state, MQTT_STATE_IDLE, 'the state fifteen seconds after the connect');
      const after = sent(lab).filter((line) => Number.parseInt(line, 10) > 300);
      t.equal(after[0], '410 P. c000', 'the ping');
      t.equal(
        after.find((line) => line.includes('F')),
        '510 F.',
        'the FIN',
      );
      t.equal(after.filter((line) => line.includes('e000')).length, 0, 'DISCONNECT packets');
      bench.end();
    },
  },
  {
    name: 'a publish puts the next ping off, what arrives does not',
    covers: ['mqtt-ping'],
    check(t) {
      const lab = new MqttBench(t);
      const { bench, client } = lab;
      client.connect({ keepAliveSeconds: 5, cleanSession: true });
      bench.until(210);
      client.publish('t', 'x', false, 0);
      bench.until(310);
      lab.say('3003000174');
      bench.until(700);
      const pings = sent(lab).filter((line) => line.endsWith('c000'));
      t.equal(pings, ['610 P. c000'], 'pings');
      bench.end();
    },
  },
  {
    name: 'deleting a connected client closes TCP without a DISCONNECT, so that the broker publishes the will',
    covers: ['mqtt-delete'],
    check(t) {
      const lab = new MqttBench(t);
      const { bench, client } = lab;
      client.connect({ keepAliveSeconds: 0, cleanSession: true });
      bench.until(50);
      t.equal(client.delete(), NX_SUCCESS, 'the status');
      bench.until(60);
      t.equal(
        sent(lab).filter((line) => line.startsWith('50')),
        ['50 F.', '50 .'],
        'segments at the end',
      );
      bench.end();
    },
  },
  {
    name: 'every connection has a port of its own; segments have DF, TTL 128 and a window of 8192',
    covers: ['mqtt-socket'],
    check(t) {
      const lab = new MqttBench(t);
      const { bench, client } = lab;
      for (const tick of [20, 40]) {
        bench.until(tick);
        client.connect({ cleanSession: true });
        bench.settle();
        client.disconnect();
      }
      bench.until(60);
      const lines = bench.lines.filter((line) => / a \d+ /.test(line));
      t.ok(lines.length > 8, 'two connections were made');
      for (const line of lines) {
        t.ok(line.split(' ')[3] === 'df' && / 8192( |$)/.test(line), `DF and a window of 8192 in "${line}"`);
        t.ok(!line.includes('ttl='), `TTL 128 in "${line}"`);
      }
      t.equal(new Set(bench.clientPorts).size, 2, 'ports used');
      bench.end();
    },
  },
];
