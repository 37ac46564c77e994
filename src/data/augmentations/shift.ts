import { requireOption } from '../../options.ts';
import { defineAugmentation, symmetric } from './augmentation.ts';

/** Moves an image up or down and left or right, by up to `fraction` of its height and of its width. */
export const shift = defineAugmentation({
  defaults: { probability: 1, fraction: 0.1 },
  create({ fraction }) {
    requireOption('shift', 'fraction', fraction >= 0 && fraction <= 1, 'a number in [0, 1]', fraction);
    return {
      move([height, width], random) {
        return [1, 0, symmetric(random, fraction) * height, 0, 1, symmetric(random, fraction) * width];
      },
    };
  },
});
