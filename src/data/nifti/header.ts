// NIfTI-1: Cox et al. 2004, "A (sort of) new image data format standard: NIfTI-1", and its nifti1.h; NIfTI-2: nifti2.h.

import type { NumberType } from '../numbers.ts';
import { type Affine, affineFromQuaternion, affineFromSpacing } from './affine.ts';

/** What the header of a NIfTI file says, whatever its version and order of bytes. */
export interface NiftiHeader {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  /** One to seven sizes; the first varies fastest in the file. */
  readonly shape: readonly number[];
  readonly type: NumberType;
  /** Byte of the first voxel in the file that holds the voxels. */
  readonly voxelOffset: number;
  /** The value of a voxel is `slope * stored + intercept`. */
  readonly slope: number;
  readonly intercept: number;
  /** From voxel indices to millimetres to the right, to the front and upwards. */
  readonly affine: Affine;
  /** False for a `.hdr` whose voxels lie in an `.img`. */
  readonly single: boolean;
}

const types: Readonly<Record<number, NumberType>> = {
  2: 'uint8',
  4: 'int16',
  8: 'int32',
  16: 'float32',
  64: 'float64',
  256: 'int8',
  512: 'uint16',
  768: 'uint32',
  1024: 'int64',
  1280: 'uint64',
};

const unreadable: Readonly<Record<number, string>> = {
  1: 'single bits',
  32: 'complex numbers',
  128: 'RGB colours',
  1536: '128-bit floats',
  1792: 'complex numbers',
  2048: 'complex numbers',
  2304: 'RGBA colours',
};

/** Bytes of the header of either version: as many as `parseHeader` may need. */
export const headerBytes = 540;

/** Where each field stands, and how it is read. */
interface Fields {
  readonly version: 1 | 2;
  readonly size: number;
  readonly magic: number;
  readonly type: number;
  readonly sizes: number;
  readonly pixels: number;
  readonly voxelOffset: number;
  readonly slope: number;
  readonly codes: number;
  readonly quaternion: number;
  readonly rows: number;
  /** Bytes of a float, of a size, and of an orientation code. */
  readonly widths: readonly [float: 4 | 8, size: 2 | 8, code: 2 | 4];
}

const layouts: readonly Fields[] = [
  {
    version: 1,
    size: 348,
    magic: 344,
    type: 70,
    sizes: 40,
    pixels: 76,
    voxelOffset: 108,
    slope: 112,
    codes: 252,
    quaternion: 256,
    rows: 280,
    widths: [4, 2, 2],
  },
  {
    version: 2,
    size: 540,
    magic: 4,
    type: 12,
    sizes: 16,
    pixels: 104,
    voxelOffset: 168,
    slope: 176,
    codes: 344,
    quaternion: 352,
    rows: 400,
    widths: [8, 8, 4],
  },
];

function layoutOf(view: DataView): { fields: Fields; littleEndian: boolean } {
  for (const fields of layouts) {
    for (const littleEndian of [true, false]) {
      if (view.byteLength < 4 || view.getInt32(0, littleEndian) !== fields.size) continue;
      if (view.byteLength < fields.size) throw new Error('its header is cut short');
      return { fields, littleEndian };
    }
  }
  throw new Error('it is not NIfTI: it does not start with the size of a NIfTI header, 348 or 540');
}

function isSingle(bytes: Uint8Array, { magic, version }: Fields): boolean {
  const mark = String.fromCharCode(...bytes.subarray(magic, magic + 3));
  if (mark === `n+${version}`) return true;
  if (mark === `ni${version}`) return false;
  if (version === 1 && mark === '\0\0\0') {
    throw new Error('it is ANALYZE 7.5, which does not say where left is, not NIfTI. Convert it to NIfTI');
  }
  throw new Error('it is not NIfTI: its header lacks the mark of NIfTI');
}

/** Reads the header at the start of `bytes`; what is not NIfTI, or not numbers, throws an `Error` with the reason. */
export function parseHeader(bytes: Uint8Array): NiftiHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { fields, littleEndian } = layoutOf(view);
  const [floatBytes, sizeBytes, codeBytes] = fields.widths;
  const float = (at: number, index = 0) =>
    floatBytes === 4
      ? view.getFloat32(at + 4 * index, littleEndian)
      : view.getFloat64(at + 8 * index, littleEndian);
  const whole = (at: number, width: 2 | 4 | 8) => {
    if (width === 8) return Number(view.getBigInt64(at, littleEndian));
    return width === 2 ? view.getInt16(at, littleEndian) : view.getInt32(at, littleEndian);
  };
  const single = isSingle(bytes, fields);
  const code = whole(fields.type, 2);
  const type = types[code];
  if (type === undefined) {
    throw new Error(
      `its voxels are ${unreadable[code] ?? `of the unknown type ${code}`}, expected real numbers`,
    );
  }
  const shape = readShape((index) => whole(fields.sizes + sizeBytes * index, sizeBytes));
  const spacing = [1, 2, 3].map((axis) => float(fields.pixels, axis));
  const [qform, sform] = [whole(fields.codes, codeBytes), whole(fields.codes + codeBytes, codeBytes)];
  let affine = affineFromSpacing(shape, spacing);
  if (sform > 0) {
    affine = [0, 1, 2].map((row) =>
      [0, 1, 2, 3].map((i) => float(fields.rows, 4 * row + i)),
    ) as never as Affine;
  } else if (qform > 0) {
    const quaternion = [0, 1, 2, 3, 4, 5].map((index) => float(fields.quaternion, index));
    affine = affineFromQuaternion(quaternion, spacing, float(fields.pixels));
  }
  if (!affine.flat().every(Number.isFinite)) throw new Error('its orientation is not made of numbers');
  const slope = float(fields.slope);
  const scaled = Number.isFinite(slope) && slope !== 0;
  const intercept = float(fields.slope, 1);
  if (scaled && !Number.isFinite(intercept)) throw new Error(`its intercept is ${intercept}`);
  const offset = fields.version === 1 ? float(fields.voxelOffset) : whole(fields.voxelOffset, 8);
  return {
    version: fields.version,
    littleEndian,
    shape,
    type,
    voxelOffset: checkOffset(offset, single ? fields.size + 4 : 0),
    slope: scaled ? slope : 1,
    intercept: scaled ? intercept : 0,
    affine,
    single,
  };
}

function readShape(size: (index: number) => number): readonly number[] {
  const axes = size(0);
  if (axes < 1 || axes > 7) throw new Error(`it has ${axes} axes, expected 1 to 7`);
  const shape = Array.from({ length: axes }, (_, axis) => size(axis + 1));
  if (shape.every((length) => Number.isSafeInteger(length) && length >= 1)) return shape;
  throw new Error(`its shape is ${shape.join(' × ')}`);
}

/** Some writers leave 0 in a single file: the voxels then follow the header. */
function checkOffset(offset: number, least: number): number {
  if (offset === 0) return least;
  if (Number.isSafeInteger(offset) && offset >= least) return offset;
  throw new Error(`its voxels start at byte ${offset}, expected at least ${least}`);
}
