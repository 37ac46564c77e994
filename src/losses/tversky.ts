import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { requireSmooth } from './dice.ts';
import { defineLoss, requireLabel, requireSegmentation } from './loss.ts';
import { foreground, perClass, regionsOf } from './regions.ts';

/**
 * One minus the soft Tversky index of the foreground, for segmentation: Dice that weighs what is wrongly marked apart
 * from what is missed.
 *
 * The index of a class is TP / (TP + α FP + β FN); with α = β = 0.5 it is Dice. Per image and class, averaged over the
 * classes. Salehi et al. 2017, arXiv:1706.05721, equation 2, which is for two classes; `smooth` is ours, as in `dice`.
 * Throws `UsageError` on logits of classification.
 */
export const tversky = defineLoss({
  defaults: {
    /** What a pixel wrongly marked costs. */
    alpha: 0.3,
    /** What a pixel missed costs. */
    beta: 0.7,
    /** In pixels, added above and below the fraction. */
    smooth: 1,
    /** Whether class 0 is averaged with the others. */
    includeBackground: false,
    /** A label whose pixels count nowhere, beside the negative ones. */
    ignoreLabel: -1,
  },
  create({ alpha, beta, smooth, includeBackground, ignoreLabel }) {
    requireOption('tversky', 'alpha', alpha >= 0, 'at least 0', alpha);
    requireOption('tversky', 'beta', beta >= 0, 'at least 0', beta);
    requireSmooth('tversky', smooth);
    requireLabel('tversky', ignoreLabel);
    return (logits, labels) => {
      requireSegmentation('tversky', logits);
      return tf.tidy(() => {
        const { predicted, actual } = regionsOf(logits, labels, ignoreLabel);
        const right = perClass(tf.mul(predicted, actual));
        const wronglyMarked = tf.sub(perClass(predicted), right);
        const missed = tf.sub(perClass(actual), right);
        const errors = tf.add(tf.mul(wronglyMarked, alpha), tf.mul(missed, beta));
        const index = tf.div(tf.add(right, smooth), tf.add(tf.add(right, errors), smooth));
        return tf.sub(1, tf.mean(foreground(index as tf.Tensor2D, includeBackground), 1)) as tf.Tensor1D;
      });
    };
  },
});
