import { requireOption } from '../../options.ts';
import { defineAugmentation } from './augmentation.ts';

/** Adds normal noise, of a standard deviation that is drawn for each image between 0 and `deviation`. */
export const noise = defineAugmentation({
  defaults: {
    probability: 1,
    /** In units of pixels in [0, 1]. */
    deviation: 0.05,
  },
  create({ deviation }) {
    requireOption('noise', 'deviation', deviation >= 0 && deviation <= 1, 'a number in [0, 1]', deviation);
    return {
      recolour({ pixels }, random) {
        const amount = deviation * random.uniform();
        if (amount === 0) return;
        for (let i = 0; i < pixels.length; i++) pixels[i] = (pixels[i] as number) + amount * random.normal();
      },
    };
  },
});
