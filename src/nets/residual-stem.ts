// What stands before the first block of a residual net.

import type * as tf from '@tensorflow/tfjs';
import { conv, convNormRelu, type Style } from './blocks.ts';
import type { Downsample } from './residual-blocks.ts';
import { blurPool, maxPool, zeroPad } from './weightless.ts';

type X = tf.SymbolicTensor;

interface StemSettings {
  readonly filters: number;
  /** Of the convolution: as PyTorch and keras.applications, or as TensorFlow. Default: symmetric. */
  readonly padding?: 'symmetric' | 'same';
  /** With 'blur', the pool is dense and a blur halves; the convolution keeps its stride, as in adobe/antialiased-cnns. Default: stride. */
  readonly downsample?: Downsample;
}

/** 7 × 7 with stride 2, then a 3 × 3 max pool with stride 2. */
export function imagenetStem(style: Style, images: X, settings: StemSettings): X {
  const { filters, padding = 'symmetric', downsample = 'stride' } = settings;
  const x = convNormRelu(style, images, { name: 'conv1', filters, size: 7, stride: 2, padding });
  if (padding === 'same') return maxPool(x, { name: 'maxpool', size: 3, stride: 2, padding });
  // Where nothing is negative, zeros never win over a pixel: padding with them is padding with −∞, and cheaper.
  const { activation = 'relu' } = style;
  return stemPool(x, activation === 'relu' || activation === 'softplus' ? 'zeros' : 'nothing', downsample);
}

/** 3 × 3 with stride 1, for images up to about 64 × 64. */
export function smallStem(style: Style, images: X, { filters }: StemSettings): X {
  return convNormRelu(style, images, { name: 'conv1', filters, size: 3 });
}

interface BareStemSettings extends StemSettings {
  readonly bias: boolean;
  /** What the pool sees around its map: zeros, as in Keras, or nothing, as in PyTorch. */
  readonly edge: 'zeros' | 'nothing';
}

/** `imagenetStem` without normalisation and activation: the first block begins with them. */
export function bareImagenetStem(style: Style, images: X, settings: BareStemSettings): X {
  const { filters, bias, edge, downsample = 'stride' } = settings;
  const convolution = { name: 'conv1', filters, size: 7, stride: 2, padding: 'symmetric' as const };
  return stemPool(conv(style, images, convolution, bias), edge, downsample);
}

/** `smallStem` without normalisation and activation. */
export function bareSmallStem(style: Style, images: X, { filters, bias }: BareStemSettings): X {
  return conv(style, images, { name: 'conv1', filters, size: 3 }, bias);
}

/** A 3 × 3 max pool with stride 2 and one pixel around it. */
function stemPool(x: X, edge: 'zeros' | 'nothing', downsample: Downsample): X {
  if (edge === 'zeros' && downsample === 'stride') {
    return maxPool(zeroPad(x, [1, 1], 'maxpool.pad'), { name: 'maxpool', size: 3, stride: 2 });
  }
  const dense = maxPool(x, { name: 'maxpool.dense', size: 3, stride: 1, padding: 'same' });
  // tfjs' own 'same' with a stride pads less before than behind.
  return downsample === 'blur'
    ? blurPool(dense, 'maxpool.blur')
    : maxPool(dense, { name: 'maxpool', size: 1, stride: 2 });
}
