// What metrics share.

import type * as tf from '@tensorflow/tfjs';
import type { Tally } from '../metric.ts';

export { noClass, predictedClasses } from '../../attacks/predicted.ts';

/** Mean of the scores of images; NaN of none. */
export function meanTally(perImage: (logits: tf.Tensor, labels: tf.Tensor) => Float32Array): Tally {
  let sum = 0;
  let images = 0;
  return {
    add(logits, labels) {
      for (const score of perImage(logits, labels)) sum += score;
      images += logits.shape[0] as number;
    },
    value: () => sum / images,
  };
}
