import * as tf from '@tensorflow/tfjs';
import { type Call, integers, type NativeKernel } from '../kernel.ts';

type Info = tf.backend_util.Conv2DInfo;
type Pair = [number, number];
type Shape4D = [number, number, number, number];

function infoOf(call: Call, x: readonly number[], filter: readonly number[]): Info | undefined {
  const info = tf.backend_util.computeConv2DInfo(
    x as Shape4D,
    filter as Shape4D,
    call.attribute<Pair | number>('strides'),
    call.attribute<Pair | number>('dilations'),
    call.attribute<'same' | 'valid' | number>('pad'),
  );
  return info.outHeight > 0 && info.outWidth > 0 ? info : undefined;
}

/** What native/convolution_3d.cc takes: images are volumes of depth 1. */
function geometryOf(call: Call, info: Info): Int32Array {
  const { top, left } = info.padInfo;
  return integers(
    ...[info.batchSize, 1, info.inHeight, info.inWidth, info.inChannels, info.outChannels],
    ...[1, info.filterHeight, info.filterWidth],
    ...[1, info.outHeight, info.outWidth],
    ...[1, info.strideHeight, info.strideWidth],
    ...[1, info.dilationHeight, info.dilationWidth],
    ...[0, top, left],
    call.attribute<number>('groups'),
  );
}

function forward(call: Call) {
  if (!call.areFloat('x', 'filter')) return undefined;
  const [x, filter] = [call.input('x'), call.input('filter')];
  const info = infoOf(call, x.shape, filter.shape);
  if (!info) return undefined;
  const y = call.take(info.outShape);
  call.native.conv3d(call.floats(x), call.floats(filter), y, geometryOf(call, info));
  return call.output(info.outShape, y);
}

function backpropInput(call: Call) {
  if (!call.areFloat('dy', 'filter')) return undefined;
  const [dy, filter] = [call.input('dy'), call.input('filter')];
  const info = infoOf(call, call.attribute<number[]>('inputShape'), filter.shape);
  if (!info) return undefined;
  const dx = call.take(info.inShape);
  call.native.conv3dBackpropInput(call.floats(dy), call.floats(filter), dx, geometryOf(call, info));
  return call.output(info.inShape, dx);
}

function backpropFilter(call: Call) {
  if (!call.areFloat('x', 'dy')) return undefined;
  const [x, dy] = [call.input('x'), call.input('dy')];
  const info = infoOf(call, x.shape, call.attribute<number[]>('filterShape'));
  if (!info) return undefined;
  const dfilter = call.take(info.filterShape);
  call.native.conv3dBackpropFilter(call.floats(x), call.floats(dy), dfilter, geometryOf(call, info));
  return call.output(info.filterShape, dfilter);
}

export const groupedConv2dKernels: Readonly<Record<string, NativeKernel>> = {
  GroupedConv2D: forward,
  GroupedConv2DBackpropInput: backpropInput,
  GroupedConv2DBackpropFilter: backpropFilter,
};
