// Initial weights out of the run's random streams.
//
// tfjs' own draw unseeded by default, and its He and Glorot normal are normals cut at two standard deviations
// without making up for the cut: 12 % narrower than their name says.

import * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.ts';

/** What `kernelInitializer` and its like take; saved with the model as the standard tfjs class of the same distribution. */
export type Initialiser = ReturnType<typeof tf.initializers.randomNormal>;

/**
 * A rule for initial weights: the distribution that suits a unit with `fanIn` inputs and `fanOut` places
 * where its input is used.
 */
export type WeightRule = (random: Random, fanIn: number, fanOut: number) => Initialiser;

function drawnBy(initialiser: Initialiser, draw: (length: number) => Float32Array): Initialiser {
  initialiser.apply = (shape) => tf.tensor(draw(tf.util.sizeFromShape(shape as number[])), shape as number[]);
  return initialiser;
}

function normal(random: Random, standardDeviation: number): Initialiser {
  const saved = tf.initializers.randomNormal({
    mean: 0,
    stddev: standardDeviation,
    seed: random.integerSeed(),
  });
  return drawnBy(saved, (length) => random.normals(length, 0, standardDeviation));
}

function uniform(random: Random, limit: number): Initialiser {
  const saved = tf.initializers.randomUniform({ minval: -limit, maxval: limit, seed: random.integerSeed() });
  return drawnBy(saved, (length) => random.uniforms(length, -limit, limit));
}

/** Keeps the variance of activations through convolutions and ReLU. He et al. 2015, arXiv:1502.01852, equation 10. */
export const heNormal: WeightRule = (random, fanIn) => normal(random, Math.sqrt(2 / fanIn));

/** Keeps the variance of gradients instead: He et al. 2015, equation 14. PyTorch's ResNets start from it. */
export const heNormalFanOut: WeightRule = (random, _fanIn, fanOut) => normal(random, Math.sqrt(2 / fanOut));

/** Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks, equation 16. Keras' default. */
export const glorotUniform: WeightRule = (random, fanIn, fanOut) =>
  uniform(random, Math.sqrt(6 / (fanIn + fanOut)));

/** Uniform in ±1/√fanIn, PyTorch's default of fully connected layers. */
export const fanInUniform: WeightRule = (random, fanIn) => uniform(random, Math.sqrt(1 / fanIn));

/** Under the names that nets' option `initialiser` takes. */
export const INITIALISERS = { heNormal, heNormalFanOut, glorotUniform, fanInUniform };
export type InitialiserName = keyof typeof INITIALISERS;
