import * as tf from '@tensorflow/tfjs';
import type { BinaryName, ComparisonName, RealBinaryName } from '../binding.ts';
import { type Call, integers, isNumeric, type NativeKernel, sizeOf } from '../kernel.ts';
import { integerCombination } from './functions.ts';

type Shape = readonly number[];

/** Adds `bias` to every row of `values`, in place. */
export function addToRows(call: Call, values: Float32Array, bias: Float32Array): void {
  const rows = values.length / bias.length;
  call.native.add(values, bias, values, integers(2, rows, bias.length, rows, bias.length, 1, bias.length));
}

/** What native/loops/binary.cc takes: the rank, and the three shapes on that many axes. */
function shapesOf(out: Shape, a: Shape, b: Shape): Int32Array {
  if (isSame(a, b)) {
    const size = out.reduce((product, length) => product * length, 1);
    return integers(1, size, size, size);
  }
  const stretched = (shape: Shape) => [...new Array<number>(out.length - shape.length).fill(1), ...shape];
  return integers(out.length, ...out, ...stretched(a), ...stretched(b));
}

function isSame(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

const mostAxes = 8;

function binary(name: BinaryName, inputs: readonly [string, string] = ['a', 'b']): NativeKernel {
  return (call) => {
    if (!call.areFloat(...inputs)) return undefined;
    const [a, b] = [call.input(inputs[0]), call.input(inputs[1])];
    const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
    if (shape.length > mostAxes) return undefined;
    const out = call.take(shape);
    call.native[name](call.floats(a), call.floats(b), out, shapesOf(shape, a.shape, b.shape));
    return call.output(shape, out);
  };
}

/**
 * Of floats, or where the operands have been stored as bfloat16, of that: with both of them, or one and a smaller other,
 * such as a bias. A gradient, whose second operand is the activation, is stored as that is.
 */
function real(name: RealBinaryName, gradientInputs?: readonly [string, string]): NativeKernel {
  return (call) => {
    const inputs = gradientInputs ?? ['a', 'b'];
    if (!call.areFloat(...inputs)) return undefined;
    const [a, b] = [call.input(inputs[0]!), call.input(inputs[1]!)];
    const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
    if (shape.length > mostAxes) return undefined;
    const size = sizeOf(shape);
    const follows = (info: tf.TensorInfo) => call.isHalf(info) || sizeOf(info.shape) < size;
    const half = call.isHalf(b) ? gradientInputs !== undefined || follows(a) : call.isHalf(a) && follows(b);
    const out = call.takeReals(shape, half);
    const stored = (info: tf.TensorInfo) => call.reals(info, half && call.isHalf(info));
    call.native[name](stored(a), stored(b), out, shapesOf(shape, a.shape, b.shape));
    return call.output(shape, out);
  };
}

type IntegerName = Parameters<typeof integerCombination>[1];

/** Of floats, or of integers. */
function arithmetic(ofFloats: NativeKernel, ofIntegers: IntegerName): NativeKernel {
  return (call) => ofFloats(call) ?? integerCombination(call, ofIntegers);
}

const typeCodes = { float32: 0, int32: 1, bool: 2 };

function comparison(name: ComparisonName): NativeKernel {
  return (call) => {
    const [a, b] = [call.input('a'), call.input('b')];
    if (a.dtype !== b.dtype || !isNumeric(a.dtype)) return undefined;
    const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
    if (shape.length > mostAxes) return undefined;
    const out = call.take(shape, 'bool') as Uint8Array;
    const shapes = shapesOf(shape, a.shape, b.shape);
    call.native[name](call.elements(a), call.elements(b), out, shapes, typeCodes[a.dtype]);
    return call.output(shape, out, 'bool');
  };
}

/** tf.where has broadcast the three already. */
function select(call: Call) {
  const [condition, t, e] = [call.input('condition'), call.input('t'), call.input('e')];
  if (condition.dtype !== 'bool' || !call.areFloat('t', 'e')) return undefined;
  if (!isSame(condition.shape, t.shape) || !isSame(t.shape, e.shape)) return undefined;
  const out = call.take(t.shape);
  call.native.select(call.elements(condition) as Uint8Array, call.floats(t), call.floats(e), out);
  return call.output(t.shape, out);
}

function addN(call: Call) {
  const terms = call.list;
  const [first] = terms;
  const mostTerms = 64;
  if (!first || terms.length > mostTerms) return undefined;
  if (!terms.every((term) => term.dtype === 'float32' && isSame(term.shape, first.shape))) return undefined;
  const out = call.take(first.shape);
  call.native.addN(
    terms.map((term) => call.floats(term)),
    out,
  );
  return call.output(first.shape, out);
}

export const binaryKernels: Readonly<Record<string, NativeKernel>> = {
  Add: arithmetic(real('add'), 'addInt'),
  Sub: arithmetic(real('sub'), 'subInt'),
  Multiply: arithmetic(real('multiply'), 'multiplyInt'),
  RealDiv: binary('realDiv'),
  Maximum: arithmetic(binary('maximum'), 'maximumInt'),
  Minimum: arithmetic(binary('minimum'), 'minimumInt'),
  SquaredDifference: binary('squaredDifference'),
  AddRelu: real('addRelu'),
  Prelu: binary('prelu', ['x', 'alpha']),
  ReluGrad: real('reluGrad', ['dy', 'y']),
  Relu6Grad: real('relu6Grad', ['dy', 'y']),
  EluGrad: real('eluGrad', ['dy', 'y']),
  Greater: comparison('greater'),
  GreaterEqual: comparison('greaterEqual'),
  Less: comparison('less'),
  LessEqual: comparison('lessEqual'),
  Equal: comparison('equal'),
  NotEqual: comparison('notEqual'),
  LogicalAnd: comparison('logicalAnd'),
  LogicalOr: comparison('logicalOr'),
  Select: select,
  AddN: addN,
};
