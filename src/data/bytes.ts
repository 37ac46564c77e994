// The bytes of a file, and how many of them a program may come to hold: what a few bytes unfold to is checked first.

import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { constants, gunzip } from 'node:zlib';

/** The most bytes that one file may hold, packed or unpacked: 1 GiB. More is refused before memory is taken. */
export const maxBytes = 2 ** 30;

/** The most bytes of an archive, of which each part is bound by `maxBytes`: what Node reads in one go. */
export const maxArchiveBytes = 2 ** 31 - 1;

const unzip = promisify(gunzip);

/** Throws an `Error` that names the bound where `bytes`, such as rows times columns times bits, is beyond it. */
export function requireBytes(what: string, bytes: number, most = maxBytes): void {
  if (bytes >= 0 && bytes <= most) return;
  throw new Error(`${what} would take ${bytes} bytes; the most is ${most}`);
}

/** Reads a file of at most `most` bytes; a larger one throws an `Error`. */
export async function readBytes(file: string, most = maxBytes): Promise<Buffer> {
  // A worker may wait for the disk; handing that to another thread costs it more than reading.
  const { size } = isMainThread ? await stat(file) : statSync(file);
  requireBytes('it', size, most);
  return isMainThread ? readFile(file) : readFileSync(file);
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What the first 16 KiB of gzipped bytes unfold to: a header, without the rest. */
export async function gunzipStart(bytes: Uint8Array): Promise<Buffer> {
  return unzip(bytes.subarray(0, 2 ** 14), { finishFlush: constants.Z_SYNC_FLUSH });
}

/**
 * Unzips what should be `expected` bytes. A file that is damaged, or unfolds to more than 1 MiB beyond
 * that, throws an `Error`, and no more memory than this is taken.
 */
export async function gunzipAll(bytes: Uint8Array, expected: number): Promise<Buffer> {
  requireBytes('it, unzipped,', expected);
  try {
    return await unzip(bytes, { maxOutputLength: expected + 2 ** 20 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw new Error(`it unzips to more than the ${expected} bytes that its header tells of`);
  }
}
