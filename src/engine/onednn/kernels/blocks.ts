// Kernels that exchange blocks of pixels for channels or images: a pad, a transposition and a slice at most.

import * as tf from '@tensorflow/tfjs';
import { type Call, elementBytes, integers, type NativeKernel } from '../kernel.ts';
import type { Elements, ElementType } from '../pool.ts';
import { movable } from './layout.ts';

const mostAxes = 8;

function transposed(
  call: Call,
  x: Elements,
  shape: readonly number[],
  permutation: readonly number[],
  dtype: ElementType,
) {
  const out = call.take(shape, dtype);
  const lists = integers(shape.length, ...shape, ...permutation);
  call.native.transpose(x, out, lists, elementBytes(dtype));
  return out;
}

function depthToSpace(call: Call) {
  const x = call.input('x');
  const dtype = movable(x);
  const block = call.attribute<number>('blockSize');
  if (!dtype || call.attribute<string>('dataFormat') !== 'NHWC') return undefined;
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const depth = channels / block ** 2;
  const blocks = [batch, height, width, block, block, depth];
  const out = transposed(call, call.elements(x), blocks, [0, 1, 3, 2, 4, 5], dtype);
  return call.output([batch, height * block, width * block, depth], out, dtype);
}

function spaceToBatch(call: Call) {
  const x = call.input('x');
  const dtype = movable(x);
  const block = call.attribute<number[]>('blockShape');
  const given = call.attribute<[number, number][]>('paddings');
  const none: [number, number] = [0, 0];
  const paddings = x.shape.map((_, axis) => given[axis - 1] ?? none);
  const padded = x.shape.map((length, axis) => paddings[axis]![0] + length + paddings[axis]![1]);
  const size = block.reduce((product, length) => product * length, 1);
  const shape = tf.backend_util.getReshaped(padded, block, size, false);
  if (!dtype || shape.length > mostAxes || padded.includes(0)) return undefined;
  const [before, after] = [paddings.map(([first]) => first), paddings.map(([, last]) => last)];
  const whole = call.take(padded, dtype);
  const lists = integers(padded.length, ...x.shape, ...before, ...after);
  call.native.pad(call.elements(x), whole, lists, elementBytes(dtype), 0);
  const permutation = tf.backend_util.getPermuted(shape.length, block.length, false);
  const out = transposed(call, whole, shape, permutation, dtype);
  call.backend.pool.release(whole);
  return call.output(tf.backend_util.getReshapedPermuted(padded, block, size, false), out, dtype);
}

function batchToSpace(call: Call) {
  const x = call.input('x');
  const dtype = movable(x);
  const [block, crops] = [call.attribute<number[]>('blockShape'), call.attribute<number[][]>('crops')];
  const size = block.reduce((product, length) => product * length, 1);
  const shape = tf.backend_util.getReshaped(x.shape, block, size);
  const whole = tf.backend_util.getReshapedPermuted(x.shape, block, size);
  const begin = tf.backend_util.getSliceBeginCoords(crops, block.length);
  const cut = tf.backend_util.getSliceSize(whole, crops, block.length);
  // Both lack the axes behind the blocks.
  const outShape = whole.map((length, axis) => cut[axis] ?? length);
  if (!dtype || shape.length > mostAxes || outShape.some((length) => length < 1)) return undefined;
  const permutation = tf.backend_util.getPermuted(shape.length, block.length);
  const uncut = transposed(call, call.elements(x), shape, permutation, dtype);
  const out = call.take(outShape, dtype);
  const start = whole.map((_, axis) => begin[axis] ?? 0);
  const lists = integers(whole.length, ...whole, ...start, ...outShape);
  call.native.slice(uncut, out, lists, elementBytes(dtype));
  call.backend.pool.release(uncut);
  return call.output(outShape, out, dtype);
}

export const blockKernels: Readonly<Record<string, NativeKernel>> = {
  DepthToSpace: depthToSpace,
  SpaceToBatchND: spaceToBatch,
  BatchToSpaceND: batchToSpace,
};
