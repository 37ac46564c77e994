import * as tf from '@tensorflow/tfjs';

/**
 * The entries of `tensor` at `indices` of its first axis, at least one; a new tensor.
 *
 * By slices, which tfjs copies whole: its `gather` on the CPU finds the place of every single value.
 */
export function takeRows<T extends tf.Tensor>(tensor: T, indices: readonly number[]): T {
  return tf.tidy(() => tf.concat(indices.map((index) => tf.slice(tensor, [index], [1]))) as T);
}

/** The values of each image; views, not copies. */
export function rowsOf(images: tf.Tensor): Float32Array[] {
  const values = images.dataSync<'float32'>();
  const size = values.length / (images.shape[0] as number);
  return Array.from({ length: images.shape[0] as number }, (_, i) =>
    values.subarray(i * size, (i + 1) * size),
  );
}

/** Images of the shape of `like`, but as many as there are rows of values. */
export function imagesOf(rows: readonly Float32Array[], like: tf.Tensor4D): tf.Tensor4D {
  const [, height, width, channels] = like.shape;
  const size = height * width * channels;
  const values = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) values.set(row, i * size);
  return tf.tensor4d(values, [rows.length, height, width, channels]);
}
