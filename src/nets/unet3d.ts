// The steps of a 3D U-Net on volumes `[batch, depth, height, width, channels]`: Çiçek et al. 2016, 3D U-Net,
// arXiv:1606.06650. Departures: padded convolutions, one at each step as its caller asks for.

import type * as tf from '@tensorflow/tfjs';
import { concatenate, convNormRelu3d, maxPool3d, type Style, upConv3d } from './blocks.ts';

type X = tf.SymbolicTensor;

/** A 3 × 3 × 3 convolution, normalisation and ReLU for each of `filters`, named `<name>.conv1`, … */
function convolutions3d(style: Style, input: X, name: string, filters: readonly number[]): X {
  return filters.reduce((x, width, i) => convNormRelu3d(style, x, `${name}.conv${i + 1}`, width), input);
}

/** Convolutions, whose result is the skip, and the same halved. */
export function encoderStep3d(
  style: Style,
  x: X,
  name: string,
  filters: readonly number[],
): { readonly skip: X; readonly pooled: X } {
  const skip = convolutions3d(style, x, name, filters);
  return { skip, pooled: maxPool3d(skip, `${name}.pool`) };
}

/** Doubles the volume to `upFilters` channels, stacks it behind the skip, and convolves. */
export function decoderStep3d(
  style: Style,
  x: X,
  skip: X,
  name: string,
  { upFilters, filters }: { readonly upFilters: number; readonly filters: readonly number[] },
): X {
  const up = upConv3d(style, x, `${name}.up`, upFilters);
  return convolutions3d(style, concatenate([skip, up], `${name}.concat`), name, filters);
}
