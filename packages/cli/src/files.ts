import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from './errors.ts';

const READ_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'it is not a directory',
  ELOOP: 'its links go in circles',
  ERR_FS_FILE_TOO_LARGE: 'it is too large',
};

const WRITE_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a directory',
  EEXIST: 'there is a file of that name',
  ENOTDIR: 'a part of its path is not a folder',
  ENOSPC: 'no space is left',
  EDQUOT: 'the quota is used up',
  EFBIG: 'it would grow too large',
  ENAMETOOLONG: 'the name is too long',
};

/** Why a file cannot be read, in words. */
export function readReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return READ_REASONS[code] ?? code;
}

/** What to say when a file that `flag` names cannot be written. */
export function cannotWrite(flag: string, path: string, error: unknown): UserError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return new UserError({
    what: `cannot write ${path}`,
    why: WRITE_REASONS[code] ?? code,
    next:
      code === 'ENOENT' ? `make the folder first, or choose another place with ${flag}` : `choose another with ${flag}`,
  });
}

/** Reads a file as it is. @throws UserError when that cannot be */
export function readBytes(directory: string, path: string): Buffer {
  try {
    return readFileSync(resolve(directory, path));
  } catch (error) {
    throw new UserError({ what: `cannot read ${path}`, why: readReason(error) });
  }
}

/** Reads a file as UTF-8 text. @throws UserError when that cannot be */
export function readText(directory: string, path: string): string {
  return readBytes(directory, path).toString('utf8');
}

/** Writes a file that `flag` names. @throws UserError when that cannot be */
export function writeOutput(directory: string, flag: string, path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(resolve(directory, path), content);
  } catch (error) {
    throw cannotWrite(flag, path, error);
  }
}

/** Makes a folder that `flag` names, with those above it, and returns its path. @throws UserError when that cannot be */
export function outputFolder(directory: string, flag: string, path: string): string {
  const folder = resolve(directory, path);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw cannotWrite(flag, path, error);
  }
  return folder;
}

/**
 * The files that a path names: itself, or those below a folder whose names end in `suffix`, sorted; as paths like the one
 * given. @throws UserError when there are none
 */
export function findFiles(directory: string, path: string, suffix: string): string[] {
  let names: string[];
  try {
    if (!statSync(resolve(directory, path)).isDirectory()) return [path];
    names = readdirSync(resolve(directory, path), { recursive: true, encoding: 'utf8' });
  } catch (error) {
    throw new UserError({ what: `cannot read ${path}`, why: readReason(error) });
  }
  const found = names.filter((name) => name.endsWith(suffix)).sort();
  if (found.length === 0) {
    throw new UserError({ what: `there is nothing to run in ${path}`, why: `no file below it ends in ${suffix}` });
  }
  return found.map((name) => `${path.replace(/\/+$/, '')}/${name}`);
}
