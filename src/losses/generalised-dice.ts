import * as tf from '@tensorflow/tfjs';
import { requireSmooth } from './dice.ts';
import { defineLoss, requireLabel, requireSegmentation } from './loss.ts';
import { perClass, regionsOf } from './regions.ts';

/**
 * One minus the Dice of all classes together, each weighed by 1 / (its pixels)², for segmentation: a class counts as
 * much as any other however small it is.
 *
 * Sudre et al. 2017, arXiv:1707.03237, section 2.1, background included, for each image by itself. A class that an image
 * lacks takes the largest weight of those that it has. Throws `UsageError` on logits of classification.
 */
export const generalisedDice = defineLoss({
  defaults: {
    /** In pixels of the class of the largest weight, added above and below the fraction. */
    smooth: 1,
    /** A label whose pixels count nowhere, beside the negative ones. */
    ignoreLabel: -1,
  },
  create({ smooth, ignoreLabel }) {
    requireSmooth('generalisedDice', smooth);
    requireLabel('generalisedDice', ignoreLabel);
    return (logits, labels) => {
      requireSegmentation('generalisedDice', logits);
      return generalisedDicePerImage(logits, labels, { smooth, ignoreLabel });
    };
  },
});

export function generalisedDicePerImage(
  logits: tf.Tensor,
  labels: tf.Tensor,
  { smooth, ignoreLabel }: { readonly smooth: number; readonly ignoreLabel: number },
): tf.Tensor1D {
  return tf.tidy(() => {
    const { predicted, actual } = regionsOf(logits, labels, ignoreLabel);
    const pixels = perClass(actual);
    const present = tf.greater(pixels, 0);
    // In units of the largest; of an image without any pixel that counts, 1 as well, times nothing.
    const smallest = tf.min(tf.where(present, pixels, Number.POSITIVE_INFINITY), 1, true);
    const weights = tf.where(present, tf.square(tf.div(smallest, tf.maximum(pixels, 1))), 1);
    const overlap = tf.sum(tf.mul(weights, perClass(tf.mul(predicted, actual))), 1);
    const sizes = tf.sum(tf.mul(weights, tf.add(perClass(predicted), pixels)), 1);
    return tf.sub(1, tf.div(tf.add(tf.mul(overlap, 2), smooth), tf.add(sizes, smooth))) as tf.Tensor1D;
  });
}
