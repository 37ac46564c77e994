// Tensors as files hold them: bytes, with what they mean.

import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';

export interface StoredTensor {
  /** As safetensors name them: F32, BF16, … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Little-endian, in row-major order. */
  readonly bytes: Uint8Array;
}

/** By the names that files give them. */
export type StoredTensors = ReadonlyMap<string, StoredTensor>;

export function float32Tensor(shape: readonly number[], values: Float32Array): StoredTensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { dtype: 'F32', shape, bytes };
}

const readers: Readonly<Record<string, (bytes: ArrayBuffer) => Float32Array>> = {
  F64: (bytes) => Float32Array.from(new Float64Array(bytes)),
  F32: (bytes) => new Float32Array(bytes),
  F16: (bytes) => Float32Array.from(new Uint16Array(bytes), fromHalf),
  BF16: (bytes) => new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer),
  I64: (bytes) => Float32Array.from(new BigInt64Array(bytes), Number),
};

/** The values, with memory of their own. Throws `UsageError`, naming `name`, for a type that nets' weights have not. */
export function toFloat32(name: string, { dtype, bytes }: StoredTensor): Float32Array {
  const read = readers[dtype];
  if (read) return read(new Uint8Array(bytes).buffer);
  throw new UsageError(
    `${name} is of type ${dtype}; weights can be ${Object.keys(readers).join(', ')}. Save it as one of them.`,
  );
}

/** IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function sizeOf(shape: readonly number[]): number {
  return tf.util.sizeFromShape(shape as number[]);
}

export interface Values {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** With its axes in another order. */
export function permute({ shape, values }: Values, axes: readonly number[]): Values {
  const permuted = tf.tidy(() => tf.transpose(tf.tensor(values, shape as number[]), axes as number[]));
  const result = { shape: permuted.shape, values: permuted.dataSync<'float32'>().slice() };
  permuted.dispose();
  return result;
}
