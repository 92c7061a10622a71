import { DropCounters } from './drop-counters.ts';

/** What passed one end of a link, as plain data. */
export interface EndCounters {
  /** Sent by whoever is attached here. */
  readonly framesOut: number;
  readonly bytesOut: number;
  /** Handed to whoever is attached here. */
  readonly framesIn: number;
  readonly bytesIn: number;
  /** Of the frames sent here: how many were damaged, repeated, or held back. */
  readonly corrupted: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Of the frames sent here: lost on the link, by the reason's name. */
  readonly lost: Readonly<Record<string, number>>;
  /** Frames that reached this end and could not be handed over, by the reason's name. */
  readonly missed: Readonly<Record<string, number>>;
  /** Sent here and still on their way. */
  readonly inFlight: number;
}

/** The counters as they are kept. */
export class EndTally {
  framesOut: number;
  bytesOut: number;
  framesIn: number;
  bytesIn: number;
  corrupted: number;
  duplicated: number;
  reordered: number;
  readonly lost: DropCounters;
  readonly missed: DropCounters;

  constructor() {
    this.framesOut = 0;
    // A double from the first store on: past 2^31 octets a field of small integers would allocate at every update.
    this.bytesOut = 0.5;
    this.bytesOut = 0;
    this.framesIn = 0;
    this.bytesIn = 0.5;
    this.bytesIn = 0;
    this.corrupted = 0;
    this.duplicated = 0;
    this.reordered = 0;
    this.lost = new DropCounters();
    this.missed = new DropCounters();
  }
}
