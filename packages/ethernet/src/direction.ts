import {
  type Alarm,
  DROP_ETHERNET_TOO_LONG,
  DROP_LINK_DOWN,
  DROP_LINK_NO_RECEIVER,
  DROP_LINK_OUTAGE,
  DROP_LINK_QUEUE_OVERFLOW,
  DROP_NO_RECEIVE_PACKET,
  type DropReason,
  NEVER,
  type Packet,
  type Random,
  type Timed,
  TRACE_LINK_CORRUPTED,
  TRACE_LINK_DUPLICATED,
  TRACE_LINK_LOST,
  TRACE_LINK_REORDERED,
  type TraceRef,
} from '@strata/contracts';
import { FaultEngine, JudgedFrame } from './fault-engine.ts';
import type { FaultPlan } from './fault-plan.ts';
import { copyBytes, frameLength, gatherFrame, receiveFrame, receivePacket } from './frame-copy.ts';
import { ArrivalQueue, type InFlight } from './in-flight.ts';
import {
  FATE_CORRUPTED,
  FATE_DUPLICATE,
  FATE_LOST,
  FATE_OUTAGE,
  FATE_QUEUE_OVERFLOW,
  FATE_REORDERED,
  FATE_SENT,
  TapRecord,
} from './tap.ts';
import type { Wire, WireEnd } from './wire-state.ts';

const NO_BYTES = new Uint8Array(0);

/**
 * One direction of a link: from one end to all others. It copies what is sent, decides what becomes of it, and keeps it until
 * it arrives. One scheduler event delivers one frame, so that a single step shows one frame.
 */
export class Direction implements Timed {
  private readonly wire: Wire;
  private readonly from: WireEnd;
  private readonly receivers: WireEnd[];
  private readonly random: Random;
  private readonly queue: ArrivalQueue;
  private readonly alarm: Alarm;
  private readonly judged: JudgedFrame;
  private readonly tapped: TapRecord;
  /** Made with the first plan and kept, so that random streams go on when the plan changes. */
  private engine: FaultEngine | null;
  private faulty: boolean;
  /** Arrival of the last frame that keeps its place. */
  private lastArrival: number;

  constructor(wire: Wire, from: WireEnd, random: Random) {
    this.wire = wire;
    this.from = from;
    this.receivers = [];
    this.random = random;
    this.queue = new ArrivalQueue();
    this.judged = new JudgedFrame(NO_BYTES);
    this.tapped = new TapRecord(NO_BYTES, { frameId: 0 });
    this.tapped.from = from.index;
    this.engine = null;
    this.faulty = false;
    this.lastArrival = 0;
    this.alarm = wire.time.alarm(this);
  }

  addReceiver(end: WireEnd): void {
    this.receivers.push(end);
  }

  /** Frames on their way. */
  get inFlight(): number {
    return this.queue.length;
  }

  /** A checked plan, or null for none. Frames on their way are not touched. */
  setFaults(plan: FaultPlan | null): void {
    this.faulty = plan !== null;
    if (plan === null) return;
    if (this.engine === null) this.engine = new FaultEngine(this.random, plan);
    else this.engine.configure(plan);
  }

  /** Takes the frame and owns it; see `LinkPort.send`. */
  send(packet: Packet): void {
    const wire = this.wire;
    const counters = this.from.counters;
    const length = packet.next === null ? packet.append - packet.prepend : frameLength(packet);
    packet.frameId = wire.frameIds.take();
    counters.framesOut++;
    counters.bytesOut += length;
    if (!wire.up) this.refuse(packet, length, DROP_LINK_DOWN);
    else if (length > wire.longestFrame) this.refuse(packet, length, DROP_ETHERNET_TOO_LONG);
    else if (this.faulty || this.receivers.length !== 1) this.sendStored(packet, length);
    else this.sendDirect(packet, length);
  }

  /** No fault, no delay, one receiver: one copy, straight into the receiver's packet. */
  private sendDirect(packet: Packet, length: number): void {
    const wire = this.wire;
    const sink = this.receivers[0]!.sink;
    if (sink === null) {
      this.refuse(packet, length, DROP_LINK_NO_RECEIVER);
      return;
    }
    const copy = receivePacket(sink.receivePool, packet, length);
    if (copy === null) {
      this.refuse(packet, length, DROP_NO_RECEIVE_PACKET);
      return;
    }
    copy.frameId = packet.frameId;
    const record = wire.store.takeBare();
    record.packet = copy;
    record.frameId = packet.frameId;
    record.length = length;
    this.enqueue(record, wire.time.now, 0);
    if (wire.tap !== null) {
      const contiguous = copy.next === null ? copy : packet;
      this.showPacket(contiguous, packet, length, FATE_SENT, 0, record.arrival);
    }
    packet.transmitRelease();
  }

