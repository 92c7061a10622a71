/**
 * Makes a checkout ready to run: Node packages installed, TypeScript built. Each step runs only when it is needed and says
 * what it does. With CI=true it also installs the peers that the tests talk to (tools/peers.mjs).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const MINIMUM_NODE = [20, 19];

/** Prints progress on stderr, so that stdout holds only what a command was asked for. */
export function say(line) {
  process.stderr.write(`strata: ${line}\n`);
}

/** Runs a step; ends the process with its exit code, after saying what to do, when it fails. */
export function run(what, command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) {
    say(`${what} could not start: ${result.error.message}`);
    process.exit(1);
  }
  if (result.status !== 0) {
    say(`${what} failed (exit code ${result.status ?? result.signal}); the lines above say why`);
    process.exit(result.status ?? 1);
  }
}

/** The path of a tool that `npm ci` installed. */
export function tool(name) {
  return join(root, 'node_modules', '.bin', name);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1])) return;
  say(`Node ${process.versions.node} is too old; Strata needs ${MINIMUM_NODE.join('.')} or newer (https://nodejs.org)`);
  process.exit(1);
}

function installPackages() {
  const lock = join(root, 'package-lock.json');
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say('installing Node packages (npm ci), once; this takes about a minute');
  run('npm ci', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function build() {
  const first = !existsSync(join(root, 'packages', 'cli', 'dist', 'main.js'));
  if (first) say('building (tsc -b)');
  run('the build', tool('tsc'), ['-b']);
  run('bundling the command line', process.execPath, [join(root, 'tools', 'bundle.mjs')]);
}

export function setup() {
  checkNode();
  installPackages();
  build();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setup();
  say('ready: try `npx strata demo`, or `npx strata --help`');
}
