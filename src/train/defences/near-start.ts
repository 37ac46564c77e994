import * as tf from '@tensorflow/tfjs';
import { ascend, type Steps } from '../../attacks/ascend.ts';
import type { Attack } from '../../attacks/attack.ts';
import { nothingYet } from '../../attacks/best.ts';

/** Of the noise at the start, in [0, 1] pixel units. */
const deviation = 0.001;

/**
 * The attack within TRADES and MART: PGD from next to the clean image, as their authors' code has it. In l2 and l1 the
 * noise is the same, value by value.
 */
export function pgdFromNearby(name: string, { steps, stepSize }: Steps): Attack {
  return {
    name,
    options: { steps, stepSize },
    perturb(images, context) {
      const noise = tf.tensor4d(context.random.normals(images.size, 0, deviation), images.shape);
      const start = context.ball.project(images.add(noise));
      const all = [...Array(images.shape[0]).keys()];
      return ascend(start, all, context, nothingYet(images), { steps, stepSize }).images;
    },
  };
}
