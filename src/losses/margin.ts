import * as tf from '@tensorflow/tfjs';
import { counted, defineLoss, meanPerImage } from './loss.ts';

/** Lowers the logit of the label below every other; larger than any logit, and exact for the others: they lose 0. */
const out = 1e30;

/**
 * The lead of the best wrong class, max over j ≠ y of z_j, minus z_y.
 *
 * Positive where the prediction is wrong, negative where it is right and 0 at a tie, where the first class is predicted;
 * never saturated, whatever the scale of the logits: an attack on it succeeds where cross-entropy is masked by that scale. Carlini and Wagner 2017,
 * arXiv:1608.04644, section V-A: their f₆ without the floor, for the label in the place of a target.
 */
export const margin = defineLoss({
  defaults: {},
  create: () => (logits, labels) => {
    const classes = logits.shape.at(-1) as number;
    const own = tf.oneHot(labels.toInt(), classes).toFloat();
    const ofLabel = logits.mul(own).sum(-1);
    const bestOther = logits.sub(own.mul(out)).max(-1);
    return meanPerImage(bestOther.sub(ofLabel), counted(labels));
  },
});
