// What a native kernel is given, and how it takes the place of the one in JavaScript.

import type * as tf from '@tensorflow/tfjs';
import type { OneDnnBackend } from './backend.ts';
import type { NativeBinding } from './binding.ts';
import type { Elements, ElementType } from './pool.ts';

type Shape = readonly number[];

export class Call {
  readonly backend: OneDnnBackend;
  readonly native: NativeBinding;
  readonly #inputs: Record<string, tf.TensorInfo | undefined>;
  readonly #attributes: Record<string, unknown>;

  constructor({ inputs, attrs, backend }: KernelArguments) {
    this.backend = backend as OneDnnBackend;
    this.native = this.backend.native;
    this.#inputs = inputs as Record<string, tf.TensorInfo | undefined>;
    this.#attributes = (attrs ?? {}) as Record<string, unknown>;
  }

  input(name: string): tf.TensorInfo {
    return this.#inputs[name] as tf.TensorInfo;
  }

  optional(name: string): tf.TensorInfo | undefined {
    return this.#inputs[name] ?? undefined;
  }

  /** The inputs of a kernel that takes a list. */
  get list(): readonly tf.TensorInfo[] {
    return this.#inputs as unknown as readonly tf.TensorInfo[];
  }

  attribute<T>(name: string): T {
    return this.#attributes[name] as T;
  }

  /** Whether all these inputs are float32. */
  areFloat(...names: string[]): boolean {
    return names.every((name) => this.input(name).dtype === 'float32');
  }

  floats(info: tf.TensorInfo): Float32Array {
    return this.backend.elements(info) as Float32Array;
  }

  elements(info: tf.TensorInfo): Elements {
    return this.backend.elements(info);
  }

  /** Memory for the elements of an output. */
  take(shape: Shape): Float32Array;
  take(shape: Shape, dtype: ElementType): Elements;
  take(shape: Shape, dtype: ElementType = 'float32'): Elements {
    return this.backend.pool.take(dtype, sizeOf(shape));
  }

  /** Makes an output of what `take` gave. */
  output(shape: Shape, values: Elements, dtype: ElementType = 'float32'): tf.TensorInfo {
    return this.backend.adopt(values, shape, dtype);
  }

  /** The same elements in another shape. */
  reshaped(info: tf.TensorInfo, shape: Shape): tf.TensorInfo {
    this.backend.incRef(info.dataId);
    return { dataId: info.dataId, shape: shape as number[], dtype: info.dtype };
  }
}

export type KernelArguments = Parameters<tf.KernelFunc>[0];

/** Returns `undefined`, before it makes anything, for what only the kernel in JavaScript can do. */
export type NativeKernel = (call: Call) => tf.TensorInfo | tf.TensorInfo[] | undefined;

function isEmpty(info: tf.TensorInfo | undefined): boolean {
  return info?.shape.includes(0) ?? false;
}

/** The native kernel, and the one in JavaScript for what it cannot do and for empty tensors. */
export function withFallback(native: NativeKernel, inJavaScript: tf.KernelFunc): tf.KernelFunc {
  return (kernelArguments) => {
    for (const name in kernelArguments.inputs) {
      if (isEmpty(kernelArguments.inputs[name])) return inJavaScript(kernelArguments);
    }
    const call = new Call(kernelArguments);
    const made = native(call);
    if (made) return made;
    for (const name in kernelArguments.inputs) {
      const info = kernelArguments.inputs[name];
      if (info) call.backend.restore(info);
    }
    return inJavaScript(kernelArguments);
  };
}

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

const scratch = new Int32Array(64);

/** An array of these integers, until the next call. */
export function integers(...values: number[]): Int32Array {
  if (values.length > scratch.length) return Int32Array.from(values);
  scratch.set(values);
  return scratch;
}

export function elementBytes(dtype: tf.DataType): number {
  return dtype === 'bool' ? 1 : 4;
}

export function isNumeric(dtype: tf.DataType): dtype is ElementType {
  return dtype === 'float32' || dtype === 'int32' || dtype === 'bool';
}
