import { displayWidth, wrapText } from './display-width.ts';

/** What became of a frame on its way. */
export type FrameFate = 'delivered' | 'lost' | 'corrupted' | 'duplicate';

/** One arrow of the diagram. */
export interface LadderEvent {
  /** Microseconds. */
  readonly time: number;
  /** Names of two of the diagram's endpoints. Equal ones make a note beside that endpoint. */
  readonly from: string;
  readonly to: string;
  readonly text: string;
  /** Default delivered. */
  readonly fate?: FrameFate | undefined;
}

export interface LadderOptions {
  /** The columns, from left to right; two at least. */
  readonly endpoints: readonly string[];
  /** Most characters in a line. Default 100. */
  readonly width?: number | undefined;
  /** Arrows from ASCII characters only. Default false. */
  readonly ascii?: boolean | undefined;
}

interface Pen {
  readonly life: string;
  readonly left: string;
  readonly right: string;
  readonly lost: string;
  readonly strokes: Readonly<Record<FrameFate, string>>;
}

const LINES: Pen = {
  life: '│',
  left: '◀',
  right: '▶',
  lost: '✗',
  strokes: { delivered: '─', lost: '─', corrupted: '╌', duplicate: '═' },
};

const ASCII: Pen = {
  life: '|',
  left: '<',
  right: '>',
  lost: 'X',
  strokes: { delivered: '-', lost: '-', corrupted: '~', duplicate: '=' },
};

const FATE_WORDS: Readonly<Record<FrameFate, string>> = {
  delivered: '',
  lost: ' (lost)',
  corrupted: ' (corrupted)',
  duplicate: ' (duplicate)',
};

/** The narrowest lane between two endpoints: room for a short arrow. */
const NARROWEST = 12;
const TIME_WIDTH = 12;

/**
 * Draws who sent what to whom, one arrow a line, time downwards:
 *
 *         time   device                                      broker
 *     0.000000     │── ARP who has 192.0.2.2? tell 192.0.2.1 ──▶│
 *     0.000120     │◀─ ARP 192.0.2.2 is at 02:00:… ─────────────│
 *     1.000240     │── MQTT PUBLISH qos1 id=3 "p/7" 12 B ──✗    │
 *
 * {@link head} and {@link draw} serve while things happen; {@link LadderDiagram.fitting} makes the lanes as wide as a known
 * list of events needs. Text that does not fit an arrow stands in full above it.
 */
export class LadderDiagram {
  private readonly endpoints: readonly string[];
  private readonly pen: Pen;
  private readonly ascii: boolean;
  /** Characters between two neighbouring life lines. */
  private readonly lane: number;
  private readonly width: number;

  /** @throws RangeError when there are fewer than two endpoints or two of the same name */
  constructor(options: LadderOptions) {
    const { endpoints } = options;
    if (endpoints.length < 2) throw new RangeError('a ladder has two endpoints at least');
    if (new Set(endpoints).size !== endpoints.length) throw new RangeError('two endpoints have the same name');
    this.endpoints = endpoints;
    this.ascii = options.ascii === true;
    this.pen = this.ascii ? ASCII : LINES;
    this.width = options.width ?? 100;
    this.lane = LadderDiagram.laneOf(this.width, endpoints.length);
  }

  private static laneOf(width: number, columns: number): number {
    const available = Math.floor((width - TIME_WIDTH - 5 - columns) / (columns - 1));
    return Math.max(NARROWEST, available);
  }

  /** A diagram no wider than `width` and no wider than these events need. */
  static fitting(options: LadderOptions, events: readonly LadderEvent[]): LadderDiagram {
    const { endpoints } = options;
    let lane = NARROWEST;
    for (const name of endpoints) lane = Math.max(lane, displayWidth(name) + 2);
    for (const event of events) {
      const lanes = Math.abs(endpoints.indexOf(event.from) - endpoints.indexOf(event.to));
      if (lanes === 0) continue;
      // Two strokes and a space on either side of the text, an arrow head, and the life lines passed on the way.
      const need = displayWidth(label(event, options.ascii === true)) + 7 - (lanes - 1);
      lane = Math.max(lane, Math.ceil(need / lanes));
    }
    const wanted = TIME_WIDTH + 5 + endpoints.length + lane * (endpoints.length - 1);
    return new LadderDiagram({ ...options, width: Math.min(options.width ?? 100, wanted) });
  }

