import { describe, expect, test } from '@jest/globals';
import { ConversationFollower } from '@strata/dissect';
import { ethernet, IP_A, IP_B, ipv4, long, mqtt, segment, type TcpParts, tcp, word } from './frames.ts';
import { random, utf8 } from './hex.ts';

const FIN = 1;
const SYN = 2;
const RST = 4;
const PSH = 8;
const ACK = 16;

/** The two ends of a connection whose numbers begin just below the wrap, so that every test crosses it. */
class Wire {
  readonly follower: ConversationFollower;
  /** Initial sequence numbers of client and server. */
  readonly client = 0xfffffff0;
  readonly server = 0xffffff00;

  constructor() {
    this.follower = new ConversationFollower();
  }

  /** From the client to port 1883. Numbers are relative. */
  up(parts: TcpParts) {
    return this.follower.follow(segment(this.absolute(parts, this.client, this.server)));
  }

  /** From the server. The addresses are swapped, which no checksum notices. */
  down(parts: TcpParts) {
    const absolute = this.absolute({ source: 1883, destination: 49152, ...parts }, this.server, this.client);
    const bytes = ipv4(6, tcp(4, absolute));
    return this.follower.follow(ethernet(0x0800, [...bytes.slice(0, 12), ...IP_B, ...IP_A, ...bytes.slice(20)]));
  }

  private absolute(parts: TcpParts, mine: number, theirs: number): TcpParts {
    return {
      ...parts,
      sequence: (mine + (parts.sequence ?? 0)) >>> 0,
      acknowledgment: ((parts.flags ?? ACK) & ACK) === 0 ? 0 : (theirs + (parts.acknowledgment ?? 0)) >>> 0,
    };
  }

  open(options: number[] = []): void {
    this.up({ flags: SYN, options });
    this.down({ flags: SYN | ACK, acknowledgment: 1, options });
    this.up({ sequence: 1, acknowledgment: 1 });
  }
}

const publish = (size: number) =>
  mqtt(0x32, [...utf8('plant/7/temp', true), ...word(3), ...new Array<number>(size).fill(65)]);