  /** Through the link's own memory, past the faults. */
  private sendStored(packet: Packet, length: number): void {
    const wire = this.wire;
    if (this.queue.length >= wire.maximumInFlight) {
      this.refuse(packet, length, DROP_LINK_QUEUE_OVERFLOW);
      return;
    }
    const record = wire.store.take();
    gatherFrame(packet, record.bytes, record.offset);
    record.length = length;
    record.frameId = packet.frameId;
    if (!this.faulty) {
      this.enqueue(record, wire.time.now, 0);
      if (wire.tap !== null) this.show(record, packet, FATE_SENT, 0, 0);
    } else this.sendFaulty(record, packet);
    packet.transmitRelease();
  }

  private sendFaulty(record: InFlight, packet: Packet): void {
    const wire = this.wire;
    const engine = this.engine!;
    const judged = this.judged;
    const { length } = record;
    const now = wire.time.now;
    judged.bytes = record.bytes;
    judged.offset = record.offset;
    judged.length = length;
    judged.time = now;
    judged.frameId = record.frameId;
    engine.judge(judged);
    if (judged.reason !== 0) {
      record.arrival = NEVER;
      this.lose(judged.reason, length, packet);
      if (wire.tap !== null) this.show(record, packet, fateOf(judged.reason), judged.reason, 0);
      wire.store.give(record);
      return;
    }
    const counters = this.from.counters;
    const bits = judged.corrupt ? engine.corrupt(record.bytes, record.offset, length) : 0;
    if (bits > 0) {
      counters.corrupted++;
      if (wire.tracer !== null) wire.tracer.event(TRACE_LINK_CORRUPTED, bits, length, this.from.index, 0, packet);
    }
    if (judged.hold > 0) {
      counters.reordered++;
      if (wire.tracer !== null)
        wire.tracer.event(TRACE_LINK_REORDERED, judged.hold, length, this.from.index, 0, packet);
    }
    this.enqueue(record, judged.departure + judged.delay, judged.hold);
    if (wire.tap !== null) {
      this.show(record, packet, bits > 0 ? FATE_CORRUPTED : judged.hold > 0 ? FATE_REORDERED : FATE_SENT, 0, 0);
    }
    if (judged.duplicate) this.duplicate(record);
  }

  /** A second copy right behind the first. */
  private duplicate(first: InFlight): void {
    const wire = this.wire;
    const second = wire.store.take();
    copyBytes(first.bytes, first.offset, second.bytes, second.offset, first.length);
    second.length = first.length;
    second.frameId = wire.frameIds.take();
    this.from.counters.duplicated++;
    if (wire.tracer !== null) {
      wire.tracer.event(TRACE_LINK_DUPLICATED, first.frameId, first.length, this.from.index, 0, second);
    }
    second.arrival = first.arrival;
    this.queue.insert(second);
    if (wire.tap !== null) this.show(second, second, FATE_DUPLICATE, 0, first.frameId);
  }

  /** A frame keeps its place behind those sent before it, unless it is held back: then others overtake it. */
  private enqueue(record: InFlight, arrival: number, hold: number): void {
    if (hold > 0) record.arrival = arrival + hold;
    else {
      if (arrival > this.lastArrival) this.lastArrival = arrival;
      record.arrival = this.lastArrival;
    }
    this.queue.insert(record);
    if (this.queue.head === record) this.alarm.set(record.arrival);
  }

  /** The frame goes nowhere, and was not even copied. */
  private refuse(packet: Packet, length: number, reason: DropReason): void {
    this.lose(reason, length, packet);
    if (this.wire.tap !== null) this.showPacket(packet, packet, length, fateOf(reason), reason, NEVER);
    packet.transmitRelease();
  }

  private lose(reason: DropReason, length: number, ref: TraceRef): void {
    const { counters } = this.from;
    counters.lost.count(reason);
    const tracer = this.wire.tracer;
    if (tracer !== null) tracer.event(TRACE_LINK_LOST, reason, length, this.from.index, 0, ref);
  }

