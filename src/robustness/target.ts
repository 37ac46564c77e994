import type * as tf from '@tensorflow/tfjs';
import { inferenceOf } from '../engine/model/run.ts';

/** A net as attacks and metrics see it. */
export interface Classifier {
  /** Images in [0, 1] `[batch, height, width, channels]` → logits. */
  logits(images: tf.Tensor4D): tf.Tensor;
}

/** A net in inference mode. */
export interface InferenceTarget extends Classifier, Disposable {}

/**
 * The net in inference mode: moving statistics, no dropout, no auxiliary heads (these are not even computed). Its
 * logits have a gradient by the images, not by the weights.
 *
 * Shares the weights of `model`, now and later: made once, it follows the training. It keeps copies of filters until it
 * is disposed of.
 */
export function inference(model: tf.LayersModel): InferenceTarget {
  const infer = inferenceOf(model);
  return { logits: infer, [Symbol.dispose]: infer[Symbol.dispose] };
}
