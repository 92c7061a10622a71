/** What a check throws when the stack does not do what it should. Anything else that is thrown is a defect of the scenario. */
export class CheckFailure extends Error {
  override readonly name = 'CheckFailure';
  readonly expected: string | null;
  readonly actual: string | null;

  constructor(message: string, expected: string | null = null, actual: string | null = null) {
    super(message);
    this.expected = expected;
    this.actual = actual;
  }
}

/** Shows a value in a report. */
export function show(value: unknown): string {
  if (value instanceof Uint8Array) return hex(value);
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return JSON.stringify(value) ?? String(value);
}

/** Octets as hexadecimal digits. */
export function hex(bytes: ArrayLike<number>): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join('');
}
