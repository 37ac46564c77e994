import type * as tf from '@tensorflow/tfjs';
import { bilinearTaps, nearestSources, type ResizeConvention } from '../../gradients/interpolation.ts';
import type { Reals } from '../binding.ts';
import { type Call, integers, type NativeKernel } from '../kernel.ts';

type Shape4D = [batch: number, height: number, width: number, channels: number];

/** Sizes and pixels for both directions: `images` is the shape before, `size` that after resizing. */
function planOf(call: Call, images: tf.TensorInfo, size: readonly [number, number]) {
  const [batch, height, width, channels] = images.shape as Shape4D;
  const convention: ResizeConvention = {
    alignCorners: call.attribute<boolean | undefined>('alignCorners') ?? false,
    halfPixelCenters: call.attribute<boolean | undefined>('halfPixelCenters') ?? false,
  };
  const geometry = () => integers(batch, height, width, channels, ...size);
  return { height, width, convention, geometry };
}

function resize(call: Call, bilinear: boolean) {
  const images = call.input('images');
  const size = call.attribute<[number, number]>('size');
  if (images.dtype !== 'float32' || size.some((length) => length < 1)) return undefined;
  const shape = [images.shape[0]!, ...size, images.shape[3]!];
  const half = call.isHalf(images);
  const out = call.takeReals(shape, half);
  const name = bilinear ? 'resizeBilinear' : 'resizeNearest';
  run(call, name, images, size, call.reals(images, half), out);
  return call.output(shape, out);
}

function resizeGrad(call: Call, bilinear: boolean) {
  if (!call.areFloat('dy', 'images')) return undefined;
  const [dy, images] = [call.input('dy'), call.input('images')];
  const half = call.isHalf(images);
  const dx = call.takeReals(images.shape, half);
  const name = bilinear ? 'resizeBilinearGrad' : 'resizeNearestGrad';
  run(call, name, images, dy.shape.slice(1, 3) as [number, number], call.reals(dy, half), dx);
  return call.output(images.shape, dx);
}

type Name = 'resizeBilinear' | 'resizeBilinearGrad' | 'resizeNearest' | 'resizeNearestGrad';

function run(
  call: Call,
  name: Name,
  images: tf.TensorInfo,
  size: [number, number],
  from: Reals,
  to: Reals,
): void {
  const { height, width, convention, geometry } = planOf(call, images, size);
  if (name === 'resizeNearest' || name === 'resizeNearestGrad') {
    const [rows, columns] = [
      nearestSources(height, size[0], convention),
      nearestSources(width, size[1], convention),
    ];
    call.native[name](from, to, geometry(), rows, columns);
    return;
  }
  const [rows, columns] = [
    bilinearTaps(height, size[0], convention),
    bilinearTaps(width, size[1], convention),
  ];
  call.native[name](
    from,
    to,
    geometry(),
    rows.low,
    rows.high,
    rows.fraction,
    columns.low,
    columns.high,
    columns.fraction,
  );
}

export const resizeKernels: Readonly<Record<string, NativeKernel>> = {
  ResizeBilinear: (call) => resize(call, true),
  ResizeBilinearGrad: (call) => resizeGrad(call, true),
  ResizeNearestNeighbor: (call) => resize(call, false),
  ResizeNearestNeighborGrad: (call) => resizeGrad(call, false),
};
