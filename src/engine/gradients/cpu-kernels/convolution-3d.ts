import type * as tf from '@tensorflow/tfjs';
import {
  type ConvolutionGeometry,
  convolve,
  convolveBackFilter,
  convolveBackInput,
} from '../../ops/cpu-kernels/convolution.ts';
import { type Call, cpuKernel } from '../../ops/cpu-kernels/storage.ts';
import { volumeConvolutionInfo } from '../volume-geometry.ts';

type Triple = [number, number, number];

function infoOf(call: Call, x: readonly number[], filter: readonly number[]): tf.backend_util.Conv3DInfo {
  return volumeConvolutionInfo(x, filter, {
    strides: call.attribute<Triple | number>('strides'),
    dilations: call.attribute<Triple | number | undefined>('dilations') ?? 1,
    pad: call.attribute<'valid' | 'same'>('pad'),
  });
}

function geometryOf(info: tf.backend_util.Conv3DInfo): ConvolutionGeometry {
  return {
    batch: info.batchSize,
    inputs: info.inChannels,
    outputs: info.outChannels,
    groups: 1,
    size: [info.inDepth, info.inHeight, info.inWidth],
    outSize: [info.outDepth, info.outHeight, info.outWidth],
    taps: [info.filterDepth, info.filterHeight, info.filterWidth],
    strides: [info.strideDepth, info.strideHeight, info.strideWidth],
    dilations: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
  };
}

// tfjs' own leave out the first cells where the stride is longer than the filter and padding is 'same'.

/** {x, filter}, {strides, pad, dilations} → y. */
export const conv3dKernel = cpuKernel('Conv3D', (call) => {
  const info = infoOf(call, call.shape('x'), call.shape('filter'));
  return call.output(info.outShape, convolve(geometryOf(info), call.values('x'), call.values('filter')));
});

/** {dy, filter}, {strides, pad, inputShape} → dx. */
export const conv3dBackpropInputKernel = cpuKernel('Conv3DBackpropInputV2', (call) => {
  const info = infoOf(call, call.attribute<number[]>('inputShape'), call.shape('filter'));
  const dx = convolveBackInput(geometryOf(info), call.values('dy'), call.values('filter'));
  return call.output(info.inShape, dx);
});

/** {x, dy}, {strides, pad, filterShape} → dfilter. */
export const conv3dBackpropFilterKernel = cpuKernel('Conv3DBackpropFilterV2', (call) => {
  const info = infoOf(call, call.shape('x'), call.attribute<number[]>('filterShape'));
  const dfilter = convolveBackFilter(geometryOf(info), call.values('x'), call.values('dy'));
  return call.output(info.filterShape, dfilter);
});
