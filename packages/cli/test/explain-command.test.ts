import { describe, expect, test } from '@jest/globals';
import { lookUp } from '../src/explain/lookup.ts';
import { strata } from './recorder.ts';

describe('strata explain', () => {
  test.each(['0x10005', '0X10005', '65541', 'NXD_MQTT_CONNECT_FAILURE', 'nxd_mqtt_connect_failure', 'connect_failure'])(
    'finds the failed MQTT connect as %s',
    async (word) => {
      const { code, stdout, stderr } = await strata(['explain', word]);
      expect(code).toBe(0);
      expect(stderr).toBe('');
      expect(stdout).toContain('NXD_MQTT_CONNECT_FAILURE  0x10005 (65541), MQTT client');
      expect(stdout).toMatch(/usually .*TCP connection was refused/);
      expect(stdout).toContain('nxd_mqtt_client_connect');
    },
  );

  test('a number that several parts of NetX use names them all', () => {
    const found = lookUp('1');
    expect(found.kind === 'status' && found.entries.map((entry) => entry.name)).toEqual(['NX_NO_PACKET', 'TX_DELETED']);
    const name = lookUp('NX_NO_PACKET');
    expect(name.kind === 'status' && name.alsoNamed).toEqual(['TX_DELETED']);
  });

  test('a spelling of the manual leads to the name of the header', () => {
    const found = lookUp('NXD_MQTT_ERROR_IDENTIFIER_REJECTED');
    expect(found.kind === 'status' && found.entries[0].name).toBe('NXD_MQTT_ERROR_IDENTIFYIER_REJECTED');
  });

  test('a drop reason is found by its name in any spelling', async () => {
    for (const word of ['no-receive-packet', 'NO_RECEIVE_PACKET']) {
      const { code, stdout } = await strata(['explain', word]);
      expect(code).toBe(0);
      expect(stdout).toContain('drop reason of the ethernet layer');
      expect(stdout).toContain('the receiving packet pool is empty');
    }
  });

  test('a trace event is found by name and by number', async () => {
    const { stdout } = await strata(['explain', 'mqtt.connack']);
    expect(stdout).toContain('trace event 0xA02 of the mqtt layer');
    expect(lookUp('0xa02').kind).toBe('trace');
  });

  test('a near miss is suggested', async () => {
    const { code, stdout, stderr } = await strata(['explain', 'NX_WINDOW_OVERFLW']);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('did you mean NX_WINDOW_OVERFLOW');
  });

  test('an ambiguous ending lists its candidates', async () => {
    const { code, stderr } = await strata(['explain', 'ptr_error']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/NX_PTR_ERROR.*TX_PTR_ERROR|TX_PTR_ERROR.*NX_PTR_ERROR/);
  });

  test('an unknown code says so', async () => {
    const { code, stderr } = await strata(['explain', '0xdeadbeef']);
    expect(code).toBe(1);
    expect(stderr).toContain('nothing is known about "0xdeadbeef"');
  });

  test('--json prints one object per word', async () => {
    const { stdout } = await strata(['explain', '--json', '0x38', 'arp-short', 'tcp.nothing'].slice(0, 3));
    const record = JSON.parse(stdout.trim().split('\n')[0]);
    expect(record).toMatchObject({ kind: 'status', value: 56, hex: '0x38', alsoNamed: [] });
    expect(record.names[0].services).toContain('nx_tcp_socket_send');
  });

  test('--all lists every status', async () => {
    const { stdout } = await strata(['explain', '--all']);
    expect(stdout.split('\n').length).toBeGreaterThan(270);
    expect(stdout).toMatch(/0x10005 +65541 {2}NXD_MQTT_CONNECT_FAILURE/);
  });

  test('nothing to explain is a usage error', async () => {
    const { code, stderr } = await strata(['explain']);
    expect(code).toBe(2);
    expect(stderr).toContain('nothing to explain');
    expect(stderr).toContain('see strata explain --help');
  });
});
