import type { Location } from './ast.ts';

/** `unsupported`: nobody can tell, because the script needs something that this stack, or this runner, does not have. */
export type DrillVerdict = 'pass' | 'fail' | 'unsupported';

/** One packet that went over the link, in the script's words. */
export interface DrillFrame {
  /** Microseconds since the script began. */
  readonly time: number;
  readonly direction: 'in' | 'out';
  /** As the script language writes it, in the script's numbers. */
  readonly text: string;
  /** The IP packet. */
  readonly bytes: Uint8Array;
  /** The event that it belonged to; null: none. */
  line: number | null;
  /** What is to be said of it in a capture. */
  readonly comments: string[];
}

/** Where and why a script stopped. */
export interface DrillFailure {
  readonly location: Location;
  /** One sentence. */
  readonly message: string;
  /** What the script expects and what came instead, as lines of the script language; null when it is not about a packet. */
  readonly expected: string | null;
  readonly actual: string | null;
  /** Field by field. */
  readonly differences: readonly string[];
}

/** How a script went. */
export interface DrillResult {
  /** The script's name as it was given. */
  readonly name: string;
  readonly verdict: DrillVerdict;
  /** Null unless it failed. */
  readonly failure: DrillFailure | null;
  /** Why it is unsupported. */
  readonly reasons: readonly string[];
  /** What was ignored or mapped. */
  readonly notes: readonly string[];
  /** Differences that were overlooked, because the runner is lenient there. */
  readonly overlooked: readonly string[];
  /** Packets that the script says nothing of, after its last event. */
  readonly unexpected: readonly string[];
  /** What `print` wrote. */
  readonly output: readonly string[];
  readonly frames: readonly DrillFrame[];
  /** Virtual time that the script took, in microseconds. */
  readonly duration: number;
}
