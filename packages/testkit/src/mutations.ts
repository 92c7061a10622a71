import type { Random } from '@strata/contracts';
import { repairChecksums } from './repair.ts';

const EDGES_8 = [0, 1, 0x7f, 0x80, 0xff];
const EDGES_16 = [0, 1, 0x7fff, 0x8000, 0xffff];

/** Where the fields end that are worth trying one by one: Ethernet, IPv4 with options, and the longest TCP header. */
const HEADERS = 14 + 24 + 60;

/**
 * Every single damage of a kind: the frame cut at each octet, and each 8-bit and 16-bit field of its headers set to its edges
 * and moved by one, checksums repaired.
 */
export function* systematicMutations(frame: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let length = 0; length < frame.length; length++) {
    const cut = frame.slice(0, length);
    yield cut;
    if (length < 34) continue;
    // The length field follows, so that the layer above sees the cut.
    const honest = cut.slice();
    setUint16(honest, 16, length - 14);
    repairChecksums(honest);
    yield honest;
  }
  const end = Math.min(frame.length, HEADERS);
  for (let at = 0; at < end; at++) {
    const octet = frame[at] as number;
    for (const value of [...EDGES_8, octet + 1, octet - 1]) {
      const changed = frame.slice();
      changed[at] = value;
      repairChecksums(changed);
      yield changed;
    }
    if (at % 2 === 1 || at + 1 >= frame.length) continue;
    const word = ((frame[at] as number) << 8) | (frame[at + 1] as number);
    for (const value of [...EDGES_16, word + 1, word - 1]) {
      const changed = frame.slice();
      setUint16(changed, at, value);
      repairChecksums(changed);
      yield changed;
    }
  }
}

function setUint16(frame: Uint8Array, at: number, value: number): void {
  if (at + 1 >= frame.length) return;
  frame[at] = (value >> 8) & 255;
  frame[at + 1] = value & 255;
}

/** One random damage, or several on top of each other; most with checksums repaired. */
export function randomMutation(random: Random, frame: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  let changed: Uint8Array = frame.slice();
  for (let left = 1 + (random.below(4) === 0 ? random.below(4) : 0); left > 0; left--) {
    changed = once(random, changed, corpus);
  }
  if (random.below(4) !== 0) repairChecksums(changed);
  return changed;
}

function once(random: Random, frame: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  const { length } = frame;
  if (length === 0) return randomOctets(random, 1 + random.below(100));
  const at = random.below(length);
  switch (random.below(10)) {
    case 0:
      return shorten(random, frame, at);
    case 1:
    case 2:
      for (let bits = 1 + random.below(8); bits > 0; bits--) {
        const bit = random.below(8 * length);
        frame[bit >> 3] = (frame[bit >> 3] as number) ^ (1 << (bit & 7));
      }
      return frame;
    case 3:
      frame[at] = EDGES_8[random.below(EDGES_8.length)] as number;
      return frame;
    case 4:
      setUint16(frame, at, EDGES_16[random.below(EDGES_16.length)] as number);
      return frame;
    case 5:
      frame[at] = (frame[at] as number) + (random.below(2) === 0 ? 1 : -1);
      return frame;
    case 6:
      return splice(frame, at, corpus[random.below(corpus.length)] as Uint8Array, random);
    case 7:
      frame.set(randomOctets(random, Math.min(length - at, 1 + random.below(16))), at);
      return frame;
    case 8: {
      const longer = new Uint8Array(Math.min(1514, length + 1 + random.below(64)));
      longer.set(frame.subarray(0, longer.length));
      longer.set(randomOctets(random, Math.max(0, longer.length - length)), length);
      return longer;
    }
    default:
      return random.below(8) === 0 ? randomOctets(random, 1 + random.below(200)) : flagsOf(random, frame);
  }
}

function shorten(random: Random, frame: Uint8Array, length: number): Uint8Array {
  const cut = frame.slice(0, length);
  if (random.below(2) === 0) setUint16(cut, 16, length - 14);
  return cut;
}

/** The front of one frame and the back of another. */
function splice(frame: Uint8Array, at: number, other: Uint8Array, random: Random): Uint8Array {
  const from = random.below(2) === 0 ? at : random.below(other.length + 1);
  const tail = other.subarray(Math.min(from, other.length));
  const made = new Uint8Array(Math.min(1514, at + tail.length));
  made.set(frame.subarray(0, at));
  made.set(tail.subarray(0, made.length - at), at);
  return made;
}

/** TCP's flags are one octet of many and deserve more than their share. */
function flagsOf(random: Random, frame: Uint8Array): Uint8Array {
  if (frame.length > 47) frame[47] = random.below(256);
  return frame;
}

function randomOctets(random: Random, count: number): Uint8Array {
  const octets = new Uint8Array(count);
  for (let i = 0; i < count; i++) octets[i] = random.below(256);
  return octets;
}
