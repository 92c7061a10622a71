/** Exit codes of every command. `strata sub -W` adds mosquitto_sub's own 27. */
export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** What a {@link UserError} tells: what went wrong, why, and what to do next. */
export interface UserErrorText {
  /** One clause, without a full stop: `cannot read plant.csv`. */
  readonly what: string;
  /** The reason, when it is known. */
  readonly why?: string | undefined;
  /** The next step, as an order or a line to type. */
  readonly next?: string | undefined;
}

/**
 * A mistake of the user or of the surroundings: printed as two or three plain lines, never with a stack. Anything else that
 * is thrown is a defect of ours and is reported as one.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  readonly what: string;
  readonly why: string | undefined;
  readonly next: string | undefined;
  readonly exitCode: number;

  constructor(text: UserErrorText, exitCode: number = EXIT_FAILED) {
    super(text.why === undefined ? text.what : `${text.what}: ${text.why}`);
    this.what = text.what;
    this.why = text.why;
    this.next = text.next;
    this.exitCode = exitCode;
  }
}

/** The command line itself is wrong (exit code 2). */
export class UsageError extends UserError {
  override readonly name: string = 'UsageError';

  constructor(what: string, why?: string, next?: string) {
    super({ what, why, next }, EXIT_USAGE);
  }
}
