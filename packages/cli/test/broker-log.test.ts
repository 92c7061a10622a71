import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import { Lab } from '@strata/stack';
import type { Aedes } from 'aedes';
import { BrokerLog } from '../src/site/broker-log.ts';

test('what clients call themselves and their topics cannot control the terminal', () => {
  const lines: string[] = [];
  const aedes = new EventEmitter();
  new BrokerLog(new Lab({ seed: 1 }), (line) => lines.push(line.trim())).listen(aedes as unknown as Aedes);
  aedes.emit('clientReady', { id: 'a\u001b[2Jb' });
  aedes.emit('publish', { topic: 'x\r\ny\u0000/ü', payload: [1], qos: 1, retain: true }, { id: '\u009b31m' });
  expect(lines.map((line) => line.replace(/^[\d.]+ +/, ''))).toEqual([
    'a\\x1b[2Jb connected',
    '\\x9b31m published x\\x0d\\x0ay\\x00/ü, 1 bytes, QoS 1, retained',
  ]);
});
