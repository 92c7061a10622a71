/**
 * A broker that says what it is told to say, in a network namespace: the first argument is JSON, a list of scripts by port.
 * Each script is a list of steps for one connection: `wait` for so many octets more from the client, then `say` octets (hex).
 * Prints a line of JSON for each connection when it is over: its port, all octets of the client, and how the client ended it.
 */
import { createServer } from 'node:net';

const scripts = JSON.parse(process.argv[2]);
for (const [port, steps] of Object.entries(scripts)) {
  createServer((socket) => {
    let heard = Buffer.alloc(0);
    let wanted = 0;
    let at = 0;
    let ended = 'open';
    const go = () => {
      while (at < steps.length) {
        const step = steps[at];
        if (step.wait !== undefined) {
          if (heard.length < wanted + step.wait) return;
          wanted += step.wait;
        }
        if (step.say !== undefined) socket.write(Buffer.from(step.say.replaceAll(' ', ''), 'hex'));
        at++;
      }
    };
    socket.on('data', (chunk) => {
      heard = Buffer.concat([heard, chunk]);
      go();
    });
    socket.on('end', () => {
      ended = 'fin';
    });
    socket.on('error', () => {
      ended = 'reset';
    });
    socket.on('close', () => {
      process.stdout.write(`${JSON.stringify({ port: Number(port), heard: heard.toString('hex'), ended })}\n`);
    });
    go();
  }).listen(Number(port), () => process.stdout.write(`listening ${port}\n`));
}
