import type { DropReason, TraceRef } from '@strata/contracts';

/** The frame travels on unharmed. */
export const FATE_SENT = 0;
/** It is gone; {@link TappedFrame.reason} says why. */
export const FATE_LOST = 1;
/** It travels on with flipped bits; the bytes shown are the damaged ones. */
export const FATE_CORRUPTED = 2;
/** A second copy, made by the link, of the frame {@link TappedFrame.original}. */
export const FATE_DUPLICATE = 3;
/** It travels on, held back so that later frames overtake it. */
export const FATE_REORDERED = 4;
/** Gone: the link's queue is full. */
export const FATE_QUEUE_OVERFLOW = 5;
/** Gone: the link is in a scheduled outage. */
export const FATE_OUTAGE = 6;

/** Short names of the fates, by number. */
export const FATE_NAMES: readonly string[] = [
  'sent',
  'lost',
  'corrupted',
  'duplicate',
  'reordered',
  'queue overflow',
  'outage',
];

/** A frame on a link. One record, reused: valid during the call only. */
export interface TappedFrame {
  /** The frame is `length` octets from `offset` on. */
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly length: number;
  /** Index of the end that sent it. */
  readonly from: number;
  /** When it was sent and when it will arrive, in microseconds; `arrival` is NEVER for a frame that will not. */
  readonly time: number;
  readonly arrival: number;
  /** Unique within the lab. The receiver's packet carries it, and from now on the sender's packet too. */
  readonly frameId: number;
  /** For a duplicate: the id of the frame it repeats. Otherwise 0. */
  readonly original: number;
  /** One of the FATE_ constants; the gravest when several apply. */
  readonly fate: number;
  /** Why the frame is gone, or 0. */
  readonly reason: DropReason;
  /** How many calls of {@link FrameTap.delivered} will follow. */
  readonly deliveries: number;
  /** The outgoing packet, to match trace events that referred to it before it had an id. */
  readonly ref: TraceRef;
}

/**
 * Listens to one link and hears every frame once, also those that a fault takes. It must not keep the record, change the
 * bytes, or send.
 */
export interface FrameTap {
  /** A frame was put on the link, or would have been. */
  frame(frame: TappedFrame): void;
  /**
   * End `end` has finished processing the frame, so all that its host has to say about it has been said; or, with a reason,
   * the frame reached the end but not its host.
   */
  delivered(frameId: number, end: number, reason: DropReason): void;
}

/** Numbers the frames of a lab from 1 up. All links of a lab share one. */
export class FrameIds {
  /** The id given last. */
  last: number;

  constructor() {
    this.last = 0;
  }

  take(): number {
    return ++this.last;
  }
}

/** The record a link shows its tap. */
export class TapRecord implements TappedFrame {
  bytes: Uint8Array;
  offset: number;
  length: number;
  from: number;
  time: number;
  arrival: number;
  frameId: number;
  original: number;
  fate: number;
  reason: DropReason;
  deliveries: number;
  ref: TraceRef;

  constructor(bytes: Uint8Array, ref: TraceRef) {
    this.bytes = bytes;
    this.offset = 0;
    this.length = 0;
    this.from = 0;
    this.time = 0;
    this.arrival = 0;
    this.frameId = 0;
    this.original = 0;
    this.fate = FATE_SENT;
    this.reason = 0;
    this.deliveries = 0;
    this.ref = ref;
  }
}
