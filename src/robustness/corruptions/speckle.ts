import { defineCorruption } from './corruption.ts';

/**
 * Normal noise in proportion to the value, as of ultrasound and OCT; the amount is its standard deviation at 1.
 *
 * x + x·n: Hendrycks and Dietterich 2019, arXiv:1903.12261. Amounts: MedMNIST-C, arXiv:2406.17536, for DermaMNIST.
 */
export const speckle = defineCorruption({
  amounts: [0.05, 0.15, 0.2, 0.35, 0.45],
  prepare({ pixels }, random) {
    const noise = random.normals(pixels.length, 0, 1);
    return (deviation) => pixels.map((value, i) => value * (1 + deviation * (noise[i] as number)));
  },
});
