// tf.layers hands a layer one tensor or a list of them.

import type * as tf from '@tensorflow/tfjs';

/** The tensor of a layer with one input. */
export function only(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
  return Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs;
}

/** The shape of the input, or of the first of several. */
export function shapeOf(shape: tf.Shape | tf.Shape[]): tf.Shape {
  return (Array.isArray(shape[0]) ? shape[0] : shape) as tf.Shape;
}
