/** The head of a recorded sequence: the host that it is about. */
export interface ReplayHeader {
  readonly title: string;
  /** MAC address of the host's only interface. */
  readonly mac: string;
  /** Addresses with prefix lengths, of either family; a link-local one first, usually. */
  readonly addresses: readonly string[];
  /** Addresses are looked for on the link before use (RFC 4862 5.4). */
  readonly dad: boolean;
  readonly profile: 'netx' | 'modern';
  readonly set: ReplaySettings;
  /** UDP ports on which the host listens, so that it sends no "port unreachable" for them. */
  readonly udpListen: readonly number[];
}

/** What can be changed of a host, at first and on the way. */
export interface ReplaySettings {
  readonly hopLimit?: number;
  /** Identification of the next fragmented datagram. */
  readonly fragmentId?: number;
  readonly dadTransmits?: number;
  /** Multicast listener reports are sent. */
  readonly mld?: boolean;
  readonly retransTimerMs?: number;
  readonly reachableTimeMs?: number;
  /** The reachable time is drawn at random (RFC 4861 6.3.2). */
  readonly reachableRandom?: boolean;
}

interface Placed {
  /** Line of the file, from 1. */
  readonly line: number;
}

/** A frame that must come. */
export interface ExpectStep extends Placed {
  readonly kind: 'expect';
  readonly frame: Uint8Array;
  /** Seconds from now on; 0: it has been sent already. */
  readonly within: number;
  /** Compare from the IP header on: the Ethernet header may be any. */
  readonly fromIp: boolean;
  /** Octets of the frame that may be any, both ends included. */
  readonly ignore: readonly (readonly [from: number, to: number])[];
}

/** ICMPv6 messages that must not come. */
export interface ForbidStep extends Placed {
  readonly kind: 'forbid';
  readonly icmpv6: readonly number[];
  readonly seconds: number;
  /** Messages from the unspecified address are allowed all the same. */
  readonly exceptUnspecifiedSource: boolean;
}

/** An echo request that the host sends. */
export interface PingStep extends Placed {
  readonly kind: 'ping';
  readonly to: string;
  readonly bytes: number;
  /** As it was written; `data` is what it comes to. */
  readonly fill: string;
  readonly data: Uint8Array;
}

/** Something in a file that was not understood and changes nothing. */
export interface ReplayNote extends Placed {
  readonly text: string;
}

/** One line of a sequence. */
export type ReplayStep =
  | (Placed & { readonly kind: 'wait'; readonly seconds: number })
  | (Placed & { readonly kind: 'inject'; readonly frame: Uint8Array })
  | ExpectStep
  | ForbidStep
  | (Placed & { readonly kind: 'flush' })
  | PingStep
  | (Placed & { readonly kind: 'set'; readonly settings: ReplaySettings })
  | (Placed & { readonly kind: 'reboot' })
  | (Placed & { readonly kind: 'cleanup' });

/** A sequence as it was read. */
export interface ReplayScript {
  readonly header: ReplayHeader;
  readonly steps: readonly ReplayStep[];
  readonly notes: readonly ReplayNote[];
}
