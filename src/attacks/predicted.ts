// Logits are read once and counted in plain loops: the same on every engine, and a NaN cannot pass for a class, as it can
// in an argmax.

import type * as tf from '@tensorflow/tfjs';

/** In the place of a class where a logit is NaN: never right. */
export const noClass = -1;

/** The class of the highest logit of each image or pixel, the first of equals; `noClass` where a logit is NaN. */
export function predictedClasses(logits: tf.Tensor): Int32Array {
  const classes = logits.shape.at(-1) as number;
  const values = logits.dataSync();
  const predicted = new Int32Array(values.length / classes);
  for (let place = 0; place < predicted.length; place++) {
    const first = place * classes;
    let best = 0;
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      sum += values[first + k] as number;
      if ((values[first + k] as number) > (values[first + best] as number)) best = k;
    }
    predicted[place] = Number.isNaN(sum) ? noClass : best;
  }
  return predicted;
}
