import {
  EXTENSION_LENGTH,
  EXTENSION_NEXT,
  IPV6_HEADER,
  IPV6_NEXT_HEADER,
  NEXT_AUTHENTICATION,
  NEXT_DESTINATION_OPTIONS,
  NEXT_FRAGMENT,
  NEXT_HOP_BY_HOP,
  NEXT_ROUTING,
  OPTION_PAD1,
} from '@strata/wire';

/** Length in octets of an options or routing header at `at`. */
export function extensionLength(view: DataView, at: number): number {
  return (view.getUint8(at + EXTENSION_LENGTH) + 1) << 3;
}

/** {@link judgeOptions}: an option reaches beyond its header. */
export const OPTION_BROKEN = 0x100;

/**
 * Looks at the options of a header of `length` octets at `at`. Returns -1 when nothing stands against the packet; otherwise
 * `offset << 16 | action`, where offset is that of the option within the header, and action its two high bits (1..3), or
 * {@link OPTION_BROKEN}.
 */
export function judgeOptions(view: DataView, at: number, length: number): number {
  let offset = 2;
  while (offset < length) {
    const type = view.getUint8(at + offset);
    if (type === OPTION_PAD1) {
      offset++;
      continue;
    }
    if (offset + 1 >= length) return (offset << 16) | OPTION_BROKEN;
    const size = view.getUint8(at + offset + 1) + 2;
    if (offset + size > length) return ((offset + 1) << 16) | OPTION_BROKEN;
    const action = type >>> 6;
    // Padding and router alert, which ask nothing of a host, have an action of 0 like all that may be skipped.
    if (action !== 0) return (offset << 16) | action;
    offset += size;
  }
  return -1;
}

/** What {@link findUpperLayer} found. One record, reused. */
export class UpperLayer {
  /** Next header value that is no extension header this walk knows. */
  protocol: number;
  /** Slab offset of the header. */
  at: number;
  /** The packet is a fragment that is not the first: what is at `at` is no header. */
  later: boolean;
  /** There is a fragment header. */
  fragmented: boolean;

  constructor() {
    this.protocol = 0;
    this.at = 0;
    this.later = false;
    this.fragmented = false;
  }
}

/**
 * Walks the headers of the IPv6 packet at `offset` up to the upper layer, without judging them. False when they do not all
 * lie before `end`.
 */
export function findUpperLayer(view: DataView, offset: number, end: number, found: UpperLayer): boolean {
  let next = view.getUint8(offset + IPV6_NEXT_HEADER);
  let at = offset + IPV6_HEADER;
  found.later = false;
  found.fragmented = false;
  for (;;) {
    let length = 0;
    if (next === NEXT_HOP_BY_HOP || next === NEXT_ROUTING || next === NEXT_DESTINATION_OPTIONS) {
      if (at + 8 > end) return false;
      length = extensionLength(view, at);
    } else if (next === NEXT_FRAGMENT) {
      if (at + 8 > end) return false;
      length = 8;
      found.fragmented = true;
      if ((view.getUint16(at + 2) & 0xfff8) !== 0) found.later = true;
    } else if (next === NEXT_AUTHENTICATION) {
      if (at + 8 > end) return false;
      length = (view.getUint8(at + EXTENSION_LENGTH) + 2) << 2;
    } else {
      found.protocol = next;
      found.at = at;
      return at <= end;
    }
    next = view.getUint8(at + EXTENSION_NEXT);
    at += length;
    if (at > end) return false;
    if (found.later) {
      found.protocol = next;
      found.at = at;
      return true;
    }
  }
}

/** Slab offset of the octet that names the fragment header of the packet at `offset`; -1 when there is none. */
export function fragmentNamedAt(view: DataView, offset: number, end: number): number {
  let field = offset + IPV6_NEXT_HEADER;
  let at = offset + IPV6_HEADER;
  for (;;) {
    const next = view.getUint8(field);
    if (next === NEXT_FRAGMENT) return field;
    if (next !== NEXT_HOP_BY_HOP && next !== NEXT_ROUTING && next !== NEXT_DESTINATION_OPTIONS) return -1;
    if (at + 8 > end) return -1;
    field = at + EXTENSION_NEXT;
    at += extensionLength(view, at);
  }
}
