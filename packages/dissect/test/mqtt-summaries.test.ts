import { describe, expect, test } from '@jest/globals';
import { ConversationFollower, dissect, problemsOf, summary } from '@strata/dissect';
import { mqtt, segment, word } from './frames.ts';
import { utf8 } from './hex.ts';

const name = utf8('MQTT', true);
const text = (value: string) => utf8(value, true);
const bytes = (...parts: number[][]) => Uint8Array.from(parts.flat());
const packet = (first: number, ...body: number[][]) => bytes(mqtt(first, body.flat()));

describe('each control packet in one line', () => {
  test.each([
    ['MQTT CONNECT "device" clean keepalive=60s', packet(0x10, name, [4, 2], word(60), text('device'))],
    ['MQTT CONNECT "device" persistent keepalive=0s', packet(0x10, name, [4, 0], word(0), text('device'))],
    [
      'MQTT CONNECT "d" clean keepalive=10s will="gone" qos1 retain 3 B user="me" password',
      packet(0x10, name, [4, 0xee], word(10), text('d'), text('gone'), text('bye'), text('me'), text('secret')),
    ],
    ['MQTT CONNECT "MQTT" level 5', packet(0x10, name, [5, 2], word(60), [0], text('device'))],
    ['MQTT CONNACK accepted', packet(0x20, [0, 0])],
    ['MQTT CONNACK accepted session-present', packet(0x20, [1, 0])],
    ['MQTT CONNACK refused: not authorized (5)', packet(0x20, [0, 5])],
    ['MQTT PUBLISH qos1 id=3 "plant/7/temp" 12 B', packet(0x32, text('plant/7/temp'), word(3), utf8('21.5 degrees'))],
    ['MQTT PUBLISH qos0 "t" 0 B', packet(0x30, text('t'))],
    ['MQTT PUBLISH qos2 dup retain id=65535 "t" 1 B', packet(0x3d, text('t'), word(65535), [7])],
    ['MQTT PUBACK id=3', packet(0x40, word(3))],
    ['MQTT PUBREC id=4', packet(0x50, word(4))],
    ['MQTT PUBREL id=4', packet(0x62, word(4))],
    ['MQTT PUBCOMP id=4', packet(0x70, word(4))],
    ['MQTT SUBSCRIBE id=1 "plant/#" qos1', packet(0x82, word(1), text('plant/#'), [1])],
    ['MQTT SUBSCRIBE id=1 "a" qos0, "+/b" qos2', packet(0x82, word(1), text('a'), [0], text('+/b'), [2])],
    ['MQTT SUBACK id=1 qos1, failure', packet(0x90, word(1), [1, 0x80])],
    ['MQTT UNSUBSCRIBE id=2 "plant/#", "x"', packet(0xa2, word(2), text('plant/#'), text('x'))],
    ['MQTT UNSUBACK id=2', packet(0xb0, word(2))],
    ['MQTT PINGREQ', packet(0xc0)],
    ['MQTT PINGRESP', packet(0xd0)],
    ['MQTT DISCONNECT', packet(0xe0)],
  ])('%s', (expected, frame) => {
    expect(summary(frame, { link: 'mqtt' })).toBe(expected);
    expect(dissect(frame, { link: 'mqtt' }).problems).toEqual([]);
  });

  test('several in one segment stand in one line', () => {
    const payload = [...mqtt(0x40, word(1)), ...mqtt(0xd0, []), ...mqtt(0x30, text('t'))];
    expect(summary(segment({ flags: 24, payload }))).toBe('MQTT PUBACK id=1; MQTT PINGRESP; MQTT PUBLISH qos0 "t" 0 B');
  });

  test('one that goes on in the next segment says so', () => {
    const payload = mqtt(0x32, [...text('big'), ...word(9), ...new Array<number>(2000).fill(65)]).slice(0, 1000);
    expect(summary(segment({ flags: 24, payload }))).toBe('MQTT PUBLISH qos1 id=9 "big" 2000 B (1000 of 2010 B)');
  });

  test('bytes in the middle of one are not guessed at', () => {
    expect(summary(segment({ flags: 24, payload: [0, 65, 66] }))).toBe('MQTT part of a packet, 3 B');
  });

  test('another port can carry MQTT', () => {
    const frame = segment({ destination: 5000, flags: 24, payload: mqtt(0xc0, []) });
    expect(summary(frame)).toMatch(/^TCP/);
    expect(summary(frame, { mqttPorts: [5000] })).toBe('MQTT PINGREQ');
  });

  test('text from the wire cannot command a terminal', () => {
    const frame = packet(0x30, text('a\u001b[31m"\u202e\\\n'), []);
    expect(summary(frame, { link: 'mqtt' })).toBe('MQTT PUBLISH qos0 "a\\u001b[31m\\"\\u202e\\\\\\n" 0 B');
  });

  test('text beyond ASCII is shown as it is', () => {
    expect(summary(packet(0x30, text('Werk/Süd/温度/🌡')), { link: 'mqtt' })).toBe(
      'MQTT PUBLISH qos0 "Werk/Süd/温度/🌡" 0 B',
    );
  });
});

