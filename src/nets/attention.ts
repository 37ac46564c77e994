// Attention in convolutional nets: factors in (0, 1) that a block computes from the maps it weighs.

import type * as tf from '@tensorflow/tfjs';
import { activate, conv, convNorm, dense, relu, type Style, sigmoid } from './blocks.ts';
import {
  add,
  asPixel,
  asSteps,
  concatenate,
  globalAveragePool,
  globalMaxPool,
  multiply,
  poolChannels,
  sumSteps,
  upBilinear,
} from './weightless.ts';

type X = tf.SymbolicTensor;

/**
 * Weighs each channel by what all channels are on average: two fully connected layers with biases, `reduced` units in
 * between. Hu et al. 2017, Squeeze-and-excitation networks, arXiv:1709.01507, section 3.
 */
export function squeezeExcite(style: Style, x: X, name: string, reduced: number): X {
  const means = globalAveragePool(x, `${name}.gap`);
  const inner = relu(
    dense(style.random, means, `${name}.reduce`, reduced, style.kernel),
    `${name}.reduce.relu`,
  );
  const outer = dense(style.random, inner, `${name}.expand`, x.shape[3] as number, style.kernel);
  return multiply([x, asPixel(sigmoid(outer, `${name}.sigmoid`), `${name}.pixel`)], `${name}.multiply`);
}

/**
 * CBAM: a gate for channels, from their means and maxima by one perceptron with `reduced` units in between, then a
 * gate for pixels, from the maximum and the mean over their channels by a 7 × 7 convolution.
 *
 * Woo et al. 2018, CBAM: convolutional block attention module, arXiv:1807.06521, section 3; the gate for pixels is
 * normalised, as in the authors' code.
 */
export function convolutionalAttention(style: Style, x: X, name: string, reduced: number): X {
  const weighed = channelGate(style, x, `${name}.channels`, reduced);
  const { mean, max } = poolChannels(weighed, `${name}.pixels`);
  const stacked = concatenate([max, mean], `${name}.pixels.concat`);
  const gate = convNorm(style, stacked, { name: `${name}.pixels.conv`, filters: 1, size: 7 });
  return multiply([weighed, sigmoid(gate, `${name}.pixels.sigmoid`)], `${name}.pixels.multiply`);
}

function channelGate(style: Style, x: X, name: string, reduced: number): X {
  const { random, kernel } = style;
  const pooled = asSteps(
    [globalAveragePool(x, `${name}.mean`), globalMaxPool(x, `${name}.max`)],
    `${name}.steps`,
  );
  const inner = relu(dense(random, pooled, `${name}.reduce`, reduced, kernel), `${name}.relu`);
  const scores = sumSteps(
    dense(random, inner, `${name}.expand`, x.shape[3] as number, kernel),
    `${name}.sum`,
  );
  const gate = sigmoid(scores, `${name}.sigmoid`);
  return multiply([x, asPixel(gate, `${name}.pixel`)], `${name}.multiply`);
}

/**
 * Weighs the pixels of a skip by what the coarser map, already brought to its size, says of them.
 *
 * The attention gate of Oktay et al. 2018, Attention U-Net, arXiv:1804.03999, equation 1, in the form of
 * LeeJunHyun/Image_Segmentation: at the size of the skip, with normalisation after each of its 1 × 1 convolutions.
 */
export function attentionGate(style: Style, skip: X, gating: X, name: string, inner: number): X {
  const ofGating = convNorm(style, gating, { name: `${name}.gating`, filters: inner, size: 1 });
  const ofSkip = convNorm(style, skip, { name: `${name}.skip`, filters: inner, size: 1 });
  const joint = activate(style, add([ofGating, ofSkip], `${name}.add`), `${name}.relu`);
  const gate = convNorm(style, joint, { name: `${name}.psi`, filters: 1, size: 1 });
  return multiply([skip, sigmoid(gate, `${name}.sigmoid`)], `${name}.multiply`);
}

/**
 * The attention gate as Oktay et al. draw it, arXiv:1804.03999, figure 2: the gating map has half the height and width
 * of the skip, a 2 × 2 convolution brings the skip down to it, and the gate goes back up bilinearly; a 1 × 1
 * convolution with normalisation follows.
 */
export function gridAttentionGate(style: Style, skip: X, gating: X, name: string, inner: number): X {
  const theta = { name: `${name}.theta`, filters: inner, size: 2, stride: 2, padding: 'valid' as const };
  const ofSkip = conv(style, skip, theta, false);
  const ofGating = conv(style, gating, { name: `${name}.phi`, filters: inner, size: 1 }, true);
  const joint = activate(style, add([ofSkip, ofGating], `${name}.add`), `${name}.relu`);
  const gate = sigmoid(
    conv(style, joint, { name: `${name}.psi`, filters: 1, size: 1 }, true),
    `${name}.sigmoid`,
  );
  const weighed = multiply([skip, upBilinear(gate, `${name}.up`)], `${name}.multiply`);
  const filters = skip.shape[3] as number;
  return convNorm({ ...style, bias: true }, weighed, { name: `${name}.out`, filters, size: 1 });
}
