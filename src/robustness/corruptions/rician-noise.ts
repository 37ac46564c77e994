import { defineCorruption } from './corruption.ts';

/**
 * The noise of magnitude images in MRI: |x + n + i·m| with n and m normal; the amount is their standard deviation.
 *
 * It lightens dark regions, where it is Rayleigh noise. Gudbjartsson and Patz 1995, The Rician distribution of noisy
 * MRI data, equation 1. Amounts: as for `gaussianNoise`.
 */
export const ricianNoise = defineCorruption({
  amounts: [0.04, 0.08, 0.12, 0.18, 0.26],
  prepare({ pixels }, random) {
    const real = random.normals(pixels.length, 0, 1);
    const imaginary = random.normals(pixels.length, 0, 1);
    return (deviation) =>
      pixels.map((value, i) =>
        Math.hypot(value + deviation * (real[i] as number), deviation * (imaginary[i] as number)),
      );
  },
});
