import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernel } from './kernels.ts';

/**
 * Cross-entropy of each row of `logits` with its label: `[..., classes]` and `[...]` (int32) give `[...]`.
 *
 * Written as softplus(log Σ_{j≠label} exp(z_j) − z_label), so that neither the loss nor its gradient
 * rounds to zero where a net is sure: `softmax − oneHot` is exactly 0 in float32 beyond a margin of 17,
 * this is right up to 87, the end of float32. A label outside 0 … classes − 1 (`-1`: "ignore") has loss 0
 * and gradient 0. Differentiable in `logits`.
 */
export function sparseCrossEntropy(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const classes = logits.shape.at(-1) as number;
    const rows = tf.reshape(logits, [-1, classes]);
    const rowLabels = tf.reshape(labels, [-1]);
    const losses = hasKernel('SparseCrossEntropy')
      ? runKernel('SparseCrossEntropy', { logits: rows, labels: rowLabels })
      : compose(rows, rowLabels, classes);
    return tf.reshape(losses, labels.shape);
  });
}

function compose(logits: tf.Tensor, labels: tf.Tensor, classes: number): tf.Tensor {
  const loss = tf.customGrad((...inputs) => {
    const [rows, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    // A label out of range leaves its row empty.
    const oneHot = tf.cast(tf.equal(tf.expandDims(labels, 1), tf.range(0, classes, 1, 'int32')), 'float32');
    const counted = tf.sum(oneHot, 1);
    const others = tf.logSumExp(tf.sub(rows, tf.mul(oneHot, 1e30)), 1);
    const margin = tf.sub(others, tf.sum(tf.mul(rows, oneHot), 1));
    save([rows, oneHot, others, margin]);
    return {
      value: tf.mul(tf.softplus(margin), counted),
      gradFunc: (dy, saved) => gradient(dy, saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]),
    };
  });
  return loss(logits);
}

function gradient(dy: tf.Tensor, [logits, oneHot, others, margin]: tf.Tensor[]): tf.Tensor {
  const counted = tf.sum(oneHot!, 1);
  const wrong = tf.expandDims(tf.mul(tf.mul(tf.sigmoid(margin!), dy), counted), 1);
  const shares = tf.exp(tf.sub(logits!, tf.expandDims(others!, 1)));
  return tf.mul(wrong, tf.where(tf.cast(oneHot!, 'bool'), tf.scalar(-1), shares));
}
