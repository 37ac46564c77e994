import type * as tf from '@tensorflow/tfjs';
import { volumeConvolutionInfo } from '../../gradients/volume-geometry.ts';
import { type Call, integers, type NativeKernel } from '../kernel.ts';

type Info = tf.backend_util.Conv3DInfo;
type Triple = [number, number, number];

/** Undefined where the native kernels cannot follow tfjs. */
function infoOf(call: Call, x: readonly number[], filter: readonly number[]): Info | undefined {
  if (x.length !== 5) return undefined;
  const info = volumeConvolutionInfo(x, filter, {
    strides: call.attribute<Triple | number>('strides'),
    // The gradients have no such attribute: tfjs has none of dilated convolutions.
    dilations: call.attribute<Triple | number | undefined>('dilations') ?? 1,
    pad: call.attribute<'valid' | 'same'>('pad'),
  });
  return info.outShape.every((length) => length > 0) ? info : undefined;
}

function geometryOf(info: Info): Int32Array {
  const groups = 1;
  return integers(
    info.batchSize,
    info.inDepth,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outChannels,
    info.filterDepth,
    info.filterHeight,
    info.filterWidth,
    info.outDepth,
    info.outHeight,
    info.outWidth,
    info.strideDepth,
    info.strideHeight,
    info.strideWidth,
    info.dilationDepth,
    info.dilationHeight,
    info.dilationWidth,
    info.padInfo.front,
    info.padInfo.top,
    info.padInfo.left,
    groups,
  );
}

function forward(call: Call) {
  if (!call.areFloat('x', 'filter')) return undefined;
  const [x, filter] = [call.input('x'), call.input('filter')];
  const info = infoOf(call, x.shape, filter.shape);
  if (!info) return undefined;
  const y = call.take(info.outShape);
  call.native.conv3d(call.floats(x), call.floats(filter), y, geometryOf(info));
  return call.output(info.outShape, y);
}

function backpropInput(call: Call) {
  if (!call.areFloat('dy', 'filter')) return undefined;
  const [dy, filter] = [call.input('dy'), call.input('filter')];
  const info = infoOf(call, call.attribute<number[]>('inputShape'), filter.shape);
  if (!info) return undefined;
  const dx = call.take(info.inShape);
  call.native.conv3dBackpropInput(call.floats(dy), call.floats(filter), dx, geometryOf(info));
  return call.output(info.inShape, dx);
}

function backpropFilter(call: Call) {
  if (!call.areFloat('x', 'dy')) return undefined;
  const [x, dy] = [call.input('x'), call.input('dy')];
  const info = infoOf(call, x.shape, call.attribute<number[]>('filterShape'));
  if (!info) return undefined;
  const dfilter = call.take(info.filterShape);
  call.native.conv3dBackpropFilter(call.floats(x), call.floats(dy), dfilter, geometryOf(info));
  return call.output(info.filterShape, dfilter);
}

export const convolution3dKernels: Readonly<Record<string, NativeKernel>> = {
  Conv3D: forward,
  Conv3DBackpropInputV2: backpropInput,
  Conv3DBackpropFilterV2: backpropFilter,
};
