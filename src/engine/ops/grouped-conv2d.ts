import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../../errors.ts';
import { hasKernel, runKernel } from './kernels.ts';

type Pair = [number, number];

export interface GroupedConvolution {
  readonly groups: number;
  readonly strides: Pair | number;
  readonly pad: 'same' | 'valid' | number;
  readonly dilations?: Pair | number;
}

/**
 * A convolution in groups: `[batch, height, width, inputs]` with a filter `[height, width, inputs / groups, outputs]`,
 * where output channels of group g see the input channels of group g only. tfjs has none. Differentiable in both.
 *
 * Krizhevsky et al. 2012, section 3.5; Xie et al. 2017, arXiv:1611.05431, section 3.3. Throws `UsageError` where the
 * channels do not fit the groups.
 */
export function groupedConv2d(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  settings: GroupedConvolution,
): tf.Tensor4D {
  const { groups, strides, pad, dilations = 1 } = settings;
  const [inputs, outputs] = [x.shape[3], filter.shape[3]];
  if (inputs !== filter.shape[2] * groups || outputs % groups !== 0) {
    throw new UsageError(
      `groupedConv2d: expected a filter [height, width, ${inputs} / ${groups}, a multiple of ${groups}], ` +
        `received [${filter.shape}]. Choose groups that divide both numbers of channels.`,
    );
  }
  if (groups === 1) return tf.conv2d(x, filter, strides, pad, 'NHWC', dilations);
  const attributes = { groups, strides, pad, dilations };
  if (hasKernel('GroupedConv2D')) return runKernel('GroupedConv2D', { x, filter }, attributes) as tf.Tensor4D;
  return tf.tidy(() => {
    const filters = tf.split(filter, groups, 3);
    const parts = tf
      .split(x, groups, 3)
      .map((part, g) =>
        tf.conv2d(part as tf.Tensor4D, filters[g] as tf.Tensor4D, strides, pad, 'NHWC', dilations),
      );
    return tf.concat(parts, 3) as tf.Tensor4D;
  });
}
