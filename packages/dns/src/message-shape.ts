/** RFC 1035 2.3.4: octets of a name in a message, lengths and the end included; 3.1: the two upper bits of a pointer. */
const LONGEST_NAME = 255;
const LONGEST_LABEL = 63;
const POINTER = 0xc0;
/** More labels than this no name can have, so it never takes more pointers. */
const MOST_POINTERS = 127;

const HEADER = 12;
const TRUNCATED = 0x02;
const QUESTION_TAIL = 4;
const RECORD_HEADER = 10;
const SOA_NUMBERS = 20;

const TYPE_A = 1;
const TYPE_NS = 2;
const TYPE_CNAME = 5;
const TYPE_SOA = 6;
const TYPE_PTR = 12;
const TYPE_MX = 15;
const TYPE_TXT = 16;
const TYPE_AAAA = 28;
const TYPE_SRV = 33;

/**
 * Does a message have the shape that its own numbers claim (RFC 1035 4)? Names end, point backwards only and are no longer than
 * names may be; every record lies within the message; the data of the types that a resolver uses fills exactly the length given.
 * Whoever decodes afterwards cannot be led beyond a record's end, whatever it trusts.
 */
export function isWellFormed(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER) return false;
  let at = HEADER;
  for (let left = count(bytes, 4); left > 0; left--) {
    at = endOfName(bytes, at);
    if (at < 0 || at + QUESTION_TAIL > bytes.length) return false;
    at += QUESTION_TAIL;
  }
  for (let left = count(bytes, 6) + count(bytes, 8) + count(bytes, 10); left > 0; left--) {
    at = endOfName(bytes, at);
    if (at < 0 || at + RECORD_HEADER > bytes.length) return false;
    const data = at + RECORD_HEADER;
    const end = data + count(bytes, at + 8);
    if (end > bytes.length || !fills(bytes, count(bytes, at), data, end)) return false;
    at = end;
  }
  return true;
}

/**
 * Of a message that says it was truncated, which may be in the middle of a record (RFC 2181 9): header and question alone. Null for
 * any other.
 */
export function withoutRecords(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < HEADER || ((bytes[2] as number) & TRUNCATED) === 0 || count(bytes, 4) !== 1) return null;
  const name = endOfName(bytes, HEADER);
  if (name < 0 || name + QUESTION_TAIL > bytes.length) return null;
  const head = bytes.slice(0, name + QUESTION_TAIL);
  head.fill(0, 6, HEADER);
  return head;
}

/** Does the data of a record of this type reach exactly from `at` to `end`? */
function fills(bytes: Uint8Array, type: number, at: number, end: number): boolean {
  switch (type) {
    case TYPE_A:
      return end - at === 4;
    case TYPE_AAAA:
      return end - at === 16;
    case TYPE_NS:
    case TYPE_CNAME:
    case TYPE_PTR:
      return endOfName(bytes, at) === end;
    case TYPE_MX:
      return at + 2 < end && endOfName(bytes, at + 2) === end;
    case TYPE_SRV:
      return at + 6 < end && endOfName(bytes, at + 6) === end;
    case TYPE_SOA: {
      const second = endOfName(bytes, at);
      const numbers = second < 0 ? -1 : endOfName(bytes, second);
      return numbers >= 0 && numbers + SOA_NUMBERS === end;
    }
    case TYPE_TXT: {
      let text = at;
      while (text < end) text += 1 + (bytes[text] as number);
      return text === end;
    }
    default:
      return true;
  }
}

/** Where the octets behind the name at `start` begin; -1 when it is no name. */
function endOfName(bytes: Uint8Array, start: number): number {
  let at = start;
  let end = -1;
  let length = 1;
  let pointers = 0;
  // A pointer leads to an earlier place than all before it (RFC 1035 4.1.4: "a prior occurrence"), so there is no circle.
  let earliest = start;
  for (;;) {
    const octet = bytes[at];
    if (octet === undefined) return -1;
    if (octet === 0) return end < 0 ? at + 1 : end;
    if ((octet & POINTER) === POINTER) {
      const low = bytes[at + 1];
      if (low === undefined || ++pointers > MOST_POINTERS) return -1;
      if (end < 0) end = at + 2;
      at = ((octet & ~POINTER) << 8) | low;
      if (at >= earliest || at < HEADER) return -1;
      earliest = at;
      continue;
    }
    length += 1 + octet;
    if (octet > LONGEST_LABEL || length > LONGEST_NAME) return -1;
    at += 1 + octet;
  }
}

function count(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
