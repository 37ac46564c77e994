// The contract of metrics.

import type * as tf from '@tensorflow/tfjs';
import { taskOfLabels } from '../attacks/attack.ts';
import { UsageError } from '../errors.ts';

export interface Tally {
  /**
   * `logits` `[batch, …, classes]`, `labels` int32 `[batch, …]`; with several labels `[batch, labels, 2]` and
   * `[batch, labels]`. Neither is disposed.
   */
  add(logits: tf.Tensor, labels: tf.Tensor): void;
  value(): number;
  /** Of each class, in their order, where the value is the mean of these; NaN for one that says nothing. */
  classes?(): readonly number[];
}

export interface Metric {
  readonly task: 'classification' | 'multilabel' | 'segmentation';
  readonly better: 'higher' | 'lower';
  /** A fresh tally; metrics keep no state. */
  tally(): Tally;
  /**
   * The score of each image, where the metric is a mean of these (accuracy, Dice); absent where it is
   * not (AUROC). Only such metrics have robustness curves: worst cases are per image.
   */
  perImage?(logits: tf.Tensor, labels: tf.Tensor): Float32Array;
  /**
   * Of each image the score of each class, `[image][class]`: NaN for classes that its label has not, and that the metric
   * does not count. A class-wise figure is the mean over the images that have one.
   */
  perClass?(logits: tf.Tensor, labels: tf.Tensor): Float32Array[];
}

/** Names the type of a definition; the identity at run time. */
export function defineMetric(metric: Metric): Metric {
  return metric;
}

export type ImageScore = NonNullable<Metric['perImage']>;
export type ClassScores = NonNullable<Metric['perClass']>;

/** The score of each image. Throws `UsageError` for a metric that has none, and for labels of another task than its own. */
export function imageScoreOf({
  name,
  metric,
}: {
  readonly name: string;
  readonly metric: Metric;
}): ImageScore {
  const { perImage, task } = metric;
  if (perImage && metric.better === 'higher') {
    return (logits, labels) => {
      const found = taskOfLabels(labels);
      if (found === task) return perImage.call(metric, logits, labels);
      throw new UsageError(
        `The metric ${name} is for ${task}: received labels of ${found}, [${labels.shape}]. Choose another metric.`,
      );
    };
  }
  throw new UsageError(
    `The metric ${name} has no robustness curve: expected a score of each image, higher being better. ` +
      'Use accuracy for classification, labelAccuracy for several labels, or dice, iou or pixelAccuracy for segmentation.',
  );
}
