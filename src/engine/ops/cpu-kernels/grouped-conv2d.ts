import * as tf from '@tensorflow/tfjs';
import { type ConvolutionGeometry, convolve, convolveBackFilter, convolveBackInput } from './convolution.ts';
import { type Call, cpuKernel } from './storage.ts';

type Pair = [number, number];
type Shape4D = [number, number, number, number];

function infoOf(call: Call, x: readonly number[], filter: readonly number[]): tf.backend_util.Conv2DInfo {
  return tf.backend_util.computeConv2DInfo(
    x as Shape4D,
    filter as Shape4D,
    call.attribute<Pair | number>('strides'),
    call.attribute<Pair | number>('dilations'),
    call.attribute<'same' | 'valid' | number>('pad'),
  );
}

function geometryOf(call: Call, info: tf.backend_util.Conv2DInfo): ConvolutionGeometry {
  return {
    batch: info.batchSize,
    inputs: info.inChannels,
    outputs: info.outChannels,
    groups: call.attribute<number>('groups'),
    size: [1, info.inHeight, info.inWidth],
    outSize: [1, info.outHeight, info.outWidth],
    taps: [1, info.filterHeight, info.filterWidth],
    strides: [1, info.strideHeight, info.strideWidth],
    dilations: [1, info.dilationHeight, info.dilationWidth],
    before: [0, info.padInfo.top, info.padInfo.left],
  };
}

/** {x, filter}, {groups, strides, pad, dilations} → y. */
export const groupedConv2dKernel = cpuKernel('GroupedConv2D', (call) => {
  const info = infoOf(call, call.shape('x'), call.shape('filter'));
  const y = convolve(geometryOf(call, info), call.values('x'), call.values('filter'));
  return call.output(info.outShape, y);
});

/** {dy, filter}, {groups, strides, pad, dilations, inputShape} → dx. */
export const groupedConv2dBackpropInputKernel = cpuKernel('GroupedConv2DBackpropInput', (call) => {
  const info = infoOf(call, call.attribute<number[]>('inputShape'), call.shape('filter'));
  const dx = convolveBackInput(geometryOf(call, info), call.values('dy'), call.values('filter'));
  return call.output(info.inShape, dx);
});

/** {x, dy}, {groups, strides, pad, dilations, filterShape} → dfilter. */
export const groupedConv2dBackpropFilterKernel = cpuKernel('GroupedConv2DBackpropFilter', (call) => {
  const info = infoOf(call, call.shape('x'), call.attribute<number[]>('filterShape'));
  const dfilter = convolveBackFilter(geometryOf(call, info), call.values('x'), call.values('dy'));
  return call.output(info.filterShape, dfilter);
});
