// NIfTI files for tests, written field by field from nifti1.h and nifti2.h.

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';

export type Rows = readonly (readonly [number, number, number, number])[];

export interface NiftiFile {
  readonly version?: 1 | 2;
  readonly littleEndian?: boolean;
  /** Code of the type, such as 16 for float32. */
  readonly type?: number;
  readonly shape: readonly number[];
  /** In the order of the file: the first axis fastest. */
  readonly values: readonly number[];
  readonly slope?: number;
  readonly intercept?: number;
  readonly spacing?: readonly number[];
  /** The sform. */
  readonly rows?: Rows;
  /** b, c, d and the shift of the qform. */
  readonly quaternion?: readonly number[];
  /** pixdim[0]. */
  readonly handedness?: number;
  /** Bytes between header and voxels. */
  readonly extension?: number;
}

type Writer = (view: DataView, at: number, value: number, littleEndian: boolean) => void;

const writers: Readonly<Record<number, { bytes: number; write: Writer }>> = {
  2: { bytes: 1, write: (view, at, value) => view.setUint8(at, value) },
  256: { bytes: 1, write: (view, at, value) => view.setInt8(at, value) },
  4: { bytes: 2, write: (view, at, value, le) => view.setInt16(at, value, le) },
  512: { bytes: 2, write: (view, at, value, le) => view.setUint16(at, value, le) },
  8: { bytes: 4, write: (view, at, value, le) => view.setInt32(at, value, le) },
  768: { bytes: 4, write: (view, at, value, le) => view.setUint32(at, value, le) },
  16: { bytes: 4, write: (view, at, value, le) => view.setFloat32(at, value, le) },
  64: { bytes: 8, write: (view, at, value, le) => view.setFloat64(at, value, le) },
  1024: { bytes: 8, write: (view, at, value, le) => view.setBigInt64(at, BigInt(value), le) },
  1280: { bytes: 8, write: (view, at, value, le) => view.setBigUint64(at, BigInt(value), le) },
};

export const typeCodes = Object.keys(writers).map(Number);

function header(file: NiftiFile, single: boolean): Buffer {
  const { version = 1, littleEndian: le = true, type = 16, shape, spacing = [1, 1, 1] } = file;
  const { slope = 0, intercept = 0, rows, quaternion, handedness = 1, extension = 0 } = file;
  const bytes = Buffer.alloc(version === 1 ? 348 : 540);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const offset = single ? bytes.length + 4 + extension : 0;
  const float = (at: number, index: number, value: number) =>
    version === 1 ? view.setFloat32(at + 4 * index, value, le) : view.setFloat64(at + 8 * index, value, le);
  view.setInt32(0, bytes.length, le);
  bytes.write(`${single ? 'n+' : 'ni'}${version}`, version === 1 ? 344 : 4, 'latin1');
  view.setInt16(version === 1 ? 70 : 12, type, le);
  for (const [axis, length] of [shape.length, ...shape].entries()) {
    if (version === 1) view.setInt16(40 + 2 * axis, length, le);
    else view.setBigInt64(16 + 8 * axis, BigInt(length), le);
  }
  for (const [axis, step] of [handedness, ...spacing].entries()) float(version === 1 ? 76 : 104, axis, step);
  if (version === 1) float(108, 0, offset);
  else view.setBigInt64(168, BigInt(offset), le);
  float(version === 1 ? 112 : 176, 0, slope);
  float(version === 1 ? 112 : 176, 1, intercept);
  const code = (index: number, value: number) =>
    version === 1 ? view.setInt16(252 + 2 * index, value, le) : view.setInt32(344 + 4 * index, value, le);
  code(0, quaternion ? 1 : 0);
  code(1, rows ? 2 : 0);
  for (const [i, value] of (quaternion ?? []).entries()) float(version === 1 ? 256 : 352, i, value);
  for (const [i, value] of (rows ?? []).flat().entries()) float(version === 1 ? 280 : 400, i, value);
  return bytes;
}

function voxels({ littleEndian = true, type = 16, values }: NiftiFile): Buffer {
  const { bytes, write } = writers[type] as (typeof writers)[number];
  const buffer = Buffer.alloc(values.length * bytes);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  for (const [i, value] of values.entries()) write(view, i * bytes, value, littleEndian);
  return buffer;
}

/** The bytes of a single file. */
export function niftiBytes(file: NiftiFile): Buffer {
  return Buffer.concat([header(file, true), Buffer.alloc(4 + (file.extension ?? 0)), voxels(file)]);
}

/** Writes a `.nii`, or both files of a pair where the name ends in `.hdr`; gzipped where it ends in `.gz`. */
export async function writeNifti(file: string, content: NiftiFile): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  const pack = (bytes: Buffer) => (file.endsWith('.gz') ? gzipSync(bytes) : bytes);
  if (/\.hdr(\.gz)?$/.test(file)) {
    await writeFile(file, pack(header(content, false)));
    await writeFile(file.replace(/\.hdr(?=(\.gz)?$)/, '.img'), pack(voxels(content)));
  } else await writeFile(file, pack(niftiBytes(content)));
  return file;
}

/** `count` whole numbers from 0, the order of a file's voxels. */
export function counted(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