  /** Shows the tap a frame that is in a packet; a chain is gathered first. */
  private showPacket(held: Packet, ref: TraceRef, length: number, fate: number, reason: number, arrival: number): void {
    const tapped = this.tapped;
    if (held.next === null) {
      tapped.bytes = held.bytes;
      tapped.offset = held.prepend;
    } else {
      tapped.bytes = new Uint8Array(length);
      tapped.offset = 0;
      gatherFrame(held, tapped.bytes, 0);
    }
    tapped.length = length;
    tapped.arrival = arrival;
    tapped.frameId = ref.frameId;
    this.tell(ref, fate, reason, 0);
  }

  private show(record: InFlight, ref: TraceRef, fate: number, reason: DropReason, original: number): void {
    const tapped = this.tapped;
    tapped.bytes = record.bytes;
    tapped.offset = record.offset;
    tapped.length = record.length;
    tapped.arrival = record.arrival;
    tapped.frameId = record.frameId;
    this.tell(ref, fate, reason, original);
  }

  private tell(ref: TraceRef, fate: number, reason: DropReason, original: number): void {
    const tapped = this.tapped;
    tapped.time = this.wire.time.now;
    tapped.fate = fate;
    tapped.reason = reason;
    tapped.original = original;
    tapped.deliveries = reason === 0 ? this.receivers.length : 0;
    tapped.ref = ref;
    this.wire.tap!.frame(tapped);
  }

  nextDeadline(): number {
    const head = this.queue.head;
    return head === null ? NEVER : head.arrival;
  }

  onTime(now: number): void {
    const head = this.queue.head;
    if (head === null || head.arrival > now) return;
    this.queue.shift();
    if (head.packet === null) this.deliverStored(head);
    else this.deliverPacket(head, head.packet);
  }

  private deliverPacket(record: InFlight, packet: Packet): void {
    const end = this.receivers[0]!;
    const { frameId, length } = record;
    this.wire.store.give(record);
    const sink = end.sink;
    let reason = 0;
    if (sink === null) {
      reason = DROP_LINK_NO_RECEIVER;
      this.miss(end, reason, length, packet);
      packet.release();
    } else {
      end.counters.framesIn++;
      end.counters.bytesIn += length;
      sink.accept(packet);
    }
    if (this.wire.tap !== null) this.wire.tap.delivered(frameId, end.index, reason);
  }

  private deliverStored(record: InFlight): void {
    const wire = this.wire;
    const receivers = this.receivers;
    const { frameId, length } = record;
    for (let i = 0; i < receivers.length; i++) {
      const end = receivers[i]!;
      const sink = end.sink;
      let reason = 0;
      if (sink === null) reason = DROP_LINK_NO_RECEIVER;
      else {
        const packet = receiveFrame(sink.receivePool, record.bytes, record.offset, length);
        if (packet === null) reason = DROP_NO_RECEIVE_PACKET;
        else {
          packet.frameId = frameId;
          end.counters.framesIn++;
          end.counters.bytesIn += length;
          sink.accept(packet);
        }
      }
      if (reason !== 0) this.miss(end, reason, length, record);
      if (wire.tap !== null) wire.tap.delivered(frameId, end.index, reason);
    }
    wire.store.give(record);
  }

  /** A frame reached `end` but nobody there could take it. */
  private miss(end: WireEnd, reason: DropReason, length: number, ref: TraceRef): void {
    end.counters.missed.count(reason);
    const tracer = this.wire.tracer;
    if (tracer !== null) tracer.event(TRACE_LINK_LOST, reason, length, this.from.index, 0, ref);
  }

  /** Loses whatever is on its way. */
  flush(reason: DropReason): void {
    for (let record = this.queue.shift(); record !== null; record = this.queue.shift()) {
      const { packet, frameId, length } = record;
      for (const end of this.receivers) {
        this.miss(end, reason, length, record);
        if (this.wire.tap !== null) this.wire.tap.delivered(frameId, end.index, reason);
      }
      if (packet !== null) packet.release();
      this.wire.store.give(record);
    }
    this.lastArrival = 0;
    this.alarm.set(NEVER);
  }

  /** Loses whatever is on its way and leaves the scheduler. */
  close(): void {
    this.flush(DROP_LINK_DOWN);
    this.alarm.cancel();
  }
}

function fateOf(reason: DropReason): number {
  if (reason === DROP_LINK_OUTAGE) return FATE_OUTAGE;
  if (reason === DROP_LINK_QUEUE_OVERFLOW) return FATE_QUEUE_OVERFLOW;
  return FATE_LOST;
}