describe('sequence numbers are counted from the SYN', () => {
  test('through handshake, data and close', () => {
    const wire = new Wire();
    const options = [2, 4, 5, 0xb4];
    expect(wire.up({ flags: SYN, options }).summary).toBe('TCP 49152 → 1883 [SYN] seq=0 win=8192 len=0 mss=1460');
    expect(wire.down({ flags: SYN | ACK, acknowledgment: 1, options }).summary).toBe(
      'TCP 1883 → 49152 [SYN, ACK] seq=0 ack=1 win=8192 len=0 mss=1460',
    );
    expect(wire.up({ sequence: 1, acknowledgment: 1 }).summary).toBe(
      'TCP 49152 → 1883 [ACK] seq=1 ack=1 win=8192 len=0',
    );
    const data = wire.up({ sequence: 1, acknowledgment: 1, flags: PSH | ACK, payload: publish(12) });
    expect(data).toMatchObject({
      summary: 'MQTT PUBLISH qos1 id=3 "plant/7/temp" 12 B',
      connection: 1,
      sequence: 1,
      acknowledgment: 1,
      notes: [],
    });
    expect(data.messages).toMatchObject([{ type: 3, packetId: 3, topic: 'plant/7/temp', payloadLength: 12 }]);
    expect(wire.down({ sequence: 1, acknowledgment: 31, flags: FIN | ACK }).summary).toBe(
      'TCP 1883 → 49152 [FIN, ACK] seq=1 ack=31 win=8192 len=0',
    );
    expect(wire.up({ sequence: 31, acknowledgment: 2, flags: FIN | ACK }).sequence).toBe(31);
    expect(wire.down({ sequence: 2, acknowledgment: 32 }).notes).toEqual([]);
  });

  test('of a connection that was joined in the middle, the first octet seen is 1', () => {
    const wire = new Wire();
    const first = wire.up({ sequence: 5000, acknowledgment: 7000, flags: PSH | ACK, payload: mqtt(0xc0, []) });
    expect(first).toMatchObject({ summary: 'MQTT PINGREQ', sequence: 1, acknowledgment: 1 });
    expect(
      wire.down({ sequence: 7000, acknowledgment: 5002, flags: PSH | ACK, payload: mqtt(0xd0, []) }),
    ).toMatchObject({
      summary: 'MQTT PINGRESP',
      sequence: 1,
      acknowledgment: 3,
    });
  });

  test('again when the same ports open a new connection', () => {
    const wire = new Wire();
    wire.open();
    wire.up({ sequence: 1, acknowledgment: 1, flags: PSH | ACK, payload: publish(50) });
    expect(wire.up({ sequence: 100000, flags: SYN })).toMatchObject({ sequence: 0, notes: [] });
    expect(wire.down({ sequence: 200000, acknowledgment: 100001, flags: SYN | ACK })).toMatchObject({
      sequence: 0,
      acknowledgment: 1,
      notes: [],
    });
  });

  test('a reset of a SYN counts from what it knows', () => {
    const wire = new Wire();
    wire.up({ flags: SYN });
    expect(wire.down({ flags: RST | ACK, acknowledgment: 1, window: 0 }).summary).toBe(
      'TCP 1883 → 49152 [RST, ACK] seq=1 ack=1 win=0 len=0',
    );
  });

  test('windows are scaled when both SYNs offered it', () => {
    const wire = new Wire();
    wire.open([3, 3, 7, 0]);
    expect(wire.up({ sequence: 1, acknowledgment: 1, window: 10 }).summary).toContain('win=1280 ');
  });

  test('SACK blocks are relative to what they acknowledge', () => {
    const wire = new Wire();
    wire.open();
    const sack = [1, 1, 5, 10, ...long((wire.client + 11) >>> 0), ...long((wire.client + 21) >>> 0)];
    wire.up({ sequence: 11, acknowledgment: 1, flags: ACK, payload: new Array<number>(10).fill(0) });
    expect(wire.down({ sequence: 1, acknowledgment: 1, options: sack }).summary).toContain('sack=11-21');
  });
});

