import type { FrameSink, TimeService, Tracer } from '@strata/contracts';
import type { EndTally } from './end-counters.ts';
import type { FrameStore } from './in-flight.ts';
import type { FrameIds, FrameTap } from './tap.ts';

/** What the directions of one link share. */
export interface Wire {
  readonly time: TimeService;
  readonly store: FrameStore;
  readonly frameIds: FrameIds;
  /** Octets of the longest frame that the link carries, header and tag included. */
  readonly longestFrame: number;
  /** Frames in the link's own memory per direction. */
  readonly maximumInFlight: number;
  readonly tap: FrameTap | null;
  readonly tracer: Tracer | null;
  readonly up: boolean;
}

/** What a direction knows of an end. */
export interface WireEnd {
  readonly index: number;
  readonly counters: EndTally;
  readonly sink: FrameSink | null;
}
