// The blocks of MobileNets: convolutions of single channels, and 1 × 1 convolutions between them. Both nets use ReLU6.

import type * as tf from '@tensorflow/tfjs';
import { activate, add, convNorm, convNormRelu, depthwiseConv, norm, type Style } from './blocks.ts';

type X = tf.SymbolicTensor;

interface Separable {
  readonly name: string;
  readonly filters: number;
  readonly stride: number;
}

function depthwise(style: Style, x: X, name: string, stride: number): X {
  const y = depthwiseConv(style, x, { name, size: 3, stride });
  return activate(style, norm(style, y, `${name}.norm`), `${name}.relu`);
}

/**
 * A 3 × 3 convolution of each channel, then a 1 × 1 over all. Howard et al. 2017, MobileNets, arXiv:1704.04861,
 * figure 3; padded as TensorFlow's 'same'.
 */
export function separableBlock(style: Style, x: X, { name, filters, stride }: Separable): X {
  const spatial = depthwise(style, x, `${name}.depthwise`, stride);
  return convNormRelu(style, spatial, { name: `${name}.pointwise`, filters, size: 1 });
}

/**
 * Expands the channels `expansion` times (1: not at all), convolves each, and projects them down without activation;
 * with the input added where the shape stays. Sandler et al. 2018, MobileNetV2, arXiv:1801.04381, table 1.
 */
export function invertedResidual(
  style: Style,
  input: X,
  block: Separable & { readonly expansion: number },
): X {
  const { name, filters, stride, expansion } = block;
  const channels = input.shape[3] as number;
  const expanded =
    expansion === 1
      ? input
      : convNormRelu(style, input, { name: `${name}.expand`, filters: channels * expansion, size: 1 });
  const spatial = depthwise(style, expanded, `${name}.depthwise`, stride);
  const projected = convNorm(style, spatial, { name: `${name}.project`, filters, size: 1 });
  return stride === 1 && channels === filters ? add([input, projected], `${name}.add`) : projected;
}
