// Layer normalisation of tf.layers, whose backward pass runs a thousand slices and additions for one small image:
// tfjs tiles statistics and weights, and the gradient of a tile is a sum over slices. Broadcasting needs neither.

import * as tf from '@tensorflow/tfjs';
import { groupNorm } from '../ops/group-norm.ts';

type LayerWeight = ReturnType<tf.layers.Layer['addWeight']>;

/** What tfjs keeps in the layer; `axis` is a list once it is built. */
interface LayerNormalization extends tf.layers.Layer {
  readonly axis: number[];
  readonly epsilon: number;
  readonly gamma: LayerWeight | null;
  readonly beta: LayerWeight | null;
}

const corrected = Symbol.for('medrobust.layerNormalization');

/** Replaces the computation of `tf.layers.layerNormalization`, for all models, once. */
export function correctLayerNormalizationLayer(): void {
  // The class is not exported; a name keeps the layer from using up a default name.
  const prototype = Object.getPrototypeOf(tf.layers.layerNormalization({ name: 'prototype' }));
  if (Object.hasOwn(prototype, corrected)) return;
  const call = function (this: LayerNormalization, inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs;
    return tf.tidy(() => normalise(this, x));
  };
  Object.assign(prototype, { call, [corrected]: true });
}

function normalise(layer: LayerNormalization, x: tf.Tensor): tf.Tensor {
  const { axis, epsilon, gamma, beta } = layer;
  const kept = x.rank - axis.length;
  // As rows of one group, where the last axes are normalised.
  if (kept > 0 && axis.every((i) => i >= kept)) {
    const width = axis.reduce((product, i) => product * x.shape[i]!, 1);
    const weight = (of: LayerWeight | null) => of && tf.reshape(of.read(), [width]);
    const rows = tf.reshape(x, [-1, width]);
    const [gain, offset] = [weight(gamma) ?? tf.ones([width]), weight(beta) ?? tf.zeros([width])];
    return tf.reshape(groupNorm(rows, gain, offset, { groups: 1, epsilon }), x.shape);
  }
  return normaliseAnyAxes(layer, x);
}

function normaliseAnyAxes({ axis, epsilon, gamma, beta }: LayerNormalization, x: tf.Tensor): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, axis, true));
  const variance = tf.mean(tf.square(centred), axis, true);
  const shape = x.shape.map((length, i) => (axis.includes(i) ? length : 1));
  let y = tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
  if (gamma) y = tf.mul(y, tf.reshape(gamma.read(), shape));
  if (beta) y = tf.add(y, tf.reshape(beta.read(), shape));
  return y;
}
