import * as tf from '@tensorflow/tfjs';
import { type Call, elementBytes, integers, isNumeric, type NativeKernel, sizeOf } from '../kernel.ts';
import type { ElementType, Storage } from '../pool.ts';

const mostAxes = 8;

/** The type of a tensor that these kernels can move; they know no tensors without axes. */
export function movable(info: tf.TensorInfo): ElementType | undefined {
  const { shape, dtype } = info;
  return isNumeric(dtype) && shape.length > 0 && shape.length <= mostAxes ? dtype : undefined;
}

// Moving elements computes nothing, so what is stored as bfloat16 stays so.

function takeAs(call: Call, shape: readonly number[], dtype: ElementType, half: boolean): Storage {
  return half ? call.takeReals(shape, true) : call.take(shape, dtype);
}

function storedAs(call: Call, x: tf.TensorInfo, half: boolean): Storage {
  return half ? call.reals(x, true) : call.elements(x);
}

const bytesOf = (dtype: ElementType, half: boolean) => (half ? 2 : elementBytes(dtype));

function join(call: Call, inputs: readonly tf.TensorInfo[], axis: number, outShape: number[]) {
  const dtype = movable(inputs[0]!);
  const alike = inputs.every((input) => input.dtype === dtype && !input.shape.includes(0));
  if (!dtype || !alike) return undefined;
  const half = inputs.every((input) => call.isHalf(input));
  const out = takeAs(call, outShape, dtype, half);
  const outer = sizeOf(outShape.slice(0, axis));
  const blocks = inputs.map((input) => (sizeOf(input.shape) / outer) * bytesOf(dtype, half));
  call.native.concat(
    inputs.map((input) => storedAs(call, input, half)),
    out,
    integers(outer, ...blocks),
  );
  return call.output(outShape, out, dtype);
}

function concat(call: Call) {
  const inputs = call.list;
  const shapes = inputs.map((input) => input.shape);
  const axis = tf.util.parseAxisParam(call.attribute<number>('axis'), shapes[0]!)[0]!;
  tf.backend_util.assertParamsConsistent(shapes, axis);
  return join(call, inputs, axis, tf.backend_util.computeOutShape(shapes, axis));
}

/** stack: tfjs has checked that the shapes are equal. */
function pack(call: Call) {
  const inputs = call.list;
  const { shape } = inputs[0]!;
  if (inputs.some((input) => String(input.shape) !== String(shape))) return undefined;
  const axis = call.attribute<number>('axis');
  const place = axis < 0 ? axis + shape.length + 1 : axis;
  return join(call, inputs, place, [...shape.slice(0, place), inputs.length, ...shape.slice(place)]);
}

function cut(
  call: Call,
  x: tf.TensorInfo,
  begin: readonly number[],
  size: readonly number[],
  dtype: ElementType,
) {
  const half = call.isHalf(x);
  const out = takeAs(call, size, dtype, half);
  const lists = integers(size.length, ...x.shape, ...begin, ...size);
  call.native.slice(storedAs(call, x, half), out, lists, bytesOf(dtype, half));
  return out;
}

function slice(call: Call) {
  const x = call.input('x');
  const dtype = movable(x);
  if (!dtype) return undefined;
  const [begin, size] = tf.slice_util.parseSliceParams(
    x as tf.Tensor,
    call.attribute<number[]>('begin'),
    call.attribute<number[]>('size'),
  ) as [number[], number[]];
  tf.slice_util.assertParamsValid(x as tf.Tensor, begin, size);
  if (size.includes(0)) return undefined;
  return call.output(size, cut(call, x, begin, size, dtype), dtype);
}

function splitV(call: Call) {
  const x = call.input('x');
  const dtype = movable(x);
  const axis = tf.util.parseAxisParam(call.attribute<number>('axis'), x.shape)[0]!;
  const sizes = tf.backend_util.prepareSplitSize(
    x as tf.Tensor,
    call.attribute<number[] | number>('numOrSizeSplits'),
    axis,
  );
  if (!dtype || sizes.includes(0)) return undefined;
  let start = 0;
  return sizes.map((length) => {
    const shape = x.shape.with(axis, length);
    const begin = new Array<number>(shape.length).fill(0).with(axis, start);
    start += length;
    return call.output(shape, cut(call, x, begin, shape, dtype), dtype);
  });
}

