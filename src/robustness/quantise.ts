// Images as they are stored: a whole number of levels a value.

import * as tf from '@tensorflow/tfjs';
import type { BitDepth } from './bit-depths.ts';
import type { Classifier } from './target.ts';

export { BIT_DEPTHS, type BitDepth } from './bit-depths.ts';

/** What float32 may lose of a value in [0, 1] that was moved by a whole number of levels. */
const ROUNDING = 2 ** -22;

const highestLevel = (bits: BitDepth) => 2 ** bits - 1;

/** Images in [0, 1] with each value at the nearest level of `bits`. The caller disposes them. */
export function quantised(images: tf.Tensor4D, bits: BitDepth): tf.Tensor4D {
  const top = highestLevel(bits);
  const values = images.dataSync<'float32'>().map((value) => Math.round(value * top) / top);
  return tf.tensor4d(values, images.shape);
}

/** `net`, which takes images as they are stored with so many bits a value. Without a gradient. */
export function ofStored(net: Classifier, bits: BitDepth): Classifier {
  return { logits: (images) => tf.tidy(() => net.logits(quantised(images, bits))) };
}

/**
 * `moved` with each value at a level of `bits`, rounded towards the `clean` images, which are at levels already: so no
 * value is farther from its clean one than it was, and the image stays in whatever ball it was in. A change of less
 * than a level is lost. The caller disposes of the result.
 */
export function quantisedTowards(clean: tf.Tensor4D, moved: tf.Tensor4D, bits: BitDepth): tf.Tensor4D {
  const top = highestLevel(bits);
  const from = clean.dataSync<'float32'>();
  const values = moved.dataSync<'float32'>().map((value, i) => {
    const level = Math.round((from[i] as number) * top);
    const change = value * top - level;
    return (level + Math.sign(change) * Math.floor(Math.abs(change) + ROUNDING * top)) / top;
  });
  return tf.tensor4d(values, moved.shape);
}
