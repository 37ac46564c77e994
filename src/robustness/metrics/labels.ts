// What metrics of images with several labels share.

import type * as tf from '@tensorflow/tfjs';
import { predictedClasses } from './predictions.ts';

/** Whether each label of each image is right, `[image][label]`: 1 or 0, and NaN where it is not known. */
export function rightLabels(logits: tf.Tensor, labels: tf.Tensor): Float32Array[] {
  const [batch, count] = labels.shape as [number, number];
  const [predicted, actual] = [predictedClasses(logits), labels.dataSync()];
  return Array.from({ length: batch }, (_, image) =>
    Float32Array.from({ length: count }, (_, label) => {
      const place = image * count + label;
      if ((actual[place] as number) < 0) return Number.NaN;
      return predicted[place] === actual[place] ? 1 : 0;
    }),
  );
}
