// Files that are whole or absent: written aside, synced, renamed.

import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RunError } from '../errors.ts';
import { isRunning } from './is-running.ts';

const MEANINGS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk; free some',
  EDQUOT: 'the disk quota is used up; free some space',
  EACCES: 'permission denied; choose a directory that you may write to',
  EPERM: 'not permitted; choose a directory that you may write to',
  EROFS: 'the file system is read-only; choose another directory',
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
  ENOENT: 'there is no such file or directory',
  ENOTDIR: 'a part of the path is a file, not a directory',
  EISDIR: 'it is a directory, not a file',
  ENOTEMPTY: 'the directory is not empty',
  EIO: 'the disk reported an error',
};

/** A failure of the file system in words, with the path; undefined for any other error. */
export function fileSystemError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const meaning = MEANINGS[String(error.code)];
  if (!meaning) return undefined;
  // Of a file that was to replace another, that other one.
  const { path: own, dest = own } = error as NodeJS.ErrnoException & { dest?: string };
  const path = dest ? `${dest}: ` : '';
  return `${path}${meaning} (${error.code}).`;
}

/** Runs `body`; a failure of the file system becomes a `RunError` that begins with `what`. */
export async function orRunError<T>(what: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const meaning = fileSystemError(error);
    if (meaning) throw new RunError(`${what}: ${meaning}`, { cause: error });
    throw error;
  }
}

/** Of a file: all of it, or its parts in their order. */
export type Content = string | Uint8Array | readonly Uint8Array[];

/**
 * On the disk, not only in its cache, when this returns. `flags` as of `fs.open`: 'w', 'a', 'wx'.
 *
 * By as few calls as there are parts: `file.writeFile` makes one for every half a megabyte, and waits each time for its next
 * turn, of which a training leaves few.
 */
export async function writeSynced(path: string, content: Content, flags = 'w'): Promise<void> {
  const parts = typeof content === 'string' ? [Buffer.from(content)] : [content].flat();
  const file = await open(path, flags);
  try {
    for (const bytes of parts as readonly Uint8Array[]) {
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a directory and those above it. Node's own `recursive` says ENOENT where the file system is read-only. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await makeDirectory(path);
  }
}

/** Replaces a file: readers see the old one or the new one, never a part. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const aside = `${path}.${process.pid}.tmp`;
  try {
    await writeSynced(aside, content);
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Replaces files of a directory, in their order, and leaves whatever else is in it; makes the directory where there is none. */
export async function replaceFiles(
  directory: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  await makeDirectory(directory);
  for (const [name, content] of Object.entries(files)) await replaceFile(join(directory, name), content);
}

/** Replaces a whole directory: it appears with all of `files` in it, or not at all. */
export async function replaceDirectory(
  path: string,
  files: Readonly<Record<string, Content>>,
): Promise<void> {
  const aside = `${path}.${process.pid}.tmp`;
  const old = `${path}.${process.pid}.old.tmp`;
  try {
    await rm(aside, { recursive: true, force: true });
    await makeDirectory(aside);
    for (const [name, content] of Object.entries(files)) await writeSynced(join(aside, name), content);
    await syncDirectory(aside);
    await rename(path, old).catch(ignoreMissing);
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
  await rm(old, { recursive: true, force: true });
}

/**
 * Removes what writers that were killed left aside in `directory` and the directories in it, but not what another process,
 * a report say, is writing. What was there before a writer that had not yet put its own in the place comes back.
 */
export async function removeLeftovers(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    const replaced = /^(.+)\.\d+\.old\.tmp$/.exec(entry.name)?.[1];
    if (replaced && !existsSync(join(directory, replaced))) await rename(path, join(directory, replaced));
    else if (entry.name.endsWith('.tmp') && !isBeingWritten(entry.name))
      await rm(path, { recursive: true, force: true });
    else if (entry.isDirectory()) await removeLeftovers(path);
  }
}

function isBeingWritten(name: string): boolean {
  const writer = Number(/\.(\d+)(\.\d+)?\.tmp$/.exec(name)?.[1]);
  return writer !== process.pid && writer > 0 && isRunning(writer);
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Makes renames last through a power failure; some systems cannot sync directories, and need not. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
