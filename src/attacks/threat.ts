// What an adversary may do: the norm ball around the clean images, cut with the box [0, 1].

import type * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.ts';

export type NormName = 'linf' | 'l2';

/** The adversary may move each image by at most `epsilon` in `norm`, and stays in [0, 1]. */
export interface ThreatModel {
  readonly norm: NormName;
  readonly epsilon: number;
}

/** The images that a threat model allows in place of the clean ones. */
export interface Ball {
  readonly epsilon: number;
  /** Into the norm ball, then into [0, 1]: always allowed; the nearest allowed image for linf. */
  project(images: tf.Tensor4D): tf.Tensor4D;
  /** An allowed image at random: uniform in the ball, then clipped to [0, 1]. */
  sample(random: Random): tf.Tensor4D;
  /** The step of size at most 1 along which the loss rises fastest; 0 where the gradient is 0. */
  ascent(gradient: tf.Tensor4D): tf.Tensor4D;
}
