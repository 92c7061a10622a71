/**
 * The smallest number for which `passes` holds, between 1 and `limit`; null when it does not hold for `limit` either. Begins
 * near `guess`, then halves the gap; what it answers passes, and one less does not.
 */
export async function smallest(
  limit: number,
  guess: number,
  passes: (count: number) => Promise<boolean>,
): Promise<number | null> {
  let failed = 0;
  let passed = Math.min(Math.max(1, guess), limit);
  while (!(await passes(passed))) {
    if (passed === limit) {
      return null;
    }
    failed = passed;
    passed = Math.min(limit, passed * 2);
  }
  while (passed - failed > 1) {
    const middle = (passed + failed) >> 1;
    if (await passes(middle)) {
      passed = middle;
    } else {
      failed = middle;
    }
  }
  return passed;
}
