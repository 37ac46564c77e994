// tensorflow.TensorProto, in the three types that TensorBoard's plug-ins read.

import { bytesField, integerField, messageField } from './protobuf.ts';

const dataTypes = { float: 1, double: 2, string: 7 };

/** The fields of a tensor, to be wrapped by the message that holds it. */
export type TensorFields = readonly Uint8Array[];

function header(type: number, shape: readonly number[]): Uint8Array[] {
  // The reference encoder leaves out what is 0.
  const dimensions = shape.map((size) => messageField(2, size === 0 ? [] : [integerField(1, size)]));
  return [integerField(1, type), messageField(2, dimensions)];
}

/** A float32 of rank 0. */
export function floatScalar(value: number): TensorFields {
  const content = Buffer.alloc(4);
  content.writeFloatLE(value);
  return [...header(dataTypes.float, []), bytesField(4, content)];
}

/** No floats at all: for a plug-in that needs its metadata alone. */
export const noFloats: TensorFields = header(dataTypes.float, [0]);

export function doubleTensor(values: Float64Array, shape: readonly number[]): TensorFields {
  const content = Buffer.alloc(values.length * 8);
  for (const [i, value] of values.entries()) content.writeDoubleLE(value, i * 8);
  return [...header(dataTypes.double, shape), bytesField(4, content)];
}

/** Byte strings; without a shape a vector. */
export function stringTensor(
  values: readonly (Uint8Array | string)[],
  shape: readonly number[] = [values.length],
): TensorFields {
  return [...header(dataTypes.string, shape), ...values.map((value) => bytesField(8, value))];
}
