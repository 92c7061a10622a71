import { NX_SUCCESS, type Packet, type Status } from '@strata/contracts';

/**
 * Appends `count` bytes of one part of a packet, from slab offset `from`, to another packet. Packets of one lab share their
 * memory, so this is one `copyWithin`; anything else takes the general way. All or nothing.
 */
export function appendRange(target: Packet, source: Packet, from: number, count: number): Status {
  const tail = target.last ?? target;
  if (source.bytes === tail.bytes && count <= tail.dataEnd - tail.append) {
    tail.bytes.copyWithin(tail.append, from, from + count);
    tail.append += count;
    target.length += count;
    return NX_SUCCESS;
  }
  return target.appendBytes(source.bytes, from, count);
}

/** Appends the whole of `source`, chain and all. On failure `target` may hold a part and is to be released. */
export function appendWhole(target: Packet, source: Packet): Status {
  for (let part: Packet | null = source; part !== null; part = part.next) {
    const status = appendRange(target, part, part.prepend, part.append - part.prepend);
    if (status !== NX_SUCCESS) return status;
  }
  return NX_SUCCESS;
}
