import * as tf from '@tensorflow/tfjs';

/**
 * A convolution in `groups`: `x` `[batch, height, width, in]` and `filter` `[height, width, in / groups, out]`,
 * whose group g sees the g-th part of the channels of `x` and makes the g-th part of those of the result.
 *
 * tfjs' own `conv2d` takes `groups` in layers and ignores it. Throws where the channels cannot be divided.
 */
export function groupedConv2d(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  strides: number,
  padding: 'same' | 'valid',
): tf.Tensor4D {
  const [channels, perGroup, filters] = [x.shape[3], filter.shape[2], filter.shape[3]];
  const groups = channels / perGroup;
  if (!Number.isInteger(groups) || filters % groups !== 0) {
    throw new Error(
      `groupedConv2d: expected in/groups and out/groups to be whole, received ${channels} channels, ` +
        `filters for ${perGroup} of them, and ${filters} filters.`,
    );
  }
  return tf.tidy(() => {
    const filterOfGroup = tf.split<tf.Tensor4D>(filter, groups, 3);
    const parts = tf.split<tf.Tensor4D>(x, groups, 3);
    return tf.concat(
      parts.map((part, group) => tf.conv2d(part, filterOfGroup[group]!, strides, padding)),
      3,
    );
  });
}
