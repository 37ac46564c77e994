// What an adversary may do: the norm ball around the clean images, cut with the box [0, 1].

import type * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.ts';

/**
 * The largest change of a value, their Euclidean length, their sum, and how many values change (a value is one channel
 * of one pixel).
 */
export type NormName = 'linf' | 'l2' | 'l1' | 'l0';

/** The adversary may move each image by at most `epsilon` in `norm`, and stays in [0, 1]. */
export interface ThreatModel {
  readonly norm: NormName;
  readonly epsilon: number;
}

/** The images that a threat model allows in place of the clean ones. */
export interface Ball {
  readonly norm: NormName;
  readonly epsilon: number;
  /** Into the norm ball and [0, 1]: always allowed; for linf, l1 and l0 the nearest allowed image. */
  project(images: tf.Tensor4D): tf.Tensor4D;
  /** An allowed image at random: uniform in the ball, then clipped to [0, 1]. */
  sample(random: Random): tf.Tensor4D;
  /**
   * A step of size at most 1 along which the loss rises fast; 0 where the gradient is 0. In l1 and l0, where a step
   * moves few values, those that [0, 1] holds back at `from`, the images it starts at, are passed over.
   */
  ascent(gradient: tf.Tensor4D, from?: tf.Tensor4D): tf.Tensor4D;
  /** Perturbations scaled to size 1, an image of zeros left alone; in l0 as they are. */
  unit(perturbation: tf.Tensor4D): tf.Tensor4D;
  /** How far each image is from its clean one, in double precision. */
  distances(moved: tf.Tensor4D): number[];
}
