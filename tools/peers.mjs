/**
 * The programs that the tests talk to and do not bring along: brokers, decoders, Linux's own network tools.
 *
 * `node tools/peers.mjs` lists them, says which are missing and how to get them. With CI=true it installs what is missing
 * with apt-get and fails when it cannot, so that there every test runs.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Command, the Debian package that holds it, what the tests do with it. */
export const PEERS = [
  { command: 'ip', package: 'iproute2', purpose: 'sets network namespaces and interfaces up' },
  { command: 'unshare', package: 'util-linux', purpose: 'makes network namespaces' },
  { command: 'nsenter', package: 'util-linux', purpose: 'runs programs inside them' },
  { command: 'ping', package: 'iputils-ping', purpose: 'Linux pings a host of ours' },
  { command: 'nc', package: 'netcat-openbsd', purpose: "exchanges data with our TCP services over Linux's own TCP" },
  { command: 'curl', package: 'curl', purpose: 'reads our HTTP service' },
  { command: 'mosquitto', package: 'mosquitto', purpose: 'the broker our MQTT client talks to' },
  { command: 'mosquitto_passwd', package: 'mosquitto', purpose: 'makes the password file of that broker' },
  { command: 'mosquitto_pub', package: 'mosquitto-clients', purpose: 'publishes to a broker on our stack' },
  { command: 'mosquitto_sub', package: 'mosquitto-clients', purpose: 'subscribes at a broker on our stack' },
  { command: 'dnsmasq', package: 'dnsmasq-base', purpose: 'gives our hosts addresses and names' },
  { command: 'radvd', package: 'radvd', purpose: 'advertises IPv6 routers to our hosts' },
  { command: 'tracepath', package: 'iputils-tracepath', purpose: 'looks for the MTU of a path to our hosts' },
  { command: 'openssl', package: 'openssl', purpose: 'the other side of TLS' },
  { command: 'tshark', package: 'tshark', purpose: 'decodes every capture and looks for faults' },
];

/** True where a missing peer is an error: nothing may be left out there. */
export const inCi = process.env.CI === 'true' || process.env.CI === '1';

/** Debian keeps daemons and network tools where the PATH of ordinary users does not lead. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The full path of a command, or null. */
export function findCommand(command) {
  for (const folder of FOLDERS) {
    if (folder === '') continue;
    const path = join(folder, command);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  return null;
}

export function missingPeers() {
  return PEERS.filter((peer) => findCommand(peer.command) === null);
}

/** The line that installs the packages of these peers on Debian and its kin. */
export function aptLine(peers) {
  const packages = [...new Set(peers.map((peer) => peer.package))].sort();
  return `sudo apt-get install --no-install-recommends ${packages.join(' ')}`;
}

/** How to make a network namespace here: the arguments of `unshare`, or null when the kernel does not let this user. */
export function namespaceArguments() {
  const unshare = findCommand('unshare');
  if (process.platform !== 'linux' || unshare === null) return null;
  const ways = process.getuid?.() === 0 ? [['-n'], ['-Urn']] : [['-Urn']];
  for (const way of ways) {
    if (spawnSync(unshare, [...way, 'true'], { stdio: 'ignore' }).status === 0) return way;
  }
  return null;
}

/** What to do when {@link namespaceArguments} is null. */
export const NAMESPACE_ADVICE =
  process.platform === 'linux'
    ? 'this user may not make network namespaces; `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0' +
      ' kernel.unprivileged_userns_clone=1` allows it, or run as root'
    : 'network namespaces need Linux';

function say(line) {
  process.stderr.write(`strata: ${line}\n`);
}

/** Runs a command as root, with sudo where needed. True when it succeeded. */
function asRoot(command, args) {
  const root = process.getuid?.() === 0;
  const [program, rest] = root
    ? [command, args]
    : ['sudo', ['-n', 'env', 'DEBIAN_FRONTEND=noninteractive', command, ...args]];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const result = spawnSync(program, rest, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (result.error) say(`${program} could not start: ${result.error.message}`);
  return result.status === 0;
}

function install(missing) {
  const packages = [...new Set(missing.map((peer) => peer.package))].sort();
  say(`installing ${packages.join(', ')} (apt-get)`);
  const attempt = () =>
    asRoot('apt-get', ['update', '-q']) &&
    asRoot('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages]);
  if (!attempt()) {
    say('apt-get failed; trying once more');
    attempt();
  }
}

function allowNamespaces() {
  for (const setting of ['kernel.apparmor_restrict_unprivileged_userns=0', 'kernel.unprivileged_userns_clone=1']) {
    const path = join('/proc/sys', setting.split('=')[0].replaceAll('.', '/'));
    if (existsSync(path)) asRoot('sysctl', ['-q', '-w', setting]);
  }
}

/**
 * Sees to the peers before the tests run. Outside CI it only tells what will be left out; in CI it installs, and ends the
 * process with exit code 1 when something is missing afterwards.
 */
export async function ensurePeers() {
  if (inCi) {
    const missing = missingPeers();
    if (missing.length > 0) install(missing);
    if (namespaceArguments() === null) allowNamespaces();
  }
  const missing = missingPeers();
  const namespaces = namespaceArguments() !== null;
  if (missing.length > 0) {
    say(`missing: ${missing.map((peer) => peer.command).join(', ')}; get them with\n  ${aptLine(missing)}`);
  }
  if (!namespaces) say(NAMESPACE_ADVICE);
  if (missing.length === 0 && namespaces) return;
  if (inCi) {
    say('CI=true: no test may be left out, so this is an error');
    process.exit(1);
  }
  say('the tests that need them are left out');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const peer of PEERS) {
    const found = findCommand(peer.command);
    process.stdout.write(
      `${peer.command.padEnd(16)} ${peer.package.padEnd(18)} ${found ?? 'missing'}: ${peer.purpose}\n`,
    );
  }
  process.stdout.write(`namespaces       ${namespaceArguments() === null ? 'no' : 'yes'}\n`);
  await ensurePeers();
}
