import { defineCorruption, type Picture } from './corruption.ts';

/** How many standard deviations of the Gaussian are kept. */
const REACH = 4;

function kernelOf(deviation: number): number[] {
  const radius = Math.max(1, Math.ceil(REACH * deviation));
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * deviation ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Along lines of `length` values that are `stride` apart; beyond the border stands the value at it. */
function blurLines(
  pixels: Float32Array,
  starts: readonly number[],
  length: number,
  stride: number,
  kernel: readonly number[],
): Float32Array {
  const blurred = new Float32Array(pixels.length);
  const radius = kernel.length >> 1;
  for (const start of starts) {
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let k = -radius; k <= radius; k++) {
        const at = Math.min(length - 1, Math.max(0, i + k));
        sum += (kernel[k + radius] as number) * (pixels[start + at * stride] as number);
      }
      blurred[start + i * stride] = sum;
    }
  }
  return blurred;
}

function blurred({ pixels, shape: [height, width, channels] }: Picture, deviation: number): Float32Array {
  const kernel = kernelOf(deviation);
  const columns = Array.from({ length: width * channels }, (_, i) => i);
  const rows = Array.from({ length: height * channels }, (_, i) => {
    const row = Math.floor(i / channels);
    return row * width * channels + (i % channels);
  });
  const down = blurLines(pixels, columns, height, width * channels, kernel);
  return blurLines(down, rows, width, channels, kernel);
}

/**
 * Gaussian blur; the amount is its standard deviation as a share of the shorter side.
 *
 * Hendrycks and Dietterich 2019, arXiv:1903.12261: 0.4, 0.6, 0.7, 0.8 and 1 pixels of 32, as in their
 * CIFAR-10-C.
 */
export const blur = defineCorruption({
  amounts: [0.4 / 32, 0.6 / 32, 0.7 / 32, 0.8 / 32, 1 / 32],
  prepare: (picture) => (share) => blurred(picture, share * Math.min(picture.shape[0], picture.shape[1])),
});
