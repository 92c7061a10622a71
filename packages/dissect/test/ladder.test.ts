import { describe, expect, test } from '@jest/globals';
import { type FrameFate, LadderDiagram, type LadderEvent } from '@strata/dissect';

const endpoints = ['device', 'broker'];
const event = (time: number, text: string, fate?: FrameFate): LadderEvent => ({
  time,
  from: 'device',
  to: 'broker',
  text,
  fate,
});
const back = (time: number, text: string, fate?: FrameFate): LadderEvent => ({
  time,
  from: 'broker',
  to: 'device',
  text,
  fate,
});

const EVENTS = [
  event(0, 'ARP who has 192.0.2.2? tell 192.0.2.1'),
  back(120, 'ARP 192.0.2.2 is at 02:00:5e:00:53:02'),
  event(1_000_240, 'MQTT PUBLISH qos1 id=3 "p/7" 12 B', 'lost'),
  event(2_000_240, 'MQTT PUBLISH qos1 id=3 "p/7" 12 B', 'corrupted'),
  event(3_000_240, 'MQTT PUBLISH qos1 id=3 "p/7" 12 B', 'duplicate'),
  back(3_000_360, 'MQTT PUBACK id=3', 'lost'),
];

describe('a ladder diagram', () => {
  test('is as wide as its events need', () => {
    expect(LadderDiagram.fitting({ endpoints }, EVENTS).render(EVENTS)).toMatchInlineSnapshot(`
"        time  device                                               broker
    0.000000     │── ARP who has 192.0.2.2? tell 192.0.2.1 ──────────▶│
    0.000120     │◀─ ARP 192.0.2.2 is at 02:00:5e:00:53:02 ───────────│
    1.000240     │── MQTT PUBLISH qos1 id=3 "p/7" 12 B (lost) ──✗     │
    2.000240     │╌╌ MQTT PUBLISH qos1 id=3 "p/7" 12 B (corrupted) ╌╌▶│
    3.000240     │══ MQTT PUBLISH qos1 id=3 "p/7" 12 B (duplicate) ══▶│
    3.000360     │                      ✗── MQTT PUBACK id=3 (lost) ──│
"
`);
  });

  test('breaks text that does not fit', () => {
    expect(new LadderDiagram({ endpoints, width: 50 }).render(EVENTS.slice(0, 3))).toMatchInlineSnapshot(`
"        time  device                          broker
    0.000000     │ ARP who has 192.0.2.2? tell   │
                 │ 192.0.2.1                     │
                 │──────────────────────────────▶│
    0.000120     │ ARP 192.0.2.2 is at           │
                 │ 02:00:5e:00:53:02             │
                 │◀──────────────────────────────│
    1.000240     │ MQTT PUBLISH qos1 id=3 "p/7"  │
                 │ 12 B (lost)                   │
                 │───────────────✗               │
"
`);
  });

  test('can do with ASCII', () => {
    const events = [
      event(0, 'TCP 1 → 2 [SYN]'),
      back(1, 'x', 'lost'),
      event(2, 'y', 'corrupted'),
      back(3, 'z', 'duplicate'),
    ];
    expect(new LadderDiagram({ endpoints, width: 60, ascii: true }).render(events)).toMatchInlineSnapshot(`
"        time  device                                    broker
    0.000000     |-- TCP 1 -> 2 [SYN] -------------------->|
    0.000001     |                          X-- x (lost) --|
    0.000002     |~~ y (corrupted) ~~~~~~~~~~~~~~~~~~~~~~~>|
    0.000003     |<= z (duplicate) ========================|
"
`);
  });

  test('has any number of columns, and arrows across them', () => {
    const events: LadderEvent[] = [
      { time: 0, from: 'a', to: 'sw0', text: 'one' },
      { time: 1, from: 'a', to: 'b', text: 'across' },
      { time: 2, from: 'b', to: 'sw0', text: '温度' },
      { time: 3, from: 'sw0', to: 'sw0', text: 'a note' },
      { time: 4, from: 'b', to: 'nowhere', text: 'left out' },
    ];
    expect(new LadderDiagram({ endpoints: ['a', 'sw0', 'b'], width: 60 }).render(events)).toMatchInlineSnapshot(`
"        time     a                   sw0                   b
    0.000000     │── one ────────────▶│                    │
    0.000001     │── across ──────────────────────────────▶│
    0.000002     │                    │◀─ 温度 ────────────│
    0.000003     │                    │ a note             │
    0.000004   left out (b to nowhere)
"
`);
  });

  test('every line keeps to the width', () => {
    for (const width of [40, 60, 80, 120]) {
      const diagram = LadderDiagram.fitting({ endpoints: ['one', 'two', 'three'], width }, []);
      const events: LadderEvent[] = ['', 'x', 'a few words of text', 'Z'.repeat(90)].flatMap((text) =>
        (['delivered', 'lost', 'corrupted', 'duplicate'] as const).flatMap((fate) => [
          { time: 5, from: 'one', to: 'two', text, fate },
          { time: 5, from: 'three', to: 'one', text, fate },
          { time: 5, from: 'two', to: 'two', text, fate },
        ]),
      );
      for (const line of events.flatMap((one) => diagram.draw(one))) {
        // The lane has a least width, which two lanes may exceed on a very narrow line.
        expect(line.length).toBeLessThanOrEqual(Math.max(width, 50));
      }
    }
  });

  test('needs two endpoints of different names', () => {
    expect(() => new LadderDiagram({ endpoints: ['a'] })).toThrow(RangeError);
    expect(() => new LadderDiagram({ endpoints: ['a', 'a'] })).toThrow(RangeError);
  });
});
