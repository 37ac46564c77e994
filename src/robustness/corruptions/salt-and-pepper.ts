import { defineCorruption } from './corruption.ts';

/**
 * Values set to 0 or 1, half each; the amount is their share.
 *
 * Each channel by itself, as in Hendrycks and Dietterich 2019, arXiv:1903.12261 ("impulse noise"). Amounts:
 * MedMNIST-C, arXiv:2406.17536, for DermaMNIST.
 */
export const saltAndPepper = defineCorruption({
  amounts: [0.01, 0.03, 0.06, 0.09, 0.17],
  prepare({ pixels }, random) {
    // What falls at a share falls at every larger one, to the same side.
    const draws = random.uniforms(pixels.length, 0, 1);
    const salt = random.uniforms(pixels.length, 0, 1);
    return (share) =>
      pixels.map((value, i) => {
        if ((draws[i] as number) >= share) return value;
        return (salt[i] as number) < 0.5 ? 1 : 0;
      });
  },
});
