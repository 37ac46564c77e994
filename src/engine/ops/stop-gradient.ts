import * as tf from '@tensorflow/tfjs';
import { unrecorded } from './kernels.ts';

/**
 * The same values, through which no gradient flows. Any shape and dtype; shares the memory of `x`.
 *
 * `tf.grad((x) => x.mul(stopGradient(x)))` is `x`, where that of the square is `2x`. Like any tensor, the result is
 * disposed by its owner or by the surrounding tidy, and outlives `x`.
 *
 * Nothing upstream is computed in the backward pass. A function whose every path is stopped has no
 * gradient at all, and `tf.grad` says so by throwing, as it does for a constant.
 */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  return unrecorded(() => tf.clone(x));
}
