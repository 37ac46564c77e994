import type * as tf from '@tensorflow/tfjs';

/** The tensor of a layer with one input: tf.layers hands it over alone, or in a list. */
export function only(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
  return Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs;
}
