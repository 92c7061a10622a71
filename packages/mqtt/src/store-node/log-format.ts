import { crc32 } from 'node:zlib';
import type { MqttStoreChange } from '../store.ts';

/**
 * The log of a {@link FileMqttStore}: a mark, then groups. One commit is one group, so that it is there whole or not at all.
 *
 *     "STRATMQ1"                                  8 octets
 *     group:  length of body, CRC-32 of body      4 + 4 octets, big endian
 *             body: changes, one after another    operation, kind, key (1 + 1 + 4 octets); put: length and octets (4 + n)
 */
export const LOG_MARK = Uint8Array.from('STRATMQ1', (letter) => letter.charCodeAt(0));

const GROUP_HEADER = 8;
const CHANGE_HEADER = 6;
const PUT = 1;
const REMOVE = 2;
const CLEAR = 3;

/** The octets of one group. */
export function encodeGroup(changes: readonly MqttStoreChange[]): Uint8Array {
  let size = GROUP_HEADER;
  for (const change of changes) size += CHANGE_HEADER + (change.op === 'put' ? 4 + change.octets.length : 0);
  const octets = new Uint8Array(size);
  const view = new DataView(octets.buffer);
  let at = GROUP_HEADER;
  for (const change of changes) {
    view.setUint8(at, change.op === 'put' ? PUT : change.op === 'remove' ? REMOVE : CLEAR);
    if (change.op !== 'clear') {
      view.setUint8(at + 1, change.kind);
      view.setUint32(at + 2, change.key);
    }
    at += CHANGE_HEADER;
    if (change.op !== 'put') continue;
    view.setUint32(at, change.octets.length);
    octets.set(change.octets, at + 4);
    at += 4 + change.octets.length;
  }
  view.setUint32(0, size - GROUP_HEADER);
  view.setUint32(4, crc32(octets.subarray(GROUP_HEADER)));
  return octets;
}

/**
 * Reads the groups of a log, from behind its mark, and hands each one's changes to `apply`. Returns the offset behind the last
 * whole group: what follows it was being written when the program or the machine stopped.
 */
export function readGroups(octets: Uint8Array, apply: (changes: readonly MqttStoreChange[]) => void): number {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  let at = LOG_MARK.length;
  while (at + GROUP_HEADER <= octets.length) {
    const length = view.getUint32(at);
    const end = at + GROUP_HEADER + length;
    if (length === 0 || end > octets.length) return at;
    if (crc32(octets.subarray(at + GROUP_HEADER, end)) !== view.getUint32(at + 4)) return at;
    const changes = readChanges(octets, view, at + GROUP_HEADER, end);
    if (changes === null) return at;
    apply(changes);
    at = end;
  }
  return at;
}

function readChanges(octets: Uint8Array, view: DataView, start: number, end: number): MqttStoreChange[] | null {
  const changes: MqttStoreChange[] = [];
  let at = start;
  while (at < end) {
    if (at + CHANGE_HEADER > end) return null;
    const op = view.getUint8(at);
    const kind = view.getUint8(at + 1);
    const key = view.getUint32(at + 2);
    at += CHANGE_HEADER;
    if (op === CLEAR) changes.push({ op: 'clear' });
    else if (op === REMOVE) changes.push({ op: 'remove', kind, key });
    else if (op === PUT && at + 4 <= end) {
      const size = view.getUint32(at);
      if (at + 4 + size > end) return null;
      changes.push({ op: 'put', kind, key, octets: octets.slice(at + 4, at + 4 + size) });
      at += 4 + size;
    } else return null;
  }
  return changes;
}
