import * as tf from '@tensorflow/tfjs';
import { type Call, integers, type NativeKernel } from '../kernel.ts';

type PlaneInfo = tf.backend_util.Conv2DInfo;
type VolumeInfo = tf.backend_util.Conv3DInfo;
type Rank = 4 | 5;

function infoOf(call: Call, x: tf.TensorInfo, rank: Rank): PlaneInfo | VolumeInfo {
  const pad = call.attribute<'valid' | 'same' | number>('pad');
  const rounding = call.attribute('dimRoundingMode') as 'floor';
  if (rank === 4) {
    return tf.backend_util.computePool2DInfo(
      x.shape as [number, number, number, number],
      call.attribute<[number, number] | number>('filterSize'),
      call.attribute<[number, number] | number>('strides'),
      call.attribute<[number, number] | undefined>('dilations') ?? 1,
      pad,
      rounding,
    );
  }
  return tf.backend_util.computePool3DInfo(
    x.shape as [number, number, number, number, number],
    call.attribute<[number, number, number] | number>('filterSize'),
    call.attribute<[number, number, number] | number>('strides'),
    1,
    pad,
    rounding,
  );
}

const flat = {
  inDepth: 1,
  outDepth: 1,
  filterDepth: 1,
  strideDepth: 1,
  dilationDepth: 1,
  padInfo: { front: 0 },
};

/** What native/loops/pool.h takes: an image is a volume of depth 1. */
export function geometryOf(info: PlaneInfo | VolumeInfo): Int32Array {
  const depth = 'inDepth' in info ? info : flat;
  return integers(
    info.batchSize,
    depth.inDepth,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    depth.outDepth,
    info.outHeight,
    info.outWidth,
    depth.filterDepth,
    info.filterHeight,
    info.filterWidth,
    depth.strideDepth,
    info.strideHeight,
    info.strideWidth,
    depth.dilationDepth,
    info.dilationHeight,
    info.dilationWidth,
    depth.padInfo.front,
    info.padInfo.top,
    info.padInfo.left,
  );
}

const isEmpty = (info: PlaneInfo | VolumeInfo) => info.outShape.some((length) => length < 1);

/** tfjs returns its input for windows of one pixel that leave the shape as it is, whatever the stride and padding. */
const isIdentity = (info: PlaneInfo | VolumeInfo) =>
  info.filterHeight * info.filterWidth === 1 &&
  !('filterDepth' in info) &&
  info.outHeight === info.inHeight &&
  info.outWidth === info.inWidth;

/** tfjs' average over no cell of a volume is 0, of an image NaN, as the native one is. */
const hasEmptyVolumes = (info: PlaneInfo | VolumeInfo) =>
  'effectiveFilterDepth' in info &&
  (Math.max(info.padInfo.front, info.padInfo.back) >= info.effectiveFilterDepth ||
    Math.max(info.padInfo.top, info.padInfo.bottom) >= info.effectiveFilterHeight ||
    Math.max(info.padInfo.left, info.padInfo.right) >= info.effectiveFilterWidth);

function pool(name: 'maxPool' | 'avgPool', rank: Rank): NativeKernel {
  return (call) => {
    const x = call.input('x');
    if (x.dtype !== 'float32' || x.shape.length !== rank) return undefined;
    const info = infoOf(call, x, rank);
    if (isEmpty(info) || isIdentity(info)) return undefined;
    if (name === 'avgPool' && hasEmptyVolumes(info)) return undefined;
    const half = call.isHalf(x);
    const y = call.takeReals(info.outShape, half);
    call.native[name](call.reals(x, half), y, geometryOf(info));
    return call.output(info.outShape, y);
  };
}

function poolGrad(name: 'maxPoolGrad' | 'avgPoolGrad', rank: Rank): NativeKernel {
  return (call) => {
    const [dy, input] = [call.input('dy'), call.input('input')];
    if (!call.areFloat('dy', 'input') || input.shape.length !== rank) return undefined;
    const info = infoOf(call, input, rank);
    if (isEmpty(info)) return undefined;
    const half = call.isHalf(input);
    const dx = call.takeReals(input.shape, half);
    const upstream = call.reals(dy, half);
    const geometry = geometryOf(info);
    if (name === 'maxPoolGrad') call.native.maxPoolGrad(upstream, call.reals(input, half), dx, geometry);
    else call.native.avgPoolGrad(upstream, dx, geometry);
    return call.output(input.shape, dx);
  };
}

export const poolingKernels: Readonly<Record<string, NativeKernel>> = {
  MaxPool: pool('maxPool', 4),
  AvgPool: pool('avgPool', 4),
  MaxPoolGrad: poolGrad('maxPoolGrad', 4),
  AvgPoolGrad: poolGrad('avgPoolGrad', 4),
  MaxPool3D: pool('maxPool', 5),
  AvgPool3D: pool('avgPool', 5),
  MaxPool3DGrad: poolGrad('maxPoolGrad', 5),
  AvgPool3DGrad: poolGrad('avgPoolGrad', 5),
};