  /** The names of the endpoints over their columns. */
  head(): string {
    const row = new Row();
    row.put(0, 'time'.padStart(TIME_WIDTH));
    for (const [index, name] of this.endpoints.entries()) {
      const width = displayWidth(name);
      const start = Math.max(row.width + (index === 0 ? 1 : 2), this.column(index) - Math.floor(width / 2));
      row.put(start, name);
    }
    return row.text();
  }

  /** The lines of one event; most have one. */
  draw(event: LadderEvent): string[] {
    const from = this.endpoints.indexOf(event.from);
    const to = this.endpoints.indexOf(event.to);
    const time = (event.time / 1_000_000).toFixed(6).padStart(TIME_WIDTH);
    if (from < 0 || to < 0) return [`${time}   ${label(event, this.ascii)} (${event.from} to ${event.to})`];
    if (from === to) return this.note(time, from, label(event, this.ascii));
    const left = this.column(Math.min(from, to)) + 1;
    const room = this.column(Math.max(from, to)) - left;
    const text = label(event, this.ascii);
    const lines: string[] = [];
    const fits = displayWidth(text) + 7 <= room;
    if (!fits) {
      for (const [index, part] of wrapText(text, Math.max(8, room - 2)).entries()) {
        const row = this.lifeLines();
        if (index === 0) row.put(0, time);
        row.put(left + 1, part);
        lines.push(row.text());
      }
    }
    const row = this.lifeLines();
    if (fits) row.put(0, time);
    row.put(left, this.arrow(room, to > from, event.fate ?? 'delivered', fits ? ` ${text} ` : ''));
    lines.push(row.text());
    return lines;
  }

  /** The whole diagram. */
  render(events: readonly LadderEvent[]): string {
    const lines = [this.head()];
    for (const event of events) lines.push(...this.draw(event));
    return `${lines.join('\n')}\n`;
  }

  /** Where the life line of an endpoint stands. */
  private column(index: number): number {
    return TIME_WIDTH + 5 + index * (this.lane + 1);
  }

  private lifeLines(): Row {
    const row = new Row();
    for (const index of this.endpoints.keys()) row.put(this.column(index), this.pen.life);
    return row;
  }

  private note(time: string, index: number, text: string): string[] {
    const last = index === this.endpoints.length - 1;
    const width = last
      ? Math.max(20, this.width - this.column(index) - 2)
      : this.column(this.endpoints.length - 1) - this.column(index) - 3;
    return wrapText(text, Math.max(8, width)).map((part, line) => {
      const row = this.lifeLines();
      if (line === 0) row.put(0, time);
      row.put(this.column(index) + 2, part);
      return row.text();
    });
  }

  private arrow(room: number, rightward: boolean, fate: FrameFate, text: string): string {
    const stroke = this.pen.strokes[fate];
    const strokes = room - displayWidth(text) - 1;
    if (fate === 'lost') {
      // It gets no further than its text, or half the way.
      const done = text === '' ? Math.ceil(strokes / 2) : 4;
      const rest = ' '.repeat(strokes - done);
      const near = stroke.repeat(text === '' ? 0 : 2);
      const far = stroke.repeat(done - (text === '' ? 0 : 2));
      return rightward ? `${near}${text}${far}${this.pen.lost}${rest}` : `${rest}${this.pen.lost}${far}${text}${near}`;
    }
    const front = stroke.repeat(Math.min(rightward ? 2 : 1, strokes));
    const back = stroke.repeat(strokes - front.length);
    return rightward ? `${front}${text}${back}${this.pen.right}` : `${this.pen.left}${front}${text}${back}`;
  }
}

function label(event: LadderEvent, ascii: boolean): string {
  const text = ascii ? event.text.replaceAll('→', '->').replaceAll('…', '...') : event.text;
  return `${text}${FATE_WORDS[event.fate ?? 'delivered']}`;
}

/** A line of text that is written at columns, left to right or over what is there. */
class Row {
  private cells: string[];

  constructor() {
    this.cells = [];
  }

  get width(): number {
    return this.cells.length;
  }

  put(column: number, text: string): void {
    while (this.cells.length < column) this.cells.push(' ');
    let at = column;
    for (const character of text) {
      const width = displayWidth(character);
      if (width === 0) {
        if (at > 0) this.cells[at - 1] += character;
        continue;
      }
      this.cells[at] = character;
      // The second half of a wide character is a cell without text of its own.
      if (width === 2) this.cells[at + 1] = '';
      at += width;
    }
  }

  text(): string {
    return this.cells.join('').trimEnd();
  }
}
