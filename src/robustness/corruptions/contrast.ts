import { defineCorruption, type Picture } from './corruption.ts';

function meanOf({ pixels, shape: [, , channels] }: Picture, channel: number): number {
  let sum = 0;
  for (let i = channel; i < pixels.length; i += channels) sum += pixels[i] as number;
  return (sum * channels) / pixels.length;
}

/**
 * Each channel drawn to its mean; the amount is the share of contrast that is lost.
 *
 * Hendrycks and Dietterich 2019, arXiv:1903.12261. Amounts: MedMNIST-C, arXiv:2406.17536, for ChestMNIST.
 */
export const contrast = defineCorruption({
  amounts: [0.1, 0.2, 0.3, 0.4, 0.6],
  prepare(picture) {
    const { pixels, shape } = picture;
    const means = Array.from({ length: shape[2] }, (_, channel) => meanOf(picture, channel));
    return (lost) => pixels.map((value, i) => value + lost * ((means[i % shape[2]] as number) - value));
  },
});
