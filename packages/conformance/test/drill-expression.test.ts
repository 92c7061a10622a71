import { describe, expect, test } from '@jest/globals';
import { AssertionFailure, evaluate, runSnippet, SnippetError, SnippetScope, type Value } from '@strata/conformance';

const NAMES = new Map<string, Value>([
  ['tcpi_snd_cwnd', 10],
  ['tcpi_options', 7],
  ['TCPI_OPT_SACK', 2],
]);

describe('expressions have Python’s values', () => {
  test.each<[string, Value]>([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['7 // 2', 3],
    ['-7 // 2', -4],
    ['-7 % 3', 2],
    ['7 / 2', 3.5],
    ['2 ** 3 ** 2', 512],
    ['-2 ** 2', -4],
    ['1 << 4 | 1', 17],
    ['6 & 3', 2],
    ['6 ^ 3', 5],
    ['~0', -1],
    ['0xff', 255],
    ['1.5e3', 1500],
    ['1 < 2 < 3', true],
    ['1 < 3 < 2', false],
    ['1 == 1.0', true],
    ['1 != 2', true],
    ['not 0', true],
    ['0 or 5', 5],
    ['3 and 5', 5],
    ['0 and 5', 0],
    ['True + 1', 2],
    ['None is None', true],
    ['1 in (1, 2)', true],
    ['3 not in [1, 2]', true],
    ['1 if 0 else 2', 2],
    ['min(3, 1, 2)', 1],
    ['max([1, 5])', 5],
    ['abs(-3)', 3],
    ['"a" + "b"', 'ab'],
    ['"%d of %s" % (1, "x")', '1 of x'],
    ['(1, 2) == (1, 2)', true],
    ['tcpi_options & TCPI_OPT_SACK != 0', true],
    ['(tcpi_options & TCPI_OPT_SACK) == TCPI_OPT_SACK', true],
    ['9 <= tcpi_snd_cwnd <= 11', true],
    ['(5, 6)[1]', 6],
  ])('%s', (text, value) => {
    expect(evaluate(text, NAMES)).toEqual(value);
  });
});

describe('statements', () => {
  const run = (text: string) => {
    const scope = new SnippetScope();
    runSnippet(text, NAMES, scope);
    return scope;
  };

  test('assignments last; print writes', () => {
    expect(run('a = 1; a += 2\nprint(a, "x")\nprint a').output).toEqual(['3 x', '3']);
  });

  test('lines can be continued, and have comments', () => {
    expect(run('\n  assert tcpi_snd_cwnd == 10, \\\n tcpi_snd_cwnd # why\n  assert (1 +\n 1) == 2\n').output).toEqual(
      [],
    );
  });

  test('an assertion that does not hold says what the names were', () => {
    expect(() => run('assert tcpi_snd_cwnd == 3, "too large"')).toThrow(AssertionFailure);
    expect(() => run('assert tcpi_snd_cwnd == 3, "too large"')).toThrow(
      'assert tcpi_snd_cwnd == 3, "too large" does not hold (tcpi_snd_cwnd is 10): too large',
    );
  });

  test.each<[string, boolean]>([
    ['try: pass', true],
    ['with x: pass', true],
    ['open("x")', true],
    ['"a".upper()', true],
    ['x', false],
    ['tcpi_bogus', true],
    ['1 +', false],
    ['1 / 0', false],
    ['assert 1 1', true],
    ['"never closed', false],
    ['1 << 1000', false],
  ])('%s is refused', (text, beyond) => {
    let caught: unknown = null;
    try {
      run(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(SnippetError);
    expect((caught as SnippetError).unsupported).toBe(beyond);
  });
});
