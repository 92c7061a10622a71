import type { Location } from './ast.ts';
import type { DrillFailure } from './result.ts';

/** Ends a run. */
export class Stop extends Error {
  readonly failure: DrillFailure | null;
  readonly unsupported: string | null;

  constructor(failure: DrillFailure | null, unsupported: string | null) {
    super(failure?.message ?? unsupported ?? '');
    this.failure = failure;
    this.unsupported = unsupported;
  }
}

/** The script has failed here. */
export function failAt(
  location: Location,
  message: string,
  expected: string | null = null,
  actual: string | null = null,
  differences: readonly string[] = [],
): Stop {
  return new Stop({ location, message, expected, actual, differences }, null);
}