/** unstack */
function unpack(call: Call) {
  const x = call.input('value');
  const dtype = movable(x);
  if (!dtype) return undefined;
  const given = call.attribute<number>('axis');
  const axis = given < 0 ? given + x.shape.length : given;
  const size = x.shape.with(axis, 1);
  const shape = x.shape.toSpliced(axis, 1);
  return Array.from({ length: x.shape[axis]! }, (_, index) => {
    const begin = new Array<number>(size.length).fill(0).with(axis, index);
    return call.output(shape, cut(call, x, begin, size, dtype), dtype);
  });
}

const bits = new DataView(new ArrayBuffer(4));

/** The value as it lies in memory, read as an integer. */
function bitsOf(value: number, dtype: ElementType): number {
  if (dtype === 'float32') bits.setFloat32(0, value);
  else bits.setInt32(0, value);
  return bits.getInt32(0);
}

function pad(call: Call) {
  const x = call.input('x');
  const dtype = movable(x);
  if (!dtype) return undefined;
  const paddings = call.attribute<[number, number][]>('paddings');
  const [before, after] = [paddings.map(([first]) => first), paddings.map(([, second]) => second)];
  const shape = x.shape.map((length, axis) => before[axis]! + length + after[axis]!);
  const constant = call.attribute<number>('constantValue');
  const half = constant === 0 && call.isHalf(x);
  const out = takeAs(call, shape, dtype, half);
  const value = half ? 0 : bitsOf(constant, dtype);
  const lists = integers(shape.length, ...x.shape, ...before, ...after);
  call.native.pad(storedAs(call, x, half), out, lists, bytesOf(dtype, half), value);
  return call.output(shape, out, dtype);
}

function transpose(call: Call) {
  const x = call.input('x');
  const dtype = movable(x);
  if (!dtype) return undefined;
  const permutation = call.attribute<number[]>('perm');
  const shape = permutation.map((axis) => x.shape[axis]!);
  const half = call.isHalf(x);
  const out = takeAs(call, shape, dtype, half);
  const lists = integers(shape.length, ...x.shape, ...permutation);
  call.native.transpose(storedAs(call, x, half), out, lists, bytesOf(dtype, half));
  return call.output(shape, out, dtype);
}

function repeat(call: Call, x: tf.TensorInfo, from: readonly number[], to: readonly number[]) {
  const dtype = isNumeric(x.dtype) ? x.dtype : undefined;
  if (!dtype || to.length === 0 || to.length > mostAxes || to.includes(0)) return undefined;
  const half = call.isHalf(x);
  const out = takeAs(call, to, dtype, half);
  const lists = integers(to.length, ...from, ...to);
  call.native.tile(storedAs(call, x, half), out, lists, bytesOf(dtype, half));
  return call.output(to, out, dtype);
}

function tile(call: Call) {
  const x = call.input('x');
  const repeats = call.attribute<number[]>('reps');
  if (repeats.length !== x.shape.length) return undefined;
  return repeat(
    call,
    x,
    x.shape,
    x.shape.map((length, axis) => length * repeats[axis]!),
  );
}

function broadcastTo(call: Call) {
  const x = call.input('x');
  const shape = call.attribute<number[]>('shape');
  const from = [...new Array<number>(shape.length - x.shape.length).fill(1), ...x.shape];
  return repeat(call, x, from, shape);
}

const typeCodes = { float32: 0, int32: 1, bool: 2 };

function oneHot(call: Call) {
  const indices = call.input('indices');
  const depth = call.attribute<number>('depth');
  const dtype = call.attribute<ElementType | undefined>('dtype') ?? 'float32';
  if (indices.dtype !== 'int32' || !isNumeric(dtype) || depth < 1) return undefined;
  const shape = [...indices.shape, depth];
  const out = call.take(shape, dtype);
  const [on, off] = [call.attribute<number>('onValue'), call.attribute<number>('offValue')];
  call.native.oneHot(call.elements(indices) as Int32Array, out, depth, on, off, typeCodes[dtype]);
  return call.output(shape, out, dtype);
}

export const layoutKernels: Readonly<Record<string, NativeKernel>> = {
  Concat: concat,
  Pack: pack,
  Slice: slice,
  SplitV: splitV,
  Unpack: unpack,
  PadV2: pad,
  Transpose: transpose,
  Tile: tile,
  BroadcastTo: broadcastTo,
  OneHot: oneHot,
};
