import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernel } from './kernels.ts';

export interface CrossEntropyOptions {
  /** The share of the target that is spread evenly over all classes, in [0, 1). Default: 0. */
  readonly labelSmoothing?: number;
  /** Multiplies the loss by (1 − p(label))^gamma. Default: 0. Not together with `labelSmoothing`. */
  readonly gamma?: number;
  /** A factor for each class. Default: 1 for all. */
  readonly classWeights?: readonly number[];
  /** A label that does not count, beside those outside of 0 … classes − 1. Default: -1. */
  readonly ignoreLabel?: number;
}

/**
 * Cross-entropy of each row of `logits` with its label: `[..., classes]` and `[...]` (int32) give `[...]`.
 *
 * Written as softplus(log Σ_{j≠label} exp(z_j) − z_label), so that neither the loss nor its gradient
 * rounds to zero where a net is sure: `softmax − oneHot` is exactly 0 in float32 beyond a margin of 17,
 * this is right up to 87, the end of float32. A label outside 0 … classes − 1 (`-1`: "ignore") has loss 0
 * and gradient 0. Differentiable in `logits`.
 *
 * With label smoothing and weights as `torch.nn.functional.cross_entropy` without reduction; with gamma, the focal
 * loss of Lin et al. 2017, arXiv:1708.02002, equation 5, whose α_t is the weight of the label.
 */
export function sparseCrossEntropy(
  logits: tf.Tensor,
  labels: tf.Tensor,
  options: CrossEntropyOptions = {},
): tf.Tensor {
  return tf.tidy(() => {
    const classes = logits.shape.at(-1) as number;
    const rows = tf.reshape(logits, [-1, 1, classes]);
    const losses = lossesOf(rows, tf.reshape(labels, [-1, 1]), classes, options);
    return tf.reshape(losses, labels.shape);
  });
}

/**
 * The mean of `sparseCrossEntropy` over the places of each image that count: `[batch, ..., classes]` and `[batch, ...]`
 * give `[batch]`, 0 for an image where none counts. The mean divides by the number of places, whatever their weights.
 */
export function crossEntropyPerImage(
  logits: tf.Tensor,
  labels: tf.Tensor,
  options: CrossEntropyOptions = {},
): tf.Tensor1D {
  return tf.tidy(() => {
    const [batch, classes] = [logits.shape[0] as number, logits.shape.at(-1) as number];
    const places = labels.size / batch;
    const rows = tf.reshape(logits, [batch, places, classes]);
    return lossesOf(rows, tf.reshape(labels, [batch, places]), classes, options);
  });
}

function lossesOf(
  logits: tf.Tensor,
  labels: tf.Tensor,
  classes: number,
  options: CrossEntropyOptions,
): tf.Tensor1D {
  const { labelSmoothing = 0, gamma = 0, classWeights, ignoreLabel = -1 } = options;
  const weights = classWeights ? tf.tensor1d([...classWeights]) : tf.ones([classes]);
  const attributes = { labelSmoothing, gamma, ignoreLabel };
  const losses = hasKernel('SparseCrossEntropy')
    ? runKernel('SparseCrossEntropy', { logits, labels, weights }, attributes)
    : compose(logits, labels, weights, attributes);
  return losses as tf.Tensor1D;
}

type Attributes = Required<Omit<CrossEntropyOptions, 'classWeights'>>;

function compose(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor, attributes: Attributes) {
  const { labelSmoothing, gamma, ignoreLabel } = attributes;
  const classes = logits.shape[2] as number;
  const loss = tf.customGrad((...inputs) => {
    const [rows, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    // A label that does not count leaves its row empty.
    const inRange = tf.equal(tf.expandDims(labels, 2), tf.range(0, classes, 1, 'int32'));
    const matching = tf.logicalAnd(inRange, tf.expandDims(tf.notEqual(labels, ignoreLabel), 2));
    const oneHot = tf.cast(matching, 'float32');
    const counted = tf.sum(oneHot, 2);
    const others = tf.logSumExp(tf.sub(rows, tf.mul(oneHot, 1e30)), 2);
    const against = tf.sub(others, tf.sum(tf.mul(rows, oneHot), 2));
    const surprise = tf.softplus(against);
    let value = tf.mul(tf.sum(tf.mul(oneHot, weights), 2), surprise);
    if (gamma > 0) value = tf.mul(value, tf.exp(tf.mul(tf.softplus(tf.neg(against)), -gamma)));
    if (labelSmoothing > 0) {
      const ofLabel = tf.sum(tf.mul(rows, oneHot), 2);
      const each = tf.sub(tf.expandDims(tf.add(surprise, ofLabel), 2), rows);
      const uniform = tf.sum(tf.mul(each, weights), 2);
      value = tf.add(tf.mul(value, 1 - labelSmoothing), tf.mul(uniform, labelSmoothing / classes));
    }
    const places = tf.maximum(tf.sum(counted, 1), 1);
    save([rows, oneHot, others, against, places, weights]);
    return {
      value: tf.div(tf.sum(tf.mul(value, counted), 1), places),
      gradFunc: (dy, saved) => composeGradient(dy, saved as tf.Tensor[], attributes),
    };
  });
  return loss(logits);
}

function composeGradient(
  dy: tf.Tensor,
  [logits, oneHot, others, against, places, weights]: tf.Tensor[],
  { labelSmoothing, gamma }: Attributes,
): tf.Tensor {
  const classes = logits!.shape[2] as number;
  const wrong = tf.sigmoid(against!);
  const right = tf.sigmoid(tf.neg(against!));
  const focused = () => {
    const factor = tf.exp(tf.mul(tf.softplus(tf.neg(against!)), -gamma));
    return tf.mul(factor, tf.add(tf.mul(tf.mul(right, tf.softplus(against!)), gamma), wrong));
  };
  const ofLabel = tf.sum(tf.mul(oneHot!, weights!), 2);
  const steepness = tf.expandDims(tf.mul(ofLabel, gamma > 0 ? focused() : wrong), 2);
  const shares = tf.exp(tf.sub(logits!, tf.expandDims(others!, 2)));
  const isLabel = tf.cast(oneHot!, 'bool');
  let slope = tf.mul(steepness, tf.where(isLabel, tf.scalar(-1), shares));
  if (labelSmoothing > 0) {
    const [p, q] = [tf.expandDims(right, 2), tf.expandDims(wrong, 2)];
    const probabilities = tf.where(isLabel, tf.add(tf.zerosLike(shares), p), tf.mul(q, shares));
    const uniform = tf.sub(tf.mul(probabilities, tf.sum(weights!)), weights!);
    slope = tf.add(tf.mul(slope, 1 - labelSmoothing), tf.mul(uniform, labelSmoothing / classes));
  }
  const counted = tf.sum(oneHot!, 2, true);
  return tf.mul(tf.mul(slope, counted), tf.reshape(tf.div(dy, places!), [-1, 1, 1]));
}
