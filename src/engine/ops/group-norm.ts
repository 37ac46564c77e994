import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../../errors.ts';
import { hasKernel, runKernelOutputs } from './kernels.ts';

/**
 * Normalises each image of `x` `[images, …, channels]` over its pixels and the channels of a group, with the biased
 * variance, then scales by `gamma` and shifts by `beta` (both `[channels]`). Differentiable in all three.
 *
 * One group, where there are no pixels (`[rows, channels]`), is layer normalisation (Ba et al. 2016, arXiv:1607.06450);
 * as many groups as channels is instance normalisation (Ulyanov et al. 2016, arXiv:1607.08022).
 *
 * Wu and He 2018, arXiv:1803.08494, section 3. Throws `UsageError` where `groups` does not divide the channels.
 */
export function groupNorm(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { groups, epsilon }: { groups: number; epsilon: number },
): tf.Tensor {
  const channels = x.shape.at(-1) as number;
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new UsageError(
      `groupNorm: expected groups to divide the ${channels} channels, received ${groups}. Choose a divisor.`,
    );
  }
  return tf.tidy(() => {
    const pixels = x.shape.slice(1, -1).reduce((product, length) => product * length, 1);
    const images = tf.reshape(x, [x.shape[0]!, pixels, channels]);
    const y = hasKernel('GroupNorm')
      ? runKernelOutputs('GroupNorm', { x: images, gamma, beta }, { groups, epsilon })[0]!
      : compose(images as tf.Tensor3D, gamma, beta, groups, epsilon);
    return tf.reshape(y, x.shape);
  });
}

function compose(
  x: tf.Tensor3D,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  groups: number,
  epsilon: number,
): tf.Tensor {
  const [images, pixels, channels] = x.shape;
  const grouped = tf.reshape(x, [images, pixels, groups, channels / groups]);
  const centred = tf.sub(grouped, tf.mean(grouped, [1, 3], true));
  const variance = tf.mean(tf.square(centred), [1, 3], true);
  const normalised = tf.reshape(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), x.shape);
  return tf.add(tf.mul(normalised, gamma), beta);
}
