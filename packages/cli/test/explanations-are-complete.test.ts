import { describe, expect, test } from '@jest/globals';
import * as contracts from '@strata/contracts';
import { dropEntries, statusEntries } from '../src/explain/catalogue.ts';
import { lookUp } from '../src/explain/lookup.ts';

/** NX_ constants of contracts that are not statuses: wait options and packet types. */
const NOT_STATUS =
  /^NX_(NO_WAIT|WAIT_FOREVER|PHYSICAL_(HEADER|TRAILER)|(RECEIVE|IP|ICMP|UDP|TCP|IPV4_TCP|IPV6_TCP)_PACKET)$/;

const statuses = Object.entries(contracts as unknown as Record<string, unknown>).filter(
  ([name, value]) => /^(NX|NXD|TX)_/.test(name) && typeof value === 'number' && !NOT_STATUS.test(name),
) as [string, number][];

describe('explanations', () => {
  test('there is one for every status of contracts, and none for anything else', () => {
    const explained = statusEntries().map((entry) => entry.name);
    expect([...explained].sort()).toEqual(statuses.map(([name]) => name).sort());
    expect(new Set(explained).size).toBe(explained.length);
    expect(explained.length).toBeGreaterThan(270);
  });

  test('each carries the number of contracts', () => {
    const values = new Map(statuses);
    for (const entry of statusEntries()) {
      expect([entry.name, entry.value]).toEqual([entry.name, values.get(entry.name)]);
    }
  });

  test('each says something: sentences, no echo of the name', () => {
    for (const entry of statusEntries()) {
      for (const text of [entry.meaning, entry.cause, ...(entry.remedy === undefined ? [] : [entry.remedy])]) {
        expect([entry.name, text]).toEqual([entry.name, expect.stringMatching(/^\S.*[.)]$/)]);
        expect(text).not.toMatch(/TODO| {2}| ,/);
      }
      expect(entry.meaning.length).toBeGreaterThanOrEqual(20);
      expect(entry.meaning).not.toBe(entry.cause);
      expect(entry.family).not.toBe('');
    }
  });

  test('failures say what to do', () => {
    const without = statusEntries().filter((entry) => entry.remedy === undefined);
    expect(without.every((entry) => entry.value === 0)).toBe(true);
  });

  test('no two statuses of one family share their meaning', () => {
    const seen = new Map<string, string>();
    for (const { family, meaning, name } of statusEntries()) {
      const key = `${family} ${meaning}`;
      if (!/RESERVED_CODE/.test(name)) {
        expect([name, seen.get(key)]).toEqual([name, undefined]);
      }
      seen.set(key, name);
    }
  });

  test('every drop reason and every trace event can be looked up by name', () => {
    for (const entry of dropEntries()) {
      expect([entry.name, lookUp(entry.name).kind]).toEqual([entry.name, 'drop']);
    }
    expect(dropEntries().length).toBe(contracts.DROP_REASONS.length);
    for (const event of contracts.TRACE_EVENTS) {
      expect([event.name, lookUp(event.name).kind]).toEqual([event.name, 'trace']);
    }
  });

  test('every service named as returning a status names one that exists', () => {
    const mqtt = statusEntries().find((entry) => entry.name === 'NXD_MQTT_CONNECT_FAILURE');
    expect(mqtt?.services).toEqual(['nxd_mqtt_client_connect', 'nxd_mqtt_client_secure_connect']);
    const overflow = statusEntries().find((entry) => entry.name === 'NX_WINDOW_OVERFLOW');
    expect(overflow?.services).toEqual(['nx_tcp_socket_send']);
  });
});
