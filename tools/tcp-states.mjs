/**
 * `node tools/tcp-states.mjs [--check]`: writes packages/conformance/scripts/states, one script for each kind of segment or call
 * in each state of TCP, or says whether they are what would be written. What is expected comes from tools/tcp-states, which is
 * RFC 9293 3.10 as a table, and not from the stack.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CALLS } from './tcp-states/calls.mjs';
import { UNSYNCHRONIZED } from './tcp-states/opening.mjs';
import { SEGMENTS } from './tcp-states/segments.mjs';
import { SYNCHRONIZED } from './tcp-states/states.mjs';

const folder = fileURLToPath(new URL('../packages/conformance/scripts/states', import.meta.url));

/** Every script, by its path below packages/conformance/scripts/states. */
export function scripts() {
  const made = new Map();
  const add = (state, kind, { clause, sentence, lines }) =>
    made.set(`${state}/${kind}.pkt`, `// ${clause} (${state.toUpperCase()}): ${sentence}.\n${lines}`);
  for (const [name, state] of Object.entries(SYNCHRONIZED)) {
    for (const [kind, make] of [...Object.entries(SEGMENTS), ...Object.entries(CALLS)]) {
      const script = make(state);
      if (script !== null) add(name, kind, { ...script, lines: state.setup + script.lines });
    }
  }
  for (const [name, kinds] of Object.entries(UNSYNCHRONIZED)) {
    for (const [kind, script] of Object.entries(kinds)) add(name, kind, script);
  }
  return made;
}

function present() {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.pkt'));
}

function main() {
  const made = scripts();
  const check = process.argv.includes('--check');
  let wrong = 0;
  for (const name of present()) {
    if (made.has(name.replaceAll('\\', '/'))) continue;
    if (check) process.stdout.write(`${name} is not one of them\n`);
    else rmSync(join(folder, name));
    wrong++;
  }
  for (const [name, text] of made) {
    const file = join(folder, name);
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
    if (check) process.stdout.write(`${name} would be another\n`);
    else {
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, text);
    }
    wrong++;
  }
  process.stdout.write(`${made.size} scripts, ${wrong} ${check ? 'differ' : 'changed'}\n`);
  if (check && wrong > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
