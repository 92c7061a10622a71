import type { IpAddress } from '@strata/contracts';
import type { CallAction, Script } from './ast.ts';
import type { Conversation } from './conversation.ts';
import type { Value } from './expression.ts';
import type { DrillSettings } from './settings.ts';
import type { PendingCall } from './sockets/file.ts';

/**
 * The host under test, as a runner sees it: a clock, a link, and system calls. Ours lives in virtual time
 * ({@link StackMachine}); another may be a kernel in real time.
 */
export interface DrillMachine {
  /** Microseconds since the script began. */
  readonly now: number;
  /** By how many microseconds an event may be late: 0 in virtual time. */
  readonly lateness: number;
  /** The conversation hears of every packet that the host sends and of what its sockets do. Called once, before all else. */
  open(conversation: Conversation): void;
  /** Lets time pass until something has happened, but not beyond `until`. False: nothing happens up to then. */
  live(until: number): boolean;
  /** Nothing is to happen before `time`; it is that now. What is due at `time` itself has not happened yet. */
  advanceTo(time: number): void;
  /** Everything that is to happen at this instant has happened. */
  settle(): void;
  /** Hands the host an IP packet. False when it has no room for it. */
  inject(packet: Uint8Array): boolean;
  /** Begins a system call. */
  begin(call: CallAction): PendingCall;
  /** A command of the script has changed the settings. Returns why that cannot be, or null. */
  configure(command: string): string | null;
  /** What `%{ … }%` knows at this moment. */
  snippetValues(): ReadonlyMap<string, Value>;
  /** Lets go of everything, without a word. Returns what is wrong with what was left, or null. */
  close(): string | null;
}

/** What a machine is to be like. */
export interface MachineSetup {
  readonly script: Script;
  readonly settings: DrillSettings;
  readonly local: IpAddress;
  readonly remote: IpAddress;
}
