import * as tf from '@tensorflow/tfjs';
import { stopGradient } from '../engine/ops/stop-gradient.ts';
import { requireSteps } from './ascend.ts';
import { defineAttack } from './attack.ts';
import { aimedRows, aimOf, aimOptions, checkAim } from './pixel-aim.ts';
import { crossEntropyAway, logitAt, type PixelLoss, steered } from './pixel-losses.ts';
import { startAndAscend } from './start.ts';

/**
 * Cross-entropy times the cosine between the softmax of a pixel and its one-hot label; towards a goal, times one minus
 * that. The weight has no gradient.
 */
export function cosPgdLoss(towards: boolean): PixelLoss {
  return (logits, { map }) => {
    const probabilities = tf.softmax(stopGradient(logits));
    const cosine = logitAt(probabilities, map).div(probabilities.square().sum(-1).sqrt());
    return crossEntropyAway(logits, map, towards).mul(towards ? tf.sub(1, cosine) : cosine);
  };
}

/**
 * CosPGD: PGD that weighs each pixel by how much the net is still of the opinion to be changed.
 *
 * Agnihotri, Jung and Keuper 2024, arXiv:2302.02213, section 3. As in `pgd` the best iterate is returned and not the
 * last: the lowest score, then the highest mean cross-entropy.
 */
export const cosPgd = defineAttack({
  task: 'segmentation',
  rows: aimedRows,
  defaults: {
    steps: 20,
    /** A fraction of epsilon. */
    stepSize: 0.125,
    randomStart: true,
    ...aimOptions,
  },
  check(options) {
    requireSteps('cosPgd', options);
    checkAim('cosPgd', options);
  },
  perturb(images, context, options) {
    const aim = aimOf(options, context);
    const loss = steered(aim, cosPgdLoss(aim.towards));
    return startAndAscend(images, context, { ...options, lossAt: () => loss });
  },
});
