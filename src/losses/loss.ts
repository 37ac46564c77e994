// The contract of losses, and what they share.

import * as tf from '@tensorflow/tfjs';

/**
 * The loss of each image, `[batch]`, differentiable in the logits.
 *
 * `logits` `[batch, classes]` with `labels` int32 `[batch]`, or `[batch, height, width, classes]` with
 * `[batch, height, width]`: then the loss of an image is the mean over its pixels. Pixels with a negative
 * label are ignored; an image of nothing else has loss 0.
 */
export type Loss = (logits: tf.Tensor, labels: tf.Tensor) => tf.Tensor1D;

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
