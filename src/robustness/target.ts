import type * as tf from '@tensorflow/tfjs';
import { inferenceOf } from '../engine/model/run.ts';
import { asLogits, beforeActivation, endsIn, type Outputs, outputsOf, requireOutputs } from './outputs.ts';

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

/**
 * `inference` of anybody's classifier or segmenter, whose first output may be probabilities, or one value for two
 * classes; see `asLogits`. By default `outputs` is what the last layer tells (`outputsOf`).
 *
 * Where the last layer itself applies the softmax or sigmoid, the logits are taken before that: an attack keeps a gradient
 * however sure the net is. Throws `UsageError` for outputs of another shape than these have.
 */
export function classifierOf(
  model: tf.LayersModel,
  { outputs = outputsOf(model) }: { readonly outputs?: Outputs } = {},
): InferenceTarget {
  requireOutputs(model.outputs[0]?.shape ?? [], outputs);
  const infer = inferenceOf(model);
  const inside = endsIn(model, outputs);
  const logits: Classifier['logits'] = inside
    ? (images) =>
        asLogits(
          beforeActivation(model, () => infer(images)),
          'logits',
        )
    : (images) => asLogits(infer(images), outputs);
  return { logits, [Symbol.dispose]: infer[Symbol.dispose] };
}
