import * as tf from '@tensorflow/tfjs';

/** Runs of indices that follow each other: [first, how many]. */
function runsOf(indices: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const index of indices) {
    const last = runs.at(-1);
    if (last && index === last[0] + last[1]) last[1]++;
    else runs.push([index, 1]);
  }
  return runs;
}

/**
 * The entries of `tensor` at `indices` of its first axis, at least one; a new tensor, which shares the memory of the
 * other where it is all of it.
 *
 * By slices, which tfjs copies whole: its `gather` on the CPU finds the place of every single value.
 */
export function takeRows<T extends tf.Tensor>(tensor: T, indices: readonly number[]): T {
  const runs = runsOf(indices);
  const [[first, count] = [0, 0]] = runs;
  if (first === 0 && count === tensor.shape[0] && runs.length === 1) return tensor.clone();
  return tf.tidy(() => {
    const parts = runs.map(([from, length]) => tf.slice(tensor, [from], [length]));
    return (parts.length === 1 ? parts[0] : tf.concat(parts)) as T;
  });
}

/** `images` with those at `places` replaced; a new tensor. */
export function replaceRows(
  images: tf.Tensor4D,
  places: readonly number[],
  others: tf.Tensor4D,
): tf.Tensor4D {
  const rows = [...Array(images.shape[0]).keys()];
  for (const [k, place] of places.entries()) rows[place] = rows.length + k;
  return tf.tidy(() => takeRows(tf.concat([images, others]), rows));
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
