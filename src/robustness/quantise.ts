// Images as they are stored: a whole number of levels a value.

import * as tf from '@tensorflow/tfjs';
import type { BitDepth } from './bit-depths.ts';

export { BIT_DEPTHS, type BitDepth } from './bit-depths.ts';

/** Of a level: what float32 may lose of a value that is a whole number of levels, at 16 bits. */
const ROUNDING = 0.01;

const highestLevel = (bits: BitDepth) => 2 ** bits - 1;

/** Images in [0, 1] with each value at the nearest level of `bits`. The caller disposes them. */
export function quantised(images: tf.Tensor4D, bits: BitDepth): tf.Tensor4D {
  const top = highestLevel(bits);
  const values = images.dataSync<'float32'>().map((value) => Math.round(value * top) / top);
  return tf.tensor4d(values, images.shape);
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
    return (level + Math.sign(change) * Math.floor(Math.abs(change) + ROUNDING)) / top;
  });
  return tf.tensor4d(values, moved.shape);
}
