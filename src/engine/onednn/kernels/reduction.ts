import * as tf from '@tensorflow/tfjs';
import type { Reals, ReductionName } from '../binding.ts';
import { type Call, integers, type NativeKernel, sizeOf } from '../kernel.ts';
import type { Storage } from '../pool.ts';

/** One axis to reduce, with the axes before and behind it as one each. */
interface Step {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** Neighbouring axes are reduced as one, the last ones first. */
function stepsOf(shape: readonly number[], axes: readonly number[]): Step[] {
  const lengths = [...shape];
  const steps: Step[] = [];
  const reduced = new Set(axes);
  for (let last = shape.length - 1; last >= 0; last--) {
    if (!reduced.has(last)) continue;
    let first = last;
    while (reduced.has(first - 1)) first--;
    steps.push({
      outer: sizeOf(lengths.slice(0, first)),
      length: sizeOf(lengths.slice(first, last + 1)),
      inner: sizeOf(lengths.slice(last + 1)),
    });
    lengths.fill(1, first, last + 1);
    last = first;
  }
  return steps;
}

function outputShape(shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  const reduced = new Set(axes);
  if (keepDims) return shape.map((length, axis) => (reduced.has(axis) ? 1 : length));
  return shape.filter((_, axis) => !reduced.has(axis));
}

type Run = (call: Call, from: Storage, to: Storage, geometry: Int32Array) => void;

/** `elementsOf`: of the input, in a storage that `run` takes; what it makes is of the dtype's own. */
function reduction(
  dtype: 'float32' | 'bool',
  axisAttribute: string,
  run: Run,
  elementsOf = (call: Call, x: tf.TensorInfo): Storage => call.elements(x),
): NativeKernel {
  return (call) => {
    const x = call.input('x');
    if (x.dtype !== dtype) return undefined;
    const axes = tf.util.parseAxisParam(call.attribute<number | number[]>(axisAttribute), x.shape);
    const shape = outputShape(x.shape, axes, call.attribute<boolean | undefined>('keepDims') ?? false);
    const steps = stepsOf(x.shape, axes);
    if (steps.length === 0) return call.reshaped(x, shape);
    let values = elementsOf(call, x);
    for (const [index, { outer, length, inner }] of steps.entries()) {
      const reduced = call.take([outer, inner], dtype);
      run(call, values, reduced, integers(outer, length, inner));
      if (index > 0) call.backend.pool.release(values);
      values = reduced;
    }
    return call.output(shape, values, dtype);
  };
}

const ofFloats = (name: ReductionName, axisAttribute: string) =>
  reduction('float32', axisAttribute, ({ native }, from, to, geometry) =>
    native[name](from as Float32Array, to as Float32Array, geometry),
  );

/** Of bfloat16 too, without rounding anything. */
const ofReals = (name: 'sum' | 'mean') =>
  reduction(
    'float32',
    'axis',
    ({ native }, from, to, geometry) => native[name](from as Reals, to as Float32Array, geometry),
    (call, x) => call.reals(x, call.isHalf(x)),
  );

const ofTruths = (name: 'any' | 'all') =>
  reduction('bool', 'axis', ({ native }, from, to, geometry) =>
    native[name](from as Uint8Array, to as Uint8Array, geometry),
  );

function place(name: 'argMax' | 'argMin'): NativeKernel {
  return (call) => {
    if (!call.areFloat('x')) return undefined;
    const x = call.input('x');
    const axes = tf.util.parseAxisParam(call.attribute<number | number[]>('axis'), x.shape);
    const [step, ...others] = stepsOf(x.shape, axes);
    if (axes.length !== 1 || !step || others.length > 0) return undefined;
    const shape = outputShape(x.shape, axes, false);
    const out = call.take(shape, 'int32') as Int32Array;
    call.native[name](call.floats(x), out, integers(step.outer, step.length, step.inner));
    return call.output(shape, out, 'int32');
  };
}

export const reductionKernels: Readonly<Record<string, NativeKernel>> = {
  Sum: ofReals('sum'),
  Mean: ofReals('mean'),
  Max: ofFloats('max', 'reductionIndices'),
  Min: ofFloats('min', 'axis'),
  Prod: ofFloats('prod', 'axis'),
  Any: ofTruths('any'),
  All: ofTruths('all'),
  ArgMax: place('argMax'),
  ArgMin: place('argMin'),
};
