import type * as tf from '@tensorflow/tfjs';
import { noClass, predictedClasses } from './predictions.ts';

/** Pixel counts of one class in one image. */
export interface Overlap {
  readonly predicted: number;
  readonly actual: number;
  readonly both: number;
}

/** The overlaps of each class in one image, or `undefined` where a logit is NaN. Negative labels are left out. */
function overlaps(predicted: Int32Array, actual: ArrayLike<number>, classes: number): Overlap[] | undefined {
  const counts = Array.from({ length: classes }, () => ({ predicted: 0, actual: 0, both: 0 }));
  for (let pixel = 0; pixel < predicted.length; pixel++) {
    const [guess, truth] = [predicted[pixel] as number, actual[pixel] as number];
    if (truth < 0) continue;
    if (guess === noClass) return undefined;
    (counts[guess] as { predicted: number }).predicted++;
    (counts[truth] as { actual: number }).actual++;
    if (guess === truth) (counts[guess] as { both: number }).both++;
  }
  return counts;
}

/** The mean of `score` over the foreground classes that occur in label or prediction; 1 where none does. */
function foreground(counts: readonly Overlap[], score: (overlap: Overlap) => number): number {
  const present = counts.slice(1).filter((count) => count.predicted + count.actual > 0);
  if (present.length === 0) return 1;
  return present.reduce((sum, count) => sum + score(count), 0) / present.length;
}

/** Scores images by the overlaps of their classes; an image with a NaN among its logits scores 0. */
export function perImageOverlap(score: (overlap: Overlap) => number) {
  return (logits: tf.Tensor, labels: tf.Tensor): Float32Array => {
    const [batch, classes] = [logits.shape[0] as number, logits.shape.at(-1) as number];
    const predicted = predictedClasses(logits);
    const actual = labels.dataSync();
    const size = predicted.length / batch;
    return Float32Array.from({ length: batch }, (_, image) => {
      const [from, to] = [image * size, (image + 1) * size];
      const counts = overlaps(predicted.subarray(from, to), actual.subarray(from, to), classes);
      return counts ? foreground(counts, score) : 0;
    });
  };
}
