import { NEVER } from '@strata/contracts';
import type { Lab } from '@strata/stack';

/**
 * What a lab still holds after everything was closed, for people; empty when nothing is. With auditing pools the report names
 * the holders. Also finds double releases and pools whose own books are wrong.
 */
export function leaks(lab: Lab): string[] {
  const found: string[] = [];
  for (const host of lab.hosts.values()) {
    const { pool } = host;
    if (pool.available !== pool.total) found.push(pool.leakReport());
    if (pool.invalidReleases > 0) found.push(`${pool.name}: ${pool.invalidReleases} packets were released twice`);
    for (const fault of pool.verify()) found.push(`${pool.name}: ${fault}`);
    for (const incident of pool.incidents) found.push(`${pool.name}: ${incident.kind}: ${incident.text}`);
  }
  return found;
}

/** @throws Error with the report of {@link leaks} when a pool of the lab is not whole */
export function leakGuard(lab: Lab): void {
  const found = leaks(lab);
  if (found.length > 0) throw new Error(`packets leaked:\n${found.join('\n')}`);
}

/** True when no alarm of the lab is set and nothing is deferred: nothing will ever happen by itself. */
export function isAtRest(lab: Lab): boolean {
  return lab.clock.scheduler.nextTime() === NEVER;
}
