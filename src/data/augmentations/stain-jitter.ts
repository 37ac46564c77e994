import { UsageError } from '../../errors.ts';
import { requireOption } from '../../options.ts';
import { defineAugmentation, symmetric } from './augmentation.ts';
import { inverse, type Matrix3, mapColours, multiply } from './colour-matrix.ts';

/**
 * Optical densities that haematoxylin, eosin and DAB have in red, green and blue, a column each. Ruifrok and Johnston
 * 2001, Quantification of histochemical staining by color deconvolution, in the digits of scikit-image.
 */
const STAINS: Matrix3 = [0.65, 0.07, 0.27, 0.7, 0.99, 0.57, 0.29, 0.11, 0.78];
const UNMIX = inverse(STAINS);
/** Keeps the logarithm of black finite; as scikit-image has it. */
const BLACK = 1e-6;

/**
 * Changes the amount of each stain of a histological image: c becomes a · c + b, with a in [1 − amount, 1 + amount] and b
 * in [−amount, amount], drawn for haematoxylin, eosin and DAB.
 *
 * Tellez et al. 2018, Whole-slide mitosis detection in H&E breast histology using PHH3 as a reference to train distilled
 * stain-invariant convolutional networks, IEEE TMI 37(9), arXiv:1808.05896. Densities are natural logarithms. Throws
 * `UsageError` for images that are not RGB.
 */
export const stainJitter = defineAugmentation({
  source: 'Tellez et al. 2018, Whole-slide mitosis detection, arXiv:1808.05896',
  defaults: { probability: 1, amount: 0.05 },
  create({ amount }, [, , channels]) {
    requireOption('stainJitter', 'amount', amount >= 0 && amount <= 1, 'a number in [0, 1]', amount);
    if (channels !== 3) {
      throw new UsageError(
        `stainJitter: expected images of three channels, red, green and blue, received ${channels}. Leave it out.`,
      );
    }
    return {
      recolour({ pixels }, random) {
        const [a0, a1, a2] = [0, 1, 2].map(() => 1 + symmetric(random, amount)) as [number, number, number];
        const [b0, b1, b2] = [0, 1, 2].map(() => symmetric(random, amount)) as [number, number, number];
        if (amount === 0) return;
        const matrix = multiply(STAINS, multiply([a0, 0, 0, 0, a1, 0, 0, 0, a2], UNMIX));
        const added = multiply(STAINS, [b0, 0, 0, b1, 0, 0, b2, 0, 0]);
        for (let i = 0; i < pixels.length; i++) pixels[i] = -Math.log(Math.max(BLACK, pixels[i] as number));
        mapColours(pixels, matrix, [added[0], added[3], added[6]]);
        for (let i = 0; i < pixels.length; i++) pixels[i] = Math.exp(-(pixels[i] as number));
      },
    };
  },
});
