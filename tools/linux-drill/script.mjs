/**
 * Runs scripts on Linux, each in a namespace of its own. Reads orders as JSON lines from standard input and answers each with
 * a line, the result. Started by tools/linux-drill.mjs, where it may make namespaces.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { formatDrillResult, LENIENT, runDrill, STRICT } from '@strata/conformance';
import { Caller, LinuxMachine } from './machine.mjs';

/** The machine is made first, because that takes a while and a script does not wait. */
async function play({ file, name, strict, scriptOptions }, caller) {
  const source = readFileSync(file, 'utf8');
  const options = { name, scriptOptions, leniency: strict ? STRICT : LENIENT, unexpectedAtEnd: 'fail' };
  let machine = null;
  let problem = null;
  // Code that has run before is faster, and a script's times are tight: our own stack runs it first.
  for (let i = 0; i < 2; i++) runDrill(source, options);
  const first = runDrill(source, {
    ...options,
    machine(setup) {
      try {
        machine = new LinuxMachine(setup, caller);
      } catch (error) {
        problem = error.message;
      }
      throw new Error('not yet');
    },
  });
  if (machine === null) return { result: problem === null ? first : { ...first, reasons: [problem] }, free: true };
  await machine.ready();
  const result = runDrill(source, { ...options, machine: () => machine });
  return { result, free: await machine.leave() };
}

const caller = new Caller();
for await (const line of createInterface({ input: process.stdin })) {
  const { result, free } = await play(JSON.parse(line), caller);
  const { frames: _, ...rest } = result;
  process.stdout.write(`${JSON.stringify({ ...rest, text: formatDrillResult(result) })}\n`);
  if (!free) break;
}
process.exit(0);
