/** Commits numbered records to the store named by the first argument, and prints each number once it is kept, until killed. */
import { writeSync } from 'node:fs';
import { FileMqttStore } from '@strata/mqtt/node';

const store = FileMqttStore.open(process.argv[2], { compactAbove: 2000 });
let next = 1;
for (const { key } of store.load()) next = Math.max(next, key + 1);
writeSync(1, `open ${[...store.load()].map(({ key, octets }) => `${key}:${octets.length}`).join(' ')}\n`);
for (;;) {
  // The record before goes with the same commit: one of the two is there, never both and never none.
  const changes = [{ op: 'put', kind: 2, key: next, octets: new Uint8Array(next % 300).fill(next) }];
  if (next > 1) changes.push({ op: 'remove', kind: 2, key: next - 1 });
  if (store.commit(changes, true) !== 0) process.exit(1);
  writeSync(1, `${next}\n`);
  next++;
}
