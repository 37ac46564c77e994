// The contract of losses, and what they share.

import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { type Options, requireOption, type Widen } from '../options.ts';

/**
 * The loss of each image, `[batch]`, differentiable in the logits.
 *
 * `logits` `[batch, classes]` with `labels` int32 `[batch]`, or `[batch, height, width, classes]` with
 * `[batch, height, width]`: then the loss of an image is the mean over its pixels; or of several labels `[batch, labels, 2]`
 * with `[batch, labels]`, and the mean is over the labels. Pixels and labels that are negative are ignored; an image of nothing
 * else has loss 0.
 */
export type Loss = (logits: tf.Tensor, labels: tf.Tensor) => tf.Tensor1D;

export interface LossDefinition<T extends Options = Options> {
  readonly defaults: T;
  /** Throws `UsageError` for an option out of its range; the loss does for logits that the options do not fit. */
  create(options: Widen<T>): Loss;
}

/** Names the types of a definition; the identity at run time. */
export function defineLoss<const T extends Options>(definition: LossDefinition<T>): LossDefinition<T> {
  return definition;
}

/** 1 where a label counts, 0 where it is negative; float32, the shape of `labels`. */
export function counted(labels: tf.Tensor): tf.Tensor {
  return labels.greaterEqual(0).toFloat();
}

/** The mean of each image over the places that count: `values` and `mask` are `[batch, …]`, the result `[batch]`. */
export function meanPerImage(values: tf.Tensor, mask: tf.Tensor): tf.Tensor1D {
  const batch = values.shape[0] as number;
  const sum = values.mul(mask).reshape([batch, -1]).sum(1);
  const places = mask.reshape([batch, -1]).sum(1);
  return sum.div(tf.maximum(places, 1)) as tf.Tensor1D;
}

/** Refuses weights of classes that are no list of numbers of at least 0. The empty list stands for 1 everywhere. */
export function requireClassWeights(loss: string, weights: readonly unknown[]): void {
  const fits = weights.every((weight) => Number.isFinite(weight) && (weight as number) >= 0);
  requireOption(loss, 'classWeights', fits, 'a list of numbers of at least 0', weights);
}

/** The weights as an operation takes them. Throws `UsageError` where the logits have another number of classes. */
export function weightsFor(
  loss: string,
  weights: readonly unknown[],
  logits: tf.Tensor,
): { readonly classWeights?: readonly number[] } {
  if (weights.length === 0) return {};
  const classes = logits.shape.at(-1) as number;
  if (weights.length === classes) return { classWeights: weights as readonly number[] };
  throw new UsageError(
    `Option "classWeights" of ${loss}: expected a number for each of the ${classes} classes, ` +
      `received ${weights.length}.`,
  );
}

export function requireLabel(loss: string, label: number): void {
  requireOption(loss, 'ignoreLabel', Number.isInteger(label), 'a whole number', label);
}

/** Refuses logits of anything but several labels. */
export function requireLabels(loss: string, logits: tf.Tensor): void {
  if (logits.rank === 3) return;
  throw new UsageError(
    `The loss ${loss}: expected logits [batch, labels, 2], received [${logits.shape}]. ` +
      'It is for images with several labels; use crossEntropy for others.',
  );
}

/** Refuses logits of classification. */
export function requireSegmentation(loss: string, logits: tf.Tensor): void {
  if (logits.rank === 4) return;
  throw new UsageError(
    `The loss ${loss}: expected logits [batch, height, width, classes], received [${logits.shape}]. ` +
      'It is for segmentation; use crossEntropy or focal for classification.',
  );
}
