import * as tf from '@tensorflow/tfjs';
import { type Call, integers, type NativeKernel } from '../kernel.ts';

type Info = tf.backend_util.Conv2DInfo;
type Pair = [number, number];

function infoOf(call: Call, x: tf.TensorInfo): Info {
  return tf.backend_util.computePool2DInfo(
    x.shape as [number, number, number, number],
    call.attribute<Pair | number>('filterSize'),
    call.attribute<Pair | number>('strides'),
    call.attribute<Pair | undefined>('dilations') ?? 1,
    call.attribute<'valid' | 'same' | number>('pad'),
    call.attribute('dimRoundingMode') as 'floor',
  );
}

function geometryOf(info: Info): Int32Array {
  return integers(
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.dilationHeight,
    info.dilationWidth,
    info.padInfo.top,
    info.padInfo.left,
  );
}

const isEmpty = (info: Info) => info.outHeight < 1 || info.outWidth < 1;

/** tfjs returns its input for windows of one pixel that leave the shape as it is, whatever the stride and padding. */
const isIdentity = (info: Info) =>
  info.filterHeight === 1 &&
  info.filterWidth === 1 &&
  info.outHeight === info.inHeight &&
  info.outWidth === info.inWidth;

function pool(name: 'maxPool' | 'avgPool'): NativeKernel {
  return (call) => {
    const x = call.input('x');
    if (x.dtype !== 'float32' || x.shape.length !== 4) return undefined;
    const info = infoOf(call, x);
    if (isEmpty(info) || isIdentity(info)) return undefined;
    const y = call.take(info.outShape);
    call.native[name](call.floats(x), y, geometryOf(info));
    return call.output(info.outShape, y);
  };
}

function poolGrad(name: 'maxPoolGrad' | 'avgPoolGrad'): NativeKernel {
  return (call) => {
    const [dy, input] = [call.input('dy'), call.input('input')];
    if (!call.areFloat('dy', 'input') || input.shape.length !== 4) return undefined;
    const info = infoOf(call, input);
    if (isEmpty(info)) return undefined;
    const dx = call.take(input.shape);
    const geometry = geometryOf(info);
    if (name === 'maxPoolGrad') call.native.maxPoolGrad(call.floats(dy), call.floats(input), dx, geometry);
    else call.native.avgPoolGrad(call.floats(dy), dx, geometry);
    return call.output(input.shape, dx);
  };
}

export const poolingKernels: Readonly<Record<string, NativeKernel>> = {
  MaxPool: pool('maxPool'),
  AvgPool: pool('avgPool'),
  MaxPoolGrad: poolGrad('maxPoolGrad'),
  AvgPoolGrad: poolGrad('avgPoolGrad'),
};
