import * as tf from '@tensorflow/tfjs';
import { type Call, elementBytes, integers, type NativeKernel } from '../kernel.ts';
import type { Elements } from '../pool.ts';

type FunctionName =
  | 'erf'
  | 'selu'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'sinh'
  | 'cosh'
  | 'asinh'
  | 'acosh'
  | 'atanh';

function ofFloat(name: FunctionName): NativeKernel {
  return (call) => {
    if (!call.areFloat('x')) return undefined;
    const x = call.input('x');
    const y = call.take(x.shape);
    call.native[name](call.floats(x), y);
    return call.output(x.shape, y);
  };
}

function test(name: 'isNaN' | 'isInf' | 'isFinite'): NativeKernel {
  return (call) => {
    if (!call.areFloat('x')) return undefined;
    const x = call.input('x');
    const y = call.take(x.shape, 'bool') as Uint8Array;
    call.native[name](call.floats(x), y);
    return call.output(x.shape, y, 'bool');
  };
}

const mostAxes = 8;

interface Repeated {
  readonly values: Elements;
  /** Gives back what was taken for it. */
  release(): void;
}

/** The elements of a tensor of floats or integers, broadcast to `shape`. */
export function repeated(call: Call, info: tf.TensorInfo, shape: readonly number[]): Repeated {
  const values = call.elements(info);
  if (tf.util.arraysEqual(info.shape, [...shape])) return { values, release: () => {} };
  const dtype = info.dtype as 'float32' | 'int32';
  const from = [...new Array<number>(shape.length - info.shape.length).fill(1), ...info.shape];
  const copy = call.take(shape, dtype);
  call.native.tile(values, copy, integers(shape.length, ...from, ...shape), elementBytes(dtype));
  return { values: copy, release: () => call.backend.pool.release(copy) };
}

function broadcast(call: Call, shape: number[], body: (a: Elements, b: Elements) => void): void {
  const [a, b] = [repeated(call, call.input('a'), shape), repeated(call, call.input('b'), shape)];
  body(a.values, b.values);
  a.release();
  b.release();
}

function shapeOf(call: Call): number[] | undefined {
  const shape = tf.broadcast_util.assertAndGetBroadcastShape(call.input('a').shape, call.input('b').shape);
  return shape.length <= mostAxes ? shape : undefined;
}

function combination(name: 'pow' | 'mod' | 'atan2'): NativeKernel {
  return (call) => {
    const shape = shapeOf(call);
    if (!call.areFloat('a', 'b') || !shape) return undefined;
    const out = call.take(shape);
    broadcast(call, shape, (a, b) => call.native[name](a as Float32Array, b as Float32Array, out));
    return call.output(shape, out);
  };
}

/** The result is int32 in tfjs, whatever the operands. */
function floorDiv(call: Call) {
  const shape = shapeOf(call);
  const { dtype } = call.input('a');
  if (dtype !== call.input('b').dtype || (dtype !== 'float32' && dtype !== 'int32') || !shape)
    return undefined;
  const out = call.take(shape, 'int32') as Int32Array;
  broadcast(call, shape, (a, b) => {
    if (dtype === 'float32') call.native.floorDiv(a as Float32Array, b as Float32Array, out);
    else call.native.floorDivInt(a as Int32Array, b as Int32Array, out);
  });
  return call.output(shape, out, 'int32');
}

type IntegerName = 'addInt' | 'subInt' | 'multiplyInt' | 'maximumInt' | 'minimumInt';

/** Where both are int32; undefined for all else. */
export function integerCombination(call: Call, name: IntegerName): tf.TensorInfo | undefined {
  if (call.input('a').dtype !== 'int32' || call.input('b').dtype !== 'int32') return undefined;
  const shape = shapeOf(call);
  if (!shape) return undefined;
  const out = call.take(shape, 'int32') as Int32Array;
  broadcast(call, shape, (a, b) => call.native[name](a as Int32Array, b as Int32Array, out));
  return call.output(shape, out, 'int32');
}

export const functionKernels: Readonly<Record<string, NativeKernel>> = {
  Erf: ofFloat('erf'),
  Selu: ofFloat('selu'),
  Sin: ofFloat('sin'),
  Cos: ofFloat('cos'),
  Tan: ofFloat('tan'),
  Asin: ofFloat('asin'),
  Acos: ofFloat('acos'),
  Atan: ofFloat('atan'),
  Sinh: ofFloat('sinh'),
  Cosh: ofFloat('cosh'),
  Asinh: ofFloat('asinh'),
  Acosh: ofFloat('acosh'),
  Atanh: ofFloat('atanh'),
  IsNan: test('isNaN'),
  IsInf: test('isInf'),
  IsFinite: test('isFinite'),
  Pow: combination('pow'),
  Mod: combination('mod'),
  Atan2: combination('atan2'),
  FloorDiv: floorDiv,
};
