import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernel } from './kernels.ts';

export interface SimilarityOptions {
  /** Of the window, along each side of it; at most as many as the shorter side of the images. */
  readonly weights: readonly number[];
  /** Added to the means and to the variances, above and below. */
  readonly c1: number;
  readonly c2: number;
}

/**
 * Structural similarity of each pair of images, `[images, height, width, channels]` → `[images]`; see
 * `robustness/ssim.ts`. Exactly 1 for equal images. Not differentiable.
 */
export function structuralSimilarity(
  x: tf.Tensor4D,
  y: tf.Tensor4D,
  { weights, c1, c2 }: SimilarityOptions,
): tf.Tensor1D {
  tf.util.assertShapesMatch(x.shape, y.shape, 'structuralSimilarity: ');
  return tf.tidy(() => {
    if (!hasKernel('StructuralSimilarity')) return compose(x, y, weights, c1, c2);
    const inputs = { x, y, weights: tf.tensor1d([...weights]) };
    return runKernel('StructuralSimilarity', inputs, { c1, c2 }) as tf.Tensor1D;
  });
}

/** The local weighted means, where the whole window fits: one pass down, one across. */
function blur(images: tf.Tensor4D, weights: readonly number[]): tf.Tensor4D {
  const channels = images.shape[3];
  const perChannel = weights.flatMap((weight) => new Array<number>(channels).fill(weight));
  const down = tf.tensor4d(perChannel, [weights.length, 1, channels, 1]);
  const across = tf.tensor4d(perChannel, [1, weights.length, channels, 1]);
  return tf.depthwiseConv2d(tf.depthwiseConv2d(images, down, 1, 'valid'), across, 1, 'valid');
}

function compose(x: tf.Tensor4D, y: tf.Tensor4D, weights: readonly number[], c1: number, c2: number) {
  const change = tf.sub(x, y);
  const maps = [x, y, tf.mul(x, y), tf.square(change)] as tf.Tensor4D[];
  const [a, b, ab, changes] = tf.split(blur(tf.concat(maps, 0), weights), 4, 0) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const [means, square] = [tf.mul(a, b), tf.square(tf.sub(a, b))];
  // (mean x)² + (mean y)² = 2 · mean x · mean y + (their difference)², and so with the variances.
  const like = tf.add(tf.mul(means, 2), c1);
  const covariance = tf.add(tf.mul(tf.sub(ab, means), 2), c2);
  const spread = tf.sub(changes, square);
  const luminance = tf.div(like, tf.add(like, square));
  const structure = tf.div(covariance, tf.add(covariance, spread));
  return tf.mean(tf.mul(luminance, structure), [1, 2, 3]) as tf.Tensor1D;
}
