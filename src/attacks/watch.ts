// Attacks are counted and checked where they cannot forget it: at the entrance of the net.

import * as tf from '@tensorflow/tfjs';
import type { Target } from './attack.ts';

/** What an attack cost and what its gradients were like, all in images. */
export interface GradientLog {
  /** Passes through the net, and those that also went back. */
  forwards: number;
  gradients: number;
  /** Gradients that are 0 in every value: nothing to follow. */
  zero: number;
  /** Gradients with a value that is NaN or infinite. */
  broken: number;
}

/** A log in which nothing has happened yet. */
export function gradientLog(): GradientLog {
  return { forwards: 0, gradients: 0, zero: 0, broken: 0 };
}

/** Reads values instead of calling tensor operations: native minima and sums may lose a NaN. */
function record(gradient: tf.Tensor, log: GradientLog): void {
  const batch = gradient.shape[0] as number;
  const values = gradient.dataSync();
  const size = values.length / batch;
  log.gradients += batch;
  for (let image = 0; image < batch; image++) {
    let sum = 0;
    for (let i = image * size; i < (image + 1) * size; i++) sum += Math.abs(values[i] as number);
    if (sum === 0) log.zero++;
    if (!Number.isFinite(sum)) log.broken++;
  }
}

/**
 * `logits`, whose gradient by `images` is 0 in the place of none where a net does not depend on its images, or is cut off
 * from them: a gradient that is missing counts as one that is 0.
 */
export function tied<T extends tf.Tensor>(logits: T, images: tf.Tensor): T {
  const { shape } = images;
  const tie = tf.customGrad((values) => ({
    value: (values as tf.Tensor).clone(),
    gradFunc: (gradient: tf.Tensor) => [gradient.clone(), tf.zeros(shape)],
  }));
  return tie(logits, images) as T;
}

/** The same target; every pass through its net, and every gradient that comes out of it, enters `log`. */
export function watched(target: Target, log: GradientLog): Target {
  const entrance = tf.customGrad((images) => ({
    value: (images as tf.Tensor).clone(),
    gradFunc: (gradient: tf.Tensor) => {
      record(gradient, log);
      return gradient.clone();
    },
  }));
  return {
    ...target,
    logits(images) {
      log.forwards += images.shape[0];
      const pixels = entrance(images) as tf.Tensor4D;
      return tied(target.logits(pixels), pixels);
    },
  };
}
