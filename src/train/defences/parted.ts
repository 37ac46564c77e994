import * as tf from '@tensorflow/tfjs';

/** The first `count` entries of the first axis, and the others, if there are any. */
export function parted<T extends tf.Tensor>(tensor: T, count: number): [T, T | undefined] {
  const whole = tensor.shape[0] as number;
  if (count === whole) return [tensor, undefined];
  return tf.split(tensor, [count, whole - count]) as [T, T];
}
