import * as tf from '@tensorflow/tfjs';
import { requireSteps } from './ascend.ts';
import { defineAttack } from './attack.ts';
import { aimedRows, aimOf, aimOptions, checkAim } from './pixel-aim.ts';
import { crossEntropyAway, matching, type PixelLoss, steered } from './pixel-losses.ts';
import { startAndAscend } from './start.ts';

/**
 * Cross-entropy that weighs pixels which are not yet where they should be by 1 − λ, and others by λ; λ goes from 0
 * towards a half, as t / 2T at step t of T.
 *
 * Gu, Zhao, Tresp and Torr 2022, arXiv:2207.12391, algorithm 1, whose t counts from 1.
 */
export function segPgdLoss(step: number, steps: number, towards: boolean): PixelLoss {
  const lambda = step / (2 * steps);
  return (logits, { map }) => {
    const there = matching(logits, map);
    const done = towards ? there : tf.sub(1, there);
    const weight = done.mul(2 * lambda - 1).add(1 - lambda);
    return crossEntropyAway(logits, map, towards).mul(weight);
  };
}

/**
 * SegPGD: PGD that looks first at the pixels that are still right, and later at all of them more and more alike.
 *
 * Gu, Zhao, Tresp and Torr 2022, arXiv:2207.12391, section 3. As in `pgd` the best iterate is returned and not the
 * last: the lowest score, then the highest mean cross-entropy.
 */
export const segPgd = defineAttack({
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
    requireSteps('segPgd', options);
    checkAim('segPgd', options);
  },
  perturb(images, context, options) {
    const aim = aimOf(options, context);
    const lossAt = (step: number) => steered(aim, segPgdLoss(step, options.steps, aim.towards));
    return startAndAscend(images, context, { ...options, lossAt });
  },
});
