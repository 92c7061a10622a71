import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Tool = 'tshark' | 'capinfos' | 'editcap';

/** What a Wireshark tool says about a capture, as text; null where it is not installed. */
export function judge(tool: Tool, capture: Uint8Array, args: readonly string[]): string | null {
  return run(tool, capture, args)?.toString('utf8') ?? null;
}

/**
 * Runs a Wireshark tool on a capture and returns what it wrote to its standard output, or null where the tool is not
 * installed. There it says so; under CI a missing tool is a failure, never a silent pass.
 */
export function run(tool: Tool, capture: Uint8Array, args: readonly string[]): Buffer | null {
  const folder = mkdtempSync(join(tmpdir(), 'strata-capture-'));
  try {
    const file = join(folder, 'capture.bin');
    writeFileSync(file, capture);
    const input = tool === 'tshark' ? ['-n', '-r', file] : [file];
    const command = tool === 'editcap' ? [...args, file, '-'] : [...input, ...args];
    const done = spawnSync(tool, command, { timeout: 60_000, maxBuffer: 64 << 20 });
    if (done.error !== undefined && (done.error as NodeJS.ErrnoException).code === 'ENOENT') {
      if (process.env.CI === 'true') throw new Error(`${tool} is not installed; CI needs it`);
      process.stderr.write(`left out: ${tool} is not installed\n`);
      return null;
    }
    const said = done.stderr.toString('utf8').split('\n');
    if (done.status !== 0) throw new Error(`${tool} ended with ${done.status}: ${said.join(' / ')}`);
    const complaints = said.filter((line) => line !== '' && !line.startsWith('Running as user'));
    if (complaints.length > 0) throw new Error(`${tool} complained: ${complaints.join(' / ')}`);
    return done.stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
