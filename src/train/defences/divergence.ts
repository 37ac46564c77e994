import * as tf from '@tensorflow/tfjs';

/**
 * The Kullback–Leibler divergence KL(p‖q) of the softmax of two sets of logits, `[..., classes]`, over the classes:
 * Σ p (log p − log q), at least 0. Differentiable in both.
 */
export function divergence(logitsOfP: tf.Tensor, logitsOfQ: tf.Tensor): tf.Tensor {
  const [logP, logQ] = [tf.logSoftmax(logitsOfP), tf.logSoftmax(logitsOfQ)];
  return logP.exp().mul(logP.sub(logQ)).sum(-1);
}
