// NumPy archives: a zip of .npy files.

import { unzipSync } from 'fflate';
import { messageOf, RunError, UsageError } from '../errors.ts';
import { maxArchiveBytes, maxBytes, readBytes } from './bytes.ts';
import { type NpyArray, parseNpy } from './npy.ts';

/** Unzips the arrays `wanted`; the names of all are collected in `held`. */
function unzip(
  file: string,
  bytes: Uint8Array,
  wanted: readonly string[],
  held: string[],
): Record<string, Uint8Array> {
  return unzipSync(bytes, {
    filter({ name, originalSize }) {
      held.push(name.replace(/\.npy$/, ''));
      if (!wanted.includes(name)) return false;
      if (originalSize <= maxBytes) return true;
      throw new RunError(
        `${file}: its array "${name}" would take ${originalSize} bytes; the most is ${maxBytes}. ` +
          'Take a version of fewer pixels, or put the images into files.',
      );
    },
  });
}

/** The first names, without what a damaged archive may hold in their place. */
function listed(names: readonly string[]): string {
  const some = names.slice(0, 12).map((name) => name.replaceAll(/[^\w.-]/g, '?').slice(0, 40));
  return `${some.join(', ') || 'nothing'}${names.length > 12 ? ', …' : ''}`;
}

/** The named arrays of an `.npz` file, or a `UsageError` that says which it has. */
export async function readNpz<Name extends string>(
  owner: string,
  file: string,
  names: readonly Name[],
): Promise<Record<Name, NpyArray>> {
  let bytes: Uint8Array;
  try {
    bytes = await readBytes(file, maxArchiveBytes);
  } catch (error) {
    const reason = file === '' ? 'Set it' : `Of ${file}: ${messageOf(error)}`;
    throw new UsageError(`Option "file" of ${owner}: expected an .npz file. ${reason}.`);
  }
  let entries: Record<string, Uint8Array>;
  const held: string[] = [];
  try {
    entries = unzip(
      file,
      bytes,
      names.map((name) => `${name}.npy`),
      held,
    );
  } catch (error) {
    if (error instanceof RunError) throw error;
    // What fflate throws itself has a code; anything else means that the zip led it astray.
    const reason =
      error instanceof TypeError || error instanceof RangeError ? 'it is damaged' : messageOf(error);
    throw new RunError(`${file} cannot be unzipped: ${reason}. Download it again.`);
  }
  const arrays: Partial<Record<Name, NpyArray>> = {};
  for (const name of names) {
    const entry = entries[`${name}.npy`];
    if (!entry) throw new UsageError(`${file} has no array "${name}". It holds ${listed(held)}.`);
    try {
      arrays[name] = parseNpy(entry);
    } catch (error) {
      throw new RunError(
        `Cannot read the array "${name}" of ${file}: ${messageOf(error)}. Download it again.`,
      );
    }
  }
  return arrays as Record<Name, NpyArray>;
}
