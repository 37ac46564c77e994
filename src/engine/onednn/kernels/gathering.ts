import * as tf from '@tensorflow/tfjs';
import { type Call, elementBytes, integers, type NativeKernel, sizeOf } from '../kernel.ts';
import type { ElementType } from '../pool.ts';
import { movable } from './layout.ts';

/** Which elements of an axis are taken, in order; undefined: all of them. */
type Table = readonly number[] | Int32Array | undefined;

function gatherAxes(
  call: Call,
  x: tf.TensorInfo,
  shape: readonly number[],
  tables: readonly Table[],
  dtype: ElementType,
) {
  const outShape = shape.map((length, axis) => tables[axis]?.length ?? length);
  let size = 0;
  const starts = tables.map((table) => {
    if (!table) return -1;
    const start = size;
    size += table.length;
    return start;
  });
  const joined = new Int32Array(size);
  for (const [axis, table] of tables.entries()) if (table) joined.set(table, starts[axis]);
  const out = call.take(outShape, dtype);
  const lists = integers(shape.length, ...shape, ...outShape, ...starts);
  call.native.gatherAxes(call.elements(x), joined, out, lists, elementBytes(dtype));
  return { outShape, out };
}

/** Elements `first`, `first + step`, … */
const every = (count: number, first: number, step: number) =>
  Array.from({ length: count }, (_, i) => first + i * step);

function reversed(call: Call, x: tf.TensorInfo, axes: readonly number[]) {
  const dtype = movable(x);
  if (!dtype) return undefined;
  const tables = x.shape.map((length, axis) =>
    axes.includes(axis) ? every(length, length - 1, -1) : undefined,
  );
  const { out } = gatherAxes(call, x, x.shape, tables, dtype);
  return call.output(x.shape, out, dtype);
}

function reverse(call: Call) {
  const x = call.input('x');
  return reversed(call, x, tf.util.parseAxisParam(call.attribute<number | number[]>('dims'), x.shape));
}

function mirrored(length: number, [before, after]: readonly [number, number], skipped: number): Table {
  if (before === 0 && after === 0) return undefined;
  return [
    ...every(before, before - 1 + skipped, -1),
    ...every(length, 0, 1),
    ...every(after, length - 1 - skipped, -1),
  ];
}

function mirrorPad(call: Call) {
  const x = call.input('x');
  const dtype = movable(x);
  if (!dtype) return undefined;
  const paddings = call.attribute<[number, number][]>('paddings');
  // 'reflect' leaves out the outermost cell, 'symmetric' repeats it.
  const skipped = call.attribute<string>('mode') === 'reflect' ? 1 : 0;
  const isWithin = paddings.every((padding, axis) => Math.max(...padding) + skipped <= x.shape[axis]!);
  if (!isWithin) return undefined;
  const tables = x.shape.map((length, axis) => mirrored(length, paddings[axis]!, skipped));
  const { outShape, out } = gatherAxes(call, x, x.shape, tables, dtype);
  return call.output(outShape, out, dtype);
}

function stridedSlice(call: Call) {
  const x = call.input('x');
  const dtype = movable(x);
  const mask = (name: string) => call.attribute<number>(name);
  const { begin, end, strides, finalShape } = tf.slice_util.sliceInfo(
    x.shape,
    call.attribute<number[]>('begin'),
    call.attribute<number[]>('end'),
    call.attribute<number[]>('strides'),
    mask('beginMask'),
    mask('endMask'),
    mask('ellipsisMask'),
    mask('newAxisMask'),
    mask('shrinkAxisMask'),
  );
  const sizes = tf.slice_util.computeOutShape(begin, end, strides);
  // tfjs reads the wrong elements where it drops an axis and steps along another.
  const isWrong = mask('shrinkAxisMask') !== 0 && strides.some((stride) => stride !== 1);
  if (!dtype || isWrong || sizes.includes(0) || sizeOf(sizes) !== sizeOf(finalShape)) return undefined;
  const tables = x.shape.map((length, axis) =>
    sizes[axis] === length && strides[axis] === 1
      ? undefined
      : every(sizes[axis]!, begin[axis]!, strides[axis]!),
  );
  const { out } = gatherAxes(call, x, x.shape, tables, dtype);
  return call.output(finalShape, out, dtype);
}

function gather(call: Call) {
  const [x, indices] = [call.input('x'), call.input('indices')];
  const dtype = movable(x);
  const axis = tf.util.parseAxisParam(call.attribute<number>('axis'), x.shape)[0]!;
  const batchAxes = call.attribute<number | undefined>('batchDims') ?? 0;
  if (!dtype || batchAxes !== 0 || indices.dtype !== 'int32') return undefined;
  const [outer, inner] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const shape = [...outer, ...indices.shape, ...inner];
  const table = call.elements(indices) as Int32Array;
  // tfjs says which one is wrong, in its words.
  if (table.some((place) => place < 0 || place >= x.shape[axis]!)) return undefined;
  const flat = [sizeOf(outer), x.shape[axis]!, sizeOf(inner)] as const;
  if (flat[0] === 1) {
    const out = call.take(shape, dtype);
    call.native.gather(call.elements(x), table, out, integers(flat[1], flat[2] * elementBytes(dtype)));
    return call.output(shape, out, dtype);
  }
  const { out } = gatherAxes(call, x, flat, [undefined, table, undefined], dtype);
  return call.output(shape, out, dtype);
}

function gatherNd(call: Call) {
  const [params, indices] = [call.input('params'), call.input('indices')];
  const dtype = movable(params);
  if (!dtype || indices.dtype !== 'int32') return undefined;
  const axes = indices.shape.at(-1) ?? 0;
  const [shape] = tf.backend_util.prepareAndValidate(params as tf.Tensor, indices as tf.Tensor);
  if (axes < 1 || axes > params.shape.length || shape.includes(0)) return undefined;
  const out = call.take(shape, dtype);
  const geometry = integers(sizeOf(params.shape.slice(axes)), axes, ...params.shape.slice(0, axes));
  const table = call.elements(indices) as Int32Array;
  call.native.gatherNd(call.elements(params), table, out, geometry, elementBytes(dtype));
  return call.output(shape, out, dtype);
}

function scatterNd(call: Call) {
  const [indices, updates] = [call.input('indices'), call.input('updates')];
  const shape = call.attribute<number[]>('shape');
  if (updates.dtype !== 'float32' || indices.dtype !== 'int32' || shape.includes(0)) return undefined;
  const { sliceRank, sliceSize, numUpdates } = tf.backend_util.calculateShapes(updates, indices, shape);
  const isWhole = sizeOf(updates.shape) === numUpdates * sliceSize;
  if (!isWhole || sliceRank < 1 || sliceRank > shape.length || indices.shape.length < 2) return undefined;
  const out = call.take(shape);
  const geometry = integers(sliceSize, sliceRank, ...shape.slice(0, sliceRank));
  call.native.scatterNd(call.floats(updates), call.elements(indices) as Int32Array, out, geometry);
  return call.output(shape, out);
}

export const gatheringKernels: Readonly<Record<string, NativeKernel>> = {
  Reverse: reverse,
  FlipLeftRight: (call) => reversed(call, call.input('image'), [2]),
  MirrorPad: mirrorPad,
  StridedSlice: stridedSlice,
  GatherV2: gather,
  GatherNd: gatherNd,
  ScatterNd: scatterNd,
};
