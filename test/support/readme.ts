import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './strata.ts';

/** A fenced block of a Markdown page. */
export interface Fence {
  /** The page, from the repository's folder. */
  readonly page: string;
  /** Line of its first line, counted from 1. */
  readonly line: number;
  /** What stands behind the opening fence: `sh`, `sh tap`, `js` … */
  readonly info: string;
  readonly text: string;
}

/** The pages whose blocks are promises: the README of the repository and that of each package. */
export function readmePages(): string[] {
  const packages = readdirSync(join(root, 'packages')).sort();
  return ['README.md', ...packages.map((name) => join('packages', name, 'README.md'))];
}

export function fencesOf(page: string): Fence[] {
  const fences: Fence[] = [];
  let open: { info: string; line: number; lines: string[] } | null = null;
  for (const [index, text] of readFileSync(join(root, page), 'utf8').split('\n').entries()) {
    const fence = /^```(.*)$/.exec(text);
    if (fence === null) open?.lines.push(text);
    else if (open === null) open = { info: (fence[1] as string).trim(), line: index + 2, lines: [] };
    else {
      fences.push({ page, line: open.line, info: open.info, text: `${open.lines.join('\n')}\n` });
      open = null;
    }
  }
  return fences;
}

/** The commands of a `sh` block: comments and prompts are left out, a line that ends with a backslash goes on. */
export function commandsOf(fence: Fence): string[] {
  return fence.text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.replace(/^\s*\$ /, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
