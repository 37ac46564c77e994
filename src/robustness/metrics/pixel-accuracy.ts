import type * as tf from '@tensorflow/tfjs';
import { defineMetric } from '../metric.ts';
import { meanTally, predictedClasses } from './predictions.ts';

function perImage(logits: tf.Tensor, labels: tf.Tensor): Float32Array {
  const [batch, classes] = [logits.shape[0] as number, logits.shape.at(-1) as number];
  const predicted = predictedClasses(logits);
  const actual = labels.dataSync();
  const size = predicted.length / batch;
  return Float32Array.from({ length: batch }, (_, image) => {
    let [right, counted] = [0, 0];
    for (let pixel = image * size; pixel < (image + 1) * size; pixel++) {
      const label = actual[pixel] as number;
      if (label < 0 || label >= classes) continue;
      counted++;
      if (predicted[pixel] === label) right++;
    }
    return counted === 0 ? 1 : right / counted;
  });
}

/** The share of the pixels of each class that are right; background included, as in the whole. */
function perClass(logits: tf.Tensor, labels: tf.Tensor): Float32Array[] {
  const [batch, classes] = [logits.shape[0] as number, logits.shape.at(-1) as number];
  const predicted = predictedClasses(logits);
  const actual = labels.dataSync();
  const size = predicted.length / batch;
  return Array.from({ length: batch }, (_, image) => {
    const [right, counted] = [new Float32Array(classes), new Float32Array(classes)];
    for (let pixel = image * size; pixel < (image + 1) * size; pixel++) {
      const label = actual[pixel] as number;
      if (label < 0 || label >= classes) continue;
      counted[label] = (counted[label] as number) + 1;
      if (predicted[pixel] === label) right[label] = (right[label] as number) + 1;
    }
    return right.map((hits, k) => hits / (counted[k] as number));
  });
}

/**
 * The share of pixels whose highest logit is that of their label, background included, averaged over images.
 *
 * Flattering where most of an image is background: prefer `dice`. Pixels whose label is no class are ignored, an
 * image of nothing else scores 1. Range [0, 1].
 */
export const pixelAccuracy = defineMetric({
  task: 'segmentation',
  better: 'higher',
  tally: () => meanTally(perImage),
  perImage,
  perClass,
});
