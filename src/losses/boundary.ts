import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { signedDistances } from './distance-map.ts';
import { generalisedDicePerImage } from './generalised-dice.ts';
import { defineLoss, requireLabel, requireSegmentation } from './loss.ts';
import { foreground, perClass, regionsOf } from './regions.ts';

/**
 * The distance to the true border of what is marked, mixed with generalised Dice, for segmentation.
 *
 * The first term is the mean over the pixels of the softmax times the signed distance to the border of its class, in
 * pixels, averaged over the foreground classes that the image has: marking far outside costs most, and marking inside
 * gains. A pixel whose label does not count is neither inside nor outside. By itself it is least where nothing is marked, hence the mixture. Kervadec et al. 2019, arXiv:1812.07032,
 * equations 4 and 5; their share grows while training, ours stays. Throws `UsageError` on logits of classification.
 */
export const boundary = defineLoss({
  defaults: {
    /** Of the distances in the sum; the rest is generalised Dice. */
    share: 0.1,
    /** A label whose pixels count nowhere, beside the negative ones. */
    ignoreLabel: -1,
  },
  create({ share, ignoreLabel }) {
    requireOption('boundary', 'share', share >= 0 && share <= 1, 'a number in [0, 1]', share);
    requireLabel('boundary', ignoreLabel);
    return (logits, labels) => {
      requireSegmentation('boundary', logits);
      const { maps, pixels } = distanceMaps(labels, logits.shape.at(-1) as number, ignoreLabel);
      return tf.tidy(() => {
        const dice = generalisedDicePerImage(logits, labels, { smooth: 1, ignoreLabel });
        const { predicted, actual } = regionsOf(logits, labels, ignoreLabel);
        const distances = tf.tensor3d(maps, [
          logits.shape[0] as number,
          pixels,
          logits.shape.at(-1) as number,
        ]);
        const counted = tf.maximum(tf.sum(actual, [1, 2]), 1);
        const sums = foreground(perClass(tf.mul(predicted, distances)), false);
        const present = tf.cast(tf.greater(foreground(perClass(actual), false), 0), 'float32');
        const classes = tf.maximum(tf.sum(present, 1), 1);
        const distance = tf.div(tf.sum(tf.mul(sums, present), 1), tf.mul(counted, classes));
        return tf.add(tf.mul(distance, share), tf.mul(dice, 1 - share)) as tf.Tensor1D;
      });
    };
  },
});

/** Of labels `[batch, height, width]`: `[batch, height · width, classes]`. Pixels that do not count are in no region. */
function distanceMaps(
  labels: tf.Tensor,
  classes: number,
  ignoreLabel: number,
): { maps: Float32Array; pixels: number } {
  const counts = (value: number) => value >= 0 && value < classes && value !== ignoreLabel;
  const [batch, height, width] = labels.shape as [number, number, number];
  const values = labels.dataSync();
  const pixels = height * width;
  const maps = new Float32Array(batch * pixels * classes);
  for (let image = 0; image < batch; image++) {
    const own = values.subarray(image * pixels, (image + 1) * pixels);
    for (let label = 0; label < classes; label++) {
      const inside = Uint8Array.from(own, (value) => (counts(value) && value === label ? 1 : 0));
      const outside = Uint8Array.from(own, (value) => (counts(value) && value !== label ? 1 : 0));
      const distances = signedDistances(inside, height, width, outside);
      for (let i = 0; i < pixels; i++) maps[(image * pixels + i) * classes + label] = distances[i]!;
    }
  }
  return { maps, pixels };
}
