import { appendFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { cannotWrite } from '../files.ts';
import type { Terminal } from '../terminal/terminal.ts';

/**
 * Begins a key log file (NSS format), readable by its owner only, and returns what adds a line to it. Lines are in the file
 * when the call returns, so that an analyser can follow. @throws UserError when it cannot be written
 */
export function openKeyLog(path: string, terminal: Terminal): (line: string) => void {
  const file = resolve(terminal.surroundings.directory, path);
  const trying = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      throw cannotWrite('--keylog FILE', path, error);
    }
  };
  trying(() => writeFileSync(file, '', { mode: 0o600 }));
  return (line) => trying(() => appendFileSync(file, `${line}\n`));
}
