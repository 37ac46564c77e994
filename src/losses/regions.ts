// What losses of whole regions share: the part of every pixel that a class is given, and the part that is its own.

import * as tf from '@tensorflow/tfjs';

/** `[batch, pixels, classes]`; 0 for all classes where a pixel does not count. */
export interface Regions {
  /** The softmax of the logits. */
  readonly predicted: tf.Tensor3D;
  /** 1 for the class of the label. */
  readonly actual: tf.Tensor3D;
}

/** The regions of logits `[batch, height, width, classes]` and labels `[batch, height, width]`. */
export function regionsOf(logits: tf.Tensor, labels: tf.Tensor, ignoreLabel: number): Regions {
  const [batch, classes] = [logits.shape[0] as number, logits.shape.at(-1) as number];
  const rows = tf.reshape(logits, [batch, -1, classes]);
  const places = tf.reshape(labels, [batch, -1, 1]);
  const own = tf.equal(places, tf.range(0, classes, 1, 'int32'));
  const actual = tf.cast(tf.logicalAnd(own, tf.notEqual(places, ignoreLabel)), 'float32') as tf.Tensor3D;
  return { actual, predicted: tf.mul(tf.softmax(rows), tf.sum(actual, 2, true)) };
}

/** The sum over the pixels: `[batch, classes]`. */
export function perClass(values: tf.Tensor3D): tf.Tensor2D {
  return tf.sum(values, 1);
}

/** Without class 0, unless it is asked for or the only one. */
export function foreground(values: tf.Tensor2D, includeBackground: boolean): tf.Tensor2D {
  return includeBackground || values.shape[1] === 1 ? values : tf.slice(values, [0, 1]);
}
