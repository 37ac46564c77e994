import * as tf from '@tensorflow/tfjs';

/** A net as attacks and metrics see it. */
export interface Classifier {
  /** Images in [0, 1] `[batch, height, width, channels]` → logits. */
  logits(images: tf.Tensor4D): tf.Tensor;
}

/**
 * The net in inference mode: moving statistics, no dropout, no auxiliary heads (these are not even computed).
 *
 * Shares the weights of `model`, now and later: made once, it follows the training. Nothing to dispose.
 */
export function inference(model: tf.LayersModel): Classifier {
  const main =
    model.outputs.length === 1
      ? model
      : tf.model({ inputs: model.inputs, outputs: model.outputs[0] as tf.SymbolicTensor });
  return { logits: (images) => main.apply(images, { training: false }) as tf.Tensor };
}
