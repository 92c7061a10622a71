import { describe, jest, test } from '@jest/globals';
import { aptLine, findCommand, inCi, NAMESPACE_ADVICE, namespaceArguments, PEERS } from '../../tools/peers.mjs';

/**
 * The path of a program that tests talk to, such as `tshark`. Throws when it is missing: a suite that needs it is
 * registered with {@link peerSuite}, which looks first.
 */
export function peerTool(command: string): string {
  const path = findCommand(command);
  if (path === null) throw new Error(`${command} is missing: ${howToGet(command)}`);
  return path;
}

/** Milliseconds that a test with real programs may take: they share the machine with whatever else runs. */
const TEST_TIMEOUT = 120_000;

/**
 * Registers a suite that needs programs (`'tshark'`, `'mosquitto'` …) or `'namespace'`, the right to make a network
 * namespace. When one is missing the suite is left out, with one line on stderr saying why and how to get it; with CI=true
 * it fails instead, so that nothing is left out there unnoticed.
 */
export function peerSuite(needs: readonly string[], title: string, register: () => void): void {
  const missing = needs.filter((need) => !present(need)).map((need) => `${need} is missing: ${howToGet(need)}`);
  if (missing.length === 0) {
    jest.setTimeout(TEST_TIMEOUT);
    describe(title, register);
    return;
  }
  const line = `left out: ${title} (${missing.join('; ')})`;
  if (!inCi) process.stderr.write(`strata: ${line}\n`);
  test(line, () => {
    if (inCi) throw new Error(line);
  });
}

function present(need: string): boolean {
  if (need === 'namespace') return findCommand('nsenter') !== null && findCommand('ip') !== null && namespaces();
  return findCommand(need) !== null;
}

let allowed: boolean | undefined;

function namespaces(): boolean {
  allowed ??= namespaceArguments() !== null;
  return allowed;
}

function howToGet(need: string): string {
  if (need === 'namespace') return NAMESPACE_ADVICE;
  const peer = PEERS.find((candidate) => candidate.command === need);
  return peer === undefined ? 'install it' : aptLine([peer]);
}
