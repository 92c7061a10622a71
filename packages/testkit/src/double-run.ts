import { readCapture } from '@strata/pcap-writer';

/**
 * Runs a scenario twice with one seed and compares the captures it returns.
 * @throws Error that names the first frame that differs
 */
export async function doubleRun(
  seed: number,
  scenario: (seed: number) => Uint8Array | Promise<Uint8Array>,
): Promise<Uint8Array> {
  const first = await scenario(seed);
  const second = await scenario(seed);
  const at = firstDifference(first, second);
  if (at >= 0) throw new Error(`seed ${seed}: the two runs differ at byte ${at}, ${describePlace(first, second)}`);
  return first;
}

/** Where two captures begin to differ, -1 when they are the same. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return i;
  return a.length === b.length ? -1 : shorter;
}

function describePlace(first: Uint8Array, second: Uint8Array): string {
  const one = [...readCapture(first)].filter((event) => event.kind === 'packet');
  const other = [...readCapture(second)].filter((event) => event.kind === 'packet');
  const index = one.findIndex((packet, i) => JSON.stringify(packet, plain) !== JSON.stringify(other[i], plain));
  if (index < 0) return `after frame ${one.length}: ${one.length} frames against ${other.length}`;
  return `in frame ${index + 1} of ${one.length} against ${other.length}`;
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
