import * as tf from '@tensorflow/tfjs';

/**
 * The entries of `tensor` at `indices` of its first axis, at least one; a new tensor.
 *
 * By slices, which tfjs copies whole: its `gather` on the CPU finds the place of every single value.
 */
export function takeRows<T extends tf.Tensor>(tensor: T, indices: readonly number[]): T {
  return tf.tidy(() => tf.concat(indices.map((index) => tf.slice(tensor, [index], [1]))) as T);
}
