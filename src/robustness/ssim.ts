import * as tf from '@tensorflow/tfjs';

const window = 11;
const sigma = 1.5;
// K₁ = 0.01 and K₂ = 0.03 of the paper, for a data range of 1.
const [c1, c2] = [0.01 ** 2, 0.03 ** 2];

/** `size` weights that sum to 1. */
function gaussian(size: number): number[] {
  const weights = Array.from({ length: size }, (_, i) =>
    Math.exp(-((i - (size - 1) / 2) ** 2) / (2 * sigma ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The local weighted means, where the whole window fits; the Gaussian is separable, so one pass down, one across. */
function blur(images: tf.Tensor4D): tf.Tensor4D {
  const [, height, width, channels] = images.shape;
  const size = Math.min(window, 2 * Math.ceil(Math.min(height, width) / 2) - 1);
  const perChannel = gaussian(size).flatMap((weight) => new Array<number>(channels).fill(weight));
  const down = tf.tensor4d(perChannel, [size, 1, channels, 1]);
  const across = tf.tensor4d(perChannel, [1, size, channels, 1]);
  return tf.depthwiseConv2d(tf.depthwiseConv2d(images, down, 1, 'valid'), across, 1, 'valid');
}

/**
 * Structural similarity of each pair of images, `[batch]`: 1 for equal ones, lower for visible differences.
 *
 * Images are `[batch, height, width, channels]` in [0, 1]. Gaussian window 11 × 11 with σ = 1.5, moved only where
 * it fits, mean over positions and channels. Images smaller than the window take the largest odd window that
 * fits. Wang, Bovik, Sheikh and Simoncelli 2004, Image quality assessment: from error visibility to structural
 * similarity.
 */
export function ssim(images: tf.Tensor4D, others: tf.Tensor4D): Float32Array {
  return tf.tidy(() => {
    const products = [images, others, images.square(), others.square(), images.mul(others)] as tf.Tensor4D[];
    const blurred = blur(tf.concat(products, 0));
    const [a, b, aa, bb, ab] = tf.split(blurred, 5, 0) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const means = a.mul(b);
    const squares = a.square().add(b.square());
    const luminance = means.mul(2).add(c1).div(squares.add(c1));
    const structure = ab.sub(means).mul(2).add(c2).div(aa.add(bb).sub(squares).add(c2));
    return Float32Array.from(luminance.mul(structure).mean([1, 2, 3]).dataSync());
  });
}
