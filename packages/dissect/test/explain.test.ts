import { describe, expect, test } from '@jest/globals';
import { DROP_REASONS, TRACE_EVENTS } from '@strata/contracts';
import {
  describeDrop,
  describeStatus,
  describeTraceEvent,
  dropName,
  statusByName,
  statusNamesOf,
  traceEvent,
} from '@strata/dissect';

describe('statuses', () => {
  test.each([
    [0, 'NX_SUCCESS (0x0)'],
    [1, 'NX_NO_PACKET (0x1)'],
    [0x38, 'NX_NOT_CONNECTED (0x38)'],
    [0x10005, 'NXD_MQTT_CONNECT_FAILURE (0x10005)'],
    [0x7fffffff, '0x7fffffff'],
  ])('%p is %s', (code, text) => {
    expect(describeStatus(code)).toBe(text);
  });

  test('share numbers between NetX, ThreadX and MQTT', () => {
    expect(statusNamesOf(0)).toEqual(expect.arrayContaining(['NX_SUCCESS', 'TX_SUCCESS', 'NXD_MQTT_SUCCESS']));
    expect(statusNamesOf(56)).not.toContain('NX_IP_PACKET');
    expect(statusNamesOf(-1)).toEqual([]);
  });

  test('are found by name', () => {
    expect(statusByName('NX_NO_PACKET')).toBe(1);
    expect(statusByName('NX_WAIT_FOREVER')).toBeNull();
  });
});

describe('drop reasons', () => {
  test('all have a sentence and a name', () => {
    for (const [reason, name, sentence] of DROP_REASONS) {
      expect(describeDrop(reason)).toBe(sentence);
      expect(dropName(reason)).toBe(name);
    }
  });

  test('an unknown one is shown as a number', () => {
    expect(describeDrop(0xfff)).toBe('reason 0xfff');
    expect(dropName(0xfff)).toBe('drop-0xfff');
  });
});

describe('trace events', () => {
  test('all have numbers of their own, and their templates are filled in', () => {
    expect(new Set(TRACE_EVENTS.map((event) => event.id)).size).toBe(TRACE_EVENTS.length);
    for (const event of TRACE_EVENTS) {
      expect(traceEvent(event.id)).toBe(event);
      const text = describeTraceEvent(event.id, 1, 2, 3, 4);
      expect(text).not.toMatch(/[{}]|undefined|NaN/);
      expect(text.length).toBeGreaterThan(0);
    }
  });

  test('a template uses only arguments that the event has', () => {
    for (const event of TRACE_EVENTS) {
      for (const [, letter] of event.text.matchAll(/\{([a-d])[:}]/g)) {
        expect([event.name, event.arguments['abcd'.indexOf(letter as string)]]).not.toEqual([event.name, 'none']);
      }
    }
  });

  const byName = (name: string) => TRACE_EVENTS.find((event) => event.name === name)?.id ?? -1;

  test('addresses and MAC addresses are shown as such', () => {
    const text = describeTraceEvent(byName('arp.learned'), 0xc0000202 | 0, 0x0200, 0x5e005302, 1);
    expect(text).toBe('learns that 192.0.2.2 is at MAC 02:00:5e:00:53:02 (interface 1)');
  });

  test.each([
    ['dns.answer', [33, 0x5a03, 0, 1], 'answer to id 0x5a03 about SRV: no error, 1 record'],
    ['dns.answer', [12, 1, 3, 0], 'answer to id 0x1 about PTR: no such name, 0 records'],
    ['ethernet.sent', [0x0806, 42, 0xffff, -1], 'sent ARP, 42 B to MAC ff:ff:ff:ff:ff:ff'],
    ['arp.received', [2, 0xc0000202 | 0, 0xc0000201 | 0, 0], 'receives an answer from 192.0.2.2 about 192.0.2.1'],
    ['icmp.error-sent', [3, 3, 0xc0000202 | 0, 0], 'sends error "destination unreachable (port)" to 192.0.2.2'],
    ['nd.received', [136, 0, 0, 0], 'receives a neighbor advertisement'],
    ['tls.open', [0x304, 1, 0, 0], 'TLS handshake complete: TLS 1.3, 1 certificate of the peer'],
    ['tls.alert', [2, 48, 0, 0], 'TLS alert unknown_ca (48) of level 2 (received: no)'],
  ])('%s says its numbers in words', (name, [a, b, c, d], text) => {
    expect(describeTraceEvent(byName(name), a, b, c, d)).toBe(text);
  });

  test('an unknown one is shown with its numbers', () => {
    expect(describeTraceEvent(0xffff, 1, 2, 3, -4)).toBe('event 0xffff 1 2 3 -4');
    expect(traceEvent(0xffff)).toBeNull();
  });
});
