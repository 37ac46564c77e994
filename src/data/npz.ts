// NumPy archives: a zip of .npy files. Format: NumPy Enhancement Proposal 1, and `numpy.lib.format`.

import { readFile } from 'node:fs/promises';
import { unzipSync } from 'fflate';
import { messageOf, RunError, UsageError } from '../errors.ts';

/** An array of integers, in C order. */
export interface IntegerArray {
  readonly shape: readonly number[];
  readonly values: Uint8Array | Int32Array;
}

const readers: Readonly<
  Record<string, { readonly bytes: number; read(view: DataView, at: number): number }>
> = {
  i1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  u2: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  i2: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  u4: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  i4: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  u8: { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
  i8: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
};

/**
 * Reads a `.npy` of integers or booleans, little-endian; others, and arrays in Fortran order, throw an
 * `Error`. 8-bit arrays share memory with `bytes`; wider values must fit 32 bits.
 */
export function parseNpy(bytes: Uint8Array): IntegerArray {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte))
    throw new Error('it is not a NumPy array');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = (bytes[6] as number) >= 2;
  const start = wide ? 12 : 10;
  const end = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder().decode(bytes.subarray(start, end));
  const type = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const shapeText = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (type === undefined || shapeText === undefined) throw new Error('its header is damaged');
  if (/'fortran_order':\s*True/.test(header)) throw new Error('it is in Fortran order, expected C order');
  const shape = shapeText
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  return {
    shape,
    values: readValues(
      bytes,
      view,
      end,
      type,
      shape.reduce((a, b) => a * b, 1),
    ),
  };
}

function readValues(bytes: Uint8Array, view: DataView, start: number, type: string, count: number) {
  const eightBit = type === '|u1' || type === '|b1';
  const reader = /^[<|]/.test(type) ? readers[type.slice(1)] : undefined;
  if (!eightBit && !reader) throw new Error(`its type is ${type}, expected little-endian integers`);
  const missing = start + count * (reader?.bytes ?? 1) - bytes.length;
  if (missing > 0) throw new Error(`its last ${missing} bytes are missing`);
  if (!reader) return bytes.subarray(start, start + count);
  return Int32Array.from({ length: count }, (_, i) => reader.read(view, start + i * reader.bytes));
}

/** The named arrays of an `.npz` file, or a `UsageError` that says which it has. */
export async function readNpz<Name extends string>(
  owner: string,
  file: string,
  names: readonly Name[],
): Promise<Record<Name, IntegerArray>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const reason = file === '' ? 'Set it' : messageOf(error);
    throw new UsageError(`Option "file" of ${owner}: expected an .npz file. ${reason}.`);
  }
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes);
  } catch (error) {
    throw new RunError(`${file} cannot be unzipped: ${messageOf(error)}. Download it again.`);
  }
  const arrays: Partial<Record<Name, IntegerArray>> = {};
  for (const name of names) {
    const entry = entries[`${name}.npy`];
    if (!entry) {
      const held = Object.keys(entries).map((entryName) => entryName.replace(/\.npy$/, ''));
      throw new UsageError(`${file} has no array "${name}". It holds ${held.join(', ') || 'nothing'}.`);
    }
    try {
      arrays[name] = parseNpy(entry);
    } catch (error) {
      throw new RunError(
        `Cannot read the array "${name}" of ${file}: ${messageOf(error)}. Download it again.`,
      );
    }
  }
  return arrays as Record<Name, IntegerArray>;
}
