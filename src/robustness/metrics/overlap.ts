import type * as tf from '@tensorflow/tfjs';
import { noClass, predictedClasses } from './predictions.ts';

/** Pixel counts of one class in one image. */
export interface Overlap {
  readonly predicted: number;
  readonly actual: number;
  readonly both: number;
}

interface Counted {
  /** Of each class. */
  readonly overlaps: readonly Overlap[];
  /** Whether a logit is NaN. */
  readonly broken: boolean;
}

/** The overlaps of each class in one image. Labels that are no class are left out, as in losses. */
function count(predicted: Int32Array, actual: ArrayLike<number>, classes: number): Counted {
  const overlaps = Array.from({ length: classes }, () => ({ predicted: 0, actual: 0, both: 0 }));
  let broken = false;
  for (let pixel = 0; pixel < predicted.length; pixel++) {
    const [guess, truth] = [predicted[pixel] as number, actual[pixel] as number];
    if (truth < 0 || truth >= classes) continue;
    (overlaps[truth] as { actual: number }).actual++;
    if (guess === noClass) {
      broken = true;
      continue;
    }
    (overlaps[guess] as { predicted: number }).predicted++;
    if (guess === truth) (overlaps[guess] as { both: number }).both++;
  }
  return { overlaps, broken };
}

function countImages(logits: tf.Tensor, labels: tf.Tensor): Counted[] {
  const [batch, classes] = [logits.shape[0] as number, logits.shape.at(-1) as number];
  const predicted = predictedClasses(logits);
  const actual = labels.dataSync();
  const size = predicted.length / batch;
  return Array.from({ length: batch }, (_, image) => {
    const [from, to] = [image * size, (image + 1) * size];
    return count(predicted.subarray(from, to), actual.subarray(from, to), classes);
  });
}

/** The mean of `score` over the foreground classes that occur in label or prediction; 1 where none does. */
function foreground(overlaps: readonly Overlap[], score: (overlap: Overlap) => number): number {
  const present = overlaps.slice(1).filter(({ predicted, actual }) => predicted + actual > 0);
  if (present.length === 0) return 1;
  return present.reduce((sum, overlap) => sum + score(overlap), 0) / present.length;
}

/**
 * Scores images by the overlaps of their classes; an image with a NaN among its logits scores 0.
 *
 * By class: the foreground classes that the label has. A class that is not in the label has no score there, predicted
 * or not, as in MONAI's `DiceMetric` (`ignore_empty`).
 */
export function byOverlap(score: (overlap: Overlap) => number) {
  return {
    perImage: (logits: tf.Tensor, labels: tf.Tensor): Float32Array =>
      Float32Array.from(countImages(logits, labels), ({ overlaps, broken }) =>
        broken ? 0 : foreground(overlaps, score),
      ),
    perClass: (logits: tf.Tensor, labels: tf.Tensor): Float32Array[] =>
      countImages(logits, labels).map(({ overlaps, broken }) =>
        Float32Array.from(overlaps, (overlap, k) => {
          if (k === 0 || overlap.actual === 0) return Number.NaN;
          return broken ? 0 : score(overlap);
        }),
      ),
  };
}
