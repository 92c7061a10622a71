import { styleText } from 'node:util';

/** Where bytes go. A Node stream is one; tests hand in a recorder. */
export interface Output {
  write(data: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Everything of the process that a command may touch. */
export interface Surroundings {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean | undefined };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  /** Aborted by the first SIGINT or SIGTERM from now on; the next one ends the process as usual. */
  interruption(): AbortSignal;
}

/** A ladder needs that much. */
const FEWEST_COLUMNS = 40;

/** The styles that the output uses; the names are those of `util.styleText`. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

/**
 * What a command prints on. Data goes to stdout; everything said about the data goes to stdout only when a person is
 * looking at it there, and to stderr as soon as stdout is a pipe or carries a capture.
 */
export class Terminal {
  readonly surroundings: Surroundings;
  /** True when the command itself says where its capture is. */
  captureIsNamed: boolean;
  private captureOnStdout: boolean;
  private readonly lastWords: ((code: number) => void)[];

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
    this.captureIsNamed = false;
    this.captureOnStdout = false;
    this.lastWords = [];
  }

  /** Has `say` called when the command is over, whatever came of it, with its exit code. */
  whenOver(say: (code: number) => void): void {
    this.lastWords.push(say);
  }

  /** The command is over. */
  over(code: number): void {
    for (const say of this.lastWords.splice(0)) say(code);
  }

  /** From now on stdout belongs to a capture (`--pcap -`); all text goes to stderr. */
  giveStdoutToCapture(): void {
    this.captureOnStdout = true;
  }

  get stdoutIsCapture(): boolean {
    return this.captureOnStdout;
  }

  /** True when a person sees stdout. */
  get interactive(): boolean {
    return this.surroundings.stdout.isTTY === true && !this.captureOnStdout;
  }

  /** Width for tables and diagrams: the window's; in a pipe what COLUMNS says, or 100. */
  get columns(): number {
    const wanted = Number(this.surroundings.environment.COLUMNS);
    return this.dataOutput.columns ?? (Number.isInteger(wanted) && wanted >= FEWEST_COLUMNS ? wanted : 100);
  }

  /** Prints a line of the command's result. */
  data(line: string): void {
    this.dataOutput.write(`${line}\n`);
  }

  /** Writes bytes of the command's result as they are. */
  raw(bytes: string | Uint8Array): void {
    this.dataOutput.write(bytes);
  }

  /** Writes capture bytes to stdout. */
  capture(bytes: Uint8Array): void {
    this.surroundings.stdout.write(bytes);
  }

  /** Prints progress, hints and summaries. */
  note(line: string): void {
    this.noteOutput.write(`${line}\n`);
  }

  /** Prints a complaint. */
  error(line: string): void {
    this.surroundings.stderr.write(`${line}\n`);
  }

  /** Styles text for {@link data}. */
  paintData(style: Style, text: string): string {
    return this.paint(this.dataOutput, style, text);
  }

  /** Styles text for {@link note}. */
  paintNote(style: Style, text: string): string {
    return this.paint(this.noteOutput, style, text);
  }

  /** Styles text for {@link error}. */
  paintError(style: Style, text: string): string {
    return this.paint(this.surroundings.stderr, style, text);
  }

  private get dataOutput(): Output {
    return this.captureOnStdout ? this.surroundings.stderr : this.surroundings.stdout;
  }

  private get noteOutput(): Output {
    return this.interactive ? this.surroundings.stdout : this.surroundings.stderr;
  }

  private paint(output: Output, style: Style, text: string): string {
    const { NO_COLOR, TERM } = this.surroundings.environment;
    const plain = output.isTTY !== true || TERM === 'dumb' || (NO_COLOR !== undefined && NO_COLOR !== '');
    return plain ? text : styleText(style, text, { validateStream: false });
  }
}
