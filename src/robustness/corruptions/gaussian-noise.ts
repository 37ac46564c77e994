import { defineCorruption } from './corruption.ts';

/**
 * Normal noise, added; the amount is its standard deviation.
 *
 * Amounts: Di Salvo, Doerrich and Ledig 2024, MedMNIST-C, arXiv:2406.17536, for DermaMNIST.
 */
export const gaussianNoise = defineCorruption({
  amounts: [0.04, 0.08, 0.12, 0.18, 0.26],
  prepare({ pixels }, random) {
    const noise = random.normals(pixels.length, 0, 1);
    return (deviation) => pixels.map((value, i) => value + deviation * (noise[i] as number));
  },
});
