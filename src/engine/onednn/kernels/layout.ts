import * as tf from '@tensorflow/tfjs';
import { type Call, elementBytes, integers, isNumeric, type NativeKernel, sizeOf } from '../kernel.ts';
import type { ElementType } from '../pool.ts';

const mostAxes = 8;

/** The type of a tensor that these kernels can move; they know no tensors without axes. */
function movable(info: tf.TensorInfo): ElementType | undefined {
  const { shape, dtype } = info;
  return isNumeric(dtype) && shape.length > 0 && shape.length <= mostAxes ? dtype : undefined;
}

function join(call: Call, inputs: readonly tf.TensorInfo[], axis: number, outShape: number[]) {
  const dtype = movable(inputs[0]!);
  const alike = inputs.every((input) => input.dtype === dtype && !input.shape.includes(0));
  if (!dtype || !alike) return undefined;
  const out = call.take(outShape, dtype);
  const outer = sizeOf(outShape.slice(0, axis));
  const blocks = inputs.map((input) => (sizeOf(input.shape) / outer) * elementBytes(dtype));
  call.native.concat(
    inputs.map((input) => call.elements(input)),
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
  const out = call.take(size, dtype);
  const lists = integers(size.length, ...x.shape, ...begin, ...size);
  call.native.slice(call.elements(x), out, lists, elementBytes(dtype));
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
  const out = call.take(shape, dtype);
  const value = bitsOf(call.attribute<number>('constantValue'), dtype);
  const lists = integers(shape.length, ...x.shape, ...before, ...after);
  call.native.pad(call.elements(x), out, lists, elementBytes(dtype), value);
  return call.output(shape, out, dtype);
}

function transpose(call: Call) {
  const x = call.input('x');
  const dtype = movable(x);
  if (!dtype) return undefined;
  const permutation = call.attribute<number[]>('perm');
  const shape = permutation.map((axis) => x.shape[axis]!);
  const out = call.take(shape, dtype);
  const lists = integers(shape.length, ...x.shape, ...permutation);
  call.native.transpose(call.elements(x), out, lists, elementBytes(dtype));
  return call.output(shape, out, dtype);
}

function repeat(call: Call, x: tf.TensorInfo, from: readonly number[], to: readonly number[]) {
  const dtype = isNumeric(x.dtype) ? x.dtype : undefined;
  if (!dtype || to.length === 0 || to.length > mostAxes || to.includes(0)) return undefined;
  const out = call.take(to, dtype);
  call.native.tile(call.elements(x), out, integers(to.length, ...from, ...to), elementBytes(dtype));
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

function gather(call: Call) {
  const [x, indices] = [call.input('x'), call.input('indices')];
  const dtype = movable(x);
  const axis = call.attribute<number>('axis');
  const batchAxes = call.attribute<number | undefined>('batchDims') ?? 0;
  if (!dtype || axis !== 0 || batchAxes !== 0 || indices.dtype !== 'int32') return undefined;
  const [rows, ...rowShape] = x.shape as [number, ...number[]];
  const places = call.elements(indices) as Int32Array;
  // tfjs says which one is wrong, in its words.
  if (places.some((row) => row < 0 || row >= rows)) return undefined;
  const shape = [...indices.shape, ...rowShape];
  const out = call.take(shape, dtype);
  const geometry = integers(rows, sizeOf(rowShape) * elementBytes(dtype));
  call.native.gather(call.elements(x), places, out, geometry);
  return call.output(shape, out, dtype);
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
  GatherV2: gather,
  OneHot: oneHot,
};
