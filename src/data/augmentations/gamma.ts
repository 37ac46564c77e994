import { requireOption } from '../../options.ts';
import { defineAugmentation, logUniform } from './augmentation.ts';

/** Raises every value to a power between `from` and `to`: above 1 darkens, below 1 brightens. */
export const gamma = defineAugmentation({
  defaults: { probability: 1, from: 0.7, to: 1.5 },
  create({ from, to }) {
    requireOption('gamma', 'from', from > 0 && from <= to, 'more than 0, and not above "to"', from);
    return {
      recolour({ pixels }, random) {
        const power = logUniform(random, from, to);
        if (power === 1) return;
        for (let i = 0; i < pixels.length; i++) pixels[i] = Math.max(0, pixels[i] as number) ** power;
      },
    };
  },
});
