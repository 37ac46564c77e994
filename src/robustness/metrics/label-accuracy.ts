import type * as tf from '@tensorflow/tfjs';
import { defineMetric } from '../metric.ts';
import { rightLabels } from './labels.ts';
import { meanTally } from './predictions.ts';

function perImage(logits: tf.Tensor, labels: tf.Tensor): Float32Array {
  return Float32Array.from(rightLabels(logits, labels), (right) => {
    const known = right.filter((value) => !Number.isNaN(value));
    return known.length === 0 ? 1 : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
}

/**
 * The share of the labels of an image that are right, present or absent by the greater logit, averaged over images: one
 * minus the Hamming loss. Labels that are not known do not count, an image of nothing else scores 1. Range [0, 1].
 *
 * Flattering where most labels are absent: look at `labelAuroc` beside it.
 */
export const labelAccuracy = defineMetric({
  task: 'multilabel',
  better: 'higher',
  tally: () => meanTally(perImage),
  perImage,
  perClass: rightLabels,
});