describe('what happened on the wire is named', () => {
  test('a retransmission carries the messages it carried before', () => {
    const wire = new Wire();
    wire.open();
    const parts = { sequence: 1, acknowledgment: 1, flags: PSH | ACK, payload: publish(12) };
    wire.up(parts);
    expect(wire.up(parts)).toMatchObject({
      summary: 'MQTT PUBLISH qos1 id=3 "plant/7/temp" 12 B [retransmission]',
      messages: [],
    });
  });

  test('SYN and FIN sent again', () => {
    const wire = new Wire();
    wire.up({ flags: SYN });
    expect(wire.up({ flags: SYN }).notes).toEqual(['retransmission']);
    wire.down({ flags: SYN | ACK, acknowledgment: 1 });
    expect(wire.down({ flags: SYN | ACK, acknowledgment: 1 }).notes).toEqual(['retransmission']);
    wire.up({ sequence: 1, acknowledgment: 1, flags: FIN | ACK });
    expect(wire.up({ sequence: 1, acknowledgment: 1, flags: FIN | ACK }).notes).toEqual(['retransmission']);
  });

  test('a segment before its predecessor, and the predecessor late', () => {
    const wire = new Wire();
    wire.open();
    const whole = publish(100);
    const later = wire.up({ sequence: 51, acknowledgment: 1, flags: PSH | ACK, payload: whole.slice(50) });
    expect(later.notes).toEqual(['50 B before it not seen']);
    const first = wire.up({ sequence: 1, acknowledgment: 1, flags: PSH | ACK, payload: whole.slice(0, 50) });
    expect(first.summary).toBe('MQTT PUBLISH qos1 id=3 "plant/7/temp" 100 B [out of order]');
  });

  test('duplicate acknowledgments are counted, window updates are not', () => {
    const wire = new Wire();
    wire.open();
    for (const sequence of [1, 11, 21])
      wire.up({ sequence, acknowledgment: 1, payload: new Array<number>(10).fill(0) });
    wire.down({ sequence: 1, acknowledgment: 11 });
    expect(wire.down({ sequence: 1, acknowledgment: 11 }).notes).toEqual(['duplicate ACK 1']);
    expect(wire.down({ sequence: 1, acknowledgment: 11 }).notes).toEqual(['duplicate ACK 2']);
    expect(wire.down({ sequence: 1, acknowledgment: 11, window: 9000 }).notes).toEqual(['window update']);
    expect(wire.down({ sequence: 1, acknowledgment: 31 }).notes).toEqual([]);
    expect(wire.down({ sequence: 1, acknowledgment: 31 }).notes).toEqual([]);
  });

  test('zero window, its probe, and the end of it', () => {
    const wire = new Wire();
    wire.open();
    wire.up({ sequence: 1, acknowledgment: 1, payload: new Array<number>(10).fill(0) });
    expect(wire.down({ sequence: 1, acknowledgment: 11, window: 0 }).notes).toEqual(['zero window']);
    expect(wire.up({ sequence: 11, acknowledgment: 1, payload: [1] }).notes).toEqual(['zero-window probe']);
    expect(wire.down({ sequence: 1, acknowledgment: 11, window: 0 }).notes).toEqual(['zero window']);
    expect(wire.up({ sequence: 11, acknowledgment: 1, payload: [1] }).notes).toEqual(['zero-window probe']);
    expect(wire.down({ sequence: 1, acknowledgment: 11, window: 100 }).notes).toEqual(['window update']);
    expect(wire.up({ sequence: 11, acknowledgment: 1, payload: [1, 2, 3] }).notes).toEqual([]);
  });

  test('keep-alives with and without an octet', () => {
    const wire = new Wire();
    wire.open();
    expect(wire.up({ sequence: 0, acknowledgment: 1 }).notes).toEqual(['keep-alive']);
    expect(wire.up({ sequence: 0, acknowledgment: 1, payload: [0] }).notes).toEqual(['keep-alive']);
    expect(wire.down({ sequence: 1, acknowledgment: 1 }).notes).toEqual([]);
  });

  test('a damaged frame is shown and not followed', () => {
    const wire = new Wire();
    wire.open();
    const frame = segment({
      sequence: (wire.client + 1) >>> 0,
      acknowledgment: (wire.server + 1) >>> 0,
      flags: PSH | ACK,
      payload: publish(12),
    });
    const damaged = frame.slice();
    damaged[80] = 0;
    const seen = wire.follower.follow(damaged);
    expect(seen).toMatchObject({ notes: ['bad checksum'], connection: 0, messages: [] });
    expect(seen.summary).toMatch(/^TCP 49152 → 1883 \[PSH, ACK\] .* \[bad checksum\]$/);
    expect(wire.follower.follow(frame)).toMatchObject({
      notes: [],
      summary: 'MQTT PUBLISH qos1 id=3 "plant/7/temp" 12 B',
    });
  });
});

