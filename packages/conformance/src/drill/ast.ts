/**
 * What a script of the packetdrill language says, as plain data. Times are integer microseconds, sequence numbers unsigned.
 */

/** A place in the script; both count from 1. */
export interface Location {
  readonly line: number;
  readonly column: number;
}

/** When an event is to happen. */
export type TimeSpec =
  | { readonly kind: 'absolute' | 'relative'; readonly at: number }
  /** Outbound packets only: any time. */
  | { readonly kind: 'any' }
  /** Outbound packets only. */
  | { readonly kind: 'absolute-range' | 'relative-range'; readonly at: number; readonly to: number }
  /** System calls only: starts at `at`, returns at `to`; both relative to the same base when relative. */
  | { readonly kind: 'absolute-blocking' | 'relative-blocking'; readonly at: number; readonly to: number };

/** `--name` or `--name=value`. */
export interface ScriptOption {
  readonly name: string;
  readonly value: string | null;
  readonly location: Location;
}

export interface Script {
  readonly options: readonly ScriptOption[];
  /** Runs before the clock starts. */
  readonly init: ShellAction | null;
  readonly events: readonly ScriptEvent[];
  /** Runs after all events, pass or fail. */
  readonly cleanup: ShellAction | null;
}

export interface ScriptEvent {
  readonly time: TimeSpec;
  readonly location: Location;
  readonly action: Action;
}

export type Action = PacketAction | CallAction | ShellAction | CodeAction;

export interface ShellAction {
  readonly kind: 'shell';
  readonly command: string;
  readonly location: Location;
}

export interface CodeAction {
  readonly kind: 'code';
  readonly text: string;
  readonly location: Location;
}

/** What a packet line says of the IP header; null: not said. */
export interface IpInfo {
  readonly ecn: 'noecn' | 'ect0' | 'ect1' | 'ce' | 'ect01' | null;
  readonly tos: number | null;
  readonly ttl: number | null;
  readonly flowLabel: number | null;
}

export interface PacketAction {
  readonly kind: 'packet';
  /** True: injected into the stack; false: expected from it. */
  readonly inbound: boolean;
  readonly ip: IpInfo;
  /** Headers in front of the packet (`ipv4 a > b`, `gre`, `mpls …`), as written. */
  readonly tunnels: readonly string[];
  readonly ports: { readonly source: number; readonly destination: number } | null;
  readonly body: PacketBody;
}

export type PacketBody = TcpBody | UdpBody | IcmpBody | ForeignBody;

/** A packet of a protocol that is not tested here, as written. */
export interface ForeignBody {
  readonly protocol: 'foreign';
  readonly text: string;
}

export interface TcpBody {
  readonly protocol: 'tcp';
  /** Sum of the TCP_ flag bits; an ACE digit is in the bits of AE, CWR and ECE. */
  readonly flags: number;
  readonly sequence: number;
  readonly length: number;
  readonly acknowledgment: number | null;
  readonly window: number | null;
  readonly urgent: number | null;
  /** Null: `<...>`, not compared. */
  readonly options: readonly TcpOption[] | null;
  /** Numbers marked with `!`: as they are on the wire, not counted from an initial sequence number. */
  readonly absolute?: AbsoluteNumbers;
}

export interface AbsoluteNumbers {
  readonly sequence: boolean;
  readonly acknowledgment: boolean;
  readonly echo: boolean;
}

export type TcpOption =
  | { readonly kind: 'nop' | 'eol' | 'sackOK' }
  | { readonly kind: 'mss' | 'wscale'; readonly value: number }
  | { readonly kind: 'sack'; readonly blocks: readonly (readonly [left: number, right: number])[] }
  | { readonly kind: 'TS'; readonly value: number; readonly echo: number }
  | { readonly kind: 'md5' | 'FO' | 'FOEXP'; readonly hex: string }
  /** Accurate ECN: counters in the order in which they are sent. */
  | { readonly kind: 'ECN'; readonly fields: readonly (readonly [name: AccEcnField, value: number])[] }
  /** An option of a protocol that is not tested here, as written. */
  | { readonly kind: 'foreign'; readonly text: string }
  /** An option without a name in the language; only in packets from the stack. */
  | { readonly kind: 'unknown'; readonly number: number; readonly hex: string };

export type AccEcnField = 'e0b' | 'ceb' | 'e1b';

export interface UdpBody {
  readonly protocol: 'udp';
  readonly length: number;
}

export interface IcmpBody {
  readonly protocol: 'icmp';
  /** Names as written, such as `unreachable` and `frag_needed`; a number stands for itself. */
  readonly type: string;
  readonly code: string | null;
  readonly mtu: number | null;
  readonly id: number | null;
  readonly quote: IcmpQuote | null;
}

/** The packet of the stack that an ICMP error quotes. */
export type IcmpQuote =
  | { readonly protocol: 'tcp'; readonly sequence: number; readonly length: number }
  | { readonly protocol: 'udp' | 'raw'; readonly length: number };

export interface CallAction {
  readonly kind: 'call';
  readonly name: string;
  readonly arguments: readonly Expression[];
  readonly result: CallResult;
}

export interface CallResult {
  /** Null: `...`, anything. */
  readonly value: number | null;
  /** `EAGAIN` and the like; null: not compared. */
  readonly errno: string | null;
}

/** An argument of a system call. */
export type Expression =
  | { readonly kind: 'any'; readonly location: Location }
  | { readonly kind: 'number'; readonly value: number; readonly location: Location }
  | { readonly kind: 'text'; readonly value: string; readonly location: Location }
  | { readonly kind: 'symbol'; readonly name: string; readonly location: Location }
  | { readonly kind: 'or'; readonly parts: readonly Expression[]; readonly location: Location }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly arguments: readonly Expression[];
      readonly location: Location;
    }
  | { readonly kind: 'list'; readonly items: readonly Expression[]; readonly location: Location }
  | { readonly kind: 'struct'; readonly fields: readonly StructField[]; readonly location: Location };

/** `name=value`, `name(size)=value`, or a value alone. */
export interface StructField {
  readonly name: string | null;
  readonly size: Expression | null;
  readonly value: Expression;
}
