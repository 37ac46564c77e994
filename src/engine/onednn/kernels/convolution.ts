import * as tf from '@tensorflow/tfjs';
import { isHalfFor } from '../half.ts';
import { type Call, integers, type NativeKernel, sizeOf } from '../kernel.ts';
import { fusedActivation } from './fused-activation.ts';

type Info = tf.backend_util.Conv2DInfo;
type Pair = [number, number];
type Shape4D = [number, number, number, number];

interface Attributes {
  readonly strides: Pair | number;
  readonly dilations?: Pair | number | null;
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

function attributesOf(call: Call): Attributes {
  return {
    strides: call.attribute<Attributes['strides']>('strides'),
    dilations: call.attribute<Attributes['dilations']>('dilations') ?? 1,
    pad: call.attribute<Attributes['pad']>('pad'),
    dimRoundingMode: call.attribute('dimRoundingMode') as 'floor',
  };
}

/** Undefined where the native kernels cannot follow tfjs. */
function infoOf(call: Call, x: readonly number[], filter: readonly number[], depthwise: boolean) {
  const { strides, dilations, pad, dimRoundingMode } = attributesOf(call);
  const format = call.attribute<string | undefined>('dataFormat') ?? 'NHWC';
  if (format !== 'NHWC' || x.length !== 4) return undefined;
  const info = tf.backend_util.computeConv2DInfo(
    x as Shape4D,
    filter as Shape4D,
    strides,
    dilations as Pair | number,
    pad,
    dimRoundingMode,
    depthwise,
  );
  return isSupported(info) ? info : undefined;
}

/** Whether the output is what is left of the input by rounding down. */
function isSupported(info: Info): boolean {
  const fits = (length: number, output: number, stride: number, filter: number, before: number) =>
    output > 0 && before >= 0 && Math.floor((length + before - filter) / stride) + 1 <= output;
  const { top, left } = info.padInfo;
  return (
    fits(info.inHeight, info.outHeight, info.strideHeight, info.effectiveFilterHeight, top) &&
    fits(info.inWidth, info.outWidth, info.strideWidth, info.effectiveFilterWidth, left)
  );
}

/** A transposed convolution may be asked for another size than its input comes from; tfjs uses a part of the input. */
function isOutput(dy: tf.TensorInfo, info: Info): boolean {
  return dy.shape.every((length, axis) => length === info.outShape[axis]);
}

function geometryOf(info: Info, depthwise: boolean): Int32Array {
  return integers(
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outChannels,
    info.filterHeight,
    info.filterWidth,
    info.outHeight,
    info.outWidth,
    info.strideHeight,
    info.strideWidth,
    info.dilationHeight,
    info.dilationWidth,
    info.padInfo.top,
    info.padInfo.left,
    depthwise ? 1 : 0,
  );
}

const keptFilter = new Int32Array(2);
const copiesDid = 0;
const valuesRead = 1;
const valuesNeeded = 2;

/** Runs a convolution by a filter whose values may have been given up for copies in the addon. */
function withFilter(
  { backend }: Call,
  filter: tf.TensorInfo,
  run: (values: Float32Array | null, kept: Int32Array) => void,
): void {
  const number = backend.keptNumber(filter);
  keptFilter.set([number, copiesDid]);
  run(backend.valuesAtHand(filter), keptFilter);
  if (keptFilter[1] === valuesNeeded) run(backend.elements(filter) as Float32Array, keptFilter);
  if (keptFilter[1] === valuesRead) backend.holdValues(filter);
  else backend.dropValues(filter);
}

function forward(depthwise: boolean): NativeKernel {
  return (call) => {
    if (!call.areFloat('x', 'filter')) return undefined;
    const [x, filter] = [call.input('x'), call.input('filter')];
    const info = infoOf(call, x.shape, filter.shape, depthwise);
    if (!info) return undefined;
    const bias = call.optional('bias');
    const activation = call.attribute<string | undefined>('activation') ?? 'linear';
    const activate = fusedActivation(call);
    if (!activate) return undefined;
    const isVector = !bias || (sizeOf(bias.shape) === info.outChannels && bias.dtype === 'float32');
    if (!isVector) return undefined;
    const y = call.takeReals(info.outShape, isHalfFor(info.outChannels));
    const biases = bias ? call.floats(bias) : null;
    withFilter(call, filter, (values, kept) => {
      const geometry = geometryOf(info, depthwise);
      const images = call.reals(x, call.isHalf(x));
      call.native.conv2d(images, values, biases, y, geometry, activation === 'relu', kept);
    });
    if (activation !== 'relu') activate(call, y);
    return call.output(info.outShape, y);
  };
}

function backpropInput(depthwise: boolean): NativeKernel {
  return (call) => {
    if (!call.areFloat('dy', 'filter')) return undefined;
    const [dy, filter] = [call.input('dy'), call.input('filter')];
    const info = infoOf(call, call.attribute<number[]>('inputShape'), filter.shape, depthwise);
    if (!info || !isOutput(dy, info)) return undefined;
    const dx = call.takeReals(info.inShape, isHalfFor(info.inChannels));
    withFilter(call, filter, (values, kept) => {
      const upstream = call.reals(dy, call.isHalf(dy));
      call.native.conv2dBackpropInput(upstream, values, dx, geometryOf(info, depthwise), kept);
    });
    return call.output(info.inShape, dx);
  };
}

function backpropFilter(depthwise: boolean): NativeKernel {
  return (call) => {
    if (!call.areFloat('x', 'dy')) return undefined;
    const [x, dy] = [call.input('x'), call.input('dy')];
    const info = infoOf(call, x.shape, call.attribute<number[]>('filterShape'), depthwise);
    if (!info || !isOutput(dy, info)) return undefined;
    const dfilter = call.take(info.filterShape);
    const [images, upstream] = [call.reals(x, call.isHalf(x)), call.reals(dy, call.isHalf(dy))];
    call.native.conv2dBackpropFilter(images, upstream, dfilter, geometryOf(info, depthwise));
    return call.output(info.filterShape, dfilter);
  };
}

export const convolutionKernels: Readonly<Record<string, NativeKernel>> = {
  Conv2D: forward(false),
  FusedConv2D: forward(false),
  Conv2DBackpropInput: backpropInput(false),
  Conv2DBackpropFilter: backpropFilter(false),
  DepthwiseConv2dNative: forward(true),
  FusedDepthwiseConv2D: forward(true),
  DepthwiseConv2dNativeBackpropInput: backpropInput(true),
  DepthwiseConv2dNativeBackpropFilter: backpropFilter(true),
};
