/** Edits (insert, delete, replace, swap of neighbours) that turn one word into another. */
export function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let best = Math.min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + (same ? 0 : 1));
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        best = Math.min(best, beforePrevious[column - 2] + 1);
      }
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length];
}

/**
 * The candidates that `word` was probably meant to be, nearest first: at most `limit`, each no more than a third of its
 * letters away, compared without regard to case.
 */
export function nearest(word: string, candidates: Iterable<string>, limit = 3): string[] {
  const wanted = word.toLowerCase();
  const found: [distance: number, candidate: string][] = [];
  for (const candidate of candidates) {
    const text = candidate.toLowerCase();
    const reach = Math.max(1, Math.floor(Math.max(wanted.length, text.length) / 3));
    if (Math.abs(text.length - wanted.length) > reach) {
      continue;
    }
    const distance = editDistance(wanted, text);
    if (distance <= reach) {
      found.push([distance, candidate]);
    }
  }
  found.sort((one, other) => one[0] - other[0] || (one[1] < other[1] ? -1 : 1));
  return found.slice(0, limit).map(([, candidate]) => candidate);
}
