import type * as tf from '@tensorflow/tfjs';
import { valueAndGradients, valueAndPullbacks } from '../engine/backward.ts';
import type { AttackContext, Objective } from './attack.ts';

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

/**
 * The logits of `images`, and several gradients of them from one forward pass: of Σ logits · cotangent by the images,
 * for each cotangent, of the shape of the logits, that `cotangentsOf` makes. The caller disposes of all.
 */
export function logitGradients(
  { logits }: Pick<AttackContext, 'logits'>,
  images: tf.Tensor4D,
  cotangentsOf: (logits: tf.Tensor) => readonly tf.Tensor[],
): { readonly logits: tf.Tensor; readonly gradients: readonly tf.Tensor4D[] } {
  const { value, gradients } = valueAndPullbacks(() => logits(images), images, cotangentsOf);
  return { logits: value, gradients };
}
