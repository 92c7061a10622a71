/**
 * Carries as much as it can from one sender, Linux's or our TCP, to a Linux receiver in a namespace of its own, for so many
 * seconds, over an emulated cable; prints bits per second. Started by tools/linux-cubic.mjs inside a namespace.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { Lab, modernProfile } from '@strata/stack';
import { HostClock } from '@strata/time';
import koffi from 'koffi';
import { faultsOf, joinTap, must } from './site.mjs';

const SENDER = '192.0.2.1';
const RECEIVER = '192.0.2.2';
const PORT = 5001;
const IPPROTO_TCP = 6;
const TCP_CONGESTION = 13;
const CHUNK = new Uint8Array(64 * 1024);

/** The receiver: counts what comes in the given time from the first octet on, and says so. */
async function receive(seconds) {
  must('ip', ['address', 'add', `${RECEIVER}/24`, 'dev', 'receiver']);
  must('ip', ['link', 'set', 'receiver', 'up']);
  const server = net.createServer((socket) => {
    let bytes = 0;
    socket.once('data', () => setTimeout(() => process.stdout.write(`${bytes}\n`), seconds * 1000));
    socket.on('data', (data) => {
      bytes += data.length;
    });
    socket.on('error', () => {});
  });
  server.listen(PORT, RECEIVER);
  await once(server, 'listening');
  process.stdout.write('ready\n');
}

async function carry({ sender, seed, loss, delay, seconds }) {
  const clock = new HostClock();
  const lab = new Lab({ seed, profile: modernProfile, clock, memoryBytes: 64 << 20 });
  const cable = lab.bridge({ name: 'cable', faults: faultsOf({ loss, delay }, seed) });
  const far = joinTap(lab, cable.b, clock, { name: 'receiver' });
  const program = fileURLToPath(import.meta.url);
  const receiver = spawn('unshare', ['-n', process.execPath, program, 'receive', String(seconds)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = linesOf(receiver.stdout);
  await lines.next();
  must('ip', ['link', 'set', 'receiver', 'netns', String(receiver.pid)]);
  receiver.stdin.write('go\n');
  await lines.next();
  const stopped = new AbortController();
  const near = sender === 'linux' ? sendFromLinux(lab, cable, clock) : sendFromStrata(lab, cable, stopped.signal);
  const counted = await lab.run(() => lines.next(), 'the transfer');
  stopped.abort();
  process.stdout.write(String((Number(counted.value) * 8) / seconds));
  near.end();
  far.close();
  receiver.kill('SIGKILL');
  process.exit(0);
}

function sendFromLinux(lab, cable, clock) {
  const joined = joinTap(lab, cable.a, clock, { name: 'sender', hostAddresses: [`${SENDER}/24`] });
  const socket = net.connect(PORT, RECEIVER);
  const fill = () => {
    while (socket.write(CHUNK));
  };
  socket
    .once('connect', () => chooseCubic(socket))
    .on('connect', fill)
    .on('drain', fill)
    .on('error', () => {});
  return {
    end() {
      socket.destroy();
      joined.close();
    },
  };
}

function sendFromStrata(lab, cable, signal) {
  const host = lab.host('sender', { packets: 1024 });
  host.attach(cable.a, { address: `${SENDER}/24` });
  const work = async () => {
    const connection = await host.connect(RECEIVER, PORT);
    while (!signal.aborted) await connection.send(CHUNK, { signal });
  };
  work().catch(() => {});
  return { end() {} };
}

/** Whatever the machine's default is. A namespace may not change it, a privileged program may for its own sockets. */
function chooseCubic(socket) {
  const name = Buffer.from('cubic');
  const setsockopt = koffi
    .load(null)
    .func('int setsockopt(int fd, int level, int option, const void *value, uint32_t size)');
  const status = setsockopt(socket._handle.fd, IPPROTO_TCP, TCP_CONGESTION, name, name.length);
  if (status !== 0) throw new Error(`this machine's Linux lets nobody choose cubic (errno ${koffi.errno()})`);
}

async function* linesOf(stream) {
  let rest = '';
  for await (const data of stream) {
    const lines = (rest + data).split('\n');
    rest = lines.pop();
    yield* lines;
  }
}

const [, , what, argument] = process.argv;
if (what === 'receive') {
  process.stdout.write('here\n');
  await once(process.stdin, 'data');
  await receive(Number(argument));
} else {
  await carry(JSON.parse(what));
}
