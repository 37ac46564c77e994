import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernelOutputs } from './kernels.ts';

export interface SoftDiceOptions {
  /** Added above and below the fraction of each class, in places; more than 0. */
  readonly smooth: number;
  /** Whether class 0 is one of the classes averaged over. */
  readonly includeBackground: boolean;
  /** A label that does not count, beside those outside of 0 … classes − 1. */
  readonly ignoreLabel: number;
}

/**
 * One minus the soft Dice of each image: `[batch, ..., classes]` and `[batch, ...]` (int32) give `[batch]`.
 *
 * Dice of a class is (2 Σ p·g + smooth) / (Σ p + Σ g + smooth), over the places that count, of the softmax p and the
 * indicator g of the label; averaged over the classes. Differentiable in `logits`; the softmax is never kept.
 */
export function softDice(logits: tf.Tensor, labels: tf.Tensor, options: SoftDiceOptions): tf.Tensor1D {
  const { smooth, includeBackground, ignoreLabel } = options;
  const firstClass = includeBackground ? 0 : 1;
  const [batch, classes] = [logits.shape[0] as number, logits.shape.at(-1) as number];
  if (classes <= firstClass) {
    throw new Error(`softDice: expected ${firstClass + 1} classes at least, received ${classes}.`);
  }
  return tf.tidy(() => {
    const places = labels.size / batch;
    const rows = tf.reshape(logits, [batch, places, classes]);
    const rowLabels = tf.reshape(labels, [batch, places]);
    const attributes = { smooth, firstClass, ignoreLabel };
    if (!hasKernel('SoftDice')) return compose(rows, rowLabels, attributes);
    return runKernelOutputs('SoftDice', { logits: rows, labels: rowLabels }, attributes)[0] as tf.Tensor1D;
  });
}

function compose(
  logits: tf.Tensor,
  labels: tf.Tensor,
  { smooth, firstClass, ignoreLabel }: { smooth: number; firstClass: number; ignoreLabel: number },
): tf.Tensor1D {
  const classes = logits.shape[2] as number;
  const inRange = tf.equal(tf.expandDims(labels, 2), tf.range(0, classes, 1, 'int32'));
  const matching = tf.logicalAnd(inRange, tf.expandDims(tf.notEqual(labels, ignoreLabel), 2));
  const actual = tf.cast(matching, 'float32');
  const predicted = tf.mul(tf.softmax(logits), tf.sum(actual, 2, true));
  const perClass = (values: tf.Tensor) => tf.slice(tf.sum(values, 1), [0, firstClass]);
  const overlap = perClass(tf.mul(predicted, actual));
  const sizes = tf.add(perClass(predicted), perClass(actual));
  const dice = tf.div(tf.add(tf.mul(overlap, 2), smooth), tf.add(sizes, smooth));
  return tf.sub(1, tf.mean(dice, 1));
}
