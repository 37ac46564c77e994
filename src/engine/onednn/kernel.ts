// What a native kernel is given, and how it takes the place of the one in JavaScript.

import type * as tf from '@tensorflow/tfjs';
import type { OneDnnBackend } from './backend.ts';
import type { NativeBinding, Reals } from './binding.ts';
import { storesHalves } from './half.ts';
import type { Elements, ElementType, Halves, Storage } from './pool.ts';

type Shape = readonly number[];

export class Call {
  readonly backend: OneDnnBackend;
  readonly native: NativeBinding;
  readonly #inputs: Record<string, tf.TensorInfo | undefined>;
  readonly #attributes: Record<string, unknown>;
  readonly #scratch: Storage[] = [];

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

  /** Whether a tensor is stored as bfloat16, and to be computed with as such. */
  isHalf(info: tf.TensorInfo): boolean {
    return storesHalves() && this.backend.halves(info) !== undefined;
  }

  /**
   * The elements of a float32 tensor, as bfloat16 or as floats, however they are stored. To be called after `floats`,
   * which ends what is stored as bfloat16.
   */
  reals(info: tf.TensorInfo, half: boolean): Reals {
    if (!half) return this.floats(info);
    return this.backend.halves(info) ?? this.#narrowed(info);
  }

  /** A copy that lasts as long as the call: the tensor keeps its values. */
  #narrowed(info: tf.TensorInfo): Halves {
    const floats = this.floats(info);
    const halves = this.backend.pool.take('half', floats.length);
    this.#scratch.push(halves);
    this.native.narrow(floats, halves);
    return halves;
  }

  /** Gives back what the call alone used. */
  end(): void {
    for (const values of this.#scratch) this.backend.pool.release(values);
  }

  /** Memory for the elements of an output. */
  take(shape: Shape): Float32Array;
  take(shape: Shape, dtype: ElementType): Elements;
  take(shape: Shape, dtype: ElementType = 'float32'): Elements {
    return this.backend.pool.take(dtype, sizeOf(shape));
  }

  /** Memory for the elements of a float32 output. */
  takeReals(shape: Shape, half: boolean): Reals {
    return half ? this.backend.pool.take('half', sizeOf(shape)) : this.take(shape);
  }

  /** Makes an output of what `take` or `takeReals` gave. */
  output(shape: Shape, values: Storage, dtype: ElementType = 'float32'): tf.TensorInfo {
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
  const restored = withRestoredInputs(inJavaScript);
  return (kernelArguments) => {
    for (const name in kernelArguments.inputs) {
      if (isEmpty(kernelArguments.inputs[name])) return restored(kernelArguments);
    }
    const call = new Call(kernelArguments);
    try {
      const made = native(call);
      if (made) return made;
    } finally {
      call.end();
    }
    return restored(kernelArguments);
  };
}

/** The kernel in JavaScript, which reads the values of its inputs where the backend has them. */
export function withRestoredInputs(inJavaScript: tf.KernelFunc): tf.KernelFunc {
  return (kernelArguments) => {
    const backend = kernelArguments.backend as OneDnnBackend;
    for (const name in kernelArguments.inputs) {
      // Ragged tensors come as lists.
      for (const info of [kernelArguments.inputs[name]].flat()) if (info) backend.restore(info);
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