describe('messages across segments', () => {
  test('show how far they are, and the message when it is whole', () => {
    const wire = new Wire();
    wire.open();
    const whole = publish(3000);
    const cut = (from: number, to: number) =>
      wire.up({ sequence: 1 + from, acknowledgment: 1, flags: PSH | ACK, payload: whole.slice(from, to) }).summary;
    expect(cut(0, 1460)).toBe('MQTT PUBLISH qos1 id=3 "plant/7/temp" 3000 B (1460 of 3019 B)');
    expect(cut(1460, 2920)).toBe('MQTT PUBLISH qos1 id=3 "plant/7/temp" 3000 B (2920 of 3019 B)');
    expect(cut(2920, 3019)).toBe('MQTT PUBLISH qos1 id=3 "plant/7/temp" 3000 B');
  });

  test('however they are cut, mixed up and repeated, each is found once', () => {
    const messages = [publish(0), mqtt(0xc0, []), publish(300), mqtt(0x40, word(3)), publish(5000), mqtt(0xe0, [])];
    const stream = messages.flat();
    for (let seed = 0; seed < 60; seed++) {
      const next = random(seed);
      const wire = new Wire();
      wire.open();
      const pieces: [number, number][] = [];
      for (let at = 0; at < stream.length; ) {
        const size = 1 + Math.floor(next() * (seed % 3 === 0 ? 50 : 1460));
        pieces.push([at, Math.min(stream.length, at + size)]);
        at += size;
        if (next() < 0.2) pieces.push(pieces[Math.floor(next() * pieces.length)] as [number, number]);
      }
      for (let i = 0; i + 1 < pieces.length; i++) {
        if (next() < 0.3) [pieces[i], pieces[i + 1]] = [pieces[i + 1]!, pieces[i]!];
      }
      const found = pieces.flatMap(
        ([from, to]) => wire.up({ sequence: 1 + from, acknowledgment: 1, payload: stream.slice(from, to) }).messages,
      );
      expect(found.map((message) => message.length)).toEqual(messages.map((message) => message.length));
    }
  });

  test('one longer than what is kept is described by its beginning', () => {
    const wire = new Wire();
    wire.open();
    const whole = publish(200_000);
    let last = '';
    for (let at = 0; at < whole.length; at += 1460) {
      last = wire.up({ sequence: 1 + at, acknowledgment: 1, payload: whole.slice(at, at + 1460) }).summary;
    }
    expect(last).toBe('MQTT PUBLISH qos1 id=3 "plant/7/temp" 200000 B');
  });

  test('nonsense ends the reading until a segment begins with a packet', () => {
    const wire = new Wire();
    wire.open();
    expect(wire.up({ sequence: 1, acknowledgment: 1, payload: [0, 0, 0] }).summary).toBe('nonsense in the stream');
    expect(wire.up({ sequence: 4, acknowledgment: 1, payload: mqtt(0xc0, []) }).summary).toBe('MQTT PINGREQ');
  });

  test('a gap that is never filled is passed', () => {
    const wire = new Wire();
    wire.open();
    let found = 0;
    for (let at = 2000; at < 4000; at += 2) {
      found += wire.up({ sequence: at, acknowledgment: 1, payload: mqtt(0xc0, []) }).messages.length;
      if (found > 20) break;
    }
    expect(found).toBeGreaterThan(20);
  });

  test('a message and the FIN in one segment', () => {
    const wire = new Wire();
    wire.open();
    expect(wire.up({ sequence: 1, acknowledgment: 1, flags: FIN | ACK, payload: mqtt(0xe0, []) }).summary).toBe(
      'MQTT DISCONNECT [FIN]',
    );
  });

  test('TLS records', () => {
    const follower = new ConversationFollower();
    const record = [23, 3, 3, ...word(2000), ...new Array<number>(2000).fill(7)];
    follower.follow(segment({ destination: 8883, flags: SYN, sequence: 9 }));
    const at = (from: number, to: number) =>
      follower.follow(segment({ destination: 8883, sequence: 10 + from, payload: record.slice(from, to) })).summary;
    expect(at(0, 1460)).toBe('TLS ApplicationData, 2000 B (1460 of 2005 B)');
    expect(at(1460, 2005)).toBe('TLS ApplicationData, 2000 B');
  });
});

test('connections beyond the bound push the oldest out', () => {
  const follower = new ConversationFollower({ maximumConnections: 2 });
  const open = (source: number) => follower.follow(segment({ source, flags: SYN })).connection;
  expect([open(1), open(2), open(1), open(3), open(2), open(1)]).toEqual([1, 2, 1, 3, 2, 4]);
});
