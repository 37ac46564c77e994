import type * as tf from '@tensorflow/tfjs';
import { valueAndGradients } from '../engine/backward.ts';
import type { Objective } from './attack.ts';

/**
 * The gradient of the objective by the images, the shape of `images`.
 *
 * Of the sum over images, never the mean: so each image's gradient is its own, whatever the batch size.
 */
export function gradient(objective: Objective, images: tf.Tensor4D): tf.Tensor4D {
  const { value, gradients } = valueAndGradients(() => objective(images).sum(), [images]);
  value.dispose();
  const [slope] = gradients;
  if (!slope) throw new Error('The objective does not depend on the images.');
  return slope as tf.Tensor4D;
}
