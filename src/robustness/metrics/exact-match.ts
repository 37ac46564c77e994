import type * as tf from '@tensorflow/tfjs';
import { defineMetric } from '../metric.ts';
import { rightLabels } from './labels.ts';
import { meanTally } from './predictions.ts';

function perImage(logits: tf.Tensor, labels: tf.Tensor): Float32Array {
  return Float32Array.from(rightLabels(logits, labels), (right) => (right.includes(0) ? 0 : 1));
}

/**
 * The share of images all of whose labels are right (subset accuracy): an attack fools the net with one wrong label. Labels
 * that are not known do not count, an image of nothing else scores 1. Range [0, 1].
 */
export const exactMatch = defineMetric({
  task: 'multilabel',
  better: 'higher',
  tally: () => meanTally(perImage),
  perImage,
});
