// How kernels in JavaScript read and write tensors of tfjs' `cpu` backend, and of backends derived from it.

import type * as tf from '@tensorflow/tfjs';

export type Values = Float32Array | Int32Array | Uint8Array;

interface CpuBackend {
  readonly data: { get(id: object): { values: Values } };
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): tf.TensorInfo;
}

export type KernelArguments = Parameters<tf.KernelFunc>[0];

/** What a kernel in JavaScript is given, by name. */
export interface Call {
  /** Whether there is such an input. Those of a list are named '0', '1', … */
  has(input: string): boolean;
  /** The elements of an input; not to be written to. */
  values(input: string): Values;
  shape(input: string): readonly number[];
  attribute<T>(name: string): T;
  /** Makes an output that owns `values`. */
  output(shape: readonly number[], values: Float32Array): tf.TensorInfo;
  /**
   * Gives an input new elements, in every tensor that shares its storage.
   *
   * The array is replaced, not overwritten: tfjs hands its arrays out (`dataSync`) and takes them in
   * (`tensor`) without a copy, and what a caller holds must not change.
   */
  replace(input: string, values: Float32Array): void;
}

function callOf({ inputs, attrs, backend }: KernelArguments): Call {
  const cpu = backend as CpuBackend;
  const info = (name: string) => inputs[name] as tf.TensorInfo;
  const stored = (name: string) => cpu.data.get(info(name).dataId);
  return {
    has: (name) => inputs[name] != null,
    values: (name) => stored(name).values,
    shape: (name) => info(name).shape,
    attribute: <T>(name: string) => attrs?.[name] as T,
    output: (shape, values) => cpu.makeTensorInfo([...shape], 'float32', values),
    replace: (name, values) => {
      stored(name).values = values;
    },
  };
}

/** A kernel of the `cpu` backend out of a plain function. */
export function cpuKernel(
  kernelName: string,
  kernel: (call: Call) => tf.TensorInfo | tf.TensorInfo[],
): tf.KernelConfig {
  return { kernelName, backendName: 'cpu', kernelFunc: (kernelArguments) => kernel(callOf(kernelArguments)) };
}

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
