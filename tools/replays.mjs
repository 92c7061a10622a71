/**
 * `node tools/replays.mjs [--check]`: writes the recorded sequences of packages/conformance/replays, or says whether they are
 * what would be written. Their frames are made by tools/replays/frames.mjs from the RFCs, not by the stack.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOST } from './replays/actors.mjs';
import { autoconfiguration, duplicates, routers } from './replays/configuration.mjs';
import { errors, fragments, headers, paths, redirects } from './replays/errors.mjs';
import { hosts } from './replays/hosts.mjs';
import { neighbor } from './replays/neighbor.mjs';
import { moreErrors, moreFragments, moreHeaders, morePaths } from './replays/orders.mjs';
import { states } from './replays/states.mjs';
import { moreAutoconfiguration, moreDuplicates, moreRedirects } from './replays/strange.mjs';

const folder = fileURLToPath(new URL('../packages/conformance/replays', import.meta.url));

const TOPICS = {
  neighbor,
  states,
  hosts,
  duplicates: { ...duplicates, ...moreDuplicates },
  routers,
  autoconfiguration: { ...autoconfiguration, ...moreAutoconfiguration },
  headers: { ...headers, ...moreHeaders },
  errors: { ...errors, ...moreErrors },
  fragments: { ...fragments, ...moreFragments },
  paths: { ...paths, ...morePaths },
  redirects: { ...redirects, ...moreRedirects },
};

/** The host of every sequence that does not say otherwise. */
const SETTINGS = {
  hopLimit: 255,
  fragmentId: 1,
  dadTransmits: 3,
  mld: false,
  retransTimerMs: 1000,
  reachableTimeMs: 30_000,
  reachableRandom: false,
};

function text(title, sequence) {
  const { steps, fresh, ...change } = Array.isArray(sequence) ? { steps: sequence } : sequence;
  const header = {
    replay: 1,
    title,
    mac: HOST.mac,
    addresses: change.addresses ?? [`${HOST.local}/64`, `${HOST.global}/64`],
    dad: change.dad ?? false,
    profile: 'netx',
    set: { ...SETTINGS, ...change.set },
    udpListen: [9],
  };
  // What the host says by itself at first is over after this.
  const begin = fresh === true ? [] : [{ wait: 15 }, { flush: true }];
  return `${[header, ...begin, ...expanded(steps)].map((step) => JSON.stringify(step)).join('\n')}\n`;
}

/** A call fills with zeros unless it says otherwise. */
function expanded(steps) {
  return steps.map((step) => (step.call === undefined ? step : { fill: '00', ...step }));
}

/** Every sequence, by its path below the folder. */
export function sequences() {
  const files = new Map();
  for (const [topic, titles] of Object.entries(TOPICS)) {
    for (const [title, sequence] of Object.entries(titles)) {
      const name = title
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/g, '-')
        .replaceAll(/^-|-$/g, '');
      files.set(join(topic, `${name}.ndjson`), text(title, sequence));
    }
  }
  return files;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = sequences();
  if (process.argv.includes('--check')) {
    const wrong = [...files].filter(([name, wanted]) => {
      const path = join(folder, name);
      return !existsSync(path) || readFileSync(path, 'utf8') !== wanted;
    });
    for (const [name] of wrong) process.stdout.write(`differs: ${name}\n`);
    process.exitCode = wrong.length === 0 ? 0 : 1;
  } else {
    if (existsSync(folder)) for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    for (const [name, wanted] of files) {
      const path = join(folder, name);
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, wanted);
    }
  }
  process.stdout.write(`${files.size} sequences\n`);
}
