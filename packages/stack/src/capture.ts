import {
  type DropReason,
  NEVER,
  TRACE_EVENTS,
  TRACE_LINK_CORRUPTED,
  TRACE_LINK_DUPLICATED,
  TRACE_LINK_LOST,
  TRACE_LINK_REORDERED,
  type TraceEventDescription,
  type TraceRef,
} from '@strata/contracts';
import { describeDrop, describeTraceEvent } from '@strata/dissect';
import { FATE_NAMES, FATE_SENT, type FrameTap, type TappedFrame } from '@strata/ethernet';
import {
  type ByteSink,
  LINKTYPE_ETHERNET,
  OrderedPacketQueue,
  PcapngWriter,
  type QueuedPacket,
} from '@strata/pcap-writer';
import type { TlsSecrets } from '@strata/tls';
import type { TraceListener } from './trace-hub.ts';

/** What the head of a capture says. */
export interface CaptureOptions {
  /** Shown in the file's properties: scenario, seed, profile. */
  readonly comment?: string;
  /** What moment 0 of the lab is called in the file, in seconds since 1970 UTC. Default 2025-01-01, so that bytes repeat. */
  readonly epochSeconds?: number;
}

const DEFAULT_EPOCH = 1_735_689_600;

/** What a link traces about a frame's fate; of a tapped link, the tap tells it. */
const FATES = new Set([TRACE_LINK_LOST, TRACE_LINK_CORRUPTED, TRACE_LINK_DUPLICATED, TRACE_LINK_REORDERED]);

const EVENTS = new Map<number, TraceEventDescription>(TRACE_EVENTS.map((event) => [event.id, event]));

/**
 * Writes every frame of the tapped links into one pcapng file, with the reasons beside the frames.
 *
 * Each link has two interfaces: its own, and "<link> faults" for frames that a fault lost, damaged, repeated or held back.
 * What hosts trace about a frame (state changes, timers, drop reasons) becomes comments of that frame: events of the sender
 * before it has a number wait for it, and a frame stays open until its receivers have done with it.
 *
 * While a TLS handshake goes on, frames are held back, so that its secrets stand in the file before the records they open:
 * readers that make one pass see them decrypted.
 */
export class Capture implements TraceListener, TlsSecrets {
  private readonly writer: PcapngWriter;
  private readonly queue: OrderedPacketQueue;
  private readonly sink: ByteSink;
  private readonly epochSeconds: number;
  /** Names of the tapped links. */
  private readonly links: Set<string>;
  /** Comments about packets that have not been on a link yet. */
  private readonly waiting: Map<TraceRef, string[]>;
  /** Lines of the key log that are not in the file yet. */
  private keys: string[];
  /** Handshakes that go on. */
  private handshakes: number;
  /** Frames written so far or about to be. */
  frames: number;

  constructor(sink: ByteSink, options: CaptureOptions = {}) {
    this.sink = sink;
    this.writer = new PcapngWriter(sink, {
      application: 'Strata',
      ...(options.comment === undefined ? {} : { comments: [options.comment] }),
    });
    this.queue = new OrderedPacketQueue(this.writer);
    this.epochSeconds = options.epochSeconds ?? DEFAULT_EPOCH;
    this.links = new Set();
    this.waiting = new Map();
    this.keys = [];
    this.handshakes = 0;
    this.frames = 0;
  }

  /** A tap for one link. `ends` names its ends in order, for the interface's description. */
  tap(name: string, ends: readonly string[]): FrameTap {
    const add = (suffix: string, description: string) =>
      this.writer.addInterface({
        linkType: LINKTYPE_ETHERNET,
        name: `${name}${suffix}`,
        description,
        timeOffsetSeconds: this.epochSeconds,
      });
    const link = add('', `emulated link with the ends ${ends.join(', ')}`);
    const faults = add(' faults', `frames that the emulated link ${name} lost, damaged, repeated or held back`);
    this.links.add(name);
    return new LinkTap(this, link, faults);
  }

  traced(
    source: string,
    _time: number,
    id: number,
    a: number,
    b: number,
    c: number,
    d: number,
    ref: TraceRef | null,
  ): void {
    if (ref === null || EVENTS.get(id)?.comment !== true) return;
    if (FATES.has(id) && this.links.has(source)) return;
    const text = `${source}: ${describeTraceEvent(id, a, b, c, d)}`;
    if (ref.frameId !== 0) {
      const frame = this.queue.find(ref.frameId);
      if (frame !== null) {
        frame.comment(text);
        return;
      }
    }
    const earlier = this.waiting.get(ref);
    if (earlier === undefined) this.waiting.set(ref, [text]);
    else earlier.push(text);
  }

  /** @internal */
  handshakeBegan(): void {
    this.handshakes++;
    this.queue.hold();
  }

  /** @internal */
  keyLog(line: string): void {
    this.keys.push(line);
    if (this.handshakes === 0) this.writeKeys();
  }

  /** @internal */
  handshakeOver(): void {
    this.handshakes--;
    this.writeKeys();
    this.queue.release();
  }

  private writeKeys(): void {
    if (this.keys.length > 0) this.writer.writeTlsKeyLog(this.keys.join('\n'));
    this.keys = [];
  }

  /** @internal */
  frame(link: number, faults: number, frame: TappedFrame): void {
    this.frames++;
    const faulted = frame.fate !== FATE_SENT;
    const bytes = frame.bytes.subarray(frame.offset, frame.offset + frame.length);
    const entry = this.queue.enter(faulted ? faults : link, frame.time, bytes, {
      packetId: frame.frameId,
      comments: faulted ? [faultComment(frame)] : undefined,
    });
    const comments = this.waiting.get(frame.ref);
    if (comments !== undefined) {
      this.waiting.delete(frame.ref);
      for (const text of comments) entry.comment(text);
    }
    holdFor(entry, frame.deliveries);
  }

  /** @internal */
  delivered(frameId: number, reason: DropReason): void {
    const entry = this.queue.find(frameId);
    if (entry === null) return;
    if (reason !== 0) entry.comment(`not delivered: ${describeDrop(reason)}`);
    entry.close();
  }

  /** Writes what is still held back and ends the file. */
  async end(): Promise<void> {
    this.writeKeys();
    this.queue.end();
    this.writer.end();
    await this.sink.end();
  }
}

/** Keeps the entry open for as many receivers as will report; closes it at once when nobody will. */
function holdFor(entry: QueuedPacket, deliveries: number): void {
  for (let i = 1; i < deliveries; i++) entry.retain();
  if (deliveries === 0) entry.close();
}

function faultComment(frame: TappedFrame): string {
  const parts = [`fault: ${FATE_NAMES[frame.fate] ?? 'unknown'}`];
  if (frame.original !== 0) parts.push(`copy of frame ${frame.original}`);
  if (frame.reason !== 0) parts.push(describeDrop(frame.reason));
  if (frame.arrival !== NEVER) parts.push(`arrives ${frame.arrival - frame.time} µs after it was sent`);
  return parts.join('; ');
}

class LinkTap implements FrameTap {
  private readonly capture: Capture;
  private readonly link: number;
  private readonly faults: number;

  constructor(capture: Capture, link: number, faults: number) {
    this.capture = capture;
    this.link = link;
    this.faults = faults;
  }

  frame(frame: TappedFrame): void {
    this.capture.frame(this.link, this.faults, frame);
  }

  delivered(frameId: number, _end: number, reason: DropReason): void {
    this.capture.delivered(frameId, reason);
  }
}
