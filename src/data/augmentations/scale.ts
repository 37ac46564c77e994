import { requireOption } from '../../options.ts';
import { defineAugmentation, logUniform } from './augmentation.ts';

/** Enlarges an image around its centre by a factor between `from` and `to`; as often by 1/f as by f. */
export const scale = defineAugmentation({
  defaults: { probability: 1, from: 0.8, to: 1.25 },
  create({ from, to }) {
    requireOption('scale', 'from', from > 0 && from <= to, 'more than 0, and not above "to"', from);
    return {
      move(_, random) {
        const factor = logUniform(random, from, to);
        return [1 / factor, 0, 0, 0, 1 / factor, 0];
      },
    };
  },
});
