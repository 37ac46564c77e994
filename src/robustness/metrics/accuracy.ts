import type * as tf from '@tensorflow/tfjs';
import { defineMetric } from '../metric.ts';
import { meanTally, predictedClasses } from './predictions.ts';

function perImage(logits: tf.Tensor, labels: tf.Tensor): Float32Array {
  const actual = labels.dataSync();
  return Float32Array.from(predictedClasses(logits), (predicted, i) => (predicted === actual[i] ? 1 : 0));
}

function perClass(logits: tf.Tensor, labels: tf.Tensor): Float32Array[] {
  const [actual, classes] = [labels.dataSync(), logits.shape.at(-1) as number];
  return Array.from(perImage(logits, labels), (score, i) =>
    new Float32Array(classes).map((_, k) => (actual[i] === k ? score : Number.NaN)),
  );
}

/** The share of images whose highest logit is that of their label. Range [0, 1]; logits that are NaN count as wrong. */
export const accuracy = defineMetric({
  task: 'classification',
  better: 'higher',
  tally: () => meanTally(perImage),
  perImage,
  perClass,
});
