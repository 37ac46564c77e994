import type * as tf from '@tensorflow/tfjs';
import { ascend, type Steps } from './ascend.ts';
import type { AttackContext } from './attack.ts';
import { nothingYet } from './best.ts';

/**
 * Where a run over all of `images`, those of `context`, begins: the first one where the context says, if it does, others
 * at random in the ball, or at the clean images.
 */
export function startOf(
  images: tf.Tensor4D,
  { start, ball, random }: AttackContext,
  { randomStart, restart = 0 }: { readonly randomStart: boolean; readonly restart?: number },
): tf.Tensor4D {
  if (!randomStart) return images.clone();
  return start && restart === 0 ? start.clone() : ball.sample(random);
}

/** One run of `ascend` over all images, from `startOf`: the best iterates. */
export function startAndAscend(
  images: tf.Tensor4D,
  context: AttackContext,
  options: Steps & { readonly randomStart: boolean },
): tf.Tensor4D {
  const start = startOf(images, context, options);
  return ascend(start, [...Array(images.shape[0]).keys()], context, nothingYet(images), options).images;
}
