// The losses of the segmentation ensemble attack: Croce, Singh and Hein 2023, arXiv:2306.12941, section 3.

import * as tf from '@tensorflow/tfjs';
import { crossEntropyAway, logitAt, matching, type PixelLoss } from './pixel-losses.ts';
import { segPgdLoss } from './seg-pgd.ts';

/** Of the pixels that are not yet where they should be. */
function masked(loss: PixelLoss, towards: boolean): PixelLoss {
  return (logits, aimed) => {
    const there = matching(logits, aimed.map);
    return loss(logits, aimed).mul(towards ? tf.sub(1, there) : there);
  };
}

/**
 * The Jensen–Shannon divergence of the softmax from the one-hot label: bounded, and flat for pixels that are far off.
 *
 * Written by the probability p of the label alone, ½ (2 ln 2 + p ln p − (1 + p) ln(1 + p)), with −ln p from the
 * cross-entropy, so that it is exact where p rounds to 1.
 */
function jensenShannon(logits: tf.Tensor, map: tf.Tensor, towards: boolean): tf.Tensor {
  const entropy = crossEntropyAway(logits, map, false);
  const p = entropy.neg().exp();
  const divergence = tf.sub(2 * Math.LN2, p.mul(entropy).add(p.add(1).mul(p.log1p()))).div(2);
  return towards ? divergence.neg() : divergence;
}

/** The logit of the label, of logits scaled to length 1, with the other sign. */
function cosineOfLogits(logits: tf.Tensor, map: tf.Tensor, towards: boolean): tf.Tensor {
  const cosine = logitAt(logits, map).div(logits.square().sum(-1).add(1e-24).sqrt());
  return towards ? cosine : cosine.neg();
}

/** By their names in the options of `sea`: at one of `steps` steps, away from labels or towards goals. */
export const seaLosses: Readonly<
  Record<string, (towards: boolean, step: number, steps: number) => PixelLoss>
> = {
  crossEntropy:
    (towards) =>
    (logits, { map }) =>
      crossEntropyAway(logits, map, towards),
  maskedCrossEntropy: (towards) =>
    masked((logits, { map }) => crossEntropyAway(logits, map, towards), towards),
  segPgd: (towards, step, steps) => segPgdLoss(step, steps, towards),
  jensenShannon:
    (towards) =>
    (logits, { map }) =>
      jensenShannon(logits, map, towards),
  maskedSpherical: (towards) => masked((logits, { map }) => cosineOfLogits(logits, map, towards), towards),
};
