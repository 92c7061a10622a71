import { type Dissection, type Problem, tcpFlagsText } from '@strata/dissect';
import { flagBits } from './frame-maker.ts';

/** Judges one frame: null when it is right, otherwise what is wrong. Checks combine with {@link all}. */
export type FrameCheck = (frame: Dissection) => string | null;

/** Every check in turn; the first complaint counts. */
export function all(...checks: readonly FrameCheck[]): FrameCheck {
  return (frame) => {
    for (const check of checks) {
      const complaint = check(frame);
      if (complaint !== null) return complaint;
    }
    return null;
  };
}

/** Lengths, checksums and formats are right, by the independent dissector. What is merely unusual passes. */
export const wellFormed: FrameCheck = (frame) => {
  const problems = frame.problems.filter((problem: Problem) => problem.kind !== 'unusual');
  return problems.length === 0 ? null : problems.map((problem) => `${problem.kind}: ${problem.text}`).join('; ');
};

/** What a TCP segment is to look like; what is absent is not looked at. Numbers are those of the wire. */
export interface ExpectedSegment {
  /** In packetdrill's letters, all of them: `S.`, `P.`. */
  readonly flags?: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly sequence?: number;
  readonly acknowledgment?: number;
  readonly window?: number;
  readonly maximumSegment?: number;
  readonly windowShift?: number;
  readonly payloadLength?: number;
  /** Text is UTF-8. */
  readonly payload?: ArrayLike<number> | string;
}

export function tcpSegment(expected: ExpectedSegment): FrameCheck {
  return (frame) => {
    const { tcp } = frame;
    if (tcp === null) return `expected a TCP segment, got ${frame.summary}`;
    const numbers: [string, number | undefined, number][] = [
      ['source port', expected.sourcePort, tcp.sourcePort],
      ['destination port', expected.destinationPort, tcp.destinationPort],
      ['sequence number', unsigned(expected.sequence), tcp.sequence >>> 0],
      ['acknowledgment number', unsigned(expected.acknowledgment), tcp.acknowledgment >>> 0],
      ['window', expected.window, tcp.window],
      ['maximum segment size', expected.maximumSegment, tcp.maximumSegment],
      ['window scale', expected.windowShift, tcp.windowShift],
      ['payload length', expected.payloadLength, tcp.payloadLength],
    ];
    if (expected.flags !== undefined && flagBits(expected.flags) !== tcp.flags) {
      return `expected flags ${tcpFlagsText(flagBits(expected.flags))}, got ${tcpFlagsText(tcp.flags)}`;
    }
    const complaint = firstDifference(numbers);
    if (complaint !== null || expected.payload === undefined) return complaint;
    return compareBytes(expected.payload, payloadOf(frame, tcp.payloadOffset, tcp.payloadLength));
  };
}

/** What a UDP datagram is to look like. */
export interface ExpectedDatagram {
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly payload?: ArrayLike<number> | string;
}

export function udpDatagram(expected: ExpectedDatagram): FrameCheck {
  return (frame) => {
    const { udp } = frame;
    if (udp === null) return `expected a UDP datagram, got ${frame.summary}`;
    const complaint = firstDifference([
      ['source port', expected.sourcePort, udp.sourcePort],
      ['destination port', expected.destinationPort, udp.destinationPort],
    ]);
    if (complaint !== null || expected.payload === undefined) return complaint;
    return compareBytes(expected.payload, payloadOf(frame, udp.payloadOffset, udp.payloadLength));
  };
}

/** A frame that has this protocol's layer with these values in it, by the dissector's names of fields. */
export function layer(protocol: string, values: Readonly<Record<string, unknown>> = {}): FrameCheck {
  return (frame) => {
    const found = frame.layers.find((each) => each.protocol === protocol);
    if (found === undefined) return `expected ${protocol}, got ${frame.summary}`;
    for (const [name, value] of Object.entries(values)) {
      const got = found.valueOf(name);
      if (got !== value) return `expected ${protocol} ${name} ${String(value)}, got ${String(got)}`;
    }
    return null;
  };
}

function unsigned(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value >>> 0;
}

function firstDifference(rows: readonly (readonly [string, number | undefined, number])[]): string | null {
  for (const [name, wanted, got] of rows) {
    if (wanted !== undefined && wanted !== got) return `expected ${name} ${wanted}, got ${got}`;
  }
  return null;
}

function payloadOf(frame: Dissection, offset: number, length: number): Uint8Array {
  return frame.bytes.subarray(offset, offset + length);
}

function compareBytes(wanted: ArrayLike<number> | string, got: Uint8Array): string | null {
  const bytes = typeof wanted === 'string' ? new TextEncoder().encode(wanted) : Uint8Array.from(wanted);
  if (bytes.length !== got.length) return `expected a payload of ${bytes.length} octets, got ${got.length}`;
  const at = bytes.findIndex((octet, i) => octet !== got[i]);
  return at < 0 ? null : `octet ${at} of the payload is ${got[at]}, not ${bytes[at]}`;
}
