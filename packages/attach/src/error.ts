/** Why something could not be attached. Stable: programs and tests compare these. */
export type AttachErrorCode =
  | 'NOT_LINUX'
  | 'NO_LIBRARY'
  | 'NO_DEVICE_NODE'
  | 'NO_PERMISSION'
  | 'NAME_INVALID'
  | 'NAME_TAKEN'
  | 'BUSY'
  | 'ADDRESS_INVALID'
  | 'ADDRESS_TAKEN'
  | 'SYSTEM';

/** A failure to attach, with the lines that put it right. `message` is one sentence; `advice` is what to type or change. */
export class AttachError extends Error {
  readonly code: AttachErrorCode;
  /** Lines for people, ready to print; those that begin with two blanks can be copied into a shell. */
  readonly advice: readonly string[];

  constructor(code: AttachErrorCode, message: string, advice: readonly string[]) {
    super(message);
    this.name = 'AttachError';
    this.code = code;
    this.advice = advice;
  }

  /** The message and the advice, as the command line prints them. */
  describe(): string {
    return [this.message, ...this.advice].join('\n');
  }
}
