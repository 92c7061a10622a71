/** What a frame's IP header says, as plain values for whoever follows conversations. */
export interface IpFacts {
  readonly version: 4 | 6;
  readonly source: string;
  readonly destination: string;
  /** Where the two addresses are in the frame, source first. */
  readonly addressOffset: number;
  /** The protocol above, extension headers passed. */
  protocol: number;
  /** False when the frame holds less than the header announces. */
  readonly whole: boolean;
  /** True for a part of a fragmented datagram. */
  fragment: boolean;
}

export interface UdpFacts {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payloadOffset: number;
  readonly payloadLength: number;
}

/** What a TCP header says. Numbers are those of the wire, unsigned. */
export interface TcpFacts {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** The lower eight bits of the flags: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128. */
  readonly flags: number;
  readonly window: number;
  /** Shift count of the window scale option, or -1 when the segment has none. */
  windowShift: number;
  /** Maximum segment size option, or -1. */
  maximumSegment: number;
  readonly payloadOffset: number;
  readonly payloadLength: number;
  /** What the options say in a summary, SACK excepted. */
  words: string;
  /** Left and right edges of the SACK blocks. */
  readonly sack: (readonly [number, number])[];
  /** True when the checksum was judged and is wrong, or the header is. */
  damaged: boolean;
}
