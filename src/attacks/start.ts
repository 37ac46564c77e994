import type * as tf from '@tensorflow/tfjs';
import { ascend, type Steps } from './ascend.ts';
import type { AttackContext } from './attack.ts';
import { nothingYet } from './best.ts';

/** One run of `ascend` over all images, from a point of the ball or from the clean images: the best iterates. */
export function startAndAscend(
  images: tf.Tensor4D,
  context: AttackContext,
  options: Steps & { readonly randomStart: boolean },
): tf.Tensor4D {
  const start = options.randomStart ? context.ball.sample(context.random) : images.clone();
  return ascend(start, [...Array(images.shape[0]).keys()], context, nothingYet(images), options).images;
}
