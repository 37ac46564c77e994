import * as tf from '@tensorflow/tfjs';
import type { Objective } from './attack.ts';

/**
 * The gradient of the objective by the images, the shape of `images`.
 *
 * Of the sum over images, never the mean: so each image's gradient is its own, whatever the batch size.
 */
export function gradient(objective: Objective, images: tf.Tensor4D): tf.Tensor4D {
  return tf.grad((moved) => objective(moved as tf.Tensor4D).sum())(images) as tf.Tensor4D;
}
