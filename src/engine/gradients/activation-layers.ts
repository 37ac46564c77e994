// Activations of tf.layers that tfjs composes of up to eight kernels, where ours are one. Models stay standard
// tf.layers models, saved and loaded as such, by plain tfjs too.

import * as tf from '@tensorflow/tfjs';
import { gelu, silu } from '../ops/activations.ts';

interface Activation {
  apply(x: tf.Tensor, alpha?: number): tf.Tensor;
}

type ActivationName = Parameters<typeof tf.layers.activation>[0]['activation'];

const corrected = Symbol.for('medrobust.activations');

/** The class of an activation is not exported; a name keeps the layer from using up a default name. */
function prototypeOf(name: string): Activation {
  const layer = tf.layers.activation({ name: 'prototype', activation: name as ActivationName });
  return Object.getPrototypeOf((layer as unknown as { activation: Activation }).activation);
}

/** Replaces the computation of the activations `swish`, `gelu`, `gelu_new` and `relu6`, for all models, once. */
export function correctActivations(): void {
  const swish = prototypeOf('swish');
  if (Object.hasOwn(swish, corrected)) return;
  const stock = swish.apply;
  Object.assign(swish, {
    apply: (x: tf.Tensor, alpha = 1) => (alpha === 1 ? silu(x) : stock(x, alpha)),
    [corrected]: true,
  });
  Object.assign(prototypeOf('gelu'), { apply: (x: tf.Tensor) => gelu(x) });
  Object.assign(prototypeOf('gelu_new'), { apply: (x: tf.Tensor) => gelu(x, 'tanh') });
  Object.assign(prototypeOf('relu6'), { apply: (x: tf.Tensor) => tf.relu6(x) });
}
