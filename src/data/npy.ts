// NumPy arrays: NumPy Enhancement Proposal 1, and `numpy.lib.format`.

import { requireBytes } from './bytes.ts';
import { bytesOf, decodeNumbers, type NumberArray, type NumberType } from './numbers.ts';

/** An array of numbers, in C order. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly type: NumberType;
  readonly values: NumberArray;
}

const types: Readonly<Record<string, NumberType>> = {
  // Not uint8, whose largest value stands for 1.
  b1: 'int8',
  u1: 'uint8',
  i1: 'int8',
  u2: 'uint16',
  i2: 'int16',
  u4: 'uint32',
  i4: 'int32',
  u8: 'uint64',
  i8: 'int64',
  f4: 'float32',
  f8: 'float64',
};

export function isNpy(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(0, 6)) === '\x93NUMPY';
}

/** From the order in which the first axis varies fastest to that in which the last one does. */
function fromFortran(values: NumberArray, shape: readonly number[]): NumberArray {
  const ordered = values.slice();
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, 1));
  const index = shape.map(() => 0);
  for (let i = 0, at = 0; i < values.length; i++) {
    ordered[i] = values[at] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis] as number;
      if (++(index[axis] as number) < (shape[axis] as number)) break;
      at -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return ordered;
}

function readHeader(bytes: Uint8Array) {
  if (bytes.length < 12 || !isNpy(bytes)) throw new Error('it is not a NumPy array');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = (bytes[6] as number) >= 2;
  const start = wide ? 12 : 10;
  const end = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (end > bytes.length) throw new Error('its header is cut short');
  const header = new TextDecoder().decode(bytes.subarray(start, end));
  const [, order, name] = /'descr':\s*'([<>|=])([^']+)'/.exec(header) ?? [];
  const shapeText = /'shape':\s*\(([\d, ]*)\)/.exec(header)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  if (name === undefined || shapeText === undefined || fortran === undefined) {
    throw new Error('its header is damaged, or it does not hold plain numbers');
  }
  const shape = shapeText.split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)]));
  return { end, order, name, shape, fortran: fortran === 'True' };
}

/**
 * Reads a `.npy` of integers, booleans, float32 or float64, in either order of bytes; others throw an `Error`
 * that names their type. 8-bit arrays share memory with `bytes`; 64-bit integers are exact up to 2⁵³.
 */
export function parseNpy(bytes: Uint8Array): NpyArray {
  const { end, order, name, shape, fortran } = readHeader(bytes);
  const type = types[name];
  if (type === undefined)
    throw new Error(`its type is ${order}${name}, expected integers, booleans, f4 or f8`);
  const count = shape.reduce((a, b) => a * b, 1);
  requireBytes(`its ${shape.join(' × ')} numbers`, count * bytesOf(type));
  const missing = end + count * bytesOf(type) - bytes.length;
  if (missing > 0) throw new Error(`its last ${missing} bytes are missing`);
  const values =
    type === 'uint8'
      ? bytes.subarray(end, end + count)
      : decodeNumbers(bytes, end, count, type, order !== '>');
  return { shape, type, values: fortran ? fromFortran(values, shape) : values };
}