describe('what MQTT 3.1.1 forbids is named', () => {
  test.each([
    ['MQTT-1.5.3-1', packet(0x30, [0, 2, 0xc3, 0x28])],
    ['MQTT-1.5.3-2', packet(0x30, text('a\0b'))],
    ['MQTT-2.3.1-1', packet(0x40, word(0))],
    ['flags of SUBSCRIBE must be 2', packet(0x80, word(1), text('a'), [0])],
    ['flags of PUBREL must be 2', packet(0x60, word(1))],
    ['MQTT-3.1.2-3', packet(0x10, name, [4, 3], word(0), text('d'))],
    ['MQTT-3.1.2-11', packet(0x10, name, [4, 0x0a], word(0), text('d'))],
    ['MQTT-3.1.2-14', packet(0x10, name, [4, 0x1e], word(0), text('d'), text('w'), text('m'))],
    ['MQTT-3.1.2-22', packet(0x10, name, [4, 0x42], word(0), text('d'), text('p'))],
    ['MQTT-3.1.3-7', packet(0x10, name, [4, 0], word(0), text(''))],
    ['no version of MQTT', packet(0x10, text('MQTZ'), [4, 2], word(0), text('d'))],
    ['MQTT-3.2.2-4', packet(0x20, [1, 5])],
    ['above 5 are reserved', packet(0x20, [0, 6])],
    ['MQTT-3.3.1-4', packet(0x36, text('t'), word(1))],
    ['MQTT-3.3.1-2', packet(0x38, text('t'))],
    ['MQTT-3.3.2-2', packet(0x30, text('a/+'))],
    ['MQTT-4.7.3-1', packet(0x30, text(''))],
    ['MQTT-3.8.3-3', packet(0x82, word(1))],
    ['MQTT-3-8.3-4', packet(0x82, word(1), text('a'), [3])],
    ['MQTT-4.7.1-2', packet(0x82, word(1), text('a/#/b'), [0])],
    ['MQTT-3.9.3-2', packet(0x90, word(1), [3])],
    ['left behind the last field', packet(0x40, word(1), [9])],
    ['ends where', packet(0x40, [1])],
    ['ends where', packet(0x30, [0, 9, 65])],
    ['left behind the last field', packet(0xc0, [1])],
  ])('%s', (words, frame) => {
    const follower = new ConversationFollower();
    follower.follow(segment({ flags: 2, sequence: 0 }));
    const { messages } = follower.follow(segment({ flags: 24, sequence: 1, payload: [...frame] }));
    const problems = messages.flatMap((message) => problemsOf(message.layer));
    expect(problems.map((problem) => `${problem.kind} ${problem.text}`).join('\n')).toMatch(/^malformed /);
    expect(problems.map((problem) => problem.text).join('\n')).toContain(words);
  });

  test('a length in more bytes than it needs', () => {
    const frame = bytes([0xc0, 0x80, 0x00]);
    expect(dissect(frame, { link: 'mqtt' }).problems).toMatchObject([{ kind: 'unusual' }]);
  });

  test('a length of more than four bytes is not read', () => {
    expect(summary(bytes([0x30, 0xff, 0xff, 0xff, 0xff, 0x7f]), { link: 'mqtt' })).toBe('MQTT part of a packet, 6 B');
  });
});
