import { TCP_OPTION_NOP, TCP_OPTION_SACK } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';

/** As many blocks as an option can hold when it has all the room to itself (RFC 2018 3). */
const REMEMBERED = 4;

const SACK_LEAD = (TCP_OPTION_NOP << 24) | (TCP_OPTION_NOP << 16) | (TCP_OPTION_SACK << 8);

/** What a receiver reports of data behind a gap. Made when the first such data comes. */
export class SackBlocks {
  /** Left and right edges in turn, the block with the latest arrival first. */
  readonly edges: Int32Array;
  count: number;
  /** A duplicate that the next acknowledgment reports (RFC 2883). */
  duplicate: boolean;
  duplicateFrom: number;
  duplicateTo: number;

  constructor() {
    this.edges = new Int32Array(2 * REMEMBERED);
    this.count = 0;
    this.duplicate = false;
    this.duplicateFrom = 0;
    this.duplicateTo = 0;
  }
}

function blocksOf(tcb: ControlBlock): SackBlocks {
  let blocks = tcb.sackBlocks;
  if (blocks === null) {
    blocks = new SackBlocks();
    tcb.sackBlocks = blocks;
  }
  return blocks;
}

/**
 * Out-of-order data at `sequence` has come: the block around it is reported first, then those that were first before
 * (RFC 2018 4). Data that was not kept lies in no block and changes nothing.
 */
export function noteArrival(tcb: ControlBlock, sequence: number): void {
  if (!tcb.sackPermitted || continuesFirst(tcb, sequence)) return;
  let left = 0;
  let right = 0;
  let found = false;
  const head = tcb.reassemblyHead;
  for (let packet = head; packet !== null; packet = packet.queueNext) {
    if (packet === head || packet.sequence !== right) {
      if (found) break;
      left = packet.sequence;
      if (((sequence - left) | 0) < 0) return;
    }
    right = (packet.sequence + packet.sequenceLength) | 0;
    if (((sequence - right) | 0) < 0) found = true;
  }
  if (!found) return;
  if (tcb.finSeen && right === tcb.peerFinSequence) right = (right + 1) | 0;
  putFirst(blocksOf(tcb), left, right);
}

/** The usual case, without a walk: what has come is the last there is and continues the block that is reported first. */
function continuesFirst(tcb: ControlBlock, sequence: number): boolean {
  const blocks = tcb.sackBlocks;
  const tail = tcb.reassemblyTail;
  if (blocks === null || tail === null || blocks.count === 0 || tcb.finSeen) return false;
  if (tail.sequence !== sequence || blocks.edges[1] !== sequence) return false;
  blocks.edges[1] = (sequence + tail.sequenceLength) | 0;
  return true;
}

/** A FIN behind a gap has come; it takes a sequence number like data. */
export function noteFinArrival(tcb: ControlBlock, sequence: number): void {
  if (tcb.sackPermitted) putFirst(blocksOf(tcb), sequence, (sequence + 1) | 0);
}

/** Puts a block, joined with those that it touches, in front of the others. */
function putFirst(blocks: SackBlocks, left: number, right: number): void {
  const { edges } = blocks;
  let from = left;
  let to = right;
  let kept = 0;
  for (let i = 0; i < blocks.count; i++) {
    const l = edges[2 * i] as number;
    const r = edges[2 * i + 1] as number;
    if (((l - right) | 0) <= 0 && ((left - r) | 0) <= 0) {
      if (((l - from) | 0) < 0) from = l;
      if (((r - to) | 0) > 0) to = r;
      continue;
    }
    edges[2 * kept] = l;
    edges[2 * kept + 1] = r;
    kept++;
  }
  if (kept === REMEMBERED) kept--;
  edges.copyWithin(2, 0, 2 * kept);
  edges[0] = from;
  edges[1] = to;
  blocks.count = kept + 1;
}

/**
 * Octets from `from` to `to` came a second time: the next acknowledgment says so in its first block (RFC 2883 4). What
 * touches a duplicate that waits to be reported makes it longer; another one is left out.
 */
export function noteDuplicate(tcb: ControlBlock, from: number, to: number): void {
  if (!tcb.sackPermitted || !tcb.profile.reportDuplicates) return;
  const blocks = blocksOf(tcb);
  if (!blocks.duplicate) {
    blocks.duplicate = true;
    blocks.duplicateFrom = from;
    blocks.duplicateTo = to;
    return;
  }
  if (((from - blocks.duplicateTo) | 0) > 0 || ((blocks.duplicateFrom - to) | 0) > 0) return;
  if (((from - blocks.duplicateFrom) | 0) < 0) blocks.duplicateFrom = from;
  if (((to - blocks.duplicateTo) | 0) > 0) blocks.duplicateTo = to;
}

/** Forgets blocks that the acknowledgment number covers by now. */
function prune(tcb: ControlBlock, blocks: SackBlocks): void {
  if (tcb.reassemblyHead === null && !tcb.finSeen) {
    blocks.count = 0;
    return;
  }
  const { edges } = blocks;
  let kept = 0;
  for (let i = 0; i < blocks.count; i++) {
    const from = edges[2 * i] as number;
    if (((from - tcb.rcvNxt) | 0) <= 0) continue;
    edges[2 * kept] = from;
    edges[2 * kept + 1] = edges[2 * i + 1] as number;
    kept++;
  }
  blocks.count = kept;
}

/** Length of the SACK option that fits `room` octets, two NOPs included; 0 when there is nothing to report. */
export function sackLength(tcb: ControlBlock, room: number): number {
  const blocks = tcb.sackBlocks;
  if (blocks === null) return 0;
  if (blocks.count > 0) prune(tcb, blocks);
  const wanted = blocks.count + (blocks.duplicate ? 1 : 0);
  const fit = Math.min(wanted, (room - 4) >> 3);
  return fit > 0 ? 4 + 8 * fit : 0;
}

/** Writes the option of `length` octets that {@link sackLength} has just allowed. A duplicate is reported once. */
export function emitSack(tcb: ControlBlock, view: DataView, at: number, length: number): void {
  const blocks = tcb.sackBlocks;
  if (blocks === null) return;
  view.setInt32(at, SACK_LEAD | (length - 2));
  let to = at + 4;
  const end = at + length;
  if (blocks.duplicate) {
    view.setInt32(to, blocks.duplicateFrom);
    view.setInt32(to + 4, blocks.duplicateTo);
    to += 8;
    blocks.duplicate = false;
  }
  for (let i = 0; to < end; i += 2, to += 8) {
    view.setInt32(to, blocks.edges[i] as number);
    view.setInt32(to + 4, blocks.edges[i + 1] as number);
  }
}

/** True when a segment without the option would keep something from the peer. */
export function hasSackToReport(tcb: ControlBlock): boolean {
  const blocks = tcb.sackBlocks;
  if (blocks === null) return false;
  if (blocks.count > 0) prune(tcb, blocks);
  return blocks.duplicate || blocks.count > 0;
}

/** A new connection starts without blocks. */
export function forgetSackBlocks(tcb: ControlBlock): void {
  const blocks = tcb.sackBlocks;
  if (blocks === null) return;
  blocks.count = 0;
  blocks.duplicate = false;
}
