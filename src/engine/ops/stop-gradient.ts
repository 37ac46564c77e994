import * as tf from '@tensorflow/tfjs';
import { unrecorded } from './kernels.ts';

/**
 * The same values, through which no gradient flows.
 *
 * Nothing upstream is computed in the backward pass. A function whose every path is stopped has no
 * gradient at all, and `tf.grad` says so by throwing, as it does for a constant.
 */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  return unrecorded(() => tf.clone(x));
}
