import type * as tf from '@tensorflow/tfjs';
import { structuralSimilarity } from '../engine/ops/structural-similarity.ts';

const window = 11;
const sigma = 1.5;
// K₁ = 0.01 and K₂ = 0.03 of the paper, for a data range of 1.
const [c1, c2] = [0.01 ** 2, 0.03 ** 2];

/** `size` weights that sum to 1; the Gaussian is separable, so they serve down and across. */
function gaussian(size: number): number[] {
  const weights = Array.from({ length: size }, (_, i) =>
    Math.exp(-((i - (size - 1) / 2) ** 2) / (2 * sigma ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
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
  const [, height, width] = images.shape;
  const size = Math.min(window, 2 * Math.ceil(Math.min(height, width) / 2) - 1);
  const similarities = structuralSimilarity(images, others, { weights: gaussian(size), c1, c2 });
  const values = Float32Array.from(similarities.dataSync());
  similarities.dispose();
  return values;
}
